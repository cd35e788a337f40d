"""What has not happened in time stands before a person, and is brought up until it is resolved."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.clients import Risk
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, step
from care.outbox import events_after
from care.storage.database import Database
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from tests.builders import make_client, make_contact, make_staff, make_town, moment

HAND = Hand("tests")


async def read(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


async def events(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(ContactHistory.event).order_by(ContactHistory.id)))


async def a_due_row(
    database: Database,
    clock: StandingClock,
    code: str = "TI-DAG",
    channel: Channel = Channel.VIDEO,
    risk: Risk = Risk.NORMAL,
    **more: Any,
) -> PlannedContact:
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        client = await make_client(session, town, risk=risk)
        row = await make_contact(
            session, client, town.services[code], "2026-12-01 07:00", channel=channel, staff=[anna], **more
        )
    clock.set(moment("2026-12-01 06:50"))
    await due(database, clock)
    return row


@pytest.mark.parametrize(
    ("code", "channel", "red_at"),
    [
        ("TI-DAG", Channel.VIDEO, "07:10"),
        ("SO-SAM", Channel.VIDEO, "07:10"),
        ("MA-PAM", Channel.PROMPT, "07:10"),
        ("PV-MOR", Channel.PHYSICAL, "07:40"),
        ("HE-STA", Channel.PHYSICAL, "21:30"),
    ],
)
async def test_a_row_turns_red_at_its_deadline(
    database: Database, clock: StandingClock, code: str, channel: Channel, red_at: str
) -> None:
    """Calls and reminders after ten minutes, P1 and P2 visits ten after their window, a cleaning at night."""
    row = await a_due_row(database, clock, code, channel)
    clock.set(moment(f"2026-12-01 {red_at}") - timedelta(seconds=1))
    assert await escalation(database, clock) == 0
    clock.move(timedelta(seconds=1))
    assert await escalation(database, clock) == 1
    after = await read(database, row)
    assert after.status is Status.AWAITING
    assert after.owner_id == row.owner_id
    assert after.deadline is not None
    assert after.deadline > clock.now()
    assert await escalation(database, clock) == 0


@pytest.mark.parametrize(("risk", "minutes"), [(Risk.HIGH, 5), (Risk.NORMAL, 15), (Risk.LOW, 60)])
async def test_a_red_row_is_brought_up_again(
    sqlite_database: Database, clock: StandingClock, risk: Risk, minutes: int
) -> None:
    """Sooner the higher the risk, again and again, without throwing out who has it open."""
    row = await a_due_row(sqlite_database, clock, risk=risk)
    clock.set(moment("2026-12-01 07:10"))
    await escalation(sqlite_database, clock)
    red = await read(sqlite_database, row)
    assert red.deadline == clock.now() + timedelta(minutes=minutes)
    for _ in range(3):
        clock.move(timedelta(minutes=minutes))
        assert await escalation(sqlite_database, clock) == 1
    after = await read(sqlite_database, row)
    assert (after.status, after.version, after.owner_id) == (Status.AWAITING, red.version, red.owner_id)
    assert await events(sqlite_database) == ["due", "escalated", *["brought_up_again"] * 3]
    async with sqlite_database.read() as session:
        overdue = [event for event in await events_after(session, 0) if event.topic == "contact.overdue"]
    assert [event.payload["owner"] for event in overdue] == [str(row.owner_id)] * 3


async def test_old_red_rows_are_brought_up_twice_a_day(database: Database, clock: StandingClock) -> None:
    """They stay red for ever, and do not fill the history."""
    row = await a_due_row(database, clock)
    clock.set(moment("2026-12-02 07:10"))
    await escalation(database, clock)
    assert (await read(database, row)).deadline == clock.now() + timedelta(hours=12)


async def test_what_was_done_in_time_is_left_alone(database: Database, clock: StandingClock) -> None:
    """An ended row never turns red."""
    row = await a_due_row(database, clock)
    async with database.write() as session:
        await step(session, await fetch(session, row.id), Status.DONE, at=clock.now(), hand=HAND)
    clock.move(timedelta(days=2))
    assert await escalation(database, clock) == 0


async def test_a_row_that_was_moved_while_due_gets_a_new_deadline(
    database: Database, clock: StandingClock
) -> None:
    """It is not red for a time that no longer holds."""
    row = await a_due_row(database, clock)
    async with database.write() as session:
        later = moment("2026-12-01 09:00")
        await alter(session, await fetch(session, row.id), at=clock.now(), hand=HAND, start=later)
    clock.set(moment("2026-12-01 07:10"))
    await escalation(database, clock)
    after = await read(database, row)
    assert (after.status, after.deadline) == (Status.DUE, moment("2026-12-01 09:10"))


async def test_what_is_under_way_is_asked_after_an_hour_too_long(
    database: Database, clock: StandingClock
) -> None:
    """A visit that nobody closed does not end in silence; one that goes on is left in peace."""
    row = await a_due_row(database, clock, "PV-MOR", Channel.PHYSICAL)
    async with database.write() as session:
        await step(
            session,
            await fetch(session, row.id),
            Status.UNDERWAY,
            at=clock.now(),
            hand=HAND,
            actual_start=moment("2026-12-01 07:20"),
        )
    started = await read(database, row)
    for wall in ("07:40", "08:34"):
        clock.set(moment(f"2026-12-01 {wall}"))
        await escalation(database, clock)
        waiting = await read(database, row)
        assert (waiting.status, waiting.version) == (Status.UNDERWAY, started.version)
        assert waiting.deadline == moment("2026-12-01 08:35")
    clock.set(moment("2026-12-01 08:35"))
    assert await escalation(database, clock) == 1
    assert (await read(database, row)).status is Status.AWAITING
    assert (await events(database))[-1] == "not_closed"


@pytest.mark.parametrize("status", [Status.DUE, Status.AWAITING, Status.UNKNOWN], ids=lambda s: s.value)
async def test_a_row_without_a_deadline_gets_one(
    sqlite_database: Database, clock: StandingClock, status: Status
) -> None:
    """Whoever made it forgot; no row is without a next deadline."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        row = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 07:00", status=status)
    assert await escalation(sqlite_database, clock) == 1
    after = await read(sqlite_database, row)
    assert after.status is status
    assert after.deadline is not None


async def test_two_nodes_escalate_once(database: Database, clock: StandingClock) -> None:
    """One step, one line of history."""
    await a_due_row(database, clock)
    clock.set(moment("2026-12-01 07:10"))
    other = Database(database.url)
    counts = await asyncio.gather(escalation(database, clock), escalation(other, clock))
    await other.close()
    assert sum(counts) == 1
    assert await events(database) == ["due", "escalated"]
