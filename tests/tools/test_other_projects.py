"""The generator in another project: all of httpcore's async files, by a table of names."""

from __future__ import annotations

import ast
from pathlib import Path

import httpcore
import pytest

from tools.twins.conversion import Conversion
from tools.twins.settings import Settings, Table

PLACE = Path(httpcore.__file__).parent
FILES = sorted(path.name for path in (PLACE / "_async").glob("*.py"))

THINGS = (
    *("ConnectionInterface", "ConnectionPool", "ForwardHTTPConnection", "HTTP11Connection"),
    *("HTTP11UpgradeStream", "HTTP2Connection", "HTTPConnection", "HTTPProxy", "PoolRequest"),
    *("RequestInterface", "SOCKSProxy", "Socks5Connection", "TunnelHTTPConnection"),
    *("Event", "Iterable", "Iterator", "Lock", "NetworkBackend", "NetworkStream", "Semaphore"),
    *("ShieldCancellation", "ThreadLock"),
)
NAMES = {f"Async{thing}": thing for thing in THINGS} | {
    "AutoBackend": "SyncBackend",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "aclose": "close",
    "aread": "read",
    "asynccontextmanager": "contextmanager",
    "handle_async_request": "handle_request",
}
DOTTED = {"_backends.auto": "_backends.sync"}

WAIVED = {
    "connection_pool.py": {
        "in async mode,": "keep async",
        '"""\n        return list(self._connections)': "rename AsyncHTTPConnection",
        'hasattr(self._stream, "aclose"):': "rename aclose",
        "assert isinstance(response.stream, typing.AsyncIterable)": "merge AsyncIterable",
    },
    "http11.py": {
        "# The AsyncConnectionInterface methods": "rename AsyncConnectionInterface",
    },
}
"""Lines by what begins in them, and what their twins are allowed."""


def prepared(name: str) -> str:
    """Return a source as the project would have it: with a first line, and with its waivers."""
    text = (PLACE / "_async" / name).read_text(encoding="utf-8")
    for part, waiver in WAIVED.get(name, {}).items():
        assert text.count(part) == 1
        end = text.index("\n", text.index(part))
        text = f"{text[:end]}  # twin: {waiver}{text[end:]}"
    return f"# A source.\n{text}"


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_httpcore_is_rendered_as_httpcore_itself_has_it(name: str) -> None:
    problems: list[tuple[int, str]] = []
    settings = Settings({}, Table(NAMES, DOTTED), "# A source.", "# Of {source}.", ())
    twin = Conversion(name, settings, problems).convert(prepared(name).encode())
    assert problems == []
    own = (PLACE / "_sync" / name).read_text(encoding="utf-8")
    assert ast.unparse(ast.parse(twin)) == ast.unparse(ast.parse(own))
