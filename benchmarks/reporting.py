"""Results as lines that appear while they are measured, and as JSON at the end."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Report", "Results", "about")

Results = list[dict[str, Any]]

_DISTRIBUTIONS = ("litestar", "sqlalchemy", "advanced-alchemy", "asyncpg", "psycopg", "asyncmy")
_TEXTS = {"contender", "driver", "kind", "unit", "verb", "what"}
_HUNDRED = 100


@dataclass
class Report:
    """The results of one part; each is printed as soon as it is added.

    Args:
        columns: What is printed, by the name of the figure, and how wide; the rest is in JSON.
    """

    columns: Mapping[str, int]
    results: Results = field(default_factory=list)

    def __post_init__(self) -> None:
        print(self._line({name: name.replace("_", " ") for name in self.columns}))

    def add(self, **figures: Any) -> None:
        """Add a result; a spread becomes two figures, the median and the quartiles."""
        result = _flat(figures)
        self.results.append(result)
        print(self._line({name: _short(result.get(name, "")) for name in self.columns}), flush=True)

    def _line(self, cells: Mapping[str, str]) -> str:
        sides = {name: "<" if name in _TEXTS else ">" for name in cells}
        line = (f"{cell:{sides[name]}{self.columns[name]}}" for name, cell in cells.items())
        return " ".join(line).rstrip()


def _flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures as JSON can have them."""
    result: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, Spread):
            result[name] = value.median
            result[f"{name}_quartiles"] = [value.low, value.high]
        else:
            result[name] = value
    return result


def about() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        **{name: version(name) for name in _DISTRIBUTIONS},
    }


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " - ".join(map(_short, value))
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _HUNDRED else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
