"""How far it is between two places and how long it takes by car: an estimate, the same wherever it is used.

Air distance × 1.3 is road distance; the first three kilometres at 40 km/h, the rest at 65 km/h (domain 5.2,
computed estimates, labelled so); two minutes for the car and the door.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

#: Latitude and longitude in degrees, WGS 84.
Degrees = tuple[float, float]

EARTH_KILOMETRES = 6371.0
ROAD_FACTOR = 1.3
TOWN_KILOMETRES, TOWN_SPEED, ROAD_SPEED = 3.0, 40.0, 65.0
DOOR_MINUTES = 2.0
#: From one door to the next in the same building: no car is taken.
SAME_BUILDING_MINUTES = 1


def kilometres(a: Degrees, b: Degrees) -> float:
    """Air distance by the haversine formula. Symmetric."""
    north, south = radians(a[0]), radians(b[0])
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_KILOMETRES * asin(sqrt(half))


def drive_minutes(air_kilometres: float) -> float:
    """Minutes by car over an air distance in kilometres, door to door."""
    road = air_kilometres * ROAD_FACTOR
    town = min(road, TOWN_KILOMETRES)
    return DOOR_MINUTES + town / TOWN_SPEED * 60 + (road - town) / ROAD_SPEED * 60
