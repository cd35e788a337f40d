"""Dates, times and other values as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from care.errors import Fault
from care.localtime import SWEDEN
from server.exchange import values
from server.exchange.times import (
    end_of,
    read_clock,
    read_date,
    read_moment,
    start_of,
    window_of,
    write_clock,
)

DAY = date(2026, 12, 1)
AUTUMN = date(2026, 10, 25)


def code(fault: pytest.ExceptionInfo[Fault]) -> str:
    return fault.value.code


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01",
        "1/12 2026",
        "01/12 2026",
        "1/12-2026",
        "1/12/2026",
        "20261201",
        "2026-12-1",
        "2026-12-01 00:00:00",
    ],
)
def test_dates(text: str) -> None:
    """Every way of writing the first of December."""
    assert read_date(text) == DAY


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2026-02-30", "no_such_date"),
        ("31/11 2026", "no_such_date"),
        ("20261301", "no_such_date"),
        ("15/1", "date_year"),
        ("1 december", "date"),
        ("46357", "date"),
        ("2026-12-01 07:30", "date"),
        ("1926-12-01", "date_range"),
        ("9999-12-31", "date_range"),
        ("٢٠٢٦-12-01", "date"),
    ],
)
def test_dates_that_are_refused(text: str, word: str) -> None:
    """Impossible, unclear, or far away."""
    with pytest.raises(Fault) as fault:
        read_date(text)
    assert code(fault) == f"import.{word}"


@pytest.mark.parametrize("text", ["07.30", "7:30", "0730", "730", "7.30", "07:30:00", "kl 7.30", "kl. 07.30"])
def test_times(text: str) -> None:
    """Every way of writing half past seven, also Excel's without its leading zero."""
    assert start_of(DAY, read_clock(text), SWEDEN) == datetime(2026, 12, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["7", "24.30", "25:00", "07.60", "0760", "12:30:61", "halv åtta", "0.3125", "-1:00"]
)
def test_times_that_are_refused(text: str) -> None:
    """No such time, or not a time."""
    with pytest.raises(Fault) as fault:
        read_clock(text)
    assert code(fault) in ("import.time", "import.no_such_time")


def test_a_moment_needs_its_date() -> None:
    """In any of the ways to write a date."""
    for text in ("2026-12-01 07.30", "2026-12-01T07:30:00", "1/12 2026 7:30", "20261201 0730"):
        clock = read_moment(text)
        assert start_of(date(2000, 1, 1), clock, SWEDEN) == datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
    with pytest.raises(Fault) as fault:
        read_moment("07.30")
    assert code(fault) == "import.moment"


def hours(day: date, start: str, end: str) -> float:
    begin = start_of(day, read_clock(start), SWEDEN)
    return (end_of(day, read_clock(end), begin, SWEDEN) - begin).total_seconds() / 3600


def test_an_end_before_the_start_means_the_next_day() -> None:
    """Also over both nights when the clock is changed."""
    assert hours(DAY, "07.00", "16.00") == 9
    assert hours(DAY, "21.15", "07.15") == 10
    assert hours(DAY, "14.30", "24.00") == 9.5
    assert hours(date(2026, 10, 24), "21.15", "07.15") == 11
    assert hours(date(2026, 3, 28), "21.15", "07.15") == 9
    assert hours(AUTUMN, "01.30", "02.30") == 1
    assert hours(AUTUMN, "01.30", "02.30+01:00") == 2
    assert hours(AUTUMN, "02.10+01:00", "02.30") == pytest.approx(1 / 3)


def test_a_time_in_the_gap_is_a_fault_and_in_the_fold_the_first() -> None:
    """02.30 on the last Sunday of March does not exist; in October it comes twice."""
    with pytest.raises(Fault) as fault:
        start_of(date(2026, 3, 29), read_clock("02.30"), SWEDEN)
    assert code(fault) == "time.gap"
    first = start_of(AUTUMN, read_clock("02.30"), SWEDEN)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert write_clock(first, SWEDEN) == "02:30"
    assert write_clock(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), SWEDEN) == "02:30+01:00"


def test_windows_lie_around_the_start() -> None:
    """They may open the evening before or close after midnight; a start outside is refused."""

    def window(start: str, opens: str, closes: str) -> tuple[float, float]:
        begin = start_of(DAY, read_clock(start), SWEDEN)
        first, last = window_of(DAY, read_clock(opens), read_clock(closes), begin, SWEDEN)
        return (begin - first).total_seconds() / 3600, (last - begin).total_seconds() / 3600

    assert window("07.30", "07.00", "08.30") == (0.5, 1)
    assert window("07.30", "07.30", "07.30") == (0, 0)
    assert window("00.10", "23.40", "00.40") == (0.5, 0.5)
    assert window("23.50", "23.20", "00.20") == (0.5, 0.5)
    for start in ("09.00", "12.00"):
        with pytest.raises(Fault) as fault:
            window(start, "10.00", "11.00")
        assert code(fault) == "import.start_outside_window"


def test_yes_and_no() -> None:
    """The words of offices and programs."""
    assert all(values.read_yes(text) for text in ("ja", "Ja", "JA", "x", "X", "1", "true", "J"))
    assert not any(values.read_yes(text) for text in ("nej", "Nej", "0", "false", "N", "-"))
    with pytest.raises(Fault):
        values.read_yes("kanske")


def test_coordinates_lie_in_sweden() -> None:
    """Decimal comma or point; swapped, foreign and metric ones are told apart."""
    assert values.read_latitude("62,75") == values.read_latitude("62.75") == 62.75
    assert values.read_longitude("15,417") == 15.417
    for read, text, word in (
        (values.read_latitude, "15,417", "outside_sweden"),
        (values.read_longitude, "62,75", "outside_sweden"),
        (values.read_latitude, "6956000", "coordinate_system"),
        (values.read_latitude, "62°45'", "number"),
        (values.read_latitude, "1e2", "number"),
        (values.read_latitude, "nan", "number"),
    ):
        with pytest.raises(Fault) as fault:
            read(text)
        assert code(fault) == f"import.{word}"


def test_languages_by_name_and_code() -> None:
    """Swedish names and codes, one or more."""
    assert values.read_languages("svenska, Finska") == ("sv", "fi")
    assert values.read_languages("sv+so/ar") == ("sv", "so", "ar")
    assert values.read_languages("svenska och tigrinja") == ("sv", "ti")
    assert values.read_language("Nordsamiska") == "se"
    for text in ("grötska", ",", "sv,fi"):
        with pytest.raises(Fault):
            values.read_language(text)


def test_minutes_phone_and_codes() -> None:
    """Whole minutes in a range; numbers one can ring; codes with plus between."""
    assert values.minutes_of(60)("15 min") == values.minutes_of(60)("15,0") == 15
    assert values.read_phone("070-123 45 67") == "070-123 45 67"
    assert values.read_service_codes("TI-DAG + MA-PAM") == ("TI-DAG", "MA-PAM")
    for read, text in (
        (values.minutes_of(60), "61"),
        (values.minutes_of(60), "-1"),
        (values.minutes_of(60), "7,5"),
        (values.read_phone, "ring dottern"),
        (values.read_phone, "()()()"),
        (values.read_service_codes, "TI-DAG+"),
        (values.read_name, "a\u0000b"),
        (values.read_name, "a" * 201),
    ):
        with pytest.raises(Fault):
            read(text)
