"""One life of a session, verb by verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar_sessions._requests.storage import SessionStorage
    from tests.support.clock import Clock

WARM_UP = 8
"""Lives before anything is counted: psycopg prepares a statement when it runs the sixth time."""


def life(storage: SessionStorage, clock: Clock) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return every verb, in an order in which each finds its session."""
    later = clock.after(minutes=20)
    return {
        "create": lambda: storage.create("first", b"data", later, details={"owner": "Ann"}),
        "save": lambda: storage.save("id", b"data", later),
        "load": lambda: storage.load("id"),
        "load_many": lambda: storage.load_many(["id", "another id"]),
        "load_and_touch": lambda: storage.load_and_touch("id", later),
        "touch": lambda: storage.touch("id", later),
        "update": lambda: storage.update("id", b"new", later, expected=b"data"),
        "list_owned": lambda: storage.list_owned("Ann"),
        "end_oldest": lambda: storage.end_oldest("Ann", 2),
        "end_owned": lambda: storage.end_owned("Ann"),
        "rotate": lambda: storage.rotate("id", "new id"),
        "load_former": lambda: storage.load_former(["id"], clock()),
        "delete": lambda: storage.delete("new id"),
        "delete_expired": storage.delete_expired,
        "delete_all": storage.delete_all,
    }
