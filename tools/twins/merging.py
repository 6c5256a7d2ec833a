"""Names of a source that become one in its twin."""

from __future__ import annotations

import ast
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

from tools.twins.syntax import names_in_fstrings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from symtable import Symbol, SymbolTable

    from tools.twins.problems import Refuse
    from tools.twins.settings import Table
    from tools.twins.source import Source

_Pair: TypeAlias = frozenset[str]


def check_merging(source: Source, table: Table, refuse: Refuse) -> None:
    """Refuse names that become one, unless a waiver says that this is right and nothing is lost."""
    tokens = [token for token in source.tokens if token.name == "NAME"]
    same = _pairs({token.src for token in tokens} | names_in_fstrings(source.formatted), table)
    lost = _losing(source, table) if same else set()
    merged = source.waivers.merged()
    for token in (token for token in tokens if token.src in table.names):
        for pair in (pair for pair in same if token.src in pair):
            source.waivers.allows("merge", token.line, token.src)
            if pair in lost or token.src not in merged:
                (other,) = pair - {token.src}
                refuse(token.line, f"{token.src} and {other} would be one name: rename one.")


def _pairs(names: Iterable[str], table: Table) -> set[_Pair]:
    """Return each two names that become one."""
    same = defaultdict(set)
    for name in names:
        same[table.names.get(name, name)].add(name)
    return {frozenset(pair) for group in same.values() for pair in combinations(group, 2)}


def _losing(source: Source, table: Table) -> set[_Pair]:
    """Return the pairs that no waiver makes right, for one of both would be lost.

    These are the variables that meet in a scope, unless all that is ever done with both is to
    import the same thing.
    """
    scopes = list(_with_inner(source.scopes))
    origins = _imports(source.nodes, table)
    for symbol in (symbol for scope in scopes for symbol in scope.get_symbols()):
        if symbol.is_assigned() or symbol.is_parameter():
            origins[symbol.get_name()].add(symbol.get_name())
    return {
        pair
        for scope in scopes
        for pair in _pairs(_seen(scope), table)
        if pair & {symbol.get_name() for symbol in scope.get_symbols() if _is_bound(symbol)}
        and len({frozenset(origins[name]) for name in pair}) > 1
    }


def _with_inner(scope: SymbolTable) -> Iterator[SymbolTable]:
    yield scope
    for inner in scope.get_children():
        yield from _with_inner(inner)


def _is_bound(symbol: Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_parameter() or symbol.is_imported()


def _seen(scope: SymbolTable) -> set[str]:
    """Return the names that may mean what a scope binds; functions do not see those of a class."""
    reach = [scope] if scope.get_type() == "class" else _with_inner(scope)
    return {name for inner in reach for name in inner.get_identifiers()}


def _imports(nodes: Iterable[ast.AST], table: Table) -> defaultdict[str, set[str]]:
    """Return what each name is imported from, as the twin has it."""
    origins: defaultdict[str, set[str]] = defaultdict(set)
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            place = "." * getattr(node, "level", 0) + (getattr(node, "module", None) or "")
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                origins[name].add(f"{table.rename(place)} {table.rename(alias.name)}")
    return origins
