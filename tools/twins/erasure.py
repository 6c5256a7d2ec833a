"""The second conversion: async is erased from the syntax tree, and names are renamed.

It shares nothing with the first but what the settings and the waivers say, so that a mistake of
one is a difference between both.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from tools.twins.syntax import exported

if TYPE_CHECKING:
    from tools.twins.settings import Table
    from tools.twins.source import Source

_SYNC = {
    ast.AsyncFunctionDef: ast.FunctionDef,
    ast.AsyncFor: ast.For,
    ast.AsyncWith: ast.With,
}
_NAMES = ("id", "attr", "arg", "name", "asname", "module", "names", "kwd_attrs", "rest")


def erased(source: Source, table: Table) -> ast.AST:
    """Return the syntax tree of the twin; that of the source is used up."""
    twin: ast.AST = _Erasure(source, table).visit(source.tree)
    return twin


class _Erasure(ast.NodeTransformer):
    def __init__(self, source: Source, table: Table) -> None:
        self._waivers = source.waivers
        self._table = table
        self._exported = exported(source.tree)
        self._formatted = source.formatted

    def visit(self, node: ast.AST) -> Any:
        """Return what the node is in the twin."""
        if isinstance(node, ast.Await):
            return self.visit(node.value)
        if isinstance(node, ast.Attribute) and self._is_sequence(node):
            return self._sequence(node)
        if isinstance(node, ast.Constant):
            return self._constant(node)
        node = self.generic_visit(node)
        fields = {name: self._field(name, value) for name, value in ast.iter_fields(node)}
        return _SYNC.get(type(node), type(node))(**fields)

    def _is_sequence(self, node: ast.Attribute) -> bool:
        dotted = self._table.dotted
        return bool(dotted) and ast.unparse(node) in dotted

    def _sequence(self, node: ast.Attribute) -> ast.expr:
        twin = ast.parse(self._table.dotted[ast.unparse(node)], mode="eval").body
        if isinstance(twin, ast.Name | ast.Attribute):
            twin.ctx = node.ctx
        return ast.copy_location(twin, node)

    def _constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and node not in self._formatted:
            if (node.lineno, node.col_offset) in self._exported:
                node.value = self._table.names.get(node.value, node.value)
            words = self._waivers.renamed(node.lineno)
            node.value = re.sub(r"\w+", lambda word: self._word(word.group(), words), node.value)
        return node

    def _word(self, word: str, renamed: set[str]) -> str:
        return self._table.names.get(word, word) if word in renamed else word

    def _field(self, name: str, value: Any) -> Any:
        if name == "is_async":
            return 0
        if isinstance(value, list):
            return [self._field(name, inner) for inner in value]
        is_name = name in _NAMES and isinstance(value, str)
        return self._table.rename(value) if is_name else value


def first_difference(twin: ast.AST, expected: ast.AST) -> int:
    """Return the line of the twin where two trees part."""
    line = getattr(twin, "lineno", 1)
    if ast.dump(twin) == ast.dump(expected):
        return line
    pairs = zip(ast.iter_child_nodes(twin), ast.iter_child_nodes(expected), strict=False)
    different = next(((a, b) for a, b in pairs if ast.dump(a) != ast.dump(b)), None)
    return line if different is None else max(line, first_difference(*different))
