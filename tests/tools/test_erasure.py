"""The second conversion stops a first one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import unasync

if TYPE_CHECKING:
    import tokenize_rt

    from tests.support.twins import Project


@pytest.mark.parametrize(
    ("text", "wrong", "line"),
    [("values", "value", 12), ("opened", "closed", 11), ("Keep what", "Keep\n    # what", 1)],
)
def test_a_twin_that_is_another_program_or_longer_is_refused(  # noqa: PLR0913, PLR0917 - by name
    project: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    wrong: str,
    line: int,
) -> None:
    def forgetful(self: unasync.Rule, tokens: list[tokenize_rt.Token]) -> list[tokenize_rt.Token]:
        return [
            token._replace(src=token.src.replace(text, wrong)) for token in token_core(self, tokens)
        ]

    token_core = unasync.Rule._unasync_tokens
    monkeypatch.setattr(unasync.Rule, "_unasync_tokens", forgetful)
    assert project.run() == 1
    assert f"src/_async/module.py:{line}: the twin is another program" in capsys.readouterr().err
