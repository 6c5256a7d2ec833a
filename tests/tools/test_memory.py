"""Edits of twins are noticed, and not written over."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.twins import BODY, add_twin, edit_twin

if TYPE_CHECKING:
    import pytest

    from tests.support.twins import Project


def test_an_edit_of_a_twin_is_not_written_over(
    repository: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_twin(b"Keep", b"Drop")(repository)
    before = repository.snapshot()
    assert repository.run() == 1
    assert repository.snapshot() == before
    message = capsys.readouterr().err
    assert "src/_sync/module.py:10: was edited by hand: edit src/_async/module.py:10" in message
    assert "-    # Drop what it says." in message
    assert repository.run("--force") == 0
    assert repository.run("--check") == 0


def test_a_file_that_somebody_put_among_the_twins_is_not_removed(
    repository: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    add_twin("orphan.py", b"x = 1\n")(repository)
    assert repository.run() == 1
    assert "src/_sync/orphan.py:1: was edited by hand" in capsys.readouterr().err
    assert repository.run("--force") == 0
    assert not (repository.twins / "orphan.py").exists()


def test_what_the_generator_wrote_is_written_over(repository: Project) -> None:
    for text in ("x = 1\n", "x = 2\n", "x = 3\n"):
        repository.source(text)  # without a commit in between
        repository.source(f"{BODY}{text}", "module.py")
        assert repository.run() == 0
    (repository.root / "src" / "_async" / "other.py").unlink()
    assert repository.run() == 0
    assert repository.run("--check") == 0


def test_a_checkout_of_other_twins_is_no_edit(repository: Project) -> None:
    repository.source(f"{BODY}x = 1\n", "module.py")
    assert repository.run() == 0
    subprocess.run(["git", "-C", str(repository.root), "checkout", "-q", "."], check=True)
    repository.source(f"{BODY}x = 2\n", "module.py")
    assert repository.run() == 0
