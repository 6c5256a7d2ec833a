"""The first conversion, and the facts about unasync on which it relies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tokenize_rt
import unasync

if TYPE_CHECKING:
    from tests.support.twins import Project


def test_a_relative_module_is_not_taken_for_a_dotted_name_of_the_table(project: Project) -> None:
    project.source("from ...package.aio import x\n")
    assert project.run() == 1


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
