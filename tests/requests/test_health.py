"""What is known of the session database, and what the log says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from litestar_sessions._requests.health import Health

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = ConnectionRefusedError("refused")


class Seconds:
    """A clock that stands still until the test turns it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str, str]]]:
    """Return the records so far: level, event and message."""

    def records() -> list[tuple[str, str, str]]:
        return [
            (record.levelname, record.session_event, record.getMessage())  # type: ignore[attr-defined]  # set by extra=
            for record in caplog.records
            if record.name == "litestar_sessions"
        ]

    return records


def test_an_outage_is_reported_once_then_each_minute_and_at_its_end(
    seconds: Seconds, logged: Callable[[], list[tuple[str, str, str]]]
) -> None:
    health = Health(seconds)
    for _ in range(130):
        health.note_failure(REFUSED, asked_at=seconds.now)
        seconds.now += 1
    health.note_answer()
    health.note_answer()
    first = "The session database does not answer: ConnectionRefusedError: refused"
    then = "The session database has not answered for {} seconds; {} operations failed"
    last = "The session database answers again, after 130.0 seconds and 130 operations that failed"
    assert logged() == [
        ("ERROR", "unavailable", first),
        ("ERROR", "still_unavailable", then.format(60, 61)),
        ("ERROR", "still_unavailable", then.format(120, 121)),
        ("WARNING", "available", last),
    ]


def test_a_second_outage_is_reported_as_the_first_one_was(
    seconds: Seconds, logged: Callable[[], list[tuple[str, str, str]]]
) -> None:
    health = Health(seconds)
    for _ in range(2):
        health.note_failure(REFUSED, asked_at=seconds.now)
        health.note_answer()
    assert [event for _, event, _ in logged()] == ["unavailable", "available"] * 2


def test_a_database_that_refuses_is_not_silent(seconds: Seconds) -> None:
    health = Health(seconds)
    seconds.now += 1
    health.note_failure(REFUSED, asked_at=seconds.now)
    assert not health.is_silent


def test_one_that_keeps_somebody_waiting_is_silent_until_it_answers(seconds: Seconds) -> None:
    health = Health(seconds)
    seconds.now += 10
    health.note_failure(TimeoutError(), asked_at=5)
    assert health.is_silent
    health.note_answer()
    assert not health.is_silent


def test_one_that_has_answered_others_meanwhile_is_not_silent(seconds: Seconds) -> None:
    health = Health(seconds)
    seconds.now = 7
    health.note_answer()
    seconds.now = 10
    health.note_failure(TimeoutError(), asked_at=5)
    assert not health.is_silent


def test_a_trial_is_for_one_and_then_not_due_for_a_while(seconds: Seconds) -> None:
    health = Health(seconds)
    seconds.now = 10
    health.note_failure(TimeoutError(), asked_at=5)
    assert not health.may_try()
    seconds.now += health.TRIAL_INTERVAL
    assert [health.may_try() for _ in range(3)] == [True, False, False]
    seconds.now += health.TRIAL_INTERVAL
    assert health.may_try()
