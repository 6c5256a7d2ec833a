"""Random histories of sessions that have owners, and a dictionary that knows whose each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

OWNERS = (
    *("Ann", "ann", "Ann ", " Ann", "Änn", "A\u0308nn", "ａｎｎ", "", "a\x00", "a", "\ud800"),
    *("x" * 255, "x" * 256, "x" * 70_000, "sha256:" + "0" * 64, "%", "_", "'", "\\", "ß", "ss"),
    *("\N{GRINNING FACE}", "\N{GRINNING FACE WITH SMILING EYES}", "1", "01", "NULL"),
)
"""No two are one; collations, patterns, lengths and digests might take some for others."""

_IDS = st.sampled_from(["a", "b", "c", "d"])
_OWNERS = st.none() | st.sampled_from(OWNERS[:4])


@dataclass(frozen=True)
class Deed:
    """What is done: to a session, or to the sessions of an owner."""

    verb: str
    session_id: str
    owner: str | None
    new_id: str | None


DEEDS = st.lists(
    st.builds(
        Deed,
        st.sampled_from(
            [
                "create",
                "save",
                "update",
                "touch",
                "delete",
                "end",
                "end one",
                "end others",
                "oldest",
            ]
        ),
        _IDS,
        _OWNERS,
        st.none() | _IDS,
    ),
    max_size=20,
)


class Owners:
    """Whose each session is."""

    def __init__(self) -> None:
        self.owners: dict[str, str | None] = {}
        self.order: dict[str, int] = {}
        self._count = 0

    def of(self, owner: str | None) -> list[str]:
        """Return the sessions of an owner, those first that were signed in last."""
        own = [each for each, whose in self.owners.items() if owner is not None and whose == owner]
        return sorted(own, key=lambda each: -self.order[each])

    def note(self, deed: Deed) -> bool:
        """Do the same as the storage to one session; return whether there was something to do."""
        is_there = deed.session_id in self.owners
        if deed.verb == "create" and is_there:
            return False
        if deed.verb in {"update", "touch"} and not is_there:
            return False
        new_id = deed.new_id if deed.verb == "update" and deed.new_id else deed.session_id
        if new_id != deed.session_id and new_id in self.owners:
            return False
        if deed.verb == "delete":
            self.end([deed.session_id])
            return is_there
        if deed.verb != "touch":
            self.end([deed.session_id])
            self.owners[new_id] = deed.owner
            self._count += 1
            self.order[new_id] = self._count
        return True

    def end(self, session_ids: list[str]) -> int:
        """Forget sessions; return how many there were."""
        return sum(self.owners.pop(session_id, ...) is not ... for session_id in session_ids)


def details_of(owner: str | None, now: Any) -> Any:
    """Return what a row is to say."""
    return {"owner": owner, "signed_in_at": now}
