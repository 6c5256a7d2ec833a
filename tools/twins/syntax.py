"""Facts about the syntax tree of a source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def imported(node: ast.AST) -> Iterator[tuple[str, str, bool]]:
    """Give what a node imports: the module, the name in it if there is one, and if relatively."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "", False) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name, node.level > 0) for alias in node.names)


def exported(tree: ast.Module) -> dict[tuple[int, int], object]:
    """Return the strings of ``__all__`` by their place."""
    return {
        (inner.lineno, inner.col_offset): inner.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        if "__all__" in {target.id for target in _targets(node) if isinstance(target, ast.Name)}
        if node.value
        for inner in ast.walk(node.value)
        if isinstance(inner, ast.Constant)
    }


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def in_fstrings(nodes: Iterable[ast.AST]) -> set[ast.AST]:
    """Return f-strings and all that is in them, which are tokens only from Python 3.12 on."""
    return {inner for node in nodes if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}


def texts(
    nodes: Iterable[ast.AST], formatted: set[ast.AST]
) -> Iterator[ast.JoinedStr | ast.Constant]:
    """Give the strings and bytes; those of an f-string are given with the f-string alone."""
    for node in nodes:
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        if isinstance(node, ast.JoinedStr) or (is_text and node not in formatted):
            yield node  # type: ignore[misc]  # it is one of the two


def names_in_fstrings(formatted: set[ast.AST]) -> set[str]:
    """Return names that are no tokens before Python 3.12."""
    return {
        value
        for node in formatted
        if not isinstance(node, ast.Constant)
        for value in vars(node).values()
        if isinstance(value, str)
    }


def ends_iteration(node: ast.AST) -> bool:
    """Tell whether a node raises ``StopAsyncIteration``."""
    if not isinstance(node, ast.Raise):
        return False
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(error, ast.Name) and error.id == "StopAsyncIteration"


def not_awaited(nodes: list[ast.AST]) -> Iterator[tuple[ast.Call, str]]:
    """Give each call of an ``async def`` of the module or the class that nothing awaits."""
    awaited = {node.value for node in nodes if isinstance(node, ast.Await)}
    for scope in (node for node in nodes if isinstance(node, ast.Module | ast.ClassDef)):
        names = _coroutine_functions(scope)
        for node in ast.walk(scope) if names else ():
            if isinstance(node, ast.Call) and node not in awaited:
                name = ast.unparse(node.func)
                if name in names:
                    yield node, name


def _coroutine_functions(scope: ast.Module | ast.ClassDef) -> set[str]:
    owner = "self." if isinstance(scope, ast.ClassDef) else ""
    return {
        owner + node.name
        for node in scope.body
        if isinstance(node, ast.AsyncFunctionDef)
        and not node.decorator_list
        and not any(isinstance(inner, ast.Yield) for inner in ast.walk(node))
    }
