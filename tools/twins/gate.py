"""What is refused in a source, because its twin would be wrong."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tools.twins.syntax import ends_iteration, imported, not_awaited
from tools.twins.wording import ASYNC_NAME

if TYPE_CHECKING:
    from tools.twins.problems import Refuse
    from tools.twins.settings import Settings
    from tools.twins.source import Source
    from tools.twins.tokens import Tokens


class Gate:
    """Looks through a source and refuses what is wrong there."""

    def __init__(self, source: Source, tokens: Tokens, settings: Settings, refuse: Refuse) -> None:
        self._source = source
        self._tokens = tokens
        self._settings = settings
        self._table = settings.table
        self._refuse = refuse

    def check_tree(self) -> None:
        """Refuse what has no twin, and f-strings, which unasync only reads from Python 3.12 on."""
        for node in self._source.nodes:
            line = getattr(node, "lineno", 1)
            for module, name, is_relative in imported(node):
                self._check_import(line, module, name, is_relative=is_relative)
            if isinstance(node, ast.Attribute) and self._has_no_twin(node.attr):
                self._refuse(line, f"{node.attr} has no twin: use it in a shared module.")
            if isinstance(node, ast.JoinedStr) and self._changes(node):
                self._refuse(line, "this f-string would change: give its value a name before.")
            if ends_iteration(node):
                self._refuse(line, "the twin of this would be an error in a generator: return.")
        for call, name in not_awaited(self._source.nodes):
            self._refuse(call.lineno, f"{name} is async and is not awaited: await it.")

    def _check_import(self, line: int, module: str, name: str, *, is_relative: bool) -> None:
        self._check_sequence(line, module, is_relative=is_relative)
        fulls = () if is_relative else (module, f"{module}.{name}")
        without = next((full for full in fulls if self._is_without_twin(full)), None)
        if without is not None:
            self._refuse(line, f"{without} has no twin: use it in a shared module.")

    def _is_without_twin(self, module: str) -> bool:
        return any(f"{module}.".startswith(f"{one}.") for one in self._settings.no_twin_modules)

    def _has_no_twin(self, method: str) -> bool:
        return any(fnmatchcase(method, pattern) for pattern in self._settings.no_twin_methods)

    def _check_sequence(self, line: int, module: str, *, is_relative: bool) -> None:
        """Refuse a rule for absolute and relative imports: they do not mean the same module."""
        rule = self._table.sequence(module)
        if rule is None:
            return
        self._table.imported.add((rule, is_relative))
        if (rule, not is_relative) in self._table.imported:
            this, other = ("relative", "absolute")[:: 1 if is_relative else -1]
            self._refuse(line, f"this is {this}, but the rule for {rule!r} is for {other} imports.")

    def _changes(self, node: ast.JoinedStr) -> bool:
        inner_nodes = list(ast.walk(node))
        words = {str(word) for inner in inner_nodes for word in vars(inner).values()}
        return any(self._tokens.would_rename(w) or ASYNC_NAME.fullmatch(w) for w in words) or any(
            isinstance(inner, ast.Await)
            or getattr(inner, "is_async", 0)
            or (isinstance(inner, ast.Attribute) and ast.unparse(inner) in self._table.dotted)
            for inner in inner_nodes
        )

    def check_tokens(self) -> None:
        """Refuse tokens that unasync converts wrongly, and names that the table lacks."""
        tokens = self._source.tokens
        for index, token in enumerate(tokens):
            if token.src in {"async", "await"}:
                self._check_operand(token, *tokens[index + 1 : index + 3])
            elif token.name == "NAME":
                self._check_name(token)
            elif token.name in {"STRING", "COMMENT"}:
                self._check_text(token)

    def _check_operand(self, token: Any, space: Any, operand: Any) -> None:
        if space.src != " " or operand.name in {"ESCAPED_NL", "NL", "COMMENT"}:
            self._refuse(token.line, f"{token.src} must be followed by one space and code.")

    def _check_name(self, token: Any) -> None:
        if token.src in self._table.names:
            self._table.used.add(token.src)
        elif re.match("Async[A-Z]", token.src):
            self._refuse(token.line, f"{token.src} is not in the table of names: add it.")

    def _check_text(self, token: Any) -> None:
        """Refuse a string that unasync takes for a name, unless a waiver says what it is."""
        content = token.src[1:-1]
        if self._tokens.is_exported(token):
            self._table.used.update({content} & self._table.names.keys())
            return
        waivers, renamed = self._source.waivers, self._tokens.renamed_words(token)
        for word in renamed:
            waivers.allows("rename", token.line, word)
        self._table.used.update(renamed)
        if token.name == "STRING" and self._tokens.would_rename(content):
            word = re.findall(r"\w+", content)[0]
            if word not in renamed and not waivers.allows("keep", token.line, word):
                self._refuse(token.line, f"the string {token.src} would be renamed: avoid it.")
