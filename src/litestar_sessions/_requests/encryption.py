"""The settings for data that is encrypted."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from litestar_sessions._sql.table import SessionTable
from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar_sessions._sql.seals import Seals

__all__ = ("EncryptsData", "make_seals")


@dataclass
class EncryptsData:
    """A config that says how session data stands in the table."""

    if TYPE_CHECKING:
        model: type[Any]

    _: KW_ONLY
    data_keys: Sequence[bytes | str] = field(default=(), repr=False)
    """Secrets with which data is encrypted (AES-256-GCM), the current one first, 32 bytes or more
    each; without any it is not.

    Sessions under a former secret live on, and get the current one when they are next written.
    """
    read_unencrypted: bool = False
    """Whether data that is not encrypted is read all the same, as of sessions from before.

    It is encrypted when it is next written. Until then whoever can write to the table can forge a
    session.
    """


def make_seals(config: EncryptsData) -> Seals | None:
    """Return what encrypts the data of a config's sessions; ``None`` if that is not wanted.

    Raises:
        ConfigurationError: The package that does it is missing, or a secret is, or is short.
    """
    if not config.data_keys:
        if config.read_unencrypted:
            raise ConfigurationError(
                "read_unencrypted= is for data that is encrypted from now on: hand in data_keys= "
                "too, or leave it out.",
            )
        return None
    try:
        # Imported here because nothing else needs cryptography.
        from litestar_sessions._sql.seals import Seals  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "data_keys= needs the package cryptography: install litestar-sessions[encryption].",
        ) from error
    table = SessionTable(config.model).table.fullname
    return Seals(config.data_keys, table, reads_plain=config.read_unencrypted)
