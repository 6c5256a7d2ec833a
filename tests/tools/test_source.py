"""A file that cannot be kept byte for byte is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.twins import MARKER

if TYPE_CHECKING:
    from tests.support.twins import Project


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x = 1\n", "the first line must be"),
        (MARKER.encode() + b"\r\nx = 1\r\n", "carriage returns"),
        (b"\xef\xbb\xbf" + MARKER.encode() + b"\n", "byte order mark"),
        (MARKER.encode() + b"\n# \xff\n", "not UTF-8"),
        (b"", "the first line must be"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    (project.root / "src" / "_async" / "other.py").write_bytes(content)
    assert project.run("--check") == 1
    assert "src/_async/other.py:1: " in (message := capsys.readouterr().err)
    assert reason in message
