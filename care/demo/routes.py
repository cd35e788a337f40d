"""Routes (slingor): the rows that follow each other on one shift, and the roads between their homes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from care.demo.clients import Person
from care.demo.order import Order
from care.demo.places import AREAS
from care.demo.roads import Spot, minutes
from care.demo.roster import DAY, EVENING, HOURS, is_weekend, needs_delegation, size
from care.staff import ShiftKind

#: On this route of a weekday the afternoon is booked for calls (the digital shift).
DIGITAL_ROUTE = 6
#: This route has no calls: for the one who does not make them.
SILENT_ROUTE = 1


@dataclass(slots=True)
class Stop:
    """One row on a route. `home` is a place in the area's table of roads; None for what needs no road."""

    start: int
    end: int
    home: int | None
    order: Order


@dataclass(slots=True)
class Route:
    """One shift's rows in order of time, in minutes of the day."""

    area: int
    kind: ShiftKind
    index: int
    first: int
    last: int
    budget: int
    #: From this minute on there are calls alone.
    calls_from: int | None
    stops: list[Stop] = field(default_factory=list)
    used: int = 0

    @property
    def delegated(self) -> bool:
        return needs_delegation(self.index)

    @property
    def silent(self) -> bool:
        return self.index == SILENT_ROUTE

    @property
    def name(self) -> tuple[ShiftKind, int]:
        return self.kind, self.index


class Roads:
    """Minutes between the homes of one area; place 0 is the centre."""

    def __init__(self, area: int, people: Sequence[Person]) -> None:
        mine = [p for p in people if p.area == area and p.profile]
        self.place = {p.no: i for i, p in enumerate(mine, start=1)}
        spots: list[Spot] = [AREAS[area].centre, *(p.spot for p in mine)]
        hidden = {i for i, p in enumerate(mine, start=1) if p.is_protected}
        self.table = [
            [0 if i == j else 8 if i in hidden or j in hidden else minutes(a, b) for j, b in enumerate(spots)]
            for i, a in enumerate(spots)
        ]


def blank_routes(area: int, day: int) -> list[Route]:
    """The empty shifts of one day of the fortnight."""
    made = []
    for kind in (DAY, EVENING):
        first, last, rest = HOURS[kind]
        for index in range(size(area, kind, day)):
            digital = kind is DAY and index == DIGITAL_ROUTE and not is_weekend(day)
            calls_from = last - 60 * AREAS[area].digital_hours if digital else None
            made.append(Route(area, kind, index, first, last, last - first - rest, calls_from))
    return made
