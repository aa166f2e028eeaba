"""Numbers → the geometry of small charts, drawn as SVG by `charts.html`. Pure.

Everything is in the units of the drawing's viewBox, y downwards. A value of None is a gap: a day
that is not known is never drawn as zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Values = Sequence[float | None]

#: Lines of a grid, at most, and what a step between two of them may begin with.
_MOST_TICKS: Final = 5
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Curve:
    """`line` and `area` are path data; `area` closes the line down to zero."""

    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Tick:
    """`y`: where a line of the grid lies; `value`: what it stands for."""

    y: float
    value: float


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to y. `low` is at the bottom of a drawing of this `height`, `high` on top."""

    low: float
    high: float
    height: float

    def y(self, value: float) -> float:
        return round(self.height * (self.high - value) / (self.high - self.low), 2)


def scale(values: Iterable[float | None], height: float) -> Scale:
    """A scale that holds all values and zero. Of nothing at all it is one from 0 to 1."""
    known = [value for value in values if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return Scale(low, high if high > low else low + 1.0, height)


def round_scale(values: Iterable[float | None], height: float) -> tuple[Scale, list[Tick]]:
    """A scale whose ends are round numbers, and the lines of its grid, from the bottom up."""
    plain = scale(values, height)
    step = _round_step((plain.high - plain.low) / (_MOST_TICKS - 1))
    first, last = math.floor(plain.low / step), math.ceil(plain.high / step)
    made = Scale(first * step, last * step, height)
    places = [round(number * step, 10) for number in range(first, last + 1)]
    return made, [Tick(made.y(value), value) for value in places]


def _round_step(least: float) -> float:
    """The smallest round number that is not less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def curve(values: Values, width: float, to: Scale) -> Curve:
    """A line through the values, evenly spread over `width`; a value with gaps on both sides
    becomes a dot (draw it with round ends)."""
    apart = width / max(len(values) - 1, 1)
    bottom = to.y(0.0)
    lines, areas = [], []
    for run in _runs(values):
        points = [(round(place * apart, 2), to.y(value)) for place, value in run]
        joined = " L".join(f"{x:g} {y:g}" for x, y in points)
        lines.append(f"M{joined}" if len(points) > 1 else f"M{joined} h0")
        first, last = points[0][0], points[-1][0]
        areas.append(f"M{first:g} {bottom:g} L{joined} L{last:g} {bottom:g} Z")
    return Curve(" ".join(lines), " ".join(areas))


def _runs(values: Values) -> list[list[tuple[int, float]]]:
    """The values that follow each other without a gap, each with its place."""
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            runs[-1].append((place, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
