"""Killed at any point, nothing is lost and nothing doubled."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from care.clock import Clock, StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.devices import Device
from care.ids import new_id
from care.notices import Notice
from care.outbox import OutboxEvent
from care.storage.database import Database
from care.storage.tables import metadata
from scheduler.horizon import horizon
from scheduler.ticks.day_end import day_end
from scheduler.ticks.device_watch import device_watch
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.notice_watch import notice_watch
from scheduler.ticks.presence import presence
from tests.builders import make_client, make_contact, make_digital, make_rule, make_town, moment
from tests.scheduler.ticks.crowd import make_crowd
from tests.scheduler.ticks.killing import Killed, killed_at

#: What ticks write in, whole.
TOUCHED = (
    "planned_contact", "contact_line", "assignment", "contact_history", "contact_rule", "outbox_event",
    "task", "notice", "device", "tick",
)  # fmt: skip


async def everything(database: Database) -> dict[str, list[Any]]:
    """What stands in every table, without ids and version of this very run."""
    found: dict[str, list[Any]] = {}
    async with database.read() as session:
        for table in (metadata.tables[name] for name in TOUCHED):
            columns = [
                column
                for column in table.columns
                if column.name not in {"id", "once_key", "task_id", "contact_id", "facts", "payload"}
            ]
            rows = await session.execute(select(*columns))
            found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


async def a_world(database: Database, clock: StandingClock) -> None:
    """Rows to come due, red rows, a rule, silent tablets, unseen notices, an absence of the system."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        check, cleaning = town.services["TI-DAG"], town.services["HE-STA"]
        for hour in (6, 7, 8):
            await make_contact(session, client, check, f"2026-12-01 {hour:02}:55", channel=Channel.VIDEO)
        await make_contact(
            session, client, check, "2026-12-01 05:00", status=Status.DUE, deadline=moment("2026-12-01 05:10")
        )
        row = await make_contact(session, client, cleaning, "2026-11-30 10:00", status=Status.DUE)
        await make_rule(session, client, check, recurrence="FREQ=WEEKLY")
        session.add(Notice(id=new_id(), client_id=client.id, contact_id=row.id, made_at=clock.now()))
        for device in await session.scalars(select(Device)):
            device.last_seen_at = clock.now()
    await presence(database, clock)
    for _ in range(16):
        clock.move(timedelta(minutes=1))
        await presence(database, clock)


TICKS = [due, escalation, day_end, device_watch, notice_watch, horizon, presence]


@pytest.mark.parametrize("tick", TICKS, ids=lambda tick: tick.__name__)
async def test_killed_before_any_statement(
    database: Database, clock: StandingClock, tick: Callable[[Database, Clock], Awaitable[int]]
) -> None:
    """Each time either nothing or a whole step has happened; the next run makes it whole, once."""
    await a_world(database, clock)
    if tick is presence:
        clock.move(timedelta(minutes=10))
    before = await everything(database)
    number = 0
    while True:
        with killed_at(database, number):
            try:
                await tick(database, clock)
            except Killed:
                number += 1
            else:
                break
        states = await everything(database)
        # No history without its step, no step without its fact.
        assert len(states["contact_history"]) - len(before["contact_history"]) == sum(
            "contact.changed" in fact for fact in states["outbox_event"]
        )
        assert number < 200
    assert number > 3, "the tick had something to do"
    after = await everything(database)
    assert after != before
    assert await tick(database, clock) == 0
    assert (await everything(database)) == after or tick is presence
    async with database.read() as session:
        per_step = (
            select(func.count())
            .select_from(ContactHistory)
            .group_by(ContactHistory.contact_id, ContactHistory.event)
        )
        assert set(await session.scalars(per_step)) <= {1}


SCRIPT = textwrap.dedent(
    """
    import asyncio, sys
    from datetime import datetime
    from care.clock import StandingClock
    from care.storage.database import Database
    from scheduler.ticks.due import due

    async def main():
        database = Database(sys.argv[1])
        while True:
            await due(database, StandingClock(datetime(2026, 12, 1, 6, 50)))

    asyncio.run(main())
    """
)


async def test_a_process_killed_for_real(database: Database, clock: StandingClock) -> None:
    """kill -9 while thousands of rows come due: another process finishes, each row once."""
    count = 2_500
    async with database.write() as session:
        await make_crowd(session, moment("2026-12-01 06:55"), count)
    root = Path(__file__).parents[3]
    process = subprocess.Popen(  # noqa: ASYNC220 - it only starts
        [sys.executable, "-c", SCRIPT, database.url], cwd=root
    )
    try:
        while await how_many(database) == 0:
            assert process.poll() is None
            await asyncio.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    clock.set(moment("2026-12-01 06:50"))
    # PostgreSQL may need a moment to notice: what the dead one had sent is done, what it held is let go.
    while await how_many(database) < count:
        await due(database, clock)
        await asyncio.sleep(0.01)
    async with database.read() as session:
        assert await how_many(database) == count
        assert await session.scalar(select(func.count()).select_from(ContactHistory)) == count
        reminders = select(func.count()).where(OutboxEvent.topic == "contact.due")
        assert await session.scalar(reminders) == count
        numbers = list(await session.scalars(select(OutboxEvent.number).order_by(OutboxEvent.number)))
    assert numbers == list(range(1, 2 * count + 1))


async def how_many(database: Database) -> int:
    async with database.read() as session:
        return (await session.scalar(select(func.count()).where(PlannedContact.status == Status.DUE))) or 0
