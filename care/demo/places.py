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


AREAS = (
    Area("Bräcke", Spot(62.750, 15.417), ("Nyhem", "Gimdalen", "Sidsjö"), 85, 120, 32, 38, 17, 7, 11, 1,
         39, 23, 9, (12, 6), (9, 5), 3),
    Area("Gällö", Spot(62.917, 15.233), ("Pilgrimstad", "Revsund", "Stavre", "Rissna", "Fjällsta"), 62, 90, 23, 27,
         12, 4, 8, 1, 27, 16, 8, (9, 5), (7, 4), 2),
    Area("Kälarne", Spot(62.980, 16.090), ("Albacken", "Sörbygden"), 50, 72, 19, 22, 11, 4, 7, 4,
         25, 15, 8, (9, 4), (6, 3), 2),
)  # fmt: skip
NIGHT_STAFF, NIGHT_DELEGATED, NIGHT_CARS, NIGHT_ON_DUTY = 12, 8, 2, 4

#: (from, to, road kilometres, minutes): estimates at 65 km/h, editable.
LEGS = ((0, 1, 27.0, 25.0), (0, 2, 55.0, 51.0), (1, 2, 57.0, 53.0))
