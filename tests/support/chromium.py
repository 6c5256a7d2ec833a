"""Debian's Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from contextlib import contextmanager
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING, Any

from tests.support.servers import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Chromium reads its orders at descriptor 3 and answers at 4.
LAUNCH = """
import os, sys
for descriptor in 3, 4:
    os.dup2(int(sys.argv[1]), descriptor)
os.execvp(sys.argv[2], sys.argv[2:])
"""
FLAGS = """--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --disable-breakpad --remote-debugging-pipe"""


class Browser:
    """One page of Chromium, driven by its DevTools protocol; what is sought is waited for."""

    def __init__(self, pipe: socket.socket) -> None:
        self._pipe = pipe
        self._unread = b""
        self._count = 0
        self._session: dict[str, str] = {}
        page = self.call("Target.createTarget", url="about:blank")["result"]["targetId"]
        answer = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = {"sessionId": answer["result"]["sessionId"]}

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        order = {"id": self._count, "method": method, "params": params, **self._session}
        self._pipe.sendall(json.dumps(order).encode() + b"\0")
        while (answer := self._message()).get("id") != self._count:
            """Events are of no interest."""
        return answer

    def evaluate(self, script: str) -> Any:
        """Return the value, or ``None`` while one page gives way to the next."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer.get("result", {}).get("result", {}).get("value")

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def reload(self) -> None:
        self.call("Page.reload")

    def see(self, text: str) -> None:
        self._wait_for(f"document.body.innerText.includes({json.dumps(text)})")

    def type(self, field: str, text: str) -> None:
        self._wait_for(f"document.getElementById('{field}').focus() ?? true")
        self.call("Input.insertText", text=text)

    def click(self, button: str) -> None:
        x, y = self._wait_for(
            f"""(() => {{
                const isIt = (button) => button.innerText === {json.dumps(button)};
                const found = [...document.querySelectorAll("button")].find(isIt);
                found.scrollIntoView();
                const box = found.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def close(self) -> None:
        self._session = {}
        self.call("Browser.close")

    def _wait_for(self, script: str) -> Any:
        deadline = time.monotonic() + 20
        while not (value := self.evaluate(script)):
            assert time.monotonic() < deadline, self.evaluate("document.body.innerText")
            time.sleep(0.05)
        return value

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            received = self._pipe.recv(65_536)
            assert received, "Chromium has ended"
            self._unread += received
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """Lend a browser whose profile is in the folder.

    Raises:
        Missing: There is no Chromium.
    """
    program = shutil.which("chromium")
    if program is None:
        raise Missing("Chromium is missing: apt-get install chromium")
    ours, its = socket.socketpair()
    with ours, its:
        ours.settimeout(60)
        command = [sys.executable, "-c", LAUNCH, str(its.fileno()), program, *FLAGS.split()]
        process = Popen(
            [*command, f"--user-data-dir={folder / 'profile'}"],
            env={**os.environ, "HOME": str(folder)},
            pass_fds=[its.fileno()],
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        its.close()
        with process:
            try:
                browser = Browser(ours)
                yield browser
                browser.close()
                process.wait(timeout=20)
            finally:
                process.kill()
