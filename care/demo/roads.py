"""Where homes lie around a group's centre, and how long it takes between them.

The village coordinates are not known, so homes are drawn by ring around a group's centre and gathered in
hamlets; the names of the roads are invented. Distances and times are reckoned by `care.roads`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, radians, sin

from care.roads import SAME_BUILDING_MINUTES, Degrees, drive_minutes, kilometres

KILOMETRES_A_DEGREE = 111.195


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map. Degrees in WGS 84; homes in one `building` are a minute apart."""

    latitude: float
    longitude: float
    building: str | None = None

    @property
    def degrees(self) -> Degrees:
        return (self.latitude, self.longitude)


def apart(a: Spot, b: Spot) -> float:
    """Air distance in kilometres."""
    return kilometres(a.degrees, b.degrees)


def minutes(a: Spot, b: Spot) -> int:
    """Whole minutes between two homes, rounded up. Symmetric."""
    if a is b:
        return 0
    if a.building and a.building == b.building:
        return SAME_BUILDING_MINUTES
    return ceil(drive_minutes(apart(a, b)))


def away(centre: Spot, distance: float, angle: float, building: str | None = None) -> Spot:
    """The spot `distance` kilometres from `centre` in the direction `angle` (radians from the north)."""
    north = distance * cos(angle) / KILOMETRES_A_DEGREE
    east = distance * sin(angle) / (KILOMETRES_A_DEGREE * cos(radians(centre.latitude)))
    return Spot(round(centre.latitude + north, 5), round(centre.longitude + east, 5), building)
