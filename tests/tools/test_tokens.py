"""The first conversion, and the facts about unasync on which it relies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tokenize_rt
import unasync

from tests.support.twins import edit_settings

if TYPE_CHECKING:
    from tests.support.twins import Project


@pytest.fixture
def dotted(project: Project) -> Project:
    """The project with a rule for the modules of its own package."""
    edit_settings('"package.aio" =', '"_backends.auto" = "_backends.sync"\n"package.aio" =')(
        project
    )
    project.source("from ._backends.auto import y\n", "rules.py")
    return project


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("from .._backends.auto import y", "from .._backends.sync import y"),
        ("from ...._backends.auto import y", "from ...._backends.sync import y"),
        ("from .. _backends.auto import y", "from .. _backends.sync import y"),
        ("from ..\\\n_backends.auto import y", "from ..\\\n_backends.sync import y"),
        ("from .._backends.auto.deep import y", "from .._backends.sync.deep import y"),
        ("from .._backends.automatic import y", None),
        ("from ..other._backends.auto import y", None),
        ("from other._backends.auto import y", None),
        ("import other._backends.auto", None),
        ("import package.aio.deep as y", "import package.deep as y"),
        ("x = _backends.auto.y", "x = _backends.sync.y"),
        ("x = y._backends.auto", None),
        ("x = y . _backends.auto", None),
        ("x = y[...]._backends.auto", None),
        ("_backends.auto = y\ndel _backends.auto", "_backends.sync = y\ndel _backends.sync"),
        ("package.aio = y\ndel package.aio", "package = y\ndel package"),
    ],
)
def test_a_dotted_rule_applies_where_a_dotted_name_begins(
    dotted: Project, text: str, twin: str | None
) -> None:
    dotted.source(f"{text}\n")
    assert dotted.run() == 0
    rendered = (dotted.twins / "other.py").read_text(encoding="utf-8").partition("\n")[2]
    assert rendered == f"{twin or text}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "from ...package.aio import x",
            "relative, but the rule for 'package.aio' is for absolute",
        ),
        ("import package.aio\nfrom .package.aio import x", "this is relative, but"),
        ("from .package.aio import x", "relative, but"),
        ("from ._backends.auto import x\nimport _backends.auto", "this is absolute, but"),
    ],
)
def test_a_relative_module_is_not_taken_for_an_absolute_one(
    dotted: Project, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    dotted.source(f"{text}\n")
    assert dotted.run() == 1
    assert reason in capsys.readouterr().err


def _unasync(text: str) -> str:
    rule = unasync.Rule("", "", {})
    rule.token_replacements = {"aclose": "close"}
    return str(tokenize_rt.tokens_to_src(rule._unasync_tokens(tokenize_rt.src_to_tokens(text))))


@pytest.mark.parametrize(
    ("source", "twin"),
    [
        ("await x", "x"),
        ("async def f(): pass", "def f(): pass"),
        ("await(g())", "g())"),
        ("return await'x'", "return "),
        ("AsyncMock", "SyncMock"),
        ("{'aclose': 1}", "{'close': 1}"),
        ("'aclose()'", "'aclose()'"),
    ],
)
def test_unasync_does_what_is_relied_on_and_what_is_guarded_against(source: str, twin: str) -> None:
    assert _unasync(source) == twin
