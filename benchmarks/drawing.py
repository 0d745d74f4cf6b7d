"""Curves as one page of SVG: latency above, rate below, both axes logarithmic. Needs matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot

# The same figures are the same file.
mpl.rcParams.update({"svg.hashsalt": "qstash_integrations", "font.size": 8})


class Point(NamedTuple):
    x: int
    latency: float
    """Seconds, the median."""
    rate: float
    """Per second."""


class Curve(NamedTuple):
    axis: str
    name: str
    points: list[Point]


def draw(panels: Sequence[Sequence[Curve]], path: Path) -> None:
    """A column for each panel, whose curves share the axis of x."""
    figure, axes = pyplot.subplots(2, len(panels), figsize=(4 * len(panels), 6), layout="constrained")
    for column, curves in enumerate(panels):
        for curve in curves:
            xs = [point.x for point in curve.points]
            axes[0][column].plot(xs, [point.latency * 1e3 for point in curve.points], marker="o", label=curve.name)
            axes[1][column].plot(xs, [point.rate for point in curve.points], marker="o", label=curve.name)
        for row, unit in enumerate(("median latency, ms", "per second")):
            _label(axes[row][column], curves[0].axis, unit)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _label(ax: Any, axis: str, unit: str) -> None:
    # Nothing at all is one of the points.
    ax.set_xscale("symlog", linthresh=1)
    ax.set_yscale("log")
    ax.set_xlabel(axis)
    ax.set_ylabel(unit)
    ax.grid(visible=True, which="both", alpha=0.25)
    ax.legend()
