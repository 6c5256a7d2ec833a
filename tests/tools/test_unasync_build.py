"""The generator: what it renders, what it refuses, and what its check sees."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tokenize_rt
import unasync

from tools import unasync_build

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]
TOOL = REPOSITORY / "tools" / "unasync_build.py"

MARKER = "# A source."

SETTINGS = """
[tool.unasync-build]
source-line = "# A source."
twin-line = "# The twin of {source}."
roots = { "src/_async" = "src/_sync" }
no-twin-modules = ["anyio", "asyncio", "threading", "time", "trio"]
no-twin-methods = ["get_raw_connection", "run_sync", "stream*"]

[tool.unasync-build.names]
AsyncThing = "Thing"
"__aenter__" = "__enter__"

[tool.unasync-build.dotted]
"package.aio" = "package"
"""

SOURCE = f'''{MARKER}
"""A module."""

from package.aio import AsyncThing

__all__ = ("AsyncThing", "use")


async def use(thing: AsyncThing) -> list[int]:
    # Keep what it says.
    async with thing as opened:
        values = [value async for value in opened]
    return await opened.__aenter__() or values
'''

BODY = SOURCE.partition("\n")[2]

TWIN = '''# The twin of src/_async/module.py.
"""A module."""

from package import Thing

__all__ = ("Thing", "use")


def use(thing: Thing) -> list[int]:
    # Keep what it says.
    with thing as opened:
        values = [value for value in opened]
    return opened.__enter__() or values
'''


@dataclass
class Project:
    """A project with one source, `src/_async/module.py`, beside which others may be put."""

    root: Path

    @property
    def twins(self) -> Path:
        return self.root / "src" / "_sync"

    def source(self, text: str, name: str = "other.py") -> None:
        """Write a source; its first line is added."""
        path = self.root / "src" / "_async" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{MARKER}\n{text}", encoding="utf-8")

    def run(self, *arguments: str) -> int:
        return unasync_build.main(["--root", str(self.root), *arguments])

    def snapshot(self) -> dict[Path, tuple[bytes, int]]:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in self.root.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose twins are up to date."""
    project = Project(tmp_path)
    (tmp_path / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    project.source(BODY, "module.py")
    project.source("", "deep/__init__.py")
    (tmp_path / "src" / "_async" / "py.typed").touch()
    assert project.run() == 0
    return project


def test_the_twins_of_this_project_are_up_to_date() -> None:
    assert unasync_build.main(["--check"]) == 0


def test_a_root_may_end_with_a_slash(project: Project) -> None:
    settings = SETTINGS.replace("src/_async", "src/_async/").replace("src/_sync", "src/_sync/")
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert project.run("--check") == 0


def test_a_twin_is_its_source_under_other_names(project: Project) -> None:
    assert (project.twins / "module.py").read_text(encoding="utf-8") == TWIN


def test_whatever_is_no_python_is_copied(project: Project) -> None:
    assert (project.twins / "py.typed").read_bytes() == b""
    assert (project.twins / "deep" / "__init__.py").is_file()


def test_generating_again_touches_nothing(project: Project) -> None:
    before = project.snapshot()
    assert project.run() == 0
    assert project.snapshot() == before


def test_generating_writes_only_what_changed(project: Project) -> None:
    before = project.snapshot()
    project.source("x = 1\n", "deep/__init__.py")
    assert project.run() == 0
    changed = {path for path, state in project.snapshot().items() if before.get(path) != state}
    assert changed == {
        project.root / "src/_async/deep/__init__.py",
        project.root / "src/_sync/deep/__init__.py",
    }


def test_generating_removes_what_has_no_source(project: Project) -> None:
    (project.twins / "gone").mkdir()
    (project.twins / "gone" / "orphan.py").touch()
    (project.twins / "orphan.py").touch()
    assert project.run() == 0
    assert not (project.twins / "gone").exists()
    assert not (project.twins / "orphan.py").exists()
    assert project.run("--check") == 0


def _edit(change: Callable[[bytes], bytes]) -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.twins / "module.py"
        path.write_bytes(change(path.read_bytes()))

    return tamper


def _delete(project: Project) -> None:
    (project.twins / "module.py").unlink()


def _link(project: Project) -> None:
    path = project.twins / "module.py"
    path.rename(project.root / "elsewhere.py")
    path.symlink_to(project.root / "elsewhere.py")


def _swap(project: Project) -> None:
    one, other = project.twins / "module.py", project.twins / "deep" / "__init__.py"
    contents = one.read_bytes(), other.read_bytes()
    other.write_bytes(contents[0])
    one.write_bytes(contents[1])


def _delete_source(project: Project) -> None:
    (project.root / "src" / "_async" / "deep" / "__init__.py").unlink()


def _link_folder_to_source(project: Project) -> None:
    (project.twins / "deep" / "__init__.py").unlink()
    (project.twins / "deep").rmdir()
    (project.twins / "deep").symlink_to(Path("..", "_async", "deep"))


def _file_for_folder(project: Project) -> None:
    (project.twins / "deep" / "__init__.py").unlink()
    (project.twins / "deep").rmdir()
    (project.twins / "deep").touch()


def _folder_for_file(project: Project) -> None:
    _delete(project)
    (project.twins / "module.py").mkdir()


def _add(name: str, content: bytes = b"") -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.twins / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    return tamper


def _make_executable(project: Project) -> None:
    (project.twins / "module.py").chmod(0o755)


def _rename(project: Project) -> None:
    (project.twins / "module.py").rename(project.twins / "modules.py")


def _edit_settings(old: str, new: str) -> Callable[[Project], None]:
    def tamper(project: Project) -> None:
        path = project.root / "pyproject.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return tamper


TAMPERING: dict[str, Callable[[Project], None]] = {
    "deleted": _delete,
    "emptied": _edit(lambda _: b""),
    "cut short": _edit(lambda content: content[:-40]),
    "its last newline removed": _edit(lambda content: content[:-1]),
    "appended to": _edit(lambda content: content + b"x = 1\n"),
    "a blank line appended": _edit(lambda content: content + b"\n"),
    "a blank line inserted": _edit(lambda content: content.replace(b"\n\n", b"\n\n\n", 1)),
    "indented otherwise": _edit(lambda content: content.replace(b"    ", b"  ")),
    "trailing blanks": _edit(lambda content: content.replace(b"\n", b" \n", 5)),
    "other newlines": _edit(lambda content: content.replace(b"\n", b"\r\n")),
    "a byte order mark": _edit(lambda content: b"\xef\xbb\xbf" + content),
    "its header edited": _edit(lambda content: content.replace(b"The twin", b"A twin", 1)),
    "a comment edited": _edit(lambda content: content.replace(b"Keep", b"Drop")),
    "a name edited": _edit(lambda content: content.replace(b"opened", b"closed")),
    "no UTF-8": _edit(lambda content: content + b"# \xff\n"),
    "swapped with another": _swap,
    "a symbolic link": _link,
    "its folder a link to the source's": _link_folder_to_source,
    "its folder a file": _file_for_folder,
    "a folder in its place": _folder_for_file,
    "an orphan beside it": _add("orphan.py"),
    "an orphan folder beside it": _add("orphans/__init__.py"),
    "an empty folder beside it": lambda project: (project.twins / "empty" / "deep").mkdir(
        parents=True
    ),
    "executable": _make_executable,
    "renamed": _rename,
    "its name in the table changed": _edit_settings('"Thing"', '"Object"'),
    "a dotted name in the table changed": _edit_settings('= "package"', '= "packages"'),
    "its first line in the settings changed": _edit_settings("The twin", "A twin"),
    "a foreign file beside it": _add("notes.bin", b"\xff\x00"),
    "the copied file deleted": lambda project: (project.twins / "py.typed").unlink(),
    "the copied file filled": _add("py.typed", b"partial\n"),
    "its source changed": lambda project: project.source(f"{BODY}x = 1\n", "module.py"),
    "its source deleted": _delete_source,
    "a source without a twin": lambda project: project.source("x = 1\n", "new.py"),
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_the_check_sees_that_a_twin_was_tampered_with(
    project: Project, capsys: pytest.CaptureFixture[str], tampering: str
) -> None:
    assert project.run("--check") == 0
    capsys.readouterr()
    TAMPERING[tampering](project)
    before = project.snapshot()
    assert project.run("--check") == 1
    assert project.snapshot() == before
    assert capsys.readouterr().err


@pytest.mark.parametrize("tampering", TAMPERING)
def test_generating_heals_it_and_leaves_the_rest_alone(project: Project, tampering: str) -> None:
    TAMPERING[tampering](project)
    before = {path: state for path, state in project.snapshot().items() if not _in(project, path)}
    assert project.run() == 0
    assert project.run("--check") == 0
    after = {path: state for path, state in project.snapshot().items() if not _in(project, path)}
    assert after == before


def _in(project: Project, path: Path) -> bool:
    return project.twins in path.parents


def test_the_check_shows_the_difference(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    _edit(lambda content: content.replace(b"Keep", b"Drop"))(project)
    project.run("--check")
    shown = capsys.readouterr().err.splitlines()
    assert "-    # Drop what it says." in shown
    assert "+    # Keep what it says." in shown


@pytest.mark.parametrize(
    ("tampering", "line"),
    [
        (_delete, "+# The twin of src/_async/module.py."),
        (_add("orphan.bin", b"\xff\x00\n"), r"-\\xff\x00"),
    ],
    ids=["missing", "left over"],
)
def test_the_check_shows_what_is_missing_and_what_is_left_over(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    tampering: Callable[[Project], None],
    line: str,
) -> None:
    tampering(project)
    project.run("--check")
    assert line in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = AsyncOther()", "AsyncOther is not in the table"),
        ("x = AsyncThing, Thing", "would be one name"),
        ("x = await(y)", "must be followed by one space"),
        ("x = await  y", "must be followed by one space"),
        ("x = await\\\n    y", "must be followed by one space"),
        ("x = await \\\n    y", "must be followed by one space"),
        ("x = (await # here\n    y)", "must be followed by one space"),
        ("x = (await \n    y)", "must be followed by one space"),
        ("x = AsyncThing, f'{Thing}'", "would be one name"),
        ("x = 'AsyncThing'", "would be renamed"),
        ("x = 'AsyncUsers | None'", "would be renamed"),
        ("x = {'AsyncThing': 1}", "would be renamed"),
        ("x = f'{AsyncThing}'", "f-string would change"),
        ("x = f'{await y}'", "f-string would change"),
        ("x = f'{y:{AsyncThing}}'", "f-string would change"),
        ("x = f'{package.aio.z}'", "f-string would change"),
        ("x = f'{y.aclose()}'", "f-string would change"),
        ("x = f\"{y['AsyncThing']}\"", "f-string would change"),
        ("x = aiter(y)", "aiter is left in the twin"),
        ("x = y.__aexit__", "__aexit__ is left in the twin"),
        ("x = anext(y)", "anext is left in the twin"),
        ("x: Awaitable[int]", "'Awaitable' is left in the twin"),
        ("x = mark.asyncio", "'asyncio' is left in the twin"),
        ("x = 'https://example.com/async/'", "'async' is left in the twin"),
        ("x = package.aio_async", "'aio_async' is left in the twin"),
        ("x = AsyncMock()", "AsyncMock is not in the table"),
        ("return await'x'", "must be followed by one space"),
        ("x = an_async_name", "'an_async_name' is left in the twin"),
        ("x = 1  # awaits", "'awaits' is left in the twin"),
        ("x = 'a coroutine'", "'coroutine' is left in the twin"),
        ("x = 1  # awaits  # twin: keep await", "'awaits' is left in the twin"),
        ("x = 1  # twin: keep await", "remove it from the waiver"),
        ("x = y.stream_results(z)", "stream_results has no twin"),
        ("raise StopAsyncIteration", "an error in a generator"),
        ("raise StopAsyncIteration(y) from None", "an error in a generator"),
        ("x = f(y, z)", "f is async and is not awaited"),
        ("x = y.run_sync(z)", "run_sync has no twin"),
        ("x = y.get_raw_connection()", "get_raw_connection has no twin"),
        ("import asyncio", "asyncio has no twin"),
        ("from anyio.abc import Lock", "anyio.abc has no twin"),
        ("import os, threading", "threading has no twin"),
        ("from time import sleep", "time has no twin"),
        ("x = (", "this is no Python"),
    ],
)
def test_what_has_no_right_twin_is_refused_with_its_line(
    project: Project, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    before = project.snapshot()
    indented = line.replace("\n", "\n    ")
    project.source(f'"""A module."""\n\n\nasync def f(y, z):\n    {indented}\n')
    assert project.run() == 1
    message = capsys.readouterr().err
    assert "src/_async/other.py:6: " in message
    assert reason in message
    after = project.snapshot()
    del after[project.root / "src/_async/other.py"]
    assert after == before


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


@pytest.mark.parametrize("target", ["module.py", "deep", "nowhere"])
def test_a_source_that_is_a_link_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (project.root / "src" / "_async" / "other.py").symlink_to(target)
    assert project.run() == 1
    assert "src/_async/other.py:1: is a symbolic link" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "from .time import x\n",
        "x = '\ufffd'\n",
        "def f() -> None:\n    global AsyncThing\n    AsyncThing = 1\n",
    ],
)
def test_what_only_looks_wrong_is_rendered(project: Project, text: str) -> None:
    project.source(text)
    assert project.run() == 0
    twin = (project.twins / "other.py").read_text(encoding="utf-8")
    assert twin.partition("\n")[2] == text.replace("AsyncThing", "Thing")


def test_a_relative_module_is_not_taken_for_a_dotted_name_of_the_table(project: Project) -> None:
    project.source("from ...package.aio import x\n")
    assert project.run() == 1


def test_two_names_of_the_table_that_would_be_one_are_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SETTINGS.replace("AsyncThing =", "aget = 'get'\nfetch = 'get'\nAsyncThing =")
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    project.source("x = aget, fetch\n")
    assert project.run() == 1
    assert "src/_async/other.py:2: aget and fetch would be one name" in capsys.readouterr().err


def test_all_problems_are_named_at_once(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.source("import asyncio\nimport time\n")
    project.source("x = AsyncOther\n", "third.py")
    assert project.run() == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


UNUSED = "AsyncNobody = 'Nobody'\nAsyncThing ="


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (SETTINGS.replace("AsyncThing =", UNUSED), "toml:10: no source uses the rule for"),
        (SETTINGS + '"nowhere.aio" = "nowhere"\n', "toml:15: no source uses the rule"),
        (SETTINGS.replace("AsyncThing =", "AsyncThin ="), "AsyncThing is not in the table"),
        (SETTINGS.replace("roots =", "rules = 1\nroots ="), "toml:5: [tool.unasync-build] has no"),
        (SETTINGS.replace("# The twin of {source}", "# A twin"), "must name the {source}"),
        (SETTINGS.replace("# A source.", "A source."), "must be a comment of one line"),
        (SETTINGS.replace('source-line = "# A source."', ""), "must be a comment of one line"),
        (SETTINGS.replace('"Thing"', "1"), "must be a table of strings"),
        (SETTINGS.replace('"Thing"', '"no name"'), "module.py:4: the twin is no Python"),
        (SETTINGS.replace("src/_async", "src/nowhere"), "'src/nowhere' is no folder"),
        ("[tool]\nunasync-build = 1\n", "needs roots"),
        ("tool = 1\n", "is not as it should be"),
        ("x = [", "is not as it should be"),
        ("", "needs roots"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str], settings: str, reason: str
) -> None:
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert project.run("--check") == 1
    assert reason in capsys.readouterr().err


def test_a_project_without_settings_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / "pyproject.toml").unlink()
    assert project.run() == 1
    assert "pyproject.toml: is not as it should be" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("twins", "reason"),
    [
        ("", "overlap"),
        ("src", "overlap"),
        ("src/_async", "overlap"),
        ("src/_async/deep", "overlap"),
        ("../elsewhere", "inside the project"),
        ("{beside}/elsewhere", "inside the project"),
        ("link", "no link"),
    ],
    ids=["project", "above", "same", "below", "outside", "absolute", "link"],
)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_twins_are_never_written_over_sources_or_outside_the_project(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    twins: str,
    reason: str,
    options: list[str],
) -> None:
    (project.root / "link").symlink_to("src/_async")
    settings = SETTINGS.replace("src/_sync", twins.format(beside=project.root.parent))
    (project.root / "pyproject.toml").write_text(settings, encoding="utf-8")
    before = project.snapshot()
    assert project.run(*options) == 1
    assert reason in capsys.readouterr().err
    assert project.snapshot() == before


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


TWICE = "use = 'Thing'\nAsyncThing ="

BREAKING: dict[str, Callable[[Project], None]] = {
    "a rule that nothing uses": _edit_settings("AsyncThing =", UNUSED),
    "a rule deleted": _edit_settings("AsyncThing = ", "# "),
    "a rule for two names that become one": _edit_settings(
        "AsyncThing =", "use = 'Thing'\nAsyncThing ="
    ),
    "an unknown setting": _edit_settings("roots =", "rules = 1\nroots ="),
    "a source with a syntax error": lambda project: project.source("x = (\n"),
    "a source that is a link": lambda project: (
        project.root / "src" / "_async" / "link.py"
    ).symlink_to("module.py"),
    "a word that is not true of both": lambda project: project.source("# It awaits.\n"),
    "data that would be renamed": lambda project: project.source("x = {'AsyncThing': 1}\n"),
}


@pytest.mark.parametrize("breaking", BREAKING)
def test_the_check_sees_what_breaks_a_source_or_the_table(
    project: Project, capsys: pytest.CaptureFixture[str], breaking: str
) -> None:
    BREAKING[breaking](project)
    before = project.snapshot()
    assert project.run("--check") == 1
    assert project.snapshot() == before
    assert re.search(r"(src/_async/\w+\.py|pyproject\.toml):\d+: ", capsys.readouterr().err)


def test_a_word_is_kept_if_its_line_says_so(project: Project) -> None:
    project.source("x = 'await'  # twin: keep await\n")
    assert project.run() == 0
    assert "x = 'await'" in (project.twins / "other.py").read_text(encoding="utf-8")


def test_what_may_be_called_without_await_is_rendered(project: Project) -> None:
    project.source(
        "async def f(): ...\n"
        "async def items():\n    yield 1\n"
        "class C:\n    async def f(self): ...\n    async def g(self, other):\n"
        "        other.f(f, self.f)\n        return [x async for x in items()], await self.f()\n",
    )
    assert project.run() == 0


def test_an_explanation_shows_both_sides_and_the_rules(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for name in ("src/_async/module.py", "src/_sync/module.py"):
        assert project.run("--explain", name) == 0
        lines = [re.sub(" +", " ", line.strip()) for line in capsys.readouterr().out.splitlines()]
        assert lines[0] == "src/_async/module.py src/_sync/module.py"
        assert (
            "4 from package.aio import AsyncThing | from package import Thing "
            "[AsyncThing -> Thing, package.aio -> package]"
        ) in lines
        assert "10 # Keep what it says. # Keep what it says." in lines
        assert any(line.endswith("[async erased]") for line in lines)
    assert project.run("--explain", "elsewhere.py") == 1
    assert "neither a source nor a twin" in capsys.readouterr().err


def test_a_write_that_fails_leaves_the_twin_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    project.source(f"{BODY}x = 1\n", "module.py")
    before = project.snapshot()
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        project.run()
    assert project.snapshot() == before


@pytest.fixture
def repository(project: Project) -> Project:
    """A project under git, all of it committed."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "All of it"]):
        subprocess.run(["git", "-C", str(project.root), *command], check=True)
    return project


def test_an_edit_of_a_twin_is_not_written_over(
    repository: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    _edit(lambda content: content.replace(b"Keep", b"Drop"))(repository)
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
    _add("orphan.py", b"x = 1\n")(repository)
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


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_it_is_a_command(project: Project, options: list[str]) -> None:
    command = [sys.executable, str(TOOL), "--root", str(project.root), *options]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    (project.twins / "orphan.py").touch()
    code = subprocess.run(command, check=False, capture_output=True).returncode
    assert code == (1 if options else 0)


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
