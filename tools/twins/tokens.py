"""The first conversion: ``unasync`` renames the tokens of a source and drops async.

It is asked for nothing else. It never sees a comment, nor a string that is not to be renamed as a
whole, for it would take data for names.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import tokenize_rt
import unasync

from tools.twins.syntax import exported
from tools.twins.waivers import without_waiver

if TYPE_CHECKING:
    from tools.twins.settings import Table
    from tools.twins.source import Source

_BLANK = {"UNIMPORTANT_WS", "ESCAPED_NL", "NL", "COMMENT"}
_IN_STRING = re.compile(r"\\.|\w+", re.DOTALL)
_IN_TEXT = re.compile(r"\w+")


class Tokens:
    """The tokens of a source, and what becomes of them."""

    def __init__(self, source: Source, table: Table) -> None:
        self._source = source
        self._table = table
        self._exported = exported(source.tree)
        self._fstrings = [
            ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
            for node in source.nodes
            if isinstance(node, ast.JoinedStr)
        ]
        self._rule = unasync.Rule("", "")
        self._rule.token_replacements = table.names  # without the rules that unasync adds

    def is_exported(self, token: Any) -> bool:
        """Tell whether a string is the name of something in ``__all__``."""
        return bool(self._exported.get(_place(token)) == token.src[1:-1])

    def would_rename(self, word: str) -> bool:
        """Ask unasync itself: in strings it also renames ``Async...`` that no table has."""
        return bool(self._rule._unasync_name(word) != word)

    def renamed_words(self, token: Any) -> set[str]:
        """Return the words of a string or a comment that a waiver renames."""
        words = self._source.waivers.renamed(token.line) & self._table.names.keys()
        return words & set(_pattern(token).findall(self._text(token)))

    def in_twin(self) -> str:
        """Return the text of the twin, but for its first line."""
        tokens = [self._shielded(token) for token in self._joined()]
        return str(tokenize_rt.tokens_to_src(self._rule._unasync_tokens(tokens)))

    def _shielded(self, token: Any) -> Any:
        """Return a string or a comment as the twin has it, under a name that unasync ignores."""
        if token.name not in {"STRING", "COMMENT"} or self.is_exported(token):
            return token
        text = self._text(token)
        twins = {word: self._table.names[word] for word in self.renamed_words(token)}
        renamed = _pattern(token).sub(lambda word: twins.get(word.group(), word.group()), text)
        return token._replace(name="SHIELDED", src=renamed + token.src[len(text) :])

    def _text(self, token: Any) -> str:
        """Return the part of a string or a comment in which a waiver may rename words."""
        if token.name == "COMMENT":
            return without_waiver(token.src)
        is_formatted = any(start <= _place(token) < end for start, end in self._fstrings)
        return "" if is_formatted or "b" in _prefix(token) else str(token.src)

    def _joined(self) -> list[Any]:
        """Return the tokens with one in place of each dotted sequence of the table."""
        tokens = list(self._source.tokens)
        for sequence in sorted(self._table.dotted, key=len, reverse=True):
            parts = re.split(r"(\.)", sequence)
            for index in range(len(tokens) - len(parts), -1, -1):
                window = tokens[index : index + len(parts)]
                if [token.src for token in window] == parts and _begins(tokens[:index]):
                    joined = window[0]._replace(src=self._table.dotted[sequence])
                    tokens[index : index + len(parts)] = [joined]
                    self._table.used.add(sequence)
        return tokens


def _begins(before: list[Any]) -> bool:
    """Tell whether a dotted name begins there: no dots, or those of a relative import, precede."""
    sources = [token.src for token in before if token.name not in _BLANK]
    dots = len(sources)
    while dots and sources[dots - 1] in {".", "..."}:
        dots -= 1
    return dots == len(sources) or (dots > 0 and sources[dots - 1] == "from")


def _place(token: Any) -> tuple[int, int]:
    return token.line, token.utf8_byte_offset


def _prefix(token: Any) -> str:
    return str(token.src[: len(token.src) - len(token.src.lstrip("rRbBuUfF"))].lower())


def _pattern(token: Any) -> re.Pattern[str]:
    """Return what a word is: in a string, none begins inside of an escape."""
    plain = token.name == "STRING" and "r" not in _prefix(token)
    return _IN_STRING if plain else _IN_TEXT
