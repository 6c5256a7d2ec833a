"""What a command prints: tables for people, or one JSON object for machines."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ("ATTENTION", "DONE", "Output", "table_of", "table_of_rows")

DONE, ATTENTION = 0, 1
"""The exit codes; click's own for a wrong option is 2."""


class Output:
    """Standard output for the answer, standard error for progress.

    Args:
        as_json: Whether the answer is one JSON object.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._answers = Console(soft_wrap=True, highlight=False)
        self._remarks = Console(stderr=True)

    def answer(self, values: Mapping[str, Any], text: str | Table) -> None:
        """Print an answer, in the one form or in the other."""
        if self.as_json:
            self._answers.out(json.dumps(values, ensure_ascii=False), highlight=False)
        else:
            self._answers.print(text, markup=False)

    def fail(self, message: str) -> None:
        """Print why there is no answer."""
        if self.as_json:
            self.answer({"error": message}, "")
        else:
            self._remarks.print(message, style="red", markup=False, soft_wrap=True)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show how far long work has come; yield what is to be told how much is done."""
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        hidden = self.as_json or not self._remarks.is_terminal
        with Progress(*columns, console=self._remarks, disable=hidden) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done: progress.update(task, completed=done)


def table_of(values: Mapping[str, Any]) -> Table:
    """Return a table of names and values, those below a name one by one."""
    table = Table(show_header=False)
    for name, value in values.items():
        rows = value if isinstance(value, dict) else {"": value}
        for part, each in rows.items():
            shown = "unknown" if each is None else f"{each:,}"
            table.add_row(f"{name.replace('_', ' ')} {part}".rstrip(), shown)
    return table


def table_of_rows(rows: Sequence[Mapping[str, str | None]]) -> str | Table:
    """Return a table with a column for each name, or a word that there is nothing in it."""
    if not rows:
        return "None."
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    for row in rows:
        table.add_row(*(value or "" for value in row.values()))
    return table
