"""How long it takes to get from one home to the next: an estimate, the same everywhere it is used.

Air distance × 1.3 is road distance; the first three kilometres at 40 km/h, the rest at 65 km/h (domain 5.2,
computed estimates, labelled so); two minutes for the car and the door. Homes without coordinates (protected
identities) are known only by their distance in minutes from the group's centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, ceil, cos, radians, sin, sqrt

EARTH_KILOMETRES = 6371.0
ROAD_FACTOR = 1.3
TOWN_KILOMETRES, TOWN_SPEED, ROAD_SPEED = 3.0, 40.0, 65.0
DOOR_MINUTES = 2.0
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


def kilometres(a: Place, b: Place) -> float | None:
    """Air distance by the haversine formula, or None when either place has no coordinates."""
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    north, south = radians(a.latitude), radians(b.latitude)
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(half))


def drive_minutes(air_kilometres: float) -> float:
    """Minutes by car over an air distance."""
    road = air_kilometres * ROAD_FACTOR
    town = min(road, TOWN_KILOMETRES)
    return DOOR_MINUTES + town / TOWN_SPEED * 60 + (road - town) / ROAD_SPEED * 60


def minutes_between(a: Place, b: Place) -> int:
    """Whole minutes from `a` to `b`, rounded up; 0 to oneself, 1 inside a building. Symmetric."""
    if a.key == b.key:
        return 0
    if a.building and a.building == b.building and a.area == b.area:
        return 1
    apart = kilometres(a, b)
    if apart is not None:
        return ceil(drive_minutes(apart))
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
