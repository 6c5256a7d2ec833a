"""Settings that are changed after their config was made: each is honoured, or refused."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from litestar_sessions._requests.checks import checked_policy
from litestar_sessions._requests.errors import LitestarConfigurationError, as_litestar_does

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ("HonoursChanges",)

_READ_ONCE = {
    *("alchemy_config", "model", "hash_session_ids", "session_id_keys", "take_over"),
    *("create_table", "own_pool", "database_timeout", "shared_reads", "clock"),
    *("owner", "max_sessions_per_owner", "record_client", "rotation_interval"),
    *("listeners", "telemetry", "data_keys", "read_unencrypted"),
}
"""Settings with which engines and storages are opened."""


class HonoursChanges:
    """A config whose settings of cookie and lifetime hold from the moment they are changed on."""

    def __setattr__(self: DataclassInstance, name: str, value: Any) -> None:
        """Change a setting.

        Raises:
            ConfigurationError: It was read when the config was made, or the value cannot work;
                then it stays what it was.
        """
        is_made = "settings" in vars(self)
        if is_made and name in _READ_ONCE:
            raise LitestarConfigurationError(
                f"{name} was read when the config was made: make another one, with "
                f"dataclasses.replace(config, {name}=...).",
            )
        former = vars(self).get(name)
        object.__setattr__(self, name, value)
        if is_made and name in {each.name for each in fields(self)}:
            try:
                with as_litestar_does():
                    self.settings.policy = checked_policy(self)  # type: ignore[attr-defined,arg-type]  # of the config
            except LitestarConfigurationError:
                object.__setattr__(self, name, former)
                raise
