"""A source, read: its text, tokens, syntax tree, scopes and waivers."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from symtable import SymbolTable, symtable
from typing import TYPE_CHECKING, Any

import tokenize_rt

from tools.twins.syntax import in_fstrings, texts
from tools.twins.waivers import Waivers

if TYPE_CHECKING:
    from tools.twins.problems import Refuse


@dataclass(frozen=True)
class Source:
    """What the two conversions and all checks start from.

    ``nodes`` are those of the tree, ``formatted`` the ones that make up f-strings.
    """

    text: str
    tokens: list[Any]
    tree: ast.Module
    nodes: list[ast.AST]
    formatted: set[ast.AST]
    scopes: SymbolTable
    waivers: Waivers


def read_source(content: bytes, first_line: str, refuse: Refuse) -> Source | None:
    """Return a source, or ``None`` if it is no Python; refuse what cannot be kept as it is."""
    text = _decoded(content, refuse)
    if text.split("\n")[0] != first_line:
        refuse(1, f"the first line must be {first_line!r}; the twin has its own there.")
    try:
        tree = ast.parse(text)
        scopes = symtable(text, "source", "exec")
    except (SyntaxError, ValueError) as error:
        refuse(getattr(error, "lineno", None) or 1, f"this is no Python: {error}")
        return None
    tokens = tokenize_rt.src_to_tokens(text)
    nodes = list(ast.walk(tree))
    formatted = in_fstrings(nodes)
    waivers = Waivers(tokens, texts(nodes, formatted), refuse)
    return Source(text, tokens, tree, nodes, formatted, scopes, waivers)


def _decoded(content: bytes, refuse: Refuse) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        refuse(1, "starts with a byte order mark: save it without one.")
    if b"\r" in content:
        refuse(1, "has carriage returns: end lines with LF alone.")
    text = content.decode("utf-8", "replace")
    if text.encode() != content:
        refuse(1, "is not UTF-8: save it as such.")
    return text.removeprefix("\ufeff")
