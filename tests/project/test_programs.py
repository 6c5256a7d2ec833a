"""Programs that are forked off a warm interpreter end as others do, and share nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import litestar
import pytest

from tests.support.programs import output_of, run_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("program", "code", "output", "errors"),
    [
        ("print('out')\nprint('err', file=sys.stderr)", 0, "out\n", "err\n"),
        ("sys.exit('one line')", 1, "", "one line\n"),
        ("print('out')\nsys.exit(3)", 3, "out\n", ""),
        ("os.write(1, b'out')\nos._exit(4)", 4, "out", ""),
        ("print(os.getcwd(), __name__, len(sys.argv))", 0, "{folder} __main__ 1\n", ""),
    ],
)
def test_a_program_ends_as_others_do(
    tmp_path: Path, program: str, code: int, output: str, errors: str
) -> None:
    file = tmp_path / "program.py"
    file.write_text(f"import os, sys\n{program}\n", encoding="utf-8")
    ended = run_program(str(file), folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (code, errors)
    assert ended.stdout == output.replace("{folder}", str(tmp_path))


def test_what_fails_is_told(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text("import no_such_module\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="No module named 'no_such_module'"):
        output_of(str(file), folder=tmp_path)


def test_one_program_sees_nothing_of_another_one_or_of_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litestar, "mark", "of the tests", raising=False)
    shown = "print(getattr(litestar, 'mark', None), os.environ.get('MARK'))"
    marked = "litestar.mark = os.environ['MARK'] = 'seen'"
    module = tmp_path / "marking.py"
    module.write_text(f"import os, litestar\n{shown}\n{marked}\n", encoding="utf-8")
    for _ in range(2):
        ended = run_program("-m", "marking", folder=tmp_path, env={})
        assert (ended.stdout, ended.stderr) == ("None None\n", "")
