"""One source on its way to its twin."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

import tokenize_rt

from tools.twins.erasure import erased, first_difference
from tools.twins.gate import Gate
from tools.twins.merging import check_merging
from tools.twins.source import read_source
from tools.twins.tokens import Tokens
from tools.twins.wording import check_wording

if TYPE_CHECKING:
    from tools.twins.problems import Problem
    from tools.twins.settings import Settings
    from tools.twins.source import Source


class Conversion:
    """One source on its way to its twin; problems are collected, not raised."""

    def __init__(self, source: str, settings: Settings, problems: list[Problem]) -> None:
        self._name = source
        self._settings = settings
        self._problems = problems

    def refuse(self, line: int, message: str) -> None:
        """Note a problem."""
        self._problems.append((line, message))

    def convert(self, content: bytes) -> bytes:
        """Return the twin; it is not to be used if there are problems."""
        source = read_source(content, self._settings.source_line, self.refuse)
        if source is None:
            return b""
        tokens = Tokens(source, self._settings.table)
        gate = Gate(source, tokens, self._settings, self.refuse)
        gate.check_tree()
        gate.check_tokens()
        check_merging(source, self._settings.table, self.refuse)
        if self._problems:
            return b""
        head = self._settings.twin_line.replace("{source}", self._name)
        twin = "\n".join([head, *tokens.in_twin().split("\n")[1:]])
        self._check_twin(twin, source)
        return twin.encode()

    def _check_twin(self, twin: str, source: Source) -> None:
        """Refuse a twin that has async wording, or that the second conversion does not confirm."""
        try:
            tree = ast.parse(twin)
            _compile(tree)
        except SyntaxError as error:
            reason = f"the twin is no Python: {error.msg}: correct the table."
            self.refuse(error.lineno or 1, reason)
            return
        check_wording(tokenize_rt.src_to_tokens(twin), source.waivers, self.refuse)
        for line, message in source.waivers.unused():
            self.refuse(line, message)
        expected = erased(source, self._settings.table)
        is_longer = twin.count("\n") != source.text.count("\n")
        if is_longer or ast.dump(tree) != ast.dump(expected):
            number = first_difference(tree, expected)
            self.refuse(number, "the twin is another program than its source: report this.")


def _compile(tree: ast.Module) -> None:
    """See what only a compiler sees, such as two arguments of one name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(tree, "twin", "exec", dont_inherit=True)
