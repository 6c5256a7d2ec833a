"""Drawings of results: ``python -m benchmarks.plots FILE FOLDER`` draws what is in a JSON file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, NullLocator, PercentFormatter

from benchmarks.apps import LEAN, MEMORY, OURS, PLAIN, REDIS, THEIRS
from benchmarks.contenders import CREATE_AND_DELETE, FLOOR, LOAD, SAVE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes

    from benchmarks.reporting import Results

__all__ = ("draw",)

# The same results give the same bytes, and words stay words, which takes few of them.
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "litestar-sessions",
}
COLOURS = {
    PLAIN: "#bbbbbb",
    LEAN: "#777777",
    OURS: "#0b6e4f",
    THEIRS: "#d1495b",
    MEMORY: "#edae49",
    REDIS: "#30638e",
}
LINES = ("#0b6e4f", "#30638e", "#d1495b", "#edae49", "#775599", "#777777", "#222222")
MARKS = {LOAD: ("-", "o"), SAVE: ("--", "s")}


def draw(results: Mapping[str, Results], folder: Path) -> None:
    """Draw the parts that are there, each as an SVG file of its name."""
    for name, drawing in DRAWINGS.items():
        if results.get(name):
            with mpl.rc_context(STYLE):
                figure = drawing(results[name])
                path = folder / f"benchmark-{name}.svg"
                figure.savefig(path, bbox_inches="tight", metadata={"Date": None, "Creator": None})


def _verbs(results: Results) -> Figure:
    """Draw the share of the driver's own rate that is left, one operation at a time."""
    verbs = (LOAD, SAVE, CREATE_AND_DELETE)
    least = min(_seen(results, "concurrency"))
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, verb in zip(figure.subplots(1, len(verbs), sharey=True), verbs, strict=True):
        mine = [one for one in results if one["verb"] == verb and one["concurrency"] == least]
        _bars(axes, mine, "driver", (OURS, THEIRS), "ratio")
        axes.axvline(1, color=COLOURS[LEAN])
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set_title(verb)
    figure.suptitle("Share of the rate of the driver alone")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _requests(results: Results) -> Figure:
    """Draw requests per second, for as many at a time as there were, by database."""
    # One driver for each database is enough to look at.
    first = {
        driver.partition("+")[0].split()[1]: driver for driver in _seen(results, "driver")[::-1]
    }
    drivers = sorted(first.values(), key=_seen(results, "driver").index)
    most = max(_seen(results, "concurrency"))
    names = _seen(results, "contender")
    figure = Figure(figsize=(9, 0.5 + 2.4 * len(drivers)), layout="constrained")
    rows = figure.subplots(len(drivers), 1, squeeze=False, sharex=True)
    for (axes,), driver in zip(rows, drivers, strict=True):
        mine = [one for one in results if one["driver"] == driver and one["concurrency"] == most]
        _bars(axes, mine, "kind", names, "per_second")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_title(f"{driver}: requests per second, {most} at a time (logarithmic)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def _growth(results: Results) -> Figure:
    first = f"{min(_seen(results, 'rows')):,}"
    return _lines(results, "rows", "Sessions in the table", f"Time, as a multiple of {first} rows")


def _payload(results: Results) -> Figure:
    mine = [one for one in results if one["contender"] != FLOOR]
    return _lines(mine, "payload", "Bytes of a session", "Time, as a multiple of the driver's")


def _lines(results: Results, x: str, x_label: str, y_label: str) -> Figure:
    """Draw how the cost of reading and writing changes with a size."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    for driver, colour in zip(_seen(results, "driver"), LINES, strict=False):
        for verb, (line, mark) in MARKS.items():
            mine = [one for one in results if (one["driver"], one["verb"]) == (driver, verb)]
            points = [one[x] for one in mine], [one["cost"] for one in mine]
            label = f"{driver}, {verb}"
            axes.plot(*points, line, marker=mark, color=colour, label=label, markersize=4)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(bottom=0)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.legend(fontsize=8)
    return figure


def _bars(axes: Axes, results: Results, group: str, names: Sequence[str], figure: str) -> None:
    """Draw a bar for each contender in each group, the first on top."""
    groups = _seen(results, group)
    height = 0.8 / len(names)
    for number, name in enumerate(names):
        mine = {one[group]: one[figure] for one in results if one["contender"] == name}
        places = [place + number * height for place in range(len(groups))]
        axes.barh(places, [mine[one] for one in groups], height, label=name, color=COLOURS[name])
    axes.set_yticks([place + 0.4 - height / 2 for place in range(len(groups))], groups)
    axes.grid(visible=False, axis="y")
    if not axes.yaxis_inverted():
        axes.invert_yaxis()


def _seen(results: Results, name: str) -> list[Any]:
    """Return the values of a figure, in the order in which they came."""
    return list(dict.fromkeys(result[name] for result in results))


DRAWINGS: Mapping[str, Callable[[Results], Figure]] = {
    "verbs": _verbs,
    "requests": _requests,
    "processes": _requests,
    "growth": _growth,
    "payload": _payload,
}


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["results"], Path(sys.argv[2]))
