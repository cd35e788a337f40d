"""Rows come due in time, once, with an owner and a deadline, and who is to act is reminded."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from care.clients import AbsenceKind, ClientAbsence
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch
from care.ids import new_id
from care.municipality import Municipality
from care.outbox import OutboxEvent, events_after
from care.services import Priority
from care.storage.database import Database
from scheduler.ticks.due import due
from scheduler.ticks.timing import Timing, timing_from
from tests.builders import Town, make_client, make_contact, make_staff, make_town, moment
from tests.scheduler.ticks.crowd import make_crowd

HAND = Hand("tests")


async def read(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


async def told(database: Database, topic: str = "contact.due") -> list[OutboxEvent]:
    async with database.read() as session:
        return [event for event in await events_after(session, 0, most=100_000) if event.topic == topic]


async def a_row(
    database: Database, start: str = "2026-12-01 07:00", channel: Channel = Channel.VIDEO, **more: Any
) -> tuple[Town, PlannedContact]:
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        client = await make_client(session, town)
        row = await make_contact(
            session, client, town.services["TI-DAG"], start, channel=channel, staff=[anna], **more
        )
    return town, row


async def test_a_row_is_due_ten_minutes_before(database: Database, clock: StandingClock) -> None:
    """Not earlier; then with owner, deadline, history and one reminder."""
    _, row = await a_row(database)
    clock.set(moment("2026-12-01 06:49:59"))
    assert await due(database, clock) == 0
    clock.set(moment("2026-12-01 06:50"))
    assert await due(database, clock) == 1
    after = await read(database, row)
    assert after.status is Status.DUE
    assert after.owner_id == row.owner_id
    assert after.deadline == moment("2026-12-01 07:10")
    assert after.version == row.version + 1
    (event,) = await told(database)
    assert event.payload == {"contact": str(row.id), "in_minutes": 10, "staff": [str(row.owner_id)]}
    async with database.read() as session:
        (line,) = await session.scalars(select(ContactHistory))
    assert (line.by, line.status_before, line.status_after) == ("tick.due", "planned", "due")
    assert await due(database, clock) == 0


async def test_a_second_reminder_at_the_time(database: Database, clock: StandingClock) -> None:
    """At the start, once; the version stays, so that no open page goes stale."""
    _, row = await a_row(database)
    clock.set(moment("2026-12-01 06:50"))
    await due(database, clock)
    clock.set(moment("2026-12-01 07:00"))
    assert await due(database, clock) == 1
    assert await due(database, clock) == 0
    assert [event.payload["in_minutes"] for event in await told(database)] == [10, 0]
    assert (await read(database, row)).version == row.version + 1


async def test_what_is_put_off_is_reminded_of_again(database: Database, clock: StandingClock) -> None:
    """ "Inte nu" moves the start: at the new time it comes again."""
    _, row = await a_row(database, channel=Channel.PROMPT)
    clock.set(moment("2026-12-01 07:00"))
    await due(database, clock)
    async with database.write() as session:
        later = clock.now() + timedelta(minutes=5)
        await alter(session, await fetch(session, row.id), at=clock.now(), hand=HAND, start=later)
    assert await due(database, clock) == 0
    clock.move(timedelta(minutes=5))
    assert await due(database, clock) == 1
    assert [event.payload["in_minutes"] for event in await told(database)] == [0, 0]


async def test_who_is_away_is_left_in_peace(database: Database, clock: StandingClock) -> None:
    """The row is cancelled with its cause, nothing rings, and it is not missed."""
    _, row = await a_row(database)
    async with database.write() as session:
        session.add(
            ClientAbsence(id=new_id(), client_id=row.client_id, kind=AbsenceKind.HOSPITAL, start=clock.now())
        )
    clock.set(moment("2026-12-01 06:50"))
    await due(database, clock)
    after = await read(database, row)
    assert (after.status, after.cause) == (Status.CANCELLED, "client_away")
    assert await told(database) == []


async def test_who_has_come_home_is_rung(database: Database, clock: StandingClock) -> None:
    """An absence that ends before the row does not touch it; neither does somebody else's."""
    _, row = await a_row(database)
    async with database.write() as session:
        session.add(
            ClientAbsence(
                id=new_id(),
                client_id=row.client_id,
                kind=AbsenceKind.TRAVEL,
                start=clock.now() - timedelta(days=3),
                end=row.start,
            )
        )
    clock.set(moment("2026-12-01 06:50"))
    await due(database, clock)
    assert (await read(database, row)).status is Status.DUE


async def test_after_an_absence_of_the_system_old_rows_do_not_ring(
    database: Database, clock: StandingClock
) -> None:
    """They become due, so that they turn red for a person; no screen sounds hours later."""
    _, row = await a_row(database)
    clock.set(moment("2026-12-01 09:00"))
    assert await due(database, clock) == 1
    assert (await read(database, row)).status is Status.DUE
    assert await told(database) == []


async def test_nobody_assigned_is_the_coordinators(database: Database, clock: StandingClock) -> None:
    """A row without staff becomes due all the same, with a deadline."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        row = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 06:45")
    await due(database, clock)
    after = await read(database, row)
    assert (after.status, after.owner_id) == (Status.DUE, None)
    assert after.deadline is not None


@pytest.mark.parametrize(
    "status", [status for status in Status if status is not Status.PLANNED], ids=lambda s: s.value
)
async def test_only_planned_rows_become_due(
    sqlite_database: Database, clock: StandingClock, status: Status
) -> None:
    """Nothing that has begun, ended or waits for a person is touched."""
    _, row = await a_row(sqlite_database, status=status, deadline=moment("2026-12-01 06:00"))
    clock.set(moment("2026-12-01 07:05"))
    assert await due(sqlite_database, clock) == 0
    assert (await read(sqlite_database, row)).status is status


async def test_three_nodes_act_once_on_each_of_many_rows(database: Database, clock: StandingClock) -> None:
    """Two thousand rows due in one minute: one step, one line of history and one reminder each."""
    async with database.write() as session:
        await make_crowd(session, moment("2026-12-01 06:45"), 2_000)
    nodes = [Database(database.url) for _ in range(3)]
    counts = await asyncio.gather(*(due(node, clock) for node in nodes))
    for node in nodes:
        await node.close()
    assert sum(counts) + await due(database, clock) == 2_000
    assert len(await told(database)) == 2_000
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ContactHistory)) == 2_000
        left = select(func.count()).where(PlannedContact.status != Status.DUE)
        assert await session.scalar(left) == 0


async def test_the_municipality_may_set_its_own_times(database: Database, clock: StandingClock) -> None:
    """Lead and grace come from the settings."""
    _, row = await a_row(database)
    async with database.write() as session:
        (municipality,) = await session.scalars(select(Municipality))
        municipality.settings = {"timing": {"lead": 20, "call_grace": 15}}
    assert await due(database, clock) == 1
    assert (await read(database, row)).deadline == moment("2026-12-01 07:15")


@pytest.mark.parametrize(
    ("channel", "priority", "expected"),
    [
        (Channel.VIDEO, Priority.P3, "10:10"),
        (Channel.PHONE, Priority.P4, "10:10"),
        (Channel.PROMPT, Priority.P2, "10:10"),
        (Channel.PHYSICAL, Priority.P1, "10:40"),
        (Channel.PHYSICAL, Priority.P2, "10:40"),
        (Channel.PHYSICAL, Priority.P3, "21:30"),
        (Channel.PHYSICAL, Priority.P4, "21:30"),
        (Channel.CAMERA_CHECK, Priority.P2, "11:30"),
        (Channel.DEVICE, Priority.P2, "11:30"),
    ],
)
def test_deadlines(channel: Channel, priority: Priority, expected: str) -> None:
    """Calls and reminders ten minutes after their start, P1 and P2 visits after their window."""
    start = moment("2026-12-01 10:00")
    found = Timing().deadline(
        channel=channel, priority=priority, start=start, window_end=moment("2026-12-01 10:30")
    )
    assert found == moment(f"2026-12-01 {expected}")


def test_a_late_evening_row_waits_for_its_window() -> None:
    """Where the window ends after the working day, an hour after it."""
    found = Timing().deadline(
        channel=Channel.PHYSICAL,
        priority=Priority.P3,
        start=moment("2026-12-01 21:00"),
        window_end=moment("2026-12-01 21:45"),
    )
    assert found == moment("2026-12-01 22:45")


def test_a_reminder_cannot_be_put_off_for_ever() -> None:
    """Each "Inte nu" moves the start by five minutes; ten minutes after the window a person is told."""
    start, window_end = moment("2026-12-01 10:00"), moment("2026-12-01 10:15")
    last = start
    for _ in range(20):
        start += timedelta(minutes=5)
        last = Timing().deadline(
            channel=Channel.PROMPT, priority=Priority.P2, start=start, window_end=window_end
        )
        if last <= start:
            break
    assert last == window_end + timedelta(minutes=10)


@pytest.mark.parametrize(
    "given", [{"lead": "10"}, {"lead": -1}, {"lead": True}, {"lead": 10_000}, {"day_ends": "25:99"}, {"x": 1}]
)
def test_senseless_settings_are_left_at_their_default(given: dict[str, Any]) -> None:
    """The ticks run on, whatever stands in the settings."""
    assert timing_from(given) == Timing()


def test_local_evening_over_the_autumn_night() -> None:
    """21.30 is local, also on a day of 25 hours."""
    start = moment(datetime(2026, 10, 25, 12))
    found = Timing().deadline(channel=Channel.PHYSICAL, priority=Priority.P4, start=start, window_end=start)
    assert found == moment("2026-10-25 21:30")
