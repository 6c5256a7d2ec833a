"""Every mutant of a module: its syntax tree, changed in one place of a function."""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("mutants",)

_ANNOTATED = ("annotation", "returns")
_OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Give each mutant of a module's functions: the line, what was done there, and the tree."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {inner for function in functions for inner in ast.walk(function)} - _annotations(tree)
    for index, node in enumerate(ast.walk(tree)):
        for name, done in _changes(node) if node in inside else ():
            duplicate = deepcopy(tree)
            target = list(ast.walk(duplicate))[index]
            for field, value in done.items():
                setattr(target, field, value)
            yield getattr(node, "lineno", 0), name, ast.fix_missing_locations(duplicate)


def _annotations(tree: ast.Module) -> set[ast.AST]:
    """Return what never runs, since every module imports them from the future as text."""
    places = [getattr(node, place, None) for node in ast.walk(tree) for place in _ANNOTATED]
    return {node for place in places if place is not None for node in ast.walk(place)}


def _changes(node: ast.AST) -> Iterator[tuple[str, dict[str, object]]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITES:
        opposite = _OPPOSITES[type(node.ops[0])]
        yield f"comparison becomes {opposite.__name__}", {"ops": [opposite()]}
    if isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _OPPOSITES:
        opposite = _OPPOSITES[type(node.op)]
        yield f"operator becomes {opposite.__name__}", {"op": opposite()}
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition is turned", {"test": ast.UnaryOp(ast.Not(), node.test)}
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} becomes {other}", {"value": other}
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield "returns None", {"value": ast.Constant(None)}
    if isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            others = [other for other in node.keywords if other is not keyword]
            yield f"without {keyword.arg}=", {"keywords": others}
    yield from _deletions(getattr(node, "body", None))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _deletions(body: object) -> Iterator[tuple[str, dict[str, object]]]:
    for position, statement in enumerate(body if isinstance(body, list) else []):
        if _can_go(statement):
            rest = [*body[:position], ast.Pass(), *body[position + 1 :]]  # type: ignore[index]  # it is a list
            yield f"without line {statement.lineno}", {"body": rest}


def _can_go(statement: ast.stmt) -> bool:
    is_docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise)
    return isinstance(statement, kinds) and not is_docstring
