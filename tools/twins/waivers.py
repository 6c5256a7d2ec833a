"""What the end of a line allows its twin, such as ``# twin: keep await``.

``keep WORD``: the twin has the word, though it looks async or is a name of the table.
``rename NAME``: strings and the comment have the twin's name too.
``merge NAME``: the name and another of the file become one, and that is right.

Words are separated by blanks, and another verb follows after a semicolon. A waiver is the end of
a comment, never of a string. It covers its line, and the whole of a string that ends there;
``merge`` covers the file. A waiver that allows nothing is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from tools.twins.problems import Problem, Refuse

_WAIVER = re.compile(r"# twin:(.*)")
_CLAUSE = re.compile(r"(keep|rename|merge)((?: +\w+)+)")


def without_waiver(comment: str) -> str:
    """Return a comment up to its waiver."""
    return _WAIVER.split(comment)[0]


class Waivers:
    """The waivers of one source: verb, line and word, and whether it was of use."""

    def __init__(self, tokens: Iterable[Any], texts: Iterable[ast.expr], refuse: Refuse) -> None:
        self._refuse = refuse
        self._said: dict[tuple[str, int, str], bool] = {}
        for token in tokens:
            found = _WAIVER.search(token.src) if token.name == "COMMENT" else None
            for clause in found.group(1).split(";") if found else ():
                self._read(token.line, clause.strip())
        self._ends: dict[int, int] = {}
        for text in sorted(texts, key=lambda text: text.lineno, reverse=True):
            end = text.end_lineno or text.lineno
            for line in range(text.lineno, end):
                self._ends[line] = self._ends.get(end, end)

    def _read(self, line: int, clause: str) -> None:
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            self._refuse(line, f"'twin: {clause}' is no waiver: keep, rename or merge words.")
            return
        verb = found.group(1)
        for word in found.group(2).split():
            scope = {"merge"} if verb == "merge" else {"keep", "rename"}
            if any(
                said in scope and word == other and (at == line or verb == "merge")
                for said, at, other in self._said
            ):
                self._refuse(line, f"a waiver has {word!r} already: remove it from this one.")
            self._said[verb, line, word] = False

    def allows(self, verb: str, line: int, word: str) -> bool:
        """Tell whether something on a line is waived, and note that it was asked for."""
        waiver = (verb, self._ends.get(line, line), word)
        if waiver in self._said:
            self._said[waiver] = True
        return waiver in self._said

    def renamed(self, line: int) -> set[str]:
        """Return the words that the strings and the comment of a line have in the twin's form."""
        end = self._ends.get(line, line)
        return {word for verb, at, word in self._said if verb == "rename" and at == end}

    def merged(self) -> set[str]:
        """Return the names of the file that rightly become one with another."""
        return {word for verb, _, word in self._said if verb == "merge"}

    def unused(self) -> Iterator[Problem]:
        """Give each word of a waiver that has allowed nothing."""
        for (verb, line, word), was_used in self._said.items():
            if not was_used:
                yield line, f"there is no {word!r} here to {verb}: remove it from the waiver."
