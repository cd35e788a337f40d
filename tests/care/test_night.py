"""The night of a home: who sleeps when, when it is over, and how long a screen has been lit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

import pytest

from care.localtime import SWEDEN
from care.night import Night
from care.notices import hand_over_at
from tests.builders import moment

NIGHT = Night()


@dataclass(frozen=True)
class Sleeper:
    night_from: str
    night_to: str


@pytest.mark.parametrize(
    ("wall", "over"),
    [
        ("2026-12-01 20:59", "2026-12-01 20:59"),
        ("2026-12-01 21:00", "2026-12-02 07:00"),
        ("2026-12-02 00:00", "2026-12-02 07:00"),
        ("2026-12-02 06:59", "2026-12-02 07:00"),
        ("2026-12-02 07:00", "2026-12-02 07:00"),
        # The clocks change: it is over at seven on the wall all the same.
        ("2026-10-24 23:00", "2026-10-25 07:00"),
        ("2027-03-27 23:00", "2027-03-28 07:00"),
    ],
)
def test_the_night_is_over_at_seven(wall: str, over: str) -> None:
    assert NIGHT.over(moment(wall), SWEDEN) == moment(over)
    assert NIGHT.covers(moment(wall), SWEDEN) is (wall != over)


def test_two_who_live_together_have_night_when_both_sleep() -> None:
    """From the later evening, also when that is after midnight, to the earlier morning."""
    early, late = Sleeper("20:00", "06:00"), Sleeper("00:30", "09:00")
    assert Night.of([early, late]) == Night(time(0, 30), time(6))
    assert Night.of([]) == NIGHT


def test_the_same_hour_twice_is_no_night() -> None:
    none = Night(time(0), time(0))
    assert not none.covers(moment("2026-12-01 00:00"), SWEDEN)
    assert none.lit(moment("2026-12-01 00:00"), timedelta(minutes=10), SWEDEN) == moment("2026-12-01 00:10")


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-12-01 12:00", "2026-12-01 12:10"),
        ("2026-12-01 20:50", "2026-12-01 21:00"),
        ("2026-12-01 20:56", "2026-12-02 07:06"),
        ("2026-12-01 23:00", "2026-12-02 07:10"),
    ],
)
def test_ten_minutes_of_a_lit_screen(since: str, until: str) -> None:
    """Minutes before the night count, those in the dark do not."""
    assert NIGHT.lit(moment(since), timedelta(minutes=10), SWEDEN) == moment(until)


@pytest.mark.parametrize(
    ("starts", "until"),
    [
        ("2026-12-02 14:00", "2026-12-02 07:10"),
        ("2026-12-02 07:15", "2026-12-02 06:45"),
        ("2026-12-01 23:20", "2026-12-01 23:10"),
        ("2026-12-01 22:00", "2026-12-01 23:10"),
    ],
)
def test_people_take_over_in_the_morning_or_in_time_before_what_has_changed(starts: str, until: str) -> None:
    """Never before the screen has had ten minutes, never later than the change can wait."""
    made = moment("2026-12-01 23:00")
    assert hand_over_at(made, moment(starts), NIGHT, SWEDEN) == moment(until)
