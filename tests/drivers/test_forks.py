"""Forks: parent and children have sessions of their own, on connections of their own."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from litestar_sessions import (
    SQLAlchemyAsyncConfig,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
)
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar_sessions import SQLAlchemyAsyncSessionBackend, SQLAlchemySyncSessionBackend
    from tests.support.databases import Database

    Backend = SQLAlchemyAsyncSessionBackend | SQLAlchemySyncSessionBackend

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

CHILDREN, VISITORS, VISITS = 2, 4, 8


def config_for(url: Any, *, is_async: bool, is_ours: bool = True) -> SQLAlchemySessionConfig:
    """Return a config on an engine of this package, or on one of an application."""
    kind = SQLAlchemyAsyncConfig if is_async else SQLAlchemySyncConfig
    create: Callable[..., Any] = create_async_engine if is_async else create_engine
    alchemy: Any = kind(url) if is_ours else kind(engine_instance=create(url))
    return SQLAlchemySessionConfig(alchemy_config=alchemy, model=UserSession, create_table=True)


async def visit(backend: Any, visitor: str) -> None:
    """Have a session, and look again and again whether it is one's own."""
    for number in range(VISITS):
        mine = f"{visitor}, {number}".encode()
        await backend.set(visitor, mine)
        assert await backend.get(visitor) == mine


async def visit_at_once(config: SQLAlchemySessionConfig, name: str) -> None:
    backend = config.create_backend()
    await asyncio.gather(*(visit(backend, f"{name} {number}") for number in range(VISITORS)))


def fork(work: Callable[..., Any], *arguments: Any) -> int:
    """Have a child run something async, and nothing else; return its process ID."""
    child = os.fork()
    if child:
        return child
    try:
        asyncio.run(work(*arguments))
        gc.collect()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - pytest must not go on in the child
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


async def end(child: int) -> int:
    """Return how a child has ended."""
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("is_ours", [True, False], ids=["our engine", "sibling"])
def test_everybody_has_a_session_of_their_own(
    any_database: tuple[bool, Database], is_ours: bool
) -> None:
    is_async, database = any_database
    config = config_for(database.url, is_async=is_async, is_ours=is_ours)

    async def live() -> None:
        await visit_at_once(config, "before")
        names = [f"child {number}" for number in range(CHILDREN)]
        children = [fork(visit_at_once, config, name) for name in names]
        await visit_at_once(config, "parent")
        assert [await end(child) for child in children] == [0] * CHILDREN
        await visit_at_once(config, "parent")
        await config.dispose()

    asyncio.run(live())


def test_a_child_of_a_child_is_one_too(any_database: tuple[bool, Database]) -> None:
    is_async, database = any_database
    config = config_for(database.url, is_async=is_async)

    async def live(name: str, generations: int) -> None:
        await visit_at_once(config, name)
        if generations:
            child = fork(live, f"child of {name}", generations - 1)
            await visit_at_once(config, name)
            assert await end(child) == 0
        await visit_at_once(config, name)
        await config.dispose()

    asyncio.run(live("Ann", 2))


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
def test_a_database_in_memory_is_copied(is_async: bool) -> None:
    config = config_for("sqlite+aiosqlite://" if is_async else "sqlite://", is_async=is_async)
    backend: Any = config.create_backend()

    async def in_the_child() -> None:
        for _ in range(3):  # they get the identifiers of threads that were not forked
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        assert await backend.get("Ann") == b"of the parent"
        await backend.set("Ann", b"of the child")
        assert await backend.get("Ann") == b"of the child"

    async def live() -> None:
        await backend.set("Ann", b"of the parent")
        assert await end(fork(in_the_child)) == 0
        assert await backend.get("Ann") == b"of the parent"
        await config.dispose()

    asyncio.run(live())


def test_a_database_in_memory_that_nobody_has_used_is_opened_by_the_child() -> None:
    config = config_for("sqlite+aiosqlite://", is_async=True)
    child = fork(visit, config.create_backend(), "child")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


PRELOADING = """
import asyncio, os
from tests.drivers.test_forks import config_for, visit_at_once

config = config_for({url!r}, is_async={is_async})
asyncio.run(visit_at_once(config, "before"))
child = os.fork()
asyncio.run(visit_at_once(config, "child" if child == 0 else "parent"))
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    asyncio.run(visit_at_once(config, "parent"))
    asyncio.run(config.dispose())
"""


def test_a_child_that_ends_as_programs_do_leaves_its_parent_the_connections(
    any_database: tuple[bool, Database],
) -> None:
    is_async, database = any_database
    url = database.url.render_as_string(hide_password=False)
    program = PRELOADING.format(url=url, is_async=is_async)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
