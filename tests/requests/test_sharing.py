"""Loads that ask at the same time share a statement, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from math import inf
from typing import TYPE_CHECKING, Any
from weakref import ref

import pytest
from sqlalchemy import create_engine, event, text

from litestar_sessions import SessionUnavailableError
from litestar_sessions._drivers.deadlines import Deadline
from litestar_sessions._drivers.of_loops import OfLoops
from litestar_sessions._requests.sharing import SharedLoads
from tests.support.backends import Backend, dispose, make_backend
from tests.support.calls import called
from tests.support.faults import Fragile, fragile_database
from tests.support.held import HeldStorage
from tests.support.site import Site, open_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.clock import Clock
    from tests.support.databases import Database, Servers

VISITOR: ContextVar[str] = ContextVar("VISITOR", default="nobody")
IDS = [f"{number:064x}" for number in range(10)]
AGES = 30.0
"""Much longer than anything here may take, in seconds."""


def shared_by(backend: Any) -> SharedLoads:
    shared: SharedLoads = backend._load.__self__
    return shared


def loads_of(shared: SharedLoads) -> Any:
    """Return the loads of the loop that asked last; ``None`` if none has."""
    last = shared.loads._last
    return last and last[1]


def patient(shared: SharedLoads) -> SharedLoads:
    """Have loads wait for company while two statements are out, for as long as that takes."""
    shared.ALONE = 0
    shared.PAUSE = inf
    return shared


@asynccontextmanager
async def backend_on(url: Any, *, is_async: bool, **settings: Any) -> AsyncIterator[Backend]:
    """Lend a backend with ten sessions, whose loads wait until one that is out is answered."""
    backend = make_backend(url, is_async=is_async, renew_on_access=False, **settings)
    await backend.delete_all()
    for session_id in IDS:
        await backend.set(session_id, session_id.encode())
    patient(shared_by(backend))
    try:
        yield backend
        here = loads_of(shared_by(backend))
        assert here is None or (here._out, here._under_way, here._waiting) == (0, 0, [])
    finally:
        await dispose(backend)


@pytest.fixture
async def backend(any_database: tuple[bool, Database]) -> AsyncIterator[Backend]:
    is_async, database = any_database
    async with backend_on(database.url, is_async=is_async) as backend:
        yield backend


@pytest.fixture(params=["sqlite+aiosqlite", "sqlite+pysqlite"])
async def on_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    """A backend of each half, where the database does not matter."""
    url = f"{request.param}:///{tmp_path}/sessions.db"
    async with backend_on(url, is_async="aio" in request.param) as backend:
        yield backend


def engine_of(backend: Any) -> Any:
    return getattr(backend.engine, "sync_engine", backend.engine)


@contextmanager
def statements(backend: Any) -> Iterator[list[None]]:
    """Lend a list that grows with every statement: each borrows a connection."""
    found: list[None] = []

    def note(*_: object) -> None:
        found.append(None)

    event.listen(engine_of(backend), "checkout", note)
    yield found
    event.remove(engine_of(backend), "checkout", note)


async def load_all(backend: Any, session_ids: list[str] = IDS) -> list[Any]:
    loads = (backend.storage.load(session_id) for session_id in session_ids)
    return await asyncio.gather(*loads, return_exceptions=True)


def data_of(sessions: list[Any]) -> list[bytes | None]:
    return [session and session.data for session in sessions]


async def test_loads_that_find_company_are_one_statement(backend: Backend) -> None:
    session_ids = [*IDS, "unknown", IDS[5]]
    with statements(backend) as sent:
        found = await asyncio.wait_for(load_all(backend, session_ids), AGES)
    expected = {session_id: session_id.encode() for session_id in IDS}
    assert data_of(found) == [expected.get(session_id) for session_id in session_ids]
    assert len(sent) == 3


async def test_get_shares_as_requests_do_unless_it_renews(on_sqlite: Backend) -> None:
    for renews, count in ((False, 3), (True, len(IDS))):
        on_sqlite.config.renew_on_access = renews
        with statements(on_sqlite) as sent:
            found = await asyncio.gather(*map(on_sqlite.get, IDS))
        assert found == [session_id.encode() for session_id in IDS]
        assert len(sent) == count


async def test_sharing_can_be_switched_off(clock: Clock, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sessions.db"
    async with open_site(url, is_async=False, clock=clock, shared_reads=False) as site:
        with statements(site.backend) as sent:
            await load_all(site.backend)
        assert len(sent) == len(IDS)


async def test_no_group_is_larger_than_a_statement_may_be(on_sqlite: Backend) -> None:
    storage = HeldStorage(on_sqlite._storage)
    storage.release()
    shared = patient(SharedLoads(storage, 64))
    session_ids = [f"unknown {number}" for number in range(300)]
    assert await asyncio.gather(*map(shared.load, session_ids)) == [None] * 300
    assert list(map(len, storage.asked)) == [1, 1, 64, 64, 64, 64, 42]
    assert [each for asked in storage.asked for each in asked] == session_ids


async def test_what_nobody_waits_for_any_more_is_not_asked(on_sqlite: Backend) -> None:
    storage = HeldStorage(on_sqlite._storage)
    shared = patient(SharedLoads(storage, 64))
    loads = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS]
    await storage.answered(2)
    for load in loads[3:8]:
        load.cancel()
    storage.release()
    await asyncio.wait(loads)
    assert storage.asked == [IDS[:1], IDS[1:2], [IDS[2], *IDS[8:]]]


async def test_groups_of_any_number_are_a_handful_of_statements(backend: Backend) -> None:
    texts = Counter[str]()

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        texts[statement] += 1

    event.listen(engine_of(backend), "before_cursor_execute", listen)
    for number in range(1, 67, 3):
        session_ids = [f"unknown {each}" for each in range(number)]
        assert data_of(await load_all(backend, session_ids)) == [None] * number
    assert len(texts) <= 7
    assert texts.total() == sum(min(number, 3) for number in range(1, 67, 3))


async def test_a_load_alone_is_no_task_and_three_calls_more(on_sqlite: Backend) -> None:
    async def calls(load: Any) -> set[Any]:
        with called() as codes:
            await load(IDS[0])
        return set(codes)

    storage: Any = on_sqlite._storage
    shared: Any = shared_by(on_sqlite)
    for _ in range(3):
        alone, in_company = await calls(storage.load), await calls(shared.load)
    more = {SharedLoads.load.__code__, type(loads_of(shared)).load.__code__}
    more.add(OfLoops.of.__code__)
    assert in_company - alone == more
    tasks: list[Any] = []
    loop = asyncio.get_running_loop()

    def factory(loop: Any, work: Any, **options: Any) -> Any:
        tasks.append(work)
        return asyncio.Task(work, loop=loop, **options)

    loop.set_task_factory(factory)
    await storage.load(IDS[0])
    own = len(tasks)
    await shared.load(IDS[0])
    assert len(tasks) == 2 * own
    loop.set_task_factory(None)


async def test_so_few_that_they_are_as_fast_alone_do_not_wait(on_sqlite: Backend) -> None:
    storage = HeldStorage(on_sqlite._storage)
    shared = SharedLoads(storage, 64)
    shared.PAUSE = inf
    loads = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS]
    await storage.answered(4)
    storage.release()
    await asyncio.gather(*loads)
    assert storage.asked == [*([session_id] for session_id in IDS[:4]), IDS[4:]]


async def test_a_statement_is_sent_after_a_moment_though_none_is_answered(
    on_sqlite: Backend,
) -> None:
    storage = HeldStorage(on_sqlite._storage)
    shared = SharedLoads(storage, 64)
    loads = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS]
    await storage.answered(len(IDS))
    storage.release()
    assert None not in data_of(await asyncio.gather(*loads))


async def perform(act: str, storage: Any, later: Any) -> None:
    """Do what another request may have done meanwhile."""
    if act == "sign-out":
        await storage.delete(IDS[2])
    elif act == "change":
        await storage.update(IDS[2], b"new", later)
    else:
        await storage.rotate(IDS[2], "new ID")


@pytest.mark.parametrize("act", ["sign-out", "change", "rotation"])
async def test_a_load_sees_what_was_acknowledged_before_it_asked(
    backend: Backend, act: str
) -> None:
    storage = HeldStorage(backend._storage)
    shared = SharedLoads(storage, 64)
    early = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS]
    await storage.answered(len(IDS))
    await perform(act, backend._storage, backend.next_expiry())
    late = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS[2:4]]
    await asyncio.sleep(0)
    storage.release()
    expected: list[bytes | None] = [session_id.encode() for session_id in IDS]
    assert data_of(await asyncio.gather(*early)) == expected
    new = b"new" if act == "change" else None
    assert data_of(await asyncio.gather(*late)) == [new, expected[3]]


@asynccontextmanager
async def locked(servers: Servers, backend: Backend, tmp_path: Path) -> AsyncIterator[Any]:
    """Have nobody read the table; lend what unlocks it."""
    is_mysql = backend.engine.dialect.name == "mysql"
    driver = "mysql+pymysql" if is_mysql else "postgresql+psycopg"
    engine = create_engine(servers.database(driver, tmp_path).url)
    lock = "LOCK TABLES user_sessions WRITE" if is_mysql else "LOCK TABLE user_sessions"
    with engine.connect() as connection:
        connection.execute(text(lock))

        def unlock() -> None:
            connection.rollback()
            connection.invalidate()

        yield unlock
    engine.dispose()


@pytest.fixture(
    params=["postgresql+asyncpg", "mysql+asyncmy", "postgresql+psycopg", "mysql+pymysql"]
)
async def on_server(
    request: pytest.FixtureRequest, servers: Servers, tmp_path: Path
) -> AsyncIterator[Backend]:
    """A backend whose table can be locked."""
    url = servers.database(request.param, tmp_path).url
    is_async = request.param in {"postgresql+asyncpg", "mysql+asyncmy"}
    async with backend_on(url, is_async=is_async) as backend:
        await load_all(backend)
        yield backend


async def send(backend: Any) -> None:
    """Have two statements under way, and a third one for the loads that were begun after them."""
    await asyncio.sleep(0)
    loads_of(shared_by(backend))._send()
    await busy(backend, 3)


async def busy(backend: Backend, count: int) -> None:
    """Return once as many connections are in use."""
    while engine_of(backend).pool.checkedout() != count:
        await asyncio.sleep(0.001)


async def test_one_who_leaves_or_is_out_of_time_leaves_the_others_alone(
    on_server: Backend, servers: Servers, tmp_path: Path
) -> None:
    async def impatient() -> None:
        with Deadline(0.05):
            await on_server._load(IDS[3])

    async with locked(servers, on_server, tmp_path) as unlock:
        first = [asyncio.ensure_future(on_server._load(session_id)) for session_id in IDS[:3]]
        late = asyncio.create_task(impatient())
        others = [asyncio.ensure_future(on_server._load(session_id)) for session_id in IDS[4:]]
        await send(on_server)
        first[2].cancel()
        with pytest.raises(TimeoutError, match="no answer within"):
            await late
        assert engine_of(on_server).pool.checkedout() == 3
        unlock()
        found = await asyncio.wait_for(asyncio.gather(*first[:2], *others), AGES)
    expected = [session_id.encode() for session_id in (*IDS[:2], *IDS[4:])]
    assert data_of(found) == expected
    assert first[2].cancelled()


async def test_a_statement_is_not_waited_for_when_all_are_gone(
    on_server: Backend, servers: Servers, tmp_path: Path
) -> None:
    async with locked(servers, on_server, tmp_path) as unlock:
        loads = [asyncio.ensure_future(on_server._load(session_id)) for session_id in IDS]
        await send(on_server)
        for load in loads[2:]:
            load.cancel()
        await asyncio.wait_for(busy(on_server, 2), AGES)
        unlock()
        found = await asyncio.wait_for(asyncio.gather(*loads[:2]), AGES)
        assert data_of(found) == [session_id.encode() for session_id in IDS[:2]]
    assert all(load.cancelled() for load in loads[2:])
    assert data_of(await load_all(on_server)) == [session_id.encode() for session_id in IDS]


async def test_one_who_is_to_ask_alone_and_leaves_keeps_nobody_waiting(on_sqlite: Backend) -> None:
    storage = HeldStorage(on_sqlite._storage)
    shared = patient(SharedLoads(storage, 64))
    loads = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS[:3]]
    await storage.answered(2)
    storage.release_first()  # who then tells the third one to ask alone
    asyncio.get_running_loop().call_soon(loads[2].cancel)
    await loads[0]
    storage.release()
    await asyncio.wait(loads)
    assert loads[2].cancelled()
    found = await asyncio.wait_for(asyncio.gather(*map(shared.load, IDS)), AGES)
    assert None not in data_of(found)
    assert storage.asked[-3:] == [IDS[:1], IDS[1:2], IDS[2:]]  # as if it had never been there


async def test_loads_go_on_alone_if_the_task_of_their_statement_is_cancelled(
    on_sqlite: Backend,
) -> None:
    storage = HeldStorage(on_sqlite._storage)
    shared = patient(SharedLoads(storage, 64))
    loads = [asyncio.ensure_future(shared.load(session_id)) for session_id in IDS]
    await storage.answered(2)
    storage.release_first()
    await storage.answered(len(IDS))
    (task,) = [each for each in asyncio.all_tasks() if "Group" in str(each.get_coro())]
    task.cancel()
    storage.release()
    found = await asyncio.wait_for(asyncio.gather(*loads), AGES)
    assert data_of(found) == [session_id.encode() for session_id in IDS]


async def test_a_dead_connection_is_tried_again_for_all(
    backend: Backend, any_database: tuple[bool, Database]
) -> None:
    await load_all(backend)
    any_database[1].cut()
    found = await load_all(backend)
    assert data_of(found) == [session_id.encode() for session_id in IDS]


@pytest.fixture
def fragile(any_database: tuple[bool, Database]) -> Iterator[Fragile]:
    is_async, database = any_database
    with fragile_database(database, is_async=is_async) as fragile:
        yield fragile


async def test_an_outage_is_an_error_of_its_own_for_each(clock: Clock, fragile: Fragile) -> None:
    async with open_site(fragile.url, is_async=fragile.is_async, clock=clock) as site:
        patient(shared_by(site.backend))
        async with fragile.outage(site.dispose):
            errors = await load_all(site.backend)
        assert {type(error) for error in errors} == {SessionUnavailableError}
        assert len({id(error.__cause__) for error in errors}) == len(IDS)
        assert data_of(await load_all(site.backend)) == [None] * len(IDS)


async def test_a_damaged_session_concerns_its_own_request(
    any_database: tuple[bool, Database], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    damage = {"postgresql": "'20000-01-01'", "mysql": "'2100-00-00'", "sqlite": "'zzz'"}
    is_async, database = any_database
    async with open_site(database.url, is_async=is_async, clock=clock) as site:
        patient(shared_by(site.backend))
        async with visitors(site) as clients:
            value = damage[site.engine.dialect.name]
            key = site.config.keys.current(clients[5].cookies["session"])
            lenient = "SET STATEMENT sql_mode = 'ALLOW_INVALID_DATES' FOR "
            prefix = lenient if site.engine.dialect.name == "mysql" else ""
            change = f"UPDATE user_sessions SET expires_at = {value} WHERE session_id = '{key}'"
            await site._execute(text(prefix + change))
            answers = await asyncio.gather(*(client.get("/") for client in clients))
    expected: list[Any] = [{"user": number} for number in range(len(clients))]
    expected[5] = {}
    assert [answer.json() for answer in answers] == expected
    events = [record.session_event for record in caplog.records if "session" in record.name]  # type: ignore[attr-defined]  # set by extra=
    assert events == ["undecodable"]


@asynccontextmanager
async def visitors(site: Site) -> AsyncIterator[list[Any]]:
    """Lend ten visitors who have signed in."""
    clients = [site.visitor() for _ in range(10)]
    for number, client in enumerate(clients):
        await client.post("/set", json={"user": number})
    yield clients
    for client in clients:
        await client.aclose()


async def test_every_spelling_of_an_id_is_found_in_company(
    any_database: tuple[bool, Database], clock: Clock
) -> None:
    is_async, database = any_database
    settings: list[dict[str, Any]] = [
        {"hash_session_ids": False},
        {"session_id_keys": ["first" * 7]},
        {"session_id_keys": ["second" * 6, "first" * 7], "take_over": "plain"},
    ]
    cookies: list[str] = []
    for number, setting in enumerate(settings):
        options = {"is_async": is_async, "clock": clock, "empty": number == 0, **setting}
        async with open_site(database.url, **options) as site:
            async with visitors(site) as clients:
                cookies += [client.cookies["session"] for client in clients]
            if number == 2:
                patient(shared_by(site.backend))
                with statements(site.backend) as sent:
                    clients = [site.visitor(cookie) for cookie in cookies]
                    answers = await asyncio.gather(*(client.get("/") for client in clients))
                assert len(sent) == 3
    assert [answer.json() for answer in answers] == [{"user": n} for n in range(10)] * 3


async def test_what_a_request_has_in_its_context_stays_there(backend: Backend) -> None:
    heard = []

    def listen(*_: object) -> None:
        heard.append(VISITOR.get())
        VISITOR.set("a listener's")

    async def visit(session_id: str) -> str:
        VISITOR.set(session_id)
        await backend.get(session_id)
        return VISITOR.get()

    event.listen(engine_of(backend), "before_cursor_execute", listen)
    visits = [asyncio.create_task(visit(session_id)) for session_id in IDS]
    assert (await asyncio.gather(*visits))[2:] == IDS[2:]
    assert sorted(heard) == sorted([*IDS[:2], "nobody"])


async def test_a_request_is_told_that_its_statement_was_shared(
    on_sqlite: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        told.append(f"{VISITOR.get()}: {record.getMessage()}")
        return True

    async def visit(session_id: str) -> None:
        VISITOR.set(session_id)
        await on_sqlite.get(session_id)

    caplog.set_level(logging.DEBUG, "litestar_sessions")
    logging.getLogger("litestar_sessions").addFilter(note)
    try:
        await asyncio.gather(*map(visit, IDS))
    finally:
        logging.getLogger("litestar_sessions").removeFilter(note)
    message = "A session was loaded by one statement with 7 others"
    assert told == [f"{session_id}: {message}" for session_id in IDS[2:]]


async def test_each_event_loop_has_groups_of_its_own(backend: Backend) -> None:
    def run(number: int) -> Any:
        async def load_often() -> tuple[list[Any], Any]:
            for _ in range(number):
                found = await load_all(backend)
            return data_of(found), ref(asyncio.get_running_loop())

        return asyncio.run(load_often())

    with ThreadPoolExecutor(3) as threads:
        loop = asyncio.get_running_loop()
        runs = [loop.run_in_executor(threads, run, number) for number in range(5, 8)]
        answers = await asyncio.gather(load_all(backend), *runs)
    expected = [session_id.encode() for session_id in IDS]
    assert data_of(answers[0]) == expected
    assert [found for found, _ in answers[1:]] == [expected] * 3
    loops = [each for _, each in answers[1:]]
    del answers
    gc.collect()
    assert [each() for each in loops] == [None] * 3


def test_a_loop_that_is_dropped_with_loads_that_wait_is_forgotten(tmp_path: Path) -> None:
    backend = make_backend(f"sqlite:///{tmp_path}/sessions.db", is_async=False)
    patient(shared_by(backend))
    asyncio.run(backend.delete_all())

    loads: list[Any] = []

    async def begin() -> None:
        loads.extend(asyncio.ensure_future(backend._load(session_id)) for session_id in IDS)
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    asyncio.run(load_all(backend))
    for load in loads:
        load._log_destroy_pending = False  # the test does that on purpose
    loads.clear()
    loop.close()
    assert data_of(asyncio.run(load_all(backend))) == [None] * len(IDS)
    asyncio.run(dispose(backend))
    assert len(shared_by(backend).loads._things) <= 1
