"""Where the reference municipality lies: rings, roads and houses (domain 5.2)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from care.demo.places import AREAS
from care.demo.roads import Spot, apart, minutes
from care.demo.routes import Roads
from care.roads import drive_minutes
from scheduler.travel import Place, minutes_between
from tests.care.demo.rows import Demo


def test_legs_between_centres_are_symmetric_estimates(demo: Demo) -> None:
    """Each leg stands both ways with the same kilometres and minutes, and is said to be an estimate."""
    legs = {(row["from_group_id"], row["to_group_id"]): row for row in demo.tables["distance_leg"]}
    assert len(legs) == 6
    for (start, end), row in legs.items():
        back = legs[end, start]
        assert (row["kilometres"], row["minutes"]) == (back["kilometres"], back["minutes"])
        assert row["source"] == "estimate"
    assert sorted({row["minutes"] for row in legs.values()}) == [25.0, 51.0, 53.0]


@pytest.mark.parametrize(
    ("a", "b", "air"), [("Bräcke", "Gällö", 20.8), ("Bräcke", "Kälarne", 42.6), ("Gällö", "Kälarne", 43.9)]
)
def test_centres_lie_as_far_apart_as_computed(a: str, b: str, air: float) -> None:
    """The air distances between the centres are those of the handbook, within what rounding allows."""
    centre = {area.name: area.centre for area in AREAS}
    assert apart(centre[a], centre[b]) == pytest.approx(air, abs=0.3)


def test_homes_lie_in_three_rings(demo: Demo) -> None:
    """55 % within 2 km (3–6 min), 30 % at 2–12 km (8–14 min), 15 % at 12–35 km (18–40 min) of the centre."""
    limits = [(0.0, 2.0, 2.0, 6.0), (2.0, 12.0, 8.0, 14.5), (12.0, 35.0, 18.0, 40.0)]
    count = [0, 0, 0]
    for person in demo.town.active:
        away = apart(AREAS[person.area].centre, person.spot)
        ring = next(i for i, (_, far, _, _) in enumerate(limits) if away <= far)
        count[ring] += 1
        low, high = limits[ring][2:]
        assert low <= drive_minutes(away) <= high
    shares = [number / 197 for number in count]
    assert shares == pytest.approx([0.55, 0.30, 0.15], abs=0.01)


def test_the_demo_reckons_roads_as_the_planner_does(demo: Demo) -> None:
    """The plan that is planted holds by the planner's own road times."""
    people = [person for person in demo.town.active if person.area == 0][:40]
    for a in people:
        for b in people:
            if a is not b:
                theirs = minutes_between(_place(a.spot), _place(b.spot))
                assert minutes(a.spot, b.spot) == theirs


def _place(spot: Spot) -> Place:
    return Place(f"{spot}", 0, spot.latitude, spot.longitude, None, spot.building)


def test_a_house_in_bracke_has_six_clients_on_floors_three_to_five(demo: Demo) -> None:
    """The house whose lift may break has six clients who cannot take the stairs lightly."""
    rows = [row for row in demo.tables["client"] if row["building"] == "Demovägen 12"]
    assert sorted(row["floor"] for row in rows) == [3, 3, 4, 4, 5, 5]


def test_mean_legs_are_about_eight_to_eleven_minutes(demo: Demo) -> None:
    """On the road between two homes workers spend 8, 9 and 11 minutes in the mean, give or take three."""
    for area, target in enumerate((8, 9, 11)):
        roads = Roads(area, demo.town.people)
        legs = []
        for day in range(28):
            seen: dict[int, list[tuple[int, int]]] = {}
            for row in demo.town.cycle.rows[day]:
                order = demo.town.cycle.orders[row.order]
                if order.area == area and order.channel == "physical":
                    for who in row.staff:
                        seen.setdefault(who, []).append((row.start, roads.place[order.person]))
            for stops in seen.values():
                stops.sort()
                legs += [roads.table[a[1]][b[1]] for a, b in pairwise(stops) if a[1] != b[1]]
        assert sum(legs) / len(legs) == pytest.approx(target, abs=3)
