"""What only the sync half meets: threads that switch after every few instructions."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from litestar_sessions import SessionExistsError, SQLAlchemySyncConfig, SyncSessionStorage
from tests.support.models import UserSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.clock import Clock
    from tests.support.databases import Database

THREADS = range(16)


@pytest.fixture
def storage(sync_database: Database, clock: Clock) -> Iterator[SyncSessionStorage]:
    """An empty storage, below which a thread may be stopped at any moment."""
    config = SQLAlchemySyncConfig(sync_database.url)
    engine = config.get_engine()
    storage = SyncSessionStorage(engine, UserSession, clock=clock)
    storage.create_table()
    storage.delete_all()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield storage
    sys.setswitchinterval(interval)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # a QueuePool
    config.dispose()


def at_once(work: Callable[[int], object]) -> list[object]:
    """Return what the work gives in each of the threads, or the error that it ends with."""
    answers: list[object] = [None for _ in THREADS]
    start = threading.Barrier(len(THREADS))

    def run(number: int) -> None:
        start.wait()
        try:
            answers[number] = work(number)
        except Exception as error:  # noqa: BLE001 - it is the answer
            answers[number] = type(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in THREADS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_of_many_threads_creates_a_session(storage: SyncSessionStorage, clock: Clock) -> None:
    later = clock.after(minutes=20)
    answers = at_once(lambda number: storage.create("id", b"%d" % number, later))
    assert answers.count(SessionExistsError) == len(THREADS) - 1
    (winner,) = (n for n, answer in enumerate(answers) if answer is not SessionExistsError)
    session = storage.load("id")
    assert session is not None
    assert session.data == b"%d" % winner


def test_one_of_many_threads_updates_what_all_have_loaded(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    later = clock.after(minutes=20)
    storage.create("id", b"old", later)
    answers = at_once(lambda n: storage.update("id", b"%d" % n, later, expected=b"old"))
    assert answers.count(True) == 1
    session = storage.load("id")
    assert session is not None
    assert session.data == b"%d" % answers.index(True)


def test_one_of_many_threads_rotates_a_session(storage: SyncSessionStorage, clock: Clock) -> None:
    storage.create("old", b"data", clock.after(minutes=20))
    answers = at_once(lambda number: storage.rotate("old", f"new {number}"))
    assert answers.count(True) == 1
    assert answers.count(False) == len(THREADS) - 1
    assert storage.load(f"new {answers.index(True)}") is not None
    assert storage.delete_all() == 1


def test_no_thread_brings_back_what_another_deletes(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    later = clock.after(minutes=20)
    verbs: list[Callable[[], object]] = [
        lambda: storage.touch("id", later),
        lambda: storage.update("id", b"new", later),
        lambda: storage.load_and_touch("id", later),
        lambda: storage.delete("id"),
    ]
    storage.create("id", b"data", later)
    answers = at_once(lambda number: verbs[number % len(verbs)]())
    assert not any(isinstance(answer, type) for answer in answers), answers
    assert storage.load("id") is None


def test_each_expired_session_is_deleted_by_one_thread(
    storage: SyncSessionStorage, clock: Clock
) -> None:
    for number in range(50):
        storage.create(f"expired {number}", b"data", clock.now)
    storage.create("live", b"data", clock.after(minutes=20))
    answers = at_once(lambda _: storage.delete_expired(batch_size=7))
    assert sum(answers) == 50  # type: ignore[arg-type]  # an error would be no number
    assert storage.delete_all() == 1


def test_many_threads_have_sessions_of_their_own(storage: SyncSessionStorage, clock: Clock) -> None:
    later = clock.after(minutes=20)

    def live(number: int) -> bool:
        for part in range(5):
            storage.save(f"{number}", b"%d" % part, later)
            session = storage.load(f"{number}")
            if session is None or session.data != b"%d" % part:
                return False
        return True

    assert at_once(live) == [True for _ in THREADS]
