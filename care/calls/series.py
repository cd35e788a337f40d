"""The course of a call's quality: a point every five seconds, thinned so that long calls fit.

A point is ``[seconds, round trip, loss, jitter, freezes, kilobits]``: seconds since the answer (whole), ms,
per cent, ms, number, kilobits a second; None where nothing was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

Point = list[float | int | None]

#: At most so many points a side are kept: ten minutes in full, longer calls coarser.
MOST = 120
SECONDS, ROUND_TRIP, LOSS, JITTER, FREEZES, KILOBITS = range(6)


def thinned(points: Sequence[Point], most: int = MOST) -> list[Point]:
    """At most `most` points: neighbours are joined two and two, until they are few enough.

    Freezes are summed and loss and delays take the worse of the two, so that no bad moment disappears;
    kilobits are the mean.
    """
    kept = list(points)
    while len(kept) > most:
        kept = [
            _joined(kept[at], kept[at + 1]) if at + 1 < len(kept) else kept[at]
            for at in range(0, len(kept), 2)
        ]
    return kept


def _joined(first: Point, second: Point) -> Point:
    def both(column: int) -> list[float | int]:
        return [value for value in (first[column], second[column]) if value is not None]

    worst = [max(both(column), default=None) for column in (ROUND_TRIP, LOSS, JITTER)]
    freezes, rate = both(FREEZES), both(KILOBITS)
    return [
        first[SECONDS],
        *worst,
        sum(freezes) if freezes else None,
        sum(rate) / len(rate) if rate else None,
    ]


def summary(points: Sequence[Point]) -> dict[str, Any]:
    """The figures of a whole call by its points, for a side that never came to tell them itself."""

    def known(column: int) -> list[float | int]:
        return [value for point in points if (value := point[column]) is not None]

    figures: dict[str, Any] = {}
    for name, column in (("round_trip_ms", ROUND_TRIP), ("jitter_ms", JITTER), ("kilobits", KILOBITS)):
        if values := known(column):
            figures[name] = float(median(values))
    if losses := known(LOSS):
        figures["loss_percent"] = sum(losses) / len(losses)
    if freezes := known(FREEZES):
        figures["freezes"] = int(sum(freezes))
    return figures
