"""Medians with an interval, and ratios of medians: nothing here depends on how the times are spread."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: How often a ratio is drawn anew. The draws are seeded: the same times give the same interval.
DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the interval that holds it in 95 of 100 such runs."""

    value: float
    low: float
    high: float

    def text(self, form: str = ".0f") -> str:
        return f"{self.value:{form}} [{self.low:{form}}–{self.high:{form}}]"


#: What is made of many values: their median, or another place in their order.
Of = Callable[[Sequence[float]], float]


def p95(values: Sequence[float]) -> float:
    """What 95 of 100 values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def median(values: Sequence[float], of: Of = statistics.median) -> Estimate:
    """The median (or `of`) of `values`, any unit, by drawing them anew."""
    return _drawn([of(_again(rng, values)) for rng in _draws()], of(values))


def ratio(one: Sequence[float], other: Sequence[float], of: Of = statistics.median) -> Estimate:
    """Median (or `of`) of `one` over that of `other`; each is drawn anew by itself."""
    drawn = [of(_again(rng, one)) / of(_again(rng, other)) for rng in _draws()]
    return _drawn(drawn, of(one) / of(other))


def _draws() -> Iterable[random.Random]:
    rng = random.Random(1)
    return (rng for _ in range(DRAWS))


def _again(rng: random.Random, values: Sequence[float]) -> list[float]:
    return rng.choices(values, k=len(values))


def _drawn(drawn: list[float], value: float) -> Estimate:
    drawn.sort()
    return Estimate(value, drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn)) - 1])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that is also readable in a terminal."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([shown[0], rule, *shown[1:]])
