"""Render sync twins from async sources: the same program, line for line, under other names.

Run it without arguments to write the twins, with ``--check`` to compare them and write nothing,
with ``--explain FILE`` to see source and twin side by side. A twin that was edited by hand is not
written over, unless with ``--force``.

``[tool.unasync-build]`` in ``pyproject.toml`` says which trees are sources (``roots``), which
names differ, single ones (``names``) and sequences of names with dots (``dotted``), and what the
first line of a source (``source-line``) and of a twin (``twin-line``) is.

``unasync`` does the token work and nothing else. What it would convert wrongly is refused in the
source, and every twin is compared with a second conversion, which works on syntax trees.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import itertools
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tokenize_rt
import unasync

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASYNC_WORDING = re.compile(r"\w*(?:async|await|coroutine)\w*", re.IGNORECASE)
_ASYNC_NAME = re.compile("a(enter|exit|iter|next|close|send|throw)|__a(enter|exit|iter|next)__")
_MODULES_WITHOUT_TWIN = {"asyncio", "anyio", "trio", "threading", "time"}
_METHODS_WITHOUT_TWIN = re.compile("run_sync|stream.*|get_raw_connection")
_WAIVER = re.compile(r"# twin: keep (.+)")
"""Ends a line whose twin may have a word of async wording, which it names."""

_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH

Problem = tuple[int, str]
"""A line of a file, and what is wrong there and what to do."""


class RefusedError(Exception):
    """The twins cannot be rendered; the message has a line for each problem."""


@dataclass
class Table:
    """The names that differ between the halves, and which of them a source has used."""

    names: dict[str, str] = field(default_factory=dict)
    dotted: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def rename(self, name: str) -> str:
        """Return the name in the twin; of a dotted name the longest sequence goes first."""
        for sequence in sorted(self.dotted, key=len, reverse=True):
            if name == sequence or name.startswith(f"{sequence}."):
                return self.dotted[sequence] + name[len(sequence) :]
        return ".".join(self.names.get(part, part) for part in name.split("."))


@dataclass
class Settings:
    """What ``[tool.unasync-build]`` says."""

    roots: dict[str, str]
    table: Table
    source_line: str
    twin_line: str

    @classmethod
    def load(cls, project: Path) -> Settings:
        """Read the settings of a project.

        Raises:
            RefusedError: There are none, or one is unknown or of the wrong type.
        """
        try:
            text = (project / "pyproject.toml").read_text(encoding="utf-8")
            found = tomllib.loads(text).get("tool", {}).get("unasync-build", {})
        except (OSError, ValueError, AttributeError) as error:
            raise RefusedError(f"pyproject.toml: is not as it should be: {error}.") from error
        problems = list(_unfit(found)) or list(_misplaced(project.resolve(), found["roots"]))
        if problems:
            raise RefusedError(
                "\n".join(f"pyproject.toml:{_line(text, key)}: {what}" for key, what in problems)
            )
        table = Table(found.get("names", {}), found.get("dotted", {}))
        return cls(found["roots"], table, found["source-line"], found["twin-line"])


def _line(text: str, key: str) -> int:
    """Return the line of ``pyproject.toml`` with that key of the settings, or of the settings."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if "[tool.unasync-build" in line), 0)
    quoted = re.compile(rf"""(^|[\s{{,"'])({re.escape(key)})["']?\s*=""")
    found = (n for n, line in enumerate(lines) if n >= start and quoted.search(line))
    return next(found, start) + 1


def _unfit(found: Any) -> Iterator[tuple[str, str]]:
    """Give what is wrong with the settings, by their key."""
    if not isinstance(found, dict) or not found.get("roots"):
        yield "roots", "[tool.unasync-build] needs roots."
        return
    for name, value in found.items():
        if name in {"source-line", "twin-line"}:
            continue
        if name not in {"roots", "names", "dotted"}:
            yield name, f"[tool.unasync-build] has no {name!r}: remove it."
        elif not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            yield name, f"{name!r} must be a table of strings."
    for name in ("source-line", "twin-line"):
        value = found.get(name)
        if not isinstance(value, str) or not value.startswith("#") or "\n" in value:
            yield name, f"{name!r} must be a comment of one line."
    if "{source}" not in str(found.get("twin-line")):
        yield "twin-line", "'twin-line' must name the {source}."


def _misplaced(project: Path, roots: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Give the trees in which generating would write over a source or remove what is not its own.

    A link counts as what it leads to: twins are not written through one.
    """
    trees = [(name, project / name) for name in (*roots, *roots.values())]
    for name, tree in trees:
        if tree.resolve() != tree or project not in tree.parents:
            yield name, f"the root {name!r} must be a folder inside the project, and no link."
        elif name in roots and not tree.is_dir():
            yield name, f"the root {name!r} is no folder: correct it."
    for (name, tree), (other_name, other) in itertools.combinations(trees, 2):
        if tree == other or tree in other.parents or other in tree.parents:
            yield name, f"the roots {name!r} and {other_name!r} overlap: keep them apart."


def render(project: Path, settings: Settings) -> dict[str, bytes]:
    """Return every file that belongs into the twins' trees, by its path in the project.

    Raises:
        RefusedError: A source cannot be converted, or a rule of the table is of no use.
    """
    twins: dict[str, bytes] = {}
    problems: list[str] = []
    for source_root, twin_root in settings.roots.items():
        for path in files_below(project / source_root):
            source = path.relative_to(project).as_posix()
            if path.is_symlink():
                problems.append(f"{source}:1: is a symbolic link: put the file there.")
                continue
            twin = (twin_root / path.relative_to(project / source_root)).as_posix()
            content = path.read_bytes()
            found: list[Problem] = []
            if path.suffix in {".py", ".pyi"}:
                content = Conversion(source, settings, found).convert(content)
            twins[twin] = content
            problems += [f"{source}:{line}: {message}" for line, message in sorted(set(found))]
    problems += _unused(project, settings.table)
    if problems:
        raise RefusedError("\n".join(problems))
    return twins


def _unused(project: Path, table: Table) -> list[str]:
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    unused = [name for name in (*table.names, *table.dotted) if name not in table.used]
    return [
        f"pyproject.toml:{_line(text, name)}: no source uses the rule for {name!r}: remove it."
        for name in unused
    ]


class Conversion:
    """One source on its way to its twin; problems are collected, not raised."""

    def __init__(self, source: str, settings: Settings, problems: list[Problem]) -> None:
        self._source = source
        self._settings = settings
        self._table = table = settings.table
        self._problems = problems
        self._rule = unasync.Rule("", "")
        self._rule.token_replacements = table.names  # without the rules that unasync adds

    def convert(self, content: bytes) -> bytes:
        """Return the twin; it is not to be used if there are problems."""
        text = self._decode(content)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            self._refuse(getattr(error, "lineno", None) or 1, f"this is no Python: {error}")
            return b""
        tokens = tokenize_rt.src_to_tokens(text)
        self._check_tree(tree)
        self._check_tokens(tokens, _exported(tree), _names_in_fstrings(tree))
        if self._problems:
            return b""
        lines = self._rename(tokens).split("\n")
        lines[0] = self._settings.twin_line.replace("{source}", self._source)
        self._check_twin(lines, tree, text.count("\n") + 1)
        return "\n".join(lines).encode()

    def _refuse(self, line: int, message: str) -> None:
        self._problems.append((line, message))

    def _decode(self, content: bytes) -> str:
        if content.startswith(b"\xef\xbb\xbf"):
            self._refuse(1, "starts with a byte order mark: save it without one.")
        if b"\r" in content:
            self._refuse(1, "has carriage returns: end lines with LF alone.")
        text = content.decode("utf-8", "replace")
        if text.encode() != content:
            self._refuse(1, "is not UTF-8: save it as such.")
        text = text.removeprefix("\ufeff")
        first = self._settings.source_line
        if text.split("\n")[0] != first:
            self._refuse(1, f"the first line must be {first!r}; the twin has its own there.")
        return text

    def _check_tree(self, tree: ast.Module) -> None:
        """Refuse what has no twin, and f-strings, which unasync only reads from Python 3.12 on."""
        for node in ast.walk(tree):
            line = getattr(node, "lineno", 1)
            for module in _imported(node):
                if module.split(".")[0] in _MODULES_WITHOUT_TWIN:
                    self._refuse(line, f"{module} has no twin: use it in a shared module.")
            if isinstance(node, ast.Attribute) and _METHODS_WITHOUT_TWIN.fullmatch(node.attr):
                self._refuse(line, f"{node.attr} has no twin: use it in a shared module.")
            if isinstance(node, ast.JoinedStr) and self._changes(node):
                self._refuse(line, "this f-string would change: give its value a name before.")
            if isinstance(node, ast.Raise) and _ends_iteration(node):
                self._refuse(line, "the twin of this would be an error in a generator: return.")
        for call, name in _not_awaited(tree):
            self._refuse(call.lineno, f"{name} is async and is not awaited: await it.")

    def _changes(self, node: ast.JoinedStr) -> bool:
        inner_nodes = list(ast.walk(node))
        words = {str(word) for inner in inner_nodes for word in vars(inner).values()}
        return any(self._is_renamed(word) or _ASYNC_NAME.fullmatch(word) for word in words) or any(
            isinstance(inner, ast.Await)
            or getattr(inner, "is_async", 0)
            or (isinstance(inner, ast.Attribute) and ast.unparse(inner) in self._table.dotted)
            for inner in inner_nodes
        )

    def _is_renamed(self, word: str) -> bool:
        """Ask unasync itself: in strings it also renames ``Async...`` that no table has."""
        return bool(self._rule._unasync_name(word) != word)

    def _check_tokens(
        self, tokens: list[Any], exported: set[tuple[int, int]], formatted: set[str]
    ) -> None:
        names = formatted | {token.src for token in tokens if token.name == "NAME"}
        for index, token in enumerate(tokens):
            if token.src in {"async", "await"}:
                self._check_operand(token, *tokens[index + 1 : index + 3])
            elif token.name == "NAME":
                self._check_name(token, names)
            elif token.name == "STRING":
                self._check_string(token, exported)

    def _check_operand(self, token: Any, space: Any, operand: Any) -> None:
        if space.src != " " or operand.name in {"ESCAPED_NL", "NL", "COMMENT"}:
            self._refuse(token.line, f"{token.src} must be followed by one space and code.")

    def _check_name(self, token: Any, names: set[str]) -> None:
        twin = self._table.names.get(token.src)
        if twin is not None:
            self._table.used.add(token.src)
            others = {name for name in names if self._table.names.get(name, name) == twin}
            for other in sorted(others - {token.src}):
                self._refuse(token.line, f"{token.src} and {other} would be one name: rename one.")
        elif re.match("Async[A-Z]", token.src):
            self._refuse(token.line, f"{token.src} is not in the table of names: add it.")

    def _check_string(self, token: Any, exported: set[tuple[int, int]]) -> None:
        content = token.src[1:-1]
        if content in self._table.names and (token.line, token.utf8_byte_offset) in exported:
            self._table.used.add(content)
        elif self._is_renamed(content):
            self._refuse(token.line, f"the string {token.src} would be renamed: avoid it.")

    def _rename(self, tokens: list[Any]) -> str:
        renamed = self._rule._unasync_tokens(self._join_dotted(tokens))
        return str(tokenize_rt.tokens_to_src(renamed))

    def _join_dotted(self, tokens: list[Any]) -> list[Any]:
        """Replace each dotted sequence of the table by one token."""
        tokens = list(tokens)
        for sequence in sorted(self._table.dotted, key=len, reverse=True):
            parts = re.split(r"(\.)", sequence)
            for index in range(len(tokens) - len(parts), -1, -1):
                window = tokens[index : index + len(parts)]
                starts = index == 0 or tokens[index - 1].src not in {".", "..."}
                if starts and [token.src for token in window] == parts:
                    joined = window[0]._replace(src=self._table.dotted[sequence])
                    tokens[index : index + len(parts)] = [joined]
                    self._table.used.add(sequence)
        return tokens

    def _check_twin(self, lines: list[str], tree: ast.Module, count: int) -> None:
        for index, line in enumerate(lines[1:], 2):
            self._check_wording(index, line)
        twin = "\n".join(lines)
        try:
            twin_tree = ast.parse(twin)
        except SyntaxError as error:
            self._refuse(
                error.lineno or 1, f"the twin is no Python: {error.msg}: correct the table."
            )
            return
        for token in tokenize_rt.src_to_tokens(twin):
            if token.name == "NAME" and _ASYNC_NAME.fullmatch(token.src):
                self._refuse(
                    token.line or 1, f"{token.src} is left in the twin: add it to the table."
                )
        expected = _Erasure(self._table).visit(tree)
        if len(lines) != count or ast.dump(twin_tree) != ast.dump(expected):
            number = _first_difference(twin_tree, expected)
            self._refuse(number, "the twin is another program than its source: report this.")

    def _check_wording(self, number: int, line: str) -> None:
        waiver = _WAIVER.search(line)
        kept = waiver.group(1).split() if waiver else []
        text = line[: waiver.start()] if waiver else line
        words = set(_ASYNC_WORDING.findall(text))
        for word in sorted(words - set(kept)):
            self._refuse(number, f"{word!r} is left in the twin: say what is true of both.")
        for word in sorted(set(kept) - words):
            self._refuse(number, f"nothing here is called {word!r}: remove it from the waiver.")


class _Erasure(ast.NodeTransformer):
    """The second conversion: async is erased from the syntax tree, and names are renamed."""

    _SYNC = {  # noqa: RUF012 - a constant
        ast.AsyncFunctionDef: ast.FunctionDef,
        ast.AsyncFor: ast.For,
        ast.AsyncWith: ast.With,
    }
    _NAMES = ("id", "attr", "arg", "name", "asname", "module", "names", "kwd_attrs", "rest")

    def __init__(self, table: Table) -> None:
        self._table = table

    def visit(self, node: ast.AST) -> Any:
        """Return what the node is in the twin."""
        if isinstance(node, ast.Await):
            return self.visit(node.value)
        dotted = (
            self._table.dotted.get(ast.unparse(node)) if isinstance(node, ast.Attribute) else None
        )
        if dotted is not None:
            return ast.copy_location(ast.parse(dotted, mode="eval").body, node)
        if isinstance(node, ast.Assign) and _is_export(node):
            return ast.parse(self._renamed_strings(node)).body[0]
        node = self.generic_visit(node)
        fields = {name: self._field(name, value) for name, value in ast.iter_fields(node)}
        return self._SYNC.get(type(node), type(node))(**fields)

    def _field(self, name: str, value: Any) -> Any:
        if name == "is_async":
            return 0
        if isinstance(value, list):
            return [self._field(name, inner) for inner in value]
        return (
            self._table.rename(value) if name in self._NAMES and isinstance(value, str) else value
        )

    def _renamed_strings(self, node: ast.Assign) -> str:
        for inner in ast.walk(node.value):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                inner.value = self._table.rename(inner.value)
        return ast.unparse(node)


def _first_difference(twin: ast.AST, expected: ast.AST) -> int:
    """Return the line of the twin where two trees part."""
    line = getattr(twin, "lineno", 1)
    if ast.dump(twin) == ast.dump(expected):
        return line
    pairs = zip(ast.iter_child_nodes(twin), ast.iter_child_nodes(expected), strict=False)
    different = next(((a, b) for a, b in pairs if ast.dump(a) != ast.dump(b)), None)
    return line if different is None else max(line, _first_difference(*different))


def _ends_iteration(node: ast.Raise) -> bool:
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(error, ast.Name) and error.id == "StopAsyncIteration"


def _not_awaited(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Give each call of an ``async def`` of the module or the class that nothing awaits."""
    awaited = {node.value for node in ast.walk(tree) if isinstance(node, ast.Await)}
    scopes: list[ast.Module | ast.ClassDef] = [tree]
    scopes += [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for scope in scopes:
        owner = "self." if isinstance(scope, ast.ClassDef) else ""
        names = {
            owner + node.name
            for node in scope.body
            if isinstance(node, ast.AsyncFunctionDef)
            and not node.decorator_list
            and not any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
        }
        for node in ast.walk(scope):
            if isinstance(node, ast.Call) and node not in awaited:
                name = ast.unparse(node.func)
                if name in names:
                    yield node, name


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _names_in_fstrings(tree: ast.Module) -> set[str]:
    """Return names that are no tokens before Python 3.12."""
    return {
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
        if not isinstance(inner, ast.Constant)
        for value in vars(inner).values()
        if isinstance(value, str)
    }


def _is_export(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
    )


def _exported(tree: ast.Module) -> set[tuple[int, int]]:
    """Return where the strings of ``__all__`` are."""
    return {
        (inner.lineno, inner.col_offset)
        for node in tree.body
        if isinstance(node, ast.Assign) and _is_export(node)
        for inner in ast.walk(node.value)
        if isinstance(inner, ast.Constant)
    }


def files_below(root: Path) -> list[Path]:
    """Return the files of a tree, in order, without what Python caches there."""
    return sorted(
        path
        for path in root.rglob("*")
        if (path.is_symlink() or path.is_file())
        and "__pycache__" not in path.relative_to(root).parts
    )


def differences(project: Path, settings: Settings, twins: dict[str, bytes]) -> Iterator[str]:
    """Give a text for each file of the twins' trees that is not what was rendered."""
    there = _twins_there(project, settings)
    for name in sorted(twins.keys() | there.keys()):
        path = there.get(name)
        if path is None:
            yield f"{name}: is missing\n{_diff(name, b'', twins[name])}"
        elif path.is_symlink():
            yield f"{name}: is a symbolic link"
        elif path.is_dir():
            yield f"{name}: is a folder without a source"
        elif name not in twins:
            yield f"{name}: no source has this twin\n{_diff(name, path.read_bytes(), b'')}"
        elif path.read_bytes() != twins[name]:
            yield _diff(name, path.read_bytes(), twins[name])
        elif path.stat().st_mode & _EXECUTABLE:
            yield f"{name}: is executable"


def _twins_there(project: Path, settings: Settings) -> dict[str, Path]:
    """Return what is in the twins' trees: files, links, and folders in which nothing is."""
    roots = [project / root for root in settings.roots.values()]
    paths = [path for root in roots for path in (*files_below(root), *_empty_folders(root))]
    return {path.relative_to(project).as_posix(): path for path in paths}


def _diff(name: str, actual: bytes, expected: bytes) -> str:
    lines = difflib.unified_diff(_shown(actual), _shown(expected), name, f"{name} (rendered)")
    return "".join(lines)


def _shown(content: bytes) -> list[str]:
    """Return lines on which everything is seen: also other newlines, marks and a missing end."""
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    end = lines.pop()
    seen = [line.encode("unicode_escape").decode() + "\n" for line in lines]
    return [*seen, f"{end}\n\\ No newline at end of file\n"] if end else seen


def write(project: Path, settings: Settings, twins: dict[str, bytes]) -> list[str]:
    """Make the twins' trees what was rendered; return what was done, a line for each file."""
    done = []
    # First, so that nothing is written through a link that stands where a folder belongs.
    for name, path in _twins_there(project, settings).items():
        if name not in twins and (path.is_symlink() or not path.is_dir()):
            path.unlink()
            done.append(f"removed {name}")
    for root in settings.roots.values():
        for folder in _empty_folders(project / root):
            shutil.rmtree(folder)
            done.append(f"removed {folder.relative_to(project).as_posix()}")
    for name, content in twins.items():
        path = project / name
        if not _is_written(path, content):
            _replace(path, content)
            done.append(f"wrote {name}")
    return done


def _is_written(path: Path, content: bytes) -> bool:
    is_file = path.is_file() and not path.is_symlink()
    return is_file and path.read_bytes() == content and not path.stat().st_mode & _EXECUTABLE


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def _empty_folders(root: Path) -> list[Path]:
    """Return the topmost folders in which no file is, but for what Python caches."""
    filled = {parent for path in files_below(root) for parent in path.parents}
    folders = (path for path in sorted(root.rglob("*")) if path.is_dir() and not path.is_symlink())
    empty = [path for path in folders if path not in filled and path.name != "__pycache__"]
    return [path for path in empty if path.parent not in empty]


class Memory:
    """What the twins were when nobody had edited them: as last written here, or as committed.

    Without git nothing is remembered, and nothing is taken for an edit.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        place = self._git("rev-parse", "--git-path", "unasync-build.json")
        self._file = None if place is None else project / place.decode().strip()

    def edits(self, settings: Settings, twins: dict[str, bytes]) -> Iterator[str]:
        """Give a text for each twin that is neither rendered nor remembered: someone edited it."""
        if self._file is None:
            return
        written = self._written()
        for name, path in _twins_there(self._project, settings).items():
            if path.is_symlink() or path.is_dir() or _is_written(path, twins.get(name, b"")):
                continue
            content = path.read_bytes()
            committed = self._git("show", f"HEAD:./{name}")
            if content and content != committed and _digest(content) != written.get(name):
                yield self._edit(settings, name, content, twins.get(name, b""))

    def keep(self, twins: dict[str, bytes]) -> None:
        """Remember what was written."""
        if self._file is not None:
            digests = {name: _digest(content) for name, content in twins.items()}
            _replace(self._file, json.dumps(digests, indent=1).encode())

    def _written(self) -> dict[str, str]:
        try:
            found = json.loads(self._file.read_bytes()) if self._file else {}
        except (OSError, ValueError):
            found = {}
        return found if isinstance(found, dict) else {}

    def _git(self, *arguments: str) -> bytes | None:
        try:
            command = ["git", "-C", str(self._project), *arguments]
            return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own
        except (OSError, subprocess.CalledProcessError):
            return None

    def _edit(self, settings: Settings, name: str, actual: bytes, rendered: bytes) -> str:
        lines = itertools.zip_longest(actual.split(b"\n"), rendered.split(b"\n"))
        number = next(number for number, (one, other) in enumerate(lines, 1) if one != other)
        source = next(
            name.replace(twin, root, 1)
            for root, twin in settings.roots.items()
            if name.startswith(f"{twin.rstrip('/')}/")
        )
        return (
            f"{name}:{number}: was edited by hand: edit {source}:{number} instead, "
            f"or discard this with --force.\n{_diff(name, actual, rendered)}"
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def explain(project: Path, settings: Settings, name: str) -> Iterator[str]:
    """Give the lines of a source, or of a twin, beside each other, with the rule for each change.

    Raises:
        RefusedError: The file is neither, or it cannot be converted.
    """
    pairs = {
        twin: path.relative_to(project).as_posix()
        for root, twin_root in settings.roots.items()
        for path in files_below(project / root)
        for twin in [(twin_root / path.relative_to(project / root)).as_posix()]
    }
    twin = next((twin for twin, source in pairs.items() if name in {twin, source}), None)
    if twin is None:
        raise RefusedError(f"{name}: is neither a source nor a twin: see roots in pyproject.toml.")
    before = (project / pairs[twin]).read_text(encoding="utf-8").split("\n")
    after = render(project, settings)[twin].decode().split("\n")
    width = max(map(len, before))
    yield f"     {pairs[twin]:{width}}   {twin}"
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        rules = "" if old == new else f"   [{_rules(old, settings) if number > 1 else 'twin-line'}]"
        yield f"{number:4} {old:{width}} {'|' if rules else ' '} {new}{rules}".rstrip()


def _rules(line: str, settings: Settings) -> str:
    """Return the rules that apply to a line of a source."""
    rules = {**settings.table.names, **settings.table.dotted}
    found = [f"{word} erased" for word in ("async", "await") if re.search(rf"\b{word}\b", line)]
    found += [f"{a} -> {b}" for a, b in rules.items() if re.search(rf"\b{re.escape(a)}\b", line)]
    return ", ".join(found)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code: 1 if a source is refused or a twin differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="compare, and write nothing")
    modes.add_argument("--explain", metavar="FILE", help="show a source and its twin side by side")
    modes.add_argument("--force", action="store_true", help="write over edits of twins too")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="the project")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.load(options.root)
        if options.explain:
            sys.stdout.writelines(
                f"{line}\n" for line in explain(options.root, settings, options.explain)
            )
            return 0
        twins = render(options.root, settings)
        if options.check:
            return _check(options.root, settings, twins)
        return _generate(options.root, settings, twins, force=options.force)
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _check(project: Path, settings: Settings, twins: dict[str, bytes]) -> int:
    found = list(differences(project, settings, twins))
    sys.stderr.writelines(f"{text}\n" for text in found)
    sys.stdout.write(f"{len(found)} of {len(twins)} twins differ.\n")
    return 1 if found else 0


def _generate(project: Path, settings: Settings, twins: dict[str, bytes], *, force: bool) -> int:
    memory = Memory(project)
    edits = [] if force else list(memory.edits(settings, twins))
    if edits:
        raise RefusedError("\n".join(edits))
    done = write(project, settings, twins)
    memory.keep(twins)
    sys.stdout.write("".join(f"{line}\n" for line in done) or "Every twin is up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
