"""One row of one day of the plan that comes round."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """`start` is a minute of the day; nobody in `staff`: not yet manned."""

    order: int
    start: int
    staff: tuple[int, ...]
