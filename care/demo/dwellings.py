"""Where the active clients live: drawn by ring around the centre, gathered in hamlets (domain 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from random import Random

from care.demo import names
from care.demo.places import Area
from care.demo.roads import Spot, away

#: Share of homes within 2 km, 2–12 km and 12–35 km of the centre.
RINGS = (0.55, 0.30, 0.15)


@dataclass(frozen=True, slots=True)
class Dwelling:
    """One home: its small team's place in the group, its ring (0 nearest), and where it is."""

    team: int
    ring: int
    spot: Spot
    place: str
    address: str
    floor: int | None = None


def make_dwellings(random: Random, frame: Area) -> list[Dwelling]:
    """Homes of the active in a group, neighbours in the same small team."""
    counts = [round(share * frame.active) for share in RINGS]
    counts[0] += frame.active - sum(counts)
    angle = random.uniform(0, 2 * pi)
    near = [(away(frame.centre, random.uniform(4.5, 7.6), angle + 2.1 * k), "") for k in range(3)]
    far = [
        (away(frame.centre, random.uniform(*frame.villages_away), angle + 1 + 3 * k), frame.villages[k])
        for k in range(2)
    ]
    homes: list[tuple[int, Spot, str, int | None]] = []
    for building, floors in _buildings(frame):
        spot = away(frame.centre, 0.7, random.uniform(0, 2 * pi), building)
        homes += [(0, spot, frame.name, floor) for floor in floors]
    while len(homes) < counts[0]:
        homes.append(
            (0, away(frame.centre, random.uniform(0.1, 1.95), random.uniform(0, 2 * pi)), frame.name, None)
        )
    for ring, hamlets, count in ((1, near, counts[1]), (2, far, counts[2])):
        for k in range(count):
            centre, village = hamlets[k % len(hamlets)]
            place = village or frame.villages[(2 + k % len(hamlets)) % len(frame.villages)]
            homes.append(
                (ring, away(centre, random.uniform(0.05, 0.9), random.uniform(0, 2 * pi)), place, None)
            )
    order = sorted(homes, key=lambda home: (home[0], home[2], *_around(frame.centre, home[1])))
    return [
        Dwelling(k * frame.small_teams // len(order), ring, spot, place,
              spot.building or f"{random.choice(names.STREETS)} {random.randint(1, 48)}", floor)
        for k, (ring, spot, place, floor) in enumerate(order)
    ]  # fmt: skip


def _buildings(frame: Area) -> list[tuple[str, tuple[int, ...]]]:
    """Houses with several clients: one with a lift in Bräcke (six homes on floors 3–5), one a group else."""
    if frame.name == "Bräcke":
        return [("Demovägen 12", (3, 3, 4, 4, 5, 5)), ("Provgatan 3", (1, 1, 2, 2))]
    return [("Demovägen 4", (1, 1, 2, 2))]


def _around(centre: Spot, spot: Spot) -> tuple[int, float, float]:
    """Sorts homes round the centre in sectors, nearest first within each."""
    north, east = spot.latitude - centre.latitude, (spot.longitude - centre.longitude) * 0.46
    sector = (north >= 0) * 2 + ((east >= 0) == (north >= 0))
    return int(sector), round(north, 3), east
