"""The same seed and day give the same demo on every machine; another seed another."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime

import pytest

from care.demo.draw import chances, made_id, nameless_id, stream
from care.demo.hours import Hours
from care.demo.matching import cheapest
from care.demo.planting import SEED, fingerprint
from care.demo.town import anchor, make_town
from care.localtime import SWEDEN, to_instant
from tests.care.demo.rows import NOW, TODAY, Demo, make_demo

PROGRAM = """
from datetime import date
from care.demo.planting import SEED, fingerprint
from care.demo.town import make_town
from tests.care.demo.rows import NOW
print(fingerprint(make_town(SEED, date(2026, 12, 1)), NOW, history=3))
"""


@pytest.mark.timeout(300)
def test_the_same_seed_and_day_give_the_same_rows_in_another_process() -> None:
    """Nothing follows from the order of sets, the clock or the machine: hashes agree between processes."""
    printed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": "1234"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert printed == fingerprint(make_town(SEED, TODAY), NOW, history=3)


@pytest.mark.timeout(300)
def test_another_seed_gives_other_people_in_the_same_frame(demo: Demo) -> None:
    """With another seed the names and rows differ, and the numbers of the frame do not."""
    other = make_demo(7, NOW)
    assert fingerprint(other.town, NOW, history=1) != fingerprint(demo.town, NOW, history=1)
    for table in ("client", "staff", "small_team", "service", "device", "delegation"):
        assert len(other.tables[table]) == len(demo.tables[table])
    assert len(other.contacts) == pytest.approx(len(demo.contacts), rel=0.01)
    assert {row["id"] for row in other.tables["client"]}.isdisjoint(
        row["id"] for row in demo.tables["client"]
    )


@pytest.mark.timeout(300)
def test_another_day_gives_the_same_people_another_day_old() -> None:
    """A demo planted a week later has the same names; ages and rows follow the day."""
    first, later = make_town(SEED, TODAY), make_town(SEED, date(2026, 12, 8))
    assert [p.first for p in first.people] == [p.first for p in later.people]
    assert (later.people[0].birth - first.people[0].birth).days == 7


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)])
def test_rows_keep_their_wall_time_over_the_nights_when_clocks_change(day: date) -> None:
    """Seven in the morning is seven in the morning, also on the days of 25 and 23 hours."""
    hours = Hours(day)
    assert hours(420) == to_instant(datetime(day.year, day.month, day.day, 7))
    assert hours(1440 + 435).astimezone(SWEDEN).strftime("%H:%M") == "07:15"
    # Half past two does not exist in the spring night: the row is not lost, it is at three.
    night = hours(150).astimezone(SWEDEN).strftime("%H:%M")
    assert night == ("03:00" if day.month == 3 else "02:30")


def test_the_fortnight_is_counted_from_the_same_monday_for_ever() -> None:
    """Every other week stays every other week: the anchor is a Monday, an even number of weeks away."""
    assert anchor(date(2026, 12, 1)).weekday() == 0
    assert anchor(date(2026, 12, 1)) <= date(2026, 12, 1)
    assert (anchor(date(2026, 12, 14)) - anchor(date(2026, 12, 1))).days % 14 == 0


def test_draws_follow_from_their_name_alone() -> None:
    """The same key gives the same numbers and ids, another key others; numbers lie in [0, 1)."""
    assert chances(1, "a") == chances(1, "a") != chances(1, "b")
    assert all(0 <= number < 1 for number in chances("x"))
    assert stream(1, "a").random() == stream(1, "a").random() != stream(2, "a").random()
    assert made_id(NOW, 1, "a") == made_id(NOW, 1, "a") != made_id(NOW, 1, "b")
    assert made_id(NOW, 1, "a").version == 7
    assert made_id(NOW, 1, "a").int >> 80 == int(NOW.timestamp() * 1000)
    assert nameless_id(1, "a").version == 4


def test_pairing_finds_the_cheapest_sum() -> None:
    """The pairing is the cheapest of all orders, by trying them all on a table of five."""
    from itertools import permutations

    random = stream("pairing")
    for _ in range(20):
        cost = [[random.randrange(50) for _ in range(5)] for _ in range(5)]
        found = cheapest(cost)
        assert sorted(found) == list(range(5))
        best = min(sum(cost[i][j] for i, j in enumerate(order)) for order in permutations(range(5)))
        assert sum(cost[i][j] for i, j in enumerate(found)) == best
