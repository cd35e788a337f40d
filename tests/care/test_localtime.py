"""Wall time and instants, over both nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.errors import Fault
from care.localtime import (
    SWEDEN,
    at,
    day_span,
    is_fold,
    is_gap,
    read_day,
    read_wall,
    to_instant,
    to_instant_shifted,
    to_wall,
)

SPRING = date(2027, 3, 28)  # 02.00 → 03.00
AUTUMN = date(2026, 10, 25)  # 03.00 → 02.00


def wall(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "gap"),
    [("01:59", False), ("02:00", True), ("02:30", True), ("02:59:59", True), ("03:00", False)],
)
def test_the_hour_that_is_not_there(text: str, gap: bool) -> None:
    """02.00 up to 03.00 on the spring night."""
    assert is_gap(wall(SPRING, text)) is gap
    assert not is_fold(wall(SPRING, text))


@pytest.mark.parametrize(
    ("text", "fold"), [("01:59", False), ("02:00", True), ("02:59:59", True), ("03:00", False)]
)
def test_the_hour_that_comes_twice(text: str, fold: bool) -> None:
    """02.00 up to 03.00 on the autumn night."""
    assert is_fold(wall(AUTUMN, text)) is fold
    assert not is_gap(wall(AUTUMN, text))


def test_a_time_in_the_gap_is_a_fault_with_its_place() -> None:
    """A person who writes 02.30 is told why not."""
    with pytest.raises(Fault) as fault:
        to_instant(wall(SPRING, "02:30"), place="start")
    assert (fault.value.code, fault.value.place) == ("time.gap", "start")
    assert "02.30" in fault.value.say()


def test_a_time_in_the_fold_means_the_first() -> None:
    """02.30 in autumn is the one in summer time."""
    assert to_instant(wall(AUTUMN, "02:30")) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["02:00", "02:30", "02:59:59"])
def test_a_recurring_time_in_the_gap_becomes_the_first_real_one(text: str) -> None:
    """The contact of that night is not lost: it is at 03.00."""
    assert to_instant_shifted(wall(SPRING, text)) == to_instant(wall(SPRING, "03:00"))
    assert at(SPRING, time.fromisoformat(text)) == datetime(2027, 3, 28, 1, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 12, 1), 24)])
def test_days_are_23_24_or_25_hours(day: date, hours: int) -> None:
    """From local midnight to local midnight."""
    start, end = day_span(day)
    assert end - start == timedelta(hours=hours)
    assert to_wall(start).date() == day
    assert to_wall(end - timedelta(microseconds=1)).date() == day


def test_an_aware_value_is_taken_at_its_word() -> None:
    """An instant with an offset is not local time."""
    assert to_instant(datetime(2026, 12, 1, 8, tzinfo=UTC)) == datetime(2026, 12, 1, 8, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))
def test_wall_time_survives_there_and_back(moment: datetime) -> None:
    """Every wall time that exists is the same after a trip through UTC; in the gap it is moved forward."""
    back = to_instant_shifted(moment).astimezone(SWEDEN).replace(tzinfo=None)
    if is_gap(moment):
        assert moment < back <= moment + timedelta(hours=1)
    else:
        assert back == moment


@pytest.mark.parametrize("text", ["i går", "2026-13-01", "", "0001-01-01", "9999-12-31"])
def test_no_day_or_one_of_another_century_is_said_with_its_place(text: str) -> None:
    """A slip of the pen ends here, not in a reckoning with days further in."""
    with pytest.raises(Fault) as caught:
        read_day(text, "first")
    assert (caught.value.code, caught.value.place) == ("date.bad", "first")


@pytest.mark.parametrize(("text", "meant"), [("14.30", "14:30"), ("7:05", "07:05"), ("14", "14:00")])
def test_a_wall_time_is_read_as_people_write_it(text: str, meant: str) -> None:
    """With point or colon, or the whole hour."""
    assert read_wall(text, "at") == time.fromisoformat(meant)


@pytest.mark.parametrize("text", ["nio", "9.61", "24.00", "14.30.10", ""])
def test_what_is_no_time_is_said_with_its_place(text: str) -> None:
    """Never guessed."""
    with pytest.raises(Fault) as caught:
        read_wall(text, "at")
    assert (caught.value.code, caught.value.place) == ("time.bad", "at")


@pytest.mark.parametrize("text", ["", "1" * 80, "12:" + "9" * 60, "24", "-1", "1_2", "٣", "12:30:15", "12."])
def test_what_is_no_wall_time_is_said_to_be_none(text: str) -> None:
    """However long or odd it is."""
    with pytest.raises(Fault) as caught:
        read_wall(text, "at")
    assert (caught.value.code, caught.value.place) == ("time.bad", "at")


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
def test_a_time_of_another_century_is_none(year: int) -> None:
    """At either end of what a computer counts there is no way to UTC and back."""
    for wall in (datetime(year, 1, 1), datetime(year, 12, 31, 23, 59), datetime(year, 1, 1, tzinfo=UTC)):
        with pytest.raises(Fault) as caught:
            to_instant(wall, place="start")
        assert (caught.value.code, caught.value.place) == ("date.bad", "start")
