"""The municipality's frame: groups, small teams, legs between centres, and the numbers of domain 5."""

from __future__ import annotations

from dataclasses import dataclass

from care.demo.roads import Spot

NAME = "Bräcke (demo)"
CODE = "2305"
TEXT = "Påhittade personer. Antal och orter efter kommunens yttrande 2025."
PHONE = "08-465 004 00"
NIGHT = "Nattpatrullen"
SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class Area:
    """One home care group and its numbers (domain 5.1, 5.3, 5.4)."""

    name: str
    centre: Spot
    villages: tuple[str, ...]
    active: int
    everybody: int
    #: Persons with health care at home: among the active, and in all.
    health_active: int
    health: int
    tablets: int
    night_cameras: int
    small_teams: int
    no_cover: int
    staff: int
    delegated: int
    cars: int
    #: Workers on weekdays and at weekends: (day, evening).
    weekday: tuple[int, int]
    weekend: tuple[int, int]
    digital_hours: int
    #: How far away the villages lie, kilometres.
    villages_away: tuple[float, float]


AREAS = (
    Area(
        name="Bräcke",
        centre=Spot(62.750, 15.417),
        villages=("Nyhem", "Gimdalen", "Sidsjö"),
        active=85,
        everybody=120,
        health_active=32,
        health=38,
        tablets=17,
        night_cameras=7,
        small_teams=11,
        no_cover=1,
        staff=39,
        delegated=23,
        cars=9,
        weekday=(12, 6),
        weekend=(9, 5),
        digital_hours=3,
        villages_away=(14.0, 22.0),
    ),
    Area(
        name="Gällö",
        centre=Spot(62.917, 15.233),
        villages=("Pilgrimstad", "Revsund", "Stavre", "Rissna", "Fjällsta"),
        active=62,
        everybody=90,
        health_active=23,
        health=27,
        tablets=12,
        night_cameras=4,
        small_teams=8,
        no_cover=1,
        staff=27,
        delegated=16,
        cars=8,
        weekday=(9, 5),
        weekend=(7, 4),
        digital_hours=2,
        villages_away=(14.0, 22.0),
    ),
    Area(
        name="Kälarne",
        centre=Spot(62.980, 16.090),
        villages=("Albacken", "Sörbygden"),
        active=50,
        everybody=72,
        health_active=19,
        health=22,
        tablets=11,
        night_cameras=4,
        small_teams=7,
        no_cover=4,
        staff=25,
        delegated=15,
        cars=8,
        weekday=(9, 4),
        weekend=(6, 3),
        digital_hours=2,
        villages_away=(22.0, 29.0),
    ),
)
NIGHT_STAFF, NIGHT_DELEGATED, NIGHT_CARS, NIGHT_ON_DUTY = 12, 8, 2, 4

#: (from, to, road kilometres, minutes): estimates at 65 km/h, editable.
LEGS = ((0, 1, 27.0, 25.0), (0, 2, 55.0, 51.0), (1, 2, 57.0, 53.0))
