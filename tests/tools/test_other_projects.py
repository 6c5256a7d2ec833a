"""The generator renders the sync half of httpcore as httpcore ships it, byte for byte.

Given are settings alone, a first line in each file, and five waivers.
"""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tools import unasync_build

SOURCE_LINE = "# The source of a generated twin."

SETTINGS = f"""
[tool.unasync-build]
source-line = "{SOURCE_LINE}"
twin-line = "# Generated from {{source}}: edit that, not this."
roots = {{ "_async" = "_sync" }}

[tool.unasync-build.names]
AsyncConnectionInterface = "ConnectionInterface"
AsyncConnectionPool = "ConnectionPool"
AsyncEvent = "Event"
AsyncForwardHTTPConnection = "ForwardHTTPConnection"
AsyncHTTP11Connection = "HTTP11Connection"
AsyncHTTP11UpgradeStream = "HTTP11UpgradeStream"
AsyncHTTP2Connection = "HTTP2Connection"
AsyncHTTPConnection = "HTTPConnection"
AsyncHTTPProxy = "HTTPProxy"
AsyncIterable = "Iterable"
AsyncIterator = "Iterator"
AsyncLock = "Lock"
AsyncNetworkBackend = "NetworkBackend"
AsyncNetworkStream = "NetworkStream"
AsyncPoolRequest = "PoolRequest"
AsyncRequestInterface = "RequestInterface"
AsyncSOCKSProxy = "SOCKSProxy"
AsyncSemaphore = "Semaphore"
AsyncShieldCancellation = "ShieldCancellation"
AsyncSocks5Connection = "Socks5Connection"
AsyncThreadLock = "ThreadLock"
AsyncTunnelHTTPConnection = "TunnelHTTPConnection"
AutoBackend = "SyncBackend"
"__aenter__" = "__enter__"
"__aexit__" = "__exit__"
"__aiter__" = "__iter__"
aclose = "close"
aread = "read"
asynccontextmanager = "contextmanager"
handle_async_request = "handle_request"

[tool.unasync-build.dotted]
"_backends.auto" = "_backends.sync"
"""

WAIVED = {
    ("connection_pool.py", 124): "keep async",
    ("connection_pool.py", 196): "rename AsyncHTTPConnection",  # of the docstring that ends there
    ("connection_pool.py", 260): "merge AsyncIterable",
    ("connection_pool.py", 413): "rename aclose",
    ("http11.py", 260): "rename AsyncConnectionInterface",
}
"""What these lines of httpcore's have to say."""

HTTPCORE = Path(str(distribution("httpcore").locate_file("httpcore")))
FILES = sorted(path.name for path in (HTTPCORE / "_async").glob("*.py"))


def source(name: str) -> str:
    """Return a file of httpcore's async half as the generator wants it."""
    lines = (HTTPCORE / "_async" / name).read_text(encoding="utf-8").split("\n")
    for (file, line), waiver in WAIVED.items():
        if file == name:
            lines[line - 1] += f"  # twin: {waiver}"
    return "\n".join([SOURCE_LINE, *lines])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "_async").mkdir()
    for name in FILES:
        (tmp_path / "_async" / name).write_text(source(name), encoding="utf-8")
    return tmp_path


def test_every_file_is_the_one_that_httpcore_ships(project: Path) -> None:
    assert unasync_build.main(["--root", str(project)]) == 0
    assert len(FILES) == 8
    for name in FILES:
        twin = (project / "_sync" / name).read_text(encoding="utf-8").partition("\n")[2]
        shipped = (HTTPCORE / "_sync" / name).read_text(encoding="utf-8")
        assert re.sub("  # twin: .*", "", twin) == shipped, name


def test_each_waiver_is_needed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file, line in WAIVED:
        path = project / "_async" / file
        text = path.read_text(encoding="utf-8")
        lines = text.split("\n")
        lines[line] = lines[line].partition("  # twin: ")[0]
        path.write_text("\n".join(lines), encoding="utf-8")
        assert unasync_build.main(["--root", str(project), "--check"]) == 1
        assert f"_async/{file}:" in capsys.readouterr().err
        path.write_text(text, encoding="utf-8")
