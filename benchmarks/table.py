"""What a benchmark found, and the table of it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Target(NamedTuple):
    """What issue and design ask of a figure, and what came out."""

    text: str
    met: bool


class Row(NamedTuple):
    """One thing measured side by side. All three figures in ``unit``; None where there is no such side."""

    benchmark: str
    what: str
    unit: str
    ours: float
    peer: float | None = None
    floor: float | None = None
    targets: Sequence[Target] = ()

    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "targets": [target._asdict() for target in self.targets]}


def at_least(value: float, wanted: float, of: str, spread: float | None = None) -> Target:
    """``at_least(4.6, 4, "times the peer")``; half of the rounds lie within ``spread`` of the value."""
    return Target(f"{_told(value, spread)} {of}, wanted at least {wanted:g}", value >= wanted)


def at_most(value: float, wanted: float, of: str, spread: float | None = None) -> Target:
    return Target(f"{_told(value, spread)} {of}, wanted at most {wanted:g}", value <= wanted)


def _told(value: float, spread: float | None) -> str:
    return f"{value:.2f}" if spread is None else f"{value:.2f} ± {spread:.2f}"


def table(rows: Iterable[Row]) -> str:
    """In Markdown, so that it can stand in README.md as it is."""
    lines = ["| what | unit | ours | peer | floor | ratios |", "| --- | --- | ---: | ---: | ---: | --- |"]
    for row in rows:
        figures = (_figure(row.ours), _figure(row.peer), _figure(row.floor))
        ratios = "; ".join(f"{'' if target.met else '**missed:** '}{target.text}" for target in row.targets)
        lines.append(f"| {' | '.join((row.what, row.unit, *figures, ratios))} |")
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
