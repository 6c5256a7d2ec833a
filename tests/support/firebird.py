"""A throwaway Firebird server on loopback, from Debian's packages."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from sqlalchemy import URL

from tests.support.servers import Missing, free_port

_USERS = Path("/var/lib/firebird/3.0/system/security3.fdb")
_MISSING = "Firebird is missing: apt-get install firebird3.0-server"

# Given as an option, the port would be open to every network.
_SERVER = """\
RemoteServicePort = {port}
RemoteBindAddress = 127.0.0.1
AuthServer = Srp
AuthClient = Srp
UserManager = Srp
"""
_DATABASES = "security.db = $(dir_secDb)/security3.fdb\n"
_ACCOUNT = "CREATE OR ALTER USER SYSDBA PASSWORD 'masterkey' USING PLUGIN Srp; COMMIT;"


class Firebird:
    """A server with a folder of its own, stopped at the latest when the interpreter exits.

    Raises:
        Missing: It is not installed; the message says how to get it.
    """

    def __init__(self) -> None:
        server = shutil.which("firebird", path=f"{os.defpath}:/usr/sbin")
        installed = next(Path("/usr/lib").glob("*/firebird/3.0"), None)
        if server is None or installed is None or not _USERS.exists():
            raise Missing(_MISSING)
        self._folder = Path(tempfile.mkdtemp(prefix="db-")).resolve()
        atexit.register(self.stop)
        root = self._folder / "root"
        shutil.copytree(installed, root, ignore=shutil.ignore_patterns("*.conf"))
        shutil.copy(_USERS, root)
        self._port = free_port()
        (root / "firebird.conf").write_text(_SERVER.format(port=self._port))
        (root / "databases.conf").write_text(_DATABASES)
        # Debian's Firebird looks into its own folders otherwise.
        folder = str(self._folder)
        own = {"FIREBIRD": str(root), "FIREBIRD_LOCK": folder, "FIREBIRD_TMP": folder}
        self._env = {**os.environ, **own, "FIREBIRD_BOOT_BUILD": "1"}
        self._do(_ACCOUNT, "-user", "sysdba", "security.db")
        self._process = subprocess.Popen([server], env=self._env)
        self._wait()

    def url(self, driver: str, name: str) -> URL:
        """Return the URL of a database, which is made if it is not there."""
        path = self._folder / f"{name}.fdb"
        place = f"127.0.0.1/{self._port}:{path}"
        if not path.exists():
            login = "USER 'SYSDBA' PASSWORD 'masterkey'"
            self._do(f"CREATE DATABASE '{place}' {login} DEFAULT CHARACTER SET UTF8;")
        return URL.create(
            *(driver, "SYSDBA", "masterkey", "127.0.0.1", self._port, str(path)),
            query={"charset": "UTF8"},
        )

    def stop(self) -> None:
        """Stop the server and remove its data."""
        atexit.unregister(self.stop)
        if hasattr(self, "_process"):
            self._process.terminate()
            self._process.wait(timeout=20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _do(self, statement: str, *options: str) -> None:
        subprocess.run(
            ["isql-fb", "-bail", *options],
            input=statement,
            text=True,
            env=self._env,
            check=True,
            capture_output=True,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
