"""Where homes lie, and how long it takes between them.

The village coordinates are not known, so homes are drawn by ring around a group's centre and gathered in
hamlets; the names of the roads are invented. Times are estimates: air distance × 1.3, the first three
kilometres at 40 km/h and the rest at 65, and two minutes for the car and the door (domain 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, cos, radians, sin, sqrt

EARTH_KILOMETRES = 6371.0
ROAD_FACTOR = 1.3
KILOMETRES_A_DEGREE = 111.195


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map. Degrees in WGS 84; homes in one `building` are a minute apart."""

    latitude: float
    longitude: float
    building: str | None = None


def kilometres(a: Spot, b: Spot) -> float:
    """Air distance by the haversine formula."""
    north, south = radians(a.latitude), radians(b.latitude)
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(half))


def drive_minutes(air_kilometres: float) -> float:
    """Minutes by car over an air distance, door to door."""
    road = air_kilometres * ROAD_FACTOR
    town = min(road, 3.0)
    return 2.0 + town / 40.0 * 60 + (road - town) / 65.0 * 60


def minutes(a: Spot, b: Spot) -> int:
    """Whole minutes between two homes, rounded up. Symmetric."""
    if a is b:
        return 0
    if a.building and a.building == b.building:
        return 1
    return ceil(drive_minutes(kilometres(a, b)))


def away(centre: Spot, distance: float, angle: float, building: str | None = None) -> Spot:
    """The spot `distance` kilometres from `centre` in the direction `angle` (radians from the north)."""
    north = distance * cos(angle) / KILOMETRES_A_DEGREE
    east = distance * sin(angle) / (KILOMETRES_A_DEGREE * cos(radians(centre.latitude)))
    return Spot(round(centre.latitude + north, 5), round(centre.longitude + east, 5), building)
