"""What the codes of drivers mean."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

__all__ = ("CLASSES", "MEANINGS", "Failure")


class Failure(Enum):
    """What an error means for the statement that met it."""

    CONNECTION = auto()
    """The connection is of no use any more, and others of its pool are not either."""
    CONFLICT = auto()
    """The same statement may succeed when it is tried again on this connection."""
    REFUSAL = auto()
    """The server answers, but does not let us in: a wrong password, or no such database."""
    OUTAGE = auto()
    """The database cannot answer at the moment."""
    BUG = auto()
    """Trying later is of no use: the table, the data or the code is wrong."""


# Codes of SQLSTATE are text, those of MySQL and MariaDB are numbers.
MEANINGS: dict[Any, Failure] = {
    **dict.fromkeys(
        (
            "25006",  # read-only: the server is a standby since a failover (PostgreSQL)
            "26000",  # a prepared statement that is gone: the server's end is another one
            "42P05",  # one that is there already: as above
            1047,  # WSREP has not yet prepared node for application use (Galera)
            1290,  # read-only by an option (MySQL, MariaDB)
            1792,  # a transaction that is read-only, as on such a server (MariaDB, older drivers)
            1836,  # read-only mode (MySQL, MariaDB)
            # SQLite, of a file that was moved, deleted or replaced since it was opened.
            "attempt to write a readonly database",
            "disk I/O error",
            "database disk image is malformed",
            "file is not a database",
        ),
        Failure.CONNECTION,
    ),
    **dict.fromkeys(
        (
            "40001",  # serialization failure (PostgreSQL, CockroachDB, SQL Server)
            "40P01",  # deadlock (PostgreSQL)
            1213,  # deadlock (MySQL, MariaDB), or certification failure (Galera)
            1205,  # lock wait timeout (MySQL, MariaDB), deadlock victim (SQL Server)
            1020,  # record has changed since last read (MariaDB, innodb_snapshot_isolation)
            "database is locked",  # SQLITE_BUSY; its code is there since Python 3.11 only
            "database table is locked",  # SQLITE_LOCKED
        ),
        Failure.CONFLICT,
    ),
    **dict.fromkeys(
        (1044, 1045, 1049, 1130, 1698, "unable to open database file"), Failure.REFUSAL
    ),
    # Drivers raise an OperationalError for these, as for a server that is down.
    **dict.fromkeys(
        (
            *(1048, 1051, 1054, 1064, 1071, 1118, 1142, 1143, 1146),  # columns, tables and rights
            *(1153, 1264, 1265, 1292, 1364, 1366, 1406),  # data that does not fit
            *(1305, 1644, 3819, 4025),  # triggers and constraints
        ),
        Failure.BUG,
    ),
}
CLASSES = {
    "28": Failure.REFUSAL,  # invalid authorization
    "3D": Failure.REFUSAL,  # invalid catalog name
    **dict.fromkeys(("08", "40", "53", "55", "57", "58", "XX"), Failure.OUTAGE),
}
"""The first two characters of a SQLSTATE (PostgreSQL manual, appendix A); others are bugs."""
