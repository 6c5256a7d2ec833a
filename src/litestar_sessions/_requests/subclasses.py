"""What subclasses may override: where that is honoured, and where it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar_sessions.exceptions import ConfigurationError

if TYPE_CHECKING:
    from litestar_sessions._requests.policy import SessionPolicy

__all__ = (
    "REFUSED",
    "REFUSED_IN_CONFIGS",
    "REFUSED_IN_MIDDLEWARE",
    "RefusesOverrides",
    "overrides",
    "overrides_storage",
)

_A_SETTING = "it is a setting of the config"
_THE_STATEMENTS = "override get, set or delete, which have a session as its serialized bytes"

REFUSED = {
    "get_session_id": "override generate_session_id for new sessions; all other IDs come from the "
    "cookie",
    "open_session": "override load_from_connection and store_in_message",
    "next_expiry": "set max_age, absolute_timeout and clock in the config",
    "supports_merge": "leave it out, each dialect is known",
    "supports_upsert": "leave it out, each dialect is known",
    **dict.fromkeys(("alchemy", "clock", "engine", "keys", "model", "policy"), _A_SETTING),
    # Advanced Alchemy's.
    **dict.fromkeys(("_get_session_obj", "_select_session_obj"), _THE_STATEMENTS),
    **dict.fromkeys(("_get_sync", "_set_sync", "_update_session_expiry"), _THE_STATEMENTS),
    **dict.fromkeys(("_delete_sync", "_delete_all_sync"), _THE_STATEMENTS),
    "_delete_expired_sync": "override delete_expired",
}
"""What a subclass of a backend would override in vain, and what it can do instead."""

REFUSED_IN_CONFIGS = {
    "create_backend": "set _backend_class to the class of your backend, which Litestar asks too",
    "get_store_from_app": "set _backend_class to your backend, and override its get, set, delete",
    **dict.fromkeys(("engine", "keys", "policy"), "pass the settings that it is made of"),
}
"""The same for a subclass of the config."""

REFUSED_IN_MIDDLEWARE = {"create_send_wrapper": "override __call__ and wrap its argument send"}
"""The same for a subclass of the middleware."""


def overrides(subclass: type, base: type, *names: str) -> bool:
    """Tell whether a class has one of the attributes from elsewhere than its base."""
    return any(_is_overridden(subclass, base, name) for name in names)


def overrides_storage(subclass: type, base: type, policy: SessionPolicy) -> bool:
    """Tell whether requests have to reach the storage by the methods of a backend.

    Raises:
        ConfigurationError: They have to, and sessions are found by former IDs, of which no method
            knows.
    """
    names = "get", "set", "delete", "delete_all", "generate_session_id"
    is_overridden = overrides(subclass, base, *names)
    if is_overridden and policy.rotation_interval is not None:
        raise ConfigurationError(
            f"{subclass.__name__} overrides methods that know nothing of former session IDs: leave "
            "out rotation_interval=, or the overrides.",
        )
    return is_overridden


class RefusesOverrides:
    """A class whose subclasses must leave alone what nobody would ask of them.

    The class itself says so, in ``_refused``: each name, with what to do instead.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class that overrides it in vain.

        Raises:
            ConfigurationError: The message names the attribute and the remedy.
        """
        super().__init_subclass__(**kwargs)
        for base in cls.__mro__[1:]:
            for name, remedy in vars(base).get("_refused", {}).items():
                if _is_overridden(cls, base, name):
                    raise ConfigurationError(
                        f"{cls.__name__}.{name} would be ignored, as sessions do not ask it: "
                        f"{remedy}.",
                    )


def _is_overridden(subclass: type, base: type, name: str) -> bool:
    return getattr(subclass, name, None) is not getattr(base, name, None)
