"""From rules to days and instants: what comes again comes again, at the same wall time, every time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.errors import Fault
from care.localtime import SWEDEN, is_gap
from care.recurrence import Pattern, check, days, instants, pattern_of, recurrence_for

TUESDAY = date(2026, 12, 1)


def numbers(found: list[date]) -> list[int]:
    return [day.day for day in found]


@pytest.mark.parametrize(
    ("pattern", "chosen", "expected"),
    [
        (Pattern.ONCE, (), [1]),
        (Pattern.DAILY, (), list(range(1, 16))),
        (Pattern.WEEKDAYS, (), [1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15]),
        (Pattern.WEEKLY, (), [1, 8, 15]),
        (Pattern.WEEKLY, (0, 3), [3, 7, 10, 14]),
        (Pattern.EVERY_OTHER_WEEK, (), [1, 15]),
        (Pattern.EVERY_OTHER_WEEK, (4, 6), [4, 6]),
    ],
)
def test_the_choices_of_the_form(pattern: Pattern, chosen: tuple[int, ...], expected: list[int]) -> None:
    """Once, daily, weekdays, weekly and every other week, from Tuesday 1 to Tuesday 15 December."""
    recurrence = recurrence_for(pattern, TUESDAY, chosen)
    assert numbers(days(recurrence, TUESDAY, None, TUESDAY, date(2026, 12, 15))) == expected
    assert pattern_of(recurrence)[0] is pattern


@given(
    st.sampled_from([Pattern.WEEKLY, Pattern.EVERY_OTHER_WEEK]), st.frozensets(st.integers(0, 6), min_size=1)
)
def test_the_form_can_be_opened_again(pattern: Pattern, chosen: frozenset[int]) -> None:
    """What was chosen is what is shown; Monday to Friday shows as weekdays."""
    shown, shown_days = pattern_of(recurrence_for(pattern, TUESDAY, chosen))
    assert shown_days == tuple(sorted(chosen))
    five = pattern is Pattern.WEEKLY and chosen == {0, 1, 2, 3, 4}
    assert shown is (Pattern.WEEKDAYS if five else pattern)


def test_every_choice_has_words() -> None:
    """Each pattern is named in Swedish."""
    assert all(pattern.words for pattern in Pattern)


@pytest.mark.parametrize(
    ("recurrence", "expected"),
    [
        ("FREQ=MONTHLY", [(12, 1), (1, 1)]),
        ("FREQ=MONTHLY;BYDAY=1MO", [(12, 7), (1, 4)]),
        ("FREQ=MONTHLY;BYDAY=-1FR", [(12, 25), (1, 29)]),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1", [(12, 15), (12, 31), (1, 15), (1, 31)]),
        ("FREQ=DAILY;INTERVAL=20", [(12, 1), (12, 21), (1, 10), (1, 30)]),
    ],
)
def test_own_rules(recurrence: str, expected: list[tuple[int, int]]) -> None:
    """Monthly rules and others that a coordinator may write."""
    found = days(recurrence, TUESDAY, None, TUESDAY, date(2027, 1, 31))
    assert [(day.month, day.day) for day in found] == expected


@pytest.mark.parametrize(
    ("recurrence", "code"),
    [
        ("", "form"),
        ("FREQ", "form"),
        ("FREQ=WEEKLY;FREQ=DAILY", "form"),
        ("FREQ=WEEKLY;BYDAY=", "form"),
        ("FREQ=WEEKLY;WKST=XX", "form"),
        ("FREQ=WEEKLY" + ";" * 300, "form"),
        ("BYDAY=MO", "frequency"),
        ("FREQ=SECONDLY", "frequency"),
        ("FREQ=HOURLY;INTERVAL=2", "frequency"),
        ("FREQ=YEARLY", "frequency"),
        ("freq=weekly", "part"),
        ("FREQ=DAILY;BYHOUR=8", "part"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "part"),
        ("FREQ=DAILY;UNTIL=20261231", "until"),
        ("FREQ=DAILY;COUNT=5", "until"),
        ("FREQ=DAILY;INTERVAL=0", "interval"),
        ("FREQ=DAILY;INTERVAL=-1", "interval"),
        ("FREQ=WEEKLY;INTERVAL=99", "interval"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "interval"),
        ("FREQ=DAILY;INTERVAL=²", "interval"),
        ("FREQ=WEEKLY;BYDAY=TI", "day"),
        ("FREQ=WEEKLY;BYDAY=1MO", "day"),
        ("FREQ=MONTHLY;BYDAY=6MO", "day"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "month_day"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "month_day"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=31", "month_day"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "month_day"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=WE", "never"),
    ],
)
def test_what_we_do_not_take_is_said_in_words(recurrence: str, code: str) -> None:
    """Broken texts, parts that a plan has no use for, and rules that would never come."""
    with pytest.raises(Fault) as fault:
        check(recurrence)
    assert (fault.value.code, fault.value.place) == (f"recurrence.{code}", "recurrence")
    with pytest.raises(Fault):
        days(recurrence, TUESDAY, None, TUESDAY, TUESDAY)


@given(st.text(alphabet="FREQ=DAILYWKMONTH;BYINTVUSP0123456789,-+MOTUWE", max_size=40) | st.text(max_size=40))
def test_any_text_is_taken_or_refused(recurrence: str) -> None:
    """Nothing else than a Fault comes out, whatever is written."""
    try:
        check(recurrence)
    except Fault:
        return
    days(recurrence, TUESDAY, None, TUESDAY, TUESDAY + timedelta(days=400))


def test_first_and_last_day_hold() -> None:
    """Nothing before the first day nor after the last, whatever is asked for."""
    found = days("FREQ=DAILY", TUESDAY, date(2026, 12, 3), date(2026, 1, 1), date(2027, 1, 1))
    assert numbers(found) == [1, 2, 3]
    assert days(None, TUESDAY, None, date(2026, 12, 2), date(2027, 1, 1)) == []
    assert days("FREQ=DAILY", TUESDAY, date(2026, 11, 1), date(2026, 1, 1), date(2027, 1, 1)) == []


@given(
    recurrence=st.sampled_from(
        [
            "FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=MO,SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=WE;WKST=SU",
            "FREQ=MONTHLY;BYDAY=2TU",
        ]
    ),
    first=st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    offset=st.integers(0, 2500),
)
def test_the_rhythm_does_not_depend_on_when_one_looks(recurrence: str, first: date, offset: int) -> None:
    """Rows made today are those that would have been made all at once from the first day."""
    low = first + timedelta(days=offset)
    high = low + timedelta(days=14)
    whole = days(recurrence, first, None, first, high)
    assert days(recurrence, first, None, low, high) == [day for day in whole if day >= low]


def test_nine_stays_nine_over_both_nights() -> None:
    """Wall time stays; the instant moves by an hour."""
    for night in (date(2026, 10, 25), date(2027, 3, 28)):
        found = instants(
            "FREQ=DAILY", time(9), night, None, start=night - timedelta(days=1), end=night + timedelta(days=1)
        )
        assert [moment.astimezone(SWEDEN).time() for _, moment in found] == [time(9)] * len(found)


def test_a_time_that_is_skipped_becomes_the_first_real_one() -> None:
    """02.30 on the spring night is at 03.00; the nights around it keep 02.30."""
    found = instants(
        "FREQ=DAILY", time(2, 30), date(2027, 3, 27), None, start=date(2027, 3, 27), end=date(2027, 3, 29)
    )
    assert [moment.astimezone(SWEDEN).strftime("%d %H.%M") for _, moment in found] == [
        "27 02.30",
        "28 03.00",
        "29 02.30",
    ]


def test_a_time_that_comes_twice_is_the_first() -> None:
    """02.30 on the autumn night is the one before the clocks are set back."""
    ((_, moment),) = instants(
        None, time(2, 30), date(2026, 10, 25), None, start=date(2026, 10, 25), end=date(2026, 10, 25)
    )
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.times(), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_there_is_one_instant_a_day_and_it_is_that_day(wall: time, day: date) -> None:
    """No day is lost or doubled, at whatever time."""
    ((_, moment),) = instants(None, wall, day, None, start=day, end=day)
    local = moment.astimezone(SWEDEN)
    assert local.date() == day
    if not is_gap(datetime.combine(day, wall)):
        assert local.time() == wall
