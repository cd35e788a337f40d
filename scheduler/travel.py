"""How long it takes to get from one home to the next, also where an address is hidden.

Homes without coordinates (protected identities) are known only by their distance in minutes from the
group's centre; all others by the road times of `care.roads`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from care.roads import DOOR_MINUTES, SAME_BUILDING_MINUTES, Degrees, drive_minutes, kilometres

UNKNOWN_MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """A home or a group's centre. Degrees in WGS 84; `centre_minutes` by car from the centre of `area`."""

    key: str
    area: int
    latitude: float | None = None
    longitude: float | None = None
    centre_minutes: float | None = None
    building: str | None = None

    @property
    def degrees(self) -> Degrees | None:
        """None when the place has no coordinates."""
        if self.latitude is None or self.longitude is None:
            return None
        return (self.latitude, self.longitude)


def minutes_between(a: Place, b: Place) -> int:
    """Whole minutes from `a` to `b`, rounded up; 0 to oneself, 1 inside a building. Symmetric."""
    if a.key == b.key:
        return 0
    if a.building and a.building == b.building and a.area == b.area:
        return SAME_BUILDING_MINUTES
    here, there = a.degrees, b.degrees
    if here is not None and there is not None:
        return ceil(drive_minutes(kilometres(here, there)))
    # One of them is hidden: over the centre, never less than the walk between two doors.
    known = [place.centre_minutes for place in (a, b) if place.centre_minutes is not None]
    return ceil(DOOR_MINUTES + sum(known)) if known else ceil(UNKNOWN_MINUTES)


def matrix(places: Sequence[Place]) -> list[list[int]]:
    """All pairs, as rows of whole minutes."""
    size = len(places)
    rows = [[0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1, size):
            rows[i][j] = rows[j][i] = minutes_between(places[i], places[j])
    return rows
