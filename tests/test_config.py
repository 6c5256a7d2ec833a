"""The session config: what it refuses, and which half and which table it chooses."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from litestar.exceptions import ImproperlyConfiguredException
from litestar.middleware.session.server_side import ServerSideSessionConfig
from sqlalchemy import create_engine, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from litestar_sessions import (
    ConfigurationError,
    Session,
    SQLAlchemyAsyncConfig,
    SQLAlchemyAsyncSessionBackend,
    SQLAlchemySessionConfig,
    SQLAlchemySyncConfig,
    SQLAlchemySyncSessionBackend,
    UUIDv7Base,
)
from tests.support.models import UserSession

OLD, NEW = "an old secret " * 4, b"a new secret " * 4


def configured(**settings: Any) -> SQLAlchemySessionConfig:
    return SQLAlchemySessionConfig(alchemy_config=SQLAlchemySyncConfig("sqlite://"), **settings)


def test_the_defaults_are_those_of_litestar_and_safe() -> None:
    config = configured()
    assert config.model is Session
    assert Session.__tablename__ == "litestar_sessions"
    assert Session.metadata is UUIDv7Base.metadata
    assert (config.key, config.max_age, config.httponly, config.samesite) == (
        *("session", 14 * 86_400, True, "lax"),
    )
    assert config.renew_on_access
    assert config.policy.renewal_interval == timedelta(days=1.4)
    assert configured(renew_on_access=False).policy.renewal_interval is None
    assert configured(renewal_interval=60).policy.renewal_interval == timedelta(minutes=1)


def test_the_engine_decides_which_half_serves() -> None:
    for alchemy_config, backend in (
        (SQLAlchemyAsyncConfig("sqlite+aiosqlite://"), SQLAlchemyAsyncSessionBackend),
        (SQLAlchemySyncConfig("sqlite://"), SQLAlchemySyncSessionBackend),
    ):
        config = SQLAlchemySessionConfig(alchemy_config=alchemy_config)
        assert type(config.create_backend()) is backend


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"key": "__Host-id", "secure": True, "domain": "example.com"}, "has no domain"),
        ({"key": "__Host-id", "secure": True, "path": "/app"}, "needs path='/'"),
        ({"key": "__Host-id"}, "needs secure=True"),
        ({"key": "__host-id"}, "needs secure=True"),
        ({"key": "__Secure-id"}, "needs secure=True"),
        ({"key": "__Http-id"}, "needs secure=True"),
        ({"key": "__Host-Http-id", "secure": True, "httponly": False}, "needs httponly=True"),
        ({"samesite": "none"}, "set secure=True"),
        ({"partitioned": True}, "set secure=True, and samesite='none'"),
        ({"partitioned": True, "samesite": "none"}, "set secure=True"),
        ({"samesite": "None"}, "choose one of them"),
        ({"max_data_size": 0}, "None for no limit"),
        ({"key": "my session"}, "use letters"),
        ({"key": "path"}, "not the name of an attribute"),
        ({"key": ""}, "use letters"),
        ({"path": "app"}, "begin with a slash"),
        ({"path": "/a; Secure"}, "neither semicolons"),
        ({"path": "/a b"}, "spaces"),
        ({"path": "/app?page=1"}, r"\? or #"),
        *(
            ({"domain": domain}, "in ASCII, such as 'example.com'")
            for domain in (
                *("exämple.com", "http://x.org", "//x.org", "x.org:8000", "x.org/app", "*.x.org"),
                *("", ".", "x..org", "x.org.", "-x.org", "a, b", "x.org; Secure", "user@x.org"),
                *(" x.org", "x.org\n", "[::1]"),
            )
        ),
        ({"max_age": 0}, "at least 1"),
        ({"max_age": -5}, "at least 1"),
        ({"max_age": 10**12}, r"limit is \d+"),
        ({"absolute_timeout": 0}, "at least 1"),
        ({"absolute_timeout": -1}, "at least 1"),
        ({"absolute_timeout": 10**12}, r"limit is \d+"),
        ({"database_timeout": 0}, "leave it out for 10"),
        ({"renewal_interval": -1}, "leave it out for a tenth"),
        ({"renewal_interval": 100, "max_age": 100}, "renew_on_access=False"),
        ({"session_id_bytes": 15}, "leave it out for 32"),
        ({"session_id_bytes": 128}, "leave it out for 32"),
        ({"on_conflict": "ignore"}, "choose one of them"),
        ({"take_over": "md5"}, "leave it out"),
        ({"session_id_keys": ["short"]}, "token_hex"),
        ({"session_id_keys": [OLD], "hash_session_ids": False}, "leave them out"),
        ({"model": object}, "SessionModelMixin"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_the_remedy(
    settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ConfigurationError, match=remedy):
        configured(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"key": "__Host-id", "secure": True},
        {"key": "__Secure-id", "secure": True, "domain": "example.com", "path": "/app"},
        {"key": "__Host-Http-id", "secure": True},
        {"samesite": "none", "secure": True},
        {"partitioned": True, "secure": True},
        {"partitioned": True, "secure": True, "samesite": "none", "key": "__Host-id"},
        {"persistent": False, "max_age": 60, "absolute_timeout": 3_600},
        {"path": "/~app/%C3%A4=(1)/"},
        *(
            {"domain": domain}
            for domain in (
                *(
                    "example.com",
                    ".example.com",
                    "localhost",
                    "Example.COM",
                    "127.0.0.1",
                    "x_y.org",
                ),
                *("a.b-c.xn--exmple-cua.com", "x.org1"),
            )
        ),
        {"renewal_interval": 0},
        {"absolute_timeout": 1, "max_age": 1},
        {"session_id_bytes": 16},
    ],
)
def test_what_can_work_is_accepted(settings: dict[str, Any]) -> None:
    configured(**settings)


def test_a_config_that_is_printed_shows_no_secret() -> None:
    assert "secret" not in repr(configured(session_id_keys=[NEW, OLD]))


def test_a_copy_shares_the_engine() -> None:
    config = configured(session_id_keys=[NEW])
    duplicate = deepcopy(config)
    assert duplicate == config
    assert duplicate is not config
    assert duplicate.engine is config.engine


def test_engine_and_model_are_said_once() -> None:
    config = configured()
    with pytest.raises(ConfigurationError, match="leave them out here"):
        SQLAlchemySyncSessionBackend(config, SQLAlchemySyncConfig("sqlite://"), Session)
    with pytest.raises(ConfigurationError, match="or a SQLAlchemySessionConfig"):
        SQLAlchemySyncSessionBackend(ServerSideSessionConfig())


def test_an_absolute_timeout_needs_keys_that_tell_the_time() -> None:
    class Base(DeclarativeBase):
        pass

    class Numbered(Base):
        __tablename__ = "numbered"
        id: Mapped[int] = mapped_column(primary_key=True)
        session_id: Mapped[str] = mapped_column(unique=True)
        data: Mapped[bytes]
        expires_at: Mapped[datetime]

    configured(model=Numbered)
    with pytest.raises(ConfigurationError, match="derive it from SessionModelMixin"):
        configured(model=Numbered, absolute_timeout=3_600)


def test_a_model_of_its_own_makes_a_table_of_its_own() -> None:
    config = configured(model=UserSession)
    assert config.create_backend().model is UserSession


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"max_age": "3600"}, "max_age='3600' is of the wrong kind: write a number of seconds"),
        ({"max_age": timedelta(hours=1)}, "max_age=.* write a number of seconds"),
        ({"max_age": True}, "max_age=True is of the wrong kind"),
        ({"renewal_interval": "60"}, "renewal_interval='60'"),
        ({"absolute_timeout": timedelta(days=1)}, "absolute_timeout=.* write a number of seconds"),
        ({"database_timeout": None}, "database_timeout=None"),
        ({"session_id_bytes": 32.0}, "session_id_bytes=32.0"),
        ({"key": b"session"}, "key=b'session'"),
        ({"max_data_size": 1e6}, "max_data_size=1000000.0 .* 1_048_576, or None"),
        ({"path": None}, "path=None"),
        ({"domain": ["example.com"]}, "domain="),
        ({"secure": "yes"}, "secure='yes' is of the wrong kind: write True or False"),
        ({"create_table": 1}, "create_table=1"),
        ({"shared_reads": None}, "shared_reads=None is of the wrong kind: write True or False"),
        ({"persistent": 0}, "persistent=0"),
        ({"partitioned": "yes"}, "partitioned='yes'"),
        ({"session_id_keys": "secret " * 8}, "session_id_keys=str .* write a list of secrets"),
        ({"session_id_keys": b"secret " * 8}, "session_id_keys=bytes"),
        ({"session_id_keys": [None]}, "session_id_keys=list"),
        ({"clock": 5}, "clock=5"),
        ({"clock": datetime.now}, "no time with a time zone: let it return datetime.now.timezone"),
        ({"clock": lambda: 0.0}, "no time with a time zone"),
    ],
)
def test_values_of_the_wrong_kind_are_refused_by_name(
    settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(ConfigurationError, match=remedy) as caught:
        configured(**settings)
    assert isinstance(caught.value, ImproperlyConfiguredException)
    assert "secret secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("sqlite://", "has a URL"),
        (make_url("sqlite://"), "has a URL"),
        (create_engine("sqlite://"), "SQLAlchemySyncConfig.engine_instance=engine"),
        (create_async_engine("sqlite+aiosqlite://"), "SQLAlchemyAsyncConfig.engine_instance"),
        (SQLAlchemySyncConfig, "one of Advanced Alchemy"),
        (None, "one of Advanced Alchemy"),
    ],
)
def test_what_is_no_engine_config_is_refused(source: Any, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match=f"alchemy_config is of type.*{remedy}"):
        SQLAlchemySessionConfig(alchemy_config=source)


def test_a_setting_that_is_changed_later_is_honoured_or_refused() -> None:
    config = configured()
    backend = config.create_backend()
    changes = {
        "max_age": 60,
        "renew_on_access": False,
        "absolute_timeout": 30,
        "on_conflict": "error",
        "persistent": False,
        "key": "id",
    }
    for name, value in changes.items():
        setattr(config, name, value)
    policy = backend.settings.policy
    assert policy.idle_timeout == timedelta(seconds=60)
    assert policy.absolute_timeout == timedelta(seconds=30)
    assert policy.renewal_interval is None
    assert policy.on_conflict == "error"
    assert not policy.persistent
    with pytest.raises(ImproperlyConfiguredException, match="set secure=True"):
        config.partitioned = True
    assert not config.partitioned
    with pytest.raises(ImproperlyConfiguredException, match="max_age='60'"):
        config.max_age = "60"  # type: ignore[assignment]  # on purpose
    assert config.max_age == 60
    names = {each.name for each in fields(config)}
    for name in ("model", "own_pool", "session_id_keys", "clock", "shared_reads"):
        assert name in names
        with pytest.raises(ConfigurationError, match=f"{name} was read .*replace"):
            setattr(config, name, getattr(config, name))
    assert replace(config, create_table=True).create_table
