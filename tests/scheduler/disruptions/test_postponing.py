"""Another day: P3 within 48 hours, P4 within the week, never two at once, never while the client is away."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from care.clients import AbsenceKind, ClientAbsence
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.ids import new_id
from care.localtime import day_span, to_instant, to_wall
from care.services import Priority
from care.staff import Staff
from care.storage.database import Database
from scheduler.disruptions.postponing import BETWEEN, DAYS, WITHIN, Diary, find_day, load_diary
from tests.builders import make_client, make_contact, make_group, make_shift, make_staff, make_town, moment
from tests.scheduler.disruptions.scenes import DAY, a_client, a_group, a_row, a_service, a_worker

CLOCK = StandingClock(datetime(2026, 12, 1, 6, 40))
GROUP = a_group()
STAFF = [a_worker(GROUP) for _ in range(3)]
INGRID = a_client(GROUP)


def a_diary(*days: int, start: str = "07:00", end: str = "16:00", staff: list[Staff] = STAFF) -> Diary:
    """Everybody works on these days from today."""
    diary = Diary()
    for ahead in days:
        day = DAY + timedelta(days=ahead)
        for one in staff:
            diary.shifts[(one.id, day)].append((moment(f"{day} {start}"), moment(f"{day} {end}")))
    return diary


def waiting(priority: Priority, start: str = "09:00", **more: Any) -> PlannedContact:
    return a_row(INGRID, [a_service()], start, priority=priority, **more)


def ids(*staff: Staff) -> list[UUID]:
    return [one.id for one in staff]


@pytest.mark.parametrize(
    ("priority", "days", "found"),
    [
        (Priority.P1, [1, 2], None),
        (Priority.P2, [1, 2], None),
        (Priority.P3, [1, 2, 3], 1),
        (Priority.P3, [2], 2),
        (Priority.P3, [3, 4, 5], None),
        (Priority.P4, [6], 6),
        (Priority.P4, [7, 8], None),
    ],
)
def test_the_first_day_that_the_priority_allows(
    priority: Priority, days: list[int], found: int | None
) -> None:
    """At its usual wall time, with the preferred person."""
    other = find_day(a_diary(*days), waiting(priority), ids(*STAFF), CLOCK)
    if found is None:
        assert other is None
    else:
        assert other is not None
        assert other.day == DAY + timedelta(days=found)
        assert to_wall(other.start).strftime("%H:%M") == "09:00"
        assert other.staff == (STAFF[0].id,)


def test_p3_never_waits_longer_than_48_hours() -> None:
    """On the second day only the usual time and earlier."""
    diary = a_diary(2, start="09:15")
    assert find_day(diary, waiting(Priority.P3), ids(*STAFF), CLOCK) is None
    early = find_day(a_diary(2, end="09:00"), waiting(Priority.P3), ids(*STAFF), CLOCK)
    assert early is not None
    assert early.start <= moment("2026-12-03 09:00")


def test_what_was_put_off_before_is_not_put_off_for_ever() -> None:
    """The days count from when it was owed, not from where it was moved."""
    row = waiting(Priority.P3)
    row.planned_date += timedelta(days=2)
    row.start += timedelta(days=2)
    assert find_day(a_diary(1, 2, 3, 4), row, ids(*STAFF), CLOCK) is None


def test_nobody_and_no_home_has_two_at_once() -> None:
    """Three at the same time for one person: three times with the way between; one home: never two guests."""
    diary = a_diary(1, staff=STAFF[:1])
    homes = [a_client(GROUP) for _ in range(3)]
    found = [
        find_day(diary, a_row(one, [a_service()], priority=Priority.P4), ids(STAFF[0]), CLOCK)
        for one in homes
    ]
    spans = sorted((one.start, one.start + timedelta(minutes=15)) for one in found if one)
    assert len(spans) == 3
    assert all(first[1] + BETWEEN <= second[0] for first, second in pairwise(spans))
    diary = a_diary(1)
    guests = [find_day(diary, waiting(Priority.P4), ids(one), CLOCK) for one in STAFF]
    starts = sorted(one.start for one in guests if one)
    assert len(set(starts)) == 3


def test_a_visit_for_two_needs_two() -> None:
    row = waiting(Priority.P4, staff_needed=2)
    assert find_day(a_diary(1, staff=STAFF[:1]), row, ids(*STAFF), CLOCK) is None
    other = find_day(a_diary(1, staff=STAFF[1:]), row, ids(*STAFF), CLOCK)
    assert other is not None
    assert set(other.staff) == set(ids(*STAFF[1:]))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Priority.P3, Priority.P4]),
            st.integers(7, 15),
            st.integers(5, 90),
            st.integers(1, 2),
        ),
        max_size=12,
    ),
    st.sets(st.integers(1, 8)),
)
@settings(max_examples=60, deadline=None)
def test_whatever_waits_the_rules_hold(rows: list[tuple[Priority, int, int, int]], days: set[int]) -> None:
    """Inside shifts, near the usual time, in time, never two at once for anybody."""
    diary = a_diary(*days)
    taken: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for priority, hour, minutes, needed in rows:
        row = a_row(
            a_client(GROUP), [a_service()], f"{hour:02}:00", priority=priority, minutes=minutes,
            staff_needed=needed,
        )  # fmt: skip
        other = find_day(diary, row, ids(*STAFF), CLOCK)
        if other is None:
            continue
        ahead = (other.day - DAY).days
        assert ahead in days
        assert ahead <= DAYS[priority]
        assert timedelta(0) < other.start - row.start <= WITHIN[priority]
        assert len(set(other.staff)) == needed
        end = other.start + timedelta(minutes=minutes)
        assert moment(f"{other.day} 07:00") <= other.start
        assert end <= moment(f"{other.day} 16:00")
        for one in other.staff:
            for begins, ends in taken.setdefault(one, []):
                assert ends <= other.start or end <= begins
            taken[one].append((other.start, end))


async def test_the_diary_knows_shifts_rows_absences_and_who_is_away(sqlite_database: Database) -> None:
    """Half-free people, planned rows, and the client's stay at the hospital, also without an end."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
        anna, bo = await make_staff(session, town), await make_staff(session, town, "Bo")
        far = await make_group(session, town.municipality, "Kälarne")
        stina = await make_staff(session, town, "Stina", group_id=far.id)
        for one in (anna, bo, stina):
            await make_shift(session, one, "2026-12-02")
        sick = await make_shift(session, bo, "2026-12-03")
        sick.absent_from, sick.absent_to = sick.start, sick.end
        ingrid, karl = await make_client(session, town), await make_client(session, town, "Karl")
        await make_contact(session, karl, town.services["TI-DAG"], "2026-12-02 09:00", staff=[anna])
        session.add(
            ClientAbsence(
                id=new_id(), client_id=ingrid.id, kind=AbsenceKind.HOSPITAL,
                start=to_instant(datetime(2026, 12, 2, 8)), end=None,
            )
        )  # fmt: skip
    async with sqlite_database.read() as session:
        diary = await load_diary(session, [town.group.id], DAY, CLOCK)
    tomorrow = DAY + timedelta(days=1)

    def free(one: Staff, wall: str) -> bool:
        start = moment(f"{tomorrow} {wall}")
        return diary.is_free(one.id, tomorrow, (start, start + timedelta(minutes=15)))

    assert [free(anna, wall) for wall in ("08:30", "08:45", "09:00", "09:30")] == [True, False, False, True]
    assert free(bo, "09:00")
    assert not free(stina, "09:00"), "another group's staff are not asked"
    assert (bo.id, tomorrow + timedelta(days=1)) not in {key for key, spans in diary.shifts.items() if spans}
    first, last = day_span(tomorrow)
    assert not diary.at_home(ingrid.id, tomorrow, (first + timedelta(hours=9), last))
    assert diary.at_home(ingrid.id, tomorrow, (first, first + timedelta(hours=8)))
