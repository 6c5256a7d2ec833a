"""Random histories of a storage, and a dictionary that knows what each verb must answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from litestar_sessions import SessionExistsError, StoredSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.clock import Clock

_IDS = st.sampled_from(["abc", "ABC", "abc ", "äbc", "a\x00", "x" * 256, "\ud800"])
_DATA = st.sampled_from([b"", b"a", b"A", b"\x00\xff", b"long " * 100])
_LIFETIMES = st.integers(-2, 4).map(lambda count: timedelta(microseconds=count))
_PAUSES = st.integers(0, 2)


@dataclass(frozen=True)
class Step:
    """A verb with its arguments, after a pause in microseconds; lifetimes stand for expiries."""

    verb: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    pause: int = 0

    def at(self, clock: Clock) -> Step:
        """Return the step with the expiries that its lifetimes come to."""
        arguments = (
            clock.now + value if isinstance(value, timedelta) else value for value in self.arguments
        )
        return replace(self, arguments=tuple(arguments))


def _step(verb: str, *arguments: st.SearchStrategy[Any], **options: st.SearchStrategy[Any]) -> Any:
    return st.builds(
        Step, st.just(verb), st.tuples(*arguments), st.fixed_dictionaries(options), _PAUSES
    )


HISTORIES = st.lists(
    st.one_of(
        _step("load", _IDS),
        _step("load_many", st.lists(_IDS, max_size=5)),
        _step("load_and_touch", _IDS, _LIFETIMES),
        _step("create", _IDS, _DATA, _LIFETIMES),
        _step("save", _IDS, _DATA, _LIFETIMES),
        _step(
            "update", _IDS, _DATA, _LIFETIMES, expected=st.none() | _DATA, new_id=st.none() | _IDS
        ),
        _step("touch", _IDS, _LIFETIMES),
        _step("rotate", _IDS, _IDS),
        _step("delete", _IDS),
        _step("delete_expired", batch_size=st.integers(1, 3)),
        _step("delete_all"),
    ),
    max_size=20,
)


class Model:
    """A storage that is a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: dict[str, StoredSession] = {}

    def perform(self, step: Step) -> object:
        """Return what the storage must answer."""
        verb: Callable[..., object] = getattr(self, step.verb)
        return verb(*step.arguments, **step.options)

    def ids(self) -> list[str]:
        return list(self._sessions)

    def load(self, session_id: str) -> StoredSession | None:
        session = self._sessions.get(session_id)
        return session if session and session.expires_at > self._clock.now else None

    def load_many(self, session_ids: list[str]) -> dict[str, StoredSession]:
        sessions = {session_id: self.load(session_id) for session_id in session_ids}
        return {session_id: session for session_id, session in sessions.items() if session}

    def load_and_touch(self, session_id: str, expires_at: datetime) -> StoredSession | None:
        return self._sessions[session_id] if self.touch(session_id, expires_at) else None

    def create(self, session_id: str, data: bytes, expires_at: datetime) -> object:
        if session_id in self._sessions:
            return SessionExistsError
        self.save(session_id, data, expires_at)
        return self._sessions[session_id]

    def save(self, session_id: str, data: bytes, expires_at: datetime) -> None:
        self._sessions[session_id] = StoredSession(data, expires_at)

    def update(
        self,
        session_id: str,
        data: bytes,
        expires_at: datetime,
        *,
        expected: bytes | None = None,
        new_id: str | None = None,
    ) -> object:
        session = self.load(session_id)
        if session is None or expected not in {None, session.data}:
            return False
        rotated = self.rotate(session_id, session_id if new_id is None else new_id)
        if rotated is True:
            self.save(session_id if new_id is None else new_id, data, expires_at)
        return rotated

    def touch(self, session_id: str, expires_at: datetime) -> bool:
        session = self.load(session_id)
        if session is None:
            return False
        self.save(session_id, session.data, expires_at)
        return True

    def rotate(self, session_id: str, new_id: str) -> object:
        session = self.load(session_id)
        if session is None:
            return False
        if new_id in self._sessions and new_id != session_id:
            return SessionExistsError
        self._sessions[new_id] = self._sessions.pop(session_id)
        return True

    def delete(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)

    def delete_expired(self, *, batch_size: int) -> int:  # noqa: ARG002 - no difference to a dictionary
        live = {id_: session for id_, session in self._sessions.items() if self.load(id_)}
        count = len(self._sessions) - len(live)
        self._sessions = live
        return count

    def delete_all(self) -> int:
        count = len(self._sessions)
        self._sessions = {}
        return count
