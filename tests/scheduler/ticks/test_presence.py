"""The system finds out that it was away, and says so with the rows of that time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.outbox import events_after
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.presence import nothing_missed, presence, present_since
from tests.builders import make_client, make_contact, make_group, make_town, moment


async def tasks(database: Database) -> list[Task]:
    async with database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.id)))


async def test_the_first_beat_and_short_pauses_are_no_absence(
    database: Database, clock: StandingClock
) -> None:
    """Up to two minutes: a restart is nothing to tell."""
    async with database.write() as session:
        await make_town(session)
    assert await presence(database, clock) == 0
    for _ in range(3):
        clock.move(timedelta(minutes=2))
        assert await presence(database, clock) == 0
    assert await tasks(database) == []


async def test_an_absence_is_told_to_every_group_with_its_rows(
    database: Database, clock: StandingClock
) -> None:
    """From and to, and the rows whose time was in between; once."""
    async with database.write() as session:
        town = await make_town(session)
        other = await make_group(session, town.municipality, "Gällö")
        client = await make_client(session, town)
        service = town.services["TI-DAG"]
        inside = await make_contact(session, client, service, "2026-12-01 06:45")
        await make_contact(session, client, service, "2026-12-01 06:39")
        await make_contact(session, client, service, "2026-12-01 06:53")
        await make_contact(session, client, service, "2026-12-01 06:46", status=Status.DONE)
    await presence(database, clock)
    clock.set(moment("2026-12-01 06:52"))
    assert await presence(database, clock) == 2
    assert await presence(database, clock) == 0
    found = {task.group_id: task for task in await tasks(database)}
    assert set(found) == {town.group.id, other.id}
    assert found[other.id].facts["contacts"] == []
    task = found[town.group.id]
    assert task.kind is TaskKind.SYSTEM_WAS_AWAY
    assert task.facts == {
        "from": moment("2026-12-01 06:40").isoformat(),
        "to": moment("2026-12-01 06:52").isoformat(),
        "contacts": [str(inside.id)],
        "count": 1,
    }
    async with database.read() as session:
        assert [event.topic for event in await events_after(session, 0)] == ["task.changed"] * 2


async def test_rows_of_that_time_are_not_missed_in_silence(database: Database, clock: StandingClock) -> None:
    """They come due and turn red, so that a person looks."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        row = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 07:00")
    await presence(database, clock)
    clock.set(moment("2026-12-01 09:00"))
    for tick in (presence, due, escalation):
        await tick(database, clock)
    async with database.read() as session:
        after = await session.get_one(PlannedContact, row.id)
    assert after.status is Status.AWAITING
    assert after.deadline is not None


async def test_several_nodes_tell_once(database: Database, clock: StandingClock) -> None:
    """Whoever moves the mark tells."""
    async with database.write() as session:
        await make_town(session)
    await presence(database, clock)
    clock.move(timedelta(minutes=10))
    nodes = [Database(database.url) for _ in range(3)]
    told = await asyncio.gather(*(presence(node, clock) for node in nodes))
    for node in nodes:
        await node.close()
    assert sum(told) == 1
    assert len(await tasks(database)) == 1


async def test_another_node_that_was_there_means_no_absence(database: Database, clock: StandingClock) -> None:
    """The system is there as long as one node is."""
    async with database.write() as session:
        await make_town(session)
    other = Database(database.url)
    await presence(database, clock)
    for _ in range(10):
        clock.move(timedelta(minutes=1))
        await presence(other, clock)
    assert await presence(database, clock) == 0
    await other.close()


async def test_since_when_it_has_been_there(database: Database, clock: StandingClock) -> None:
    """Since the first beat, or since it came back."""
    async with database.read() as session:
        assert await present_since(session) is None
    start = clock.now()
    await presence(database, clock)
    clock.move(timedelta(minutes=1))
    await presence(database, clock)
    async with database.read() as session:
        assert await present_since(session) == start
    clock.move(timedelta(hours=1))
    await presence(database, clock)
    async with database.read() as session:
        assert await present_since(session) == clock.now()


async def test_a_clock_set_back_is_no_absence(database: Database, clock: StandingClock) -> None:
    """A demo is started at 06.40 again and again."""
    async with database.write() as session:
        await make_town(session)
    clock.move(timedelta(hours=5))
    await presence(database, clock)
    clock.move(timedelta(hours=-5))
    assert await presence(database, clock) == 0
    clock.move(timedelta(minutes=1))
    assert await presence(database, clock) == 0
    async with database.read() as session:
        since = await present_since(session)
    assert since is not None
    assert since < clock.now()


async def test_days_that_were_accounted_for_are_no_absence(database: Database, clock: StandingClock) -> None:
    """A demo fills the days in between before the ticks begin."""
    async with database.write() as session:
        await make_town(session)
    await presence(database, clock)
    clock.move(timedelta(days=9))
    await nothing_missed(database, clock)
    assert await presence(database, clock) == 0
    assert await tasks(database) == []
