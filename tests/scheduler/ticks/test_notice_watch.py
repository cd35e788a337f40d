"""A change that no screen has shown within ten minutes becomes "Ring och berätta"."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from care.clients import Client
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.ids import new_id
from care.notices import Notice
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.resolving import fetch_task, finish_task
from scheduler.ticks.notice_watch import notice_watch
from tests.builders import make_client, make_contact, make_town

HAND = Hand("tests")


async def home(database: Database) -> tuple[Client, PlannedContact]:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        row = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 09:00")
    return client, row


async def notice(database: Database, clock: StandingClock, row: PlannedContact) -> Notice:
    made = Notice(id=new_id(), client_id=row.client_id, contact_id=row.id, made_at=clock.now())
    async with database.write() as session:
        session.add(made)
    return made


async def tasks(database: Database) -> list[Task]:
    async with database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.id)))


async def show(database: Database, clock: StandingClock, *notices: Notice) -> None:
    async with database.write() as session:
        for one in notices:
            (await session.get_one(Notice, one.id)).shown_at = clock.now()


async def test_ten_minutes_unseen(database: Database, clock: StandingClock) -> None:
    """Then there is one task for the client, and not another."""
    client, row = await home(database)
    made = await notice(database, clock, row)
    clock.move(timedelta(minutes=9, seconds=59))
    assert await notice_watch(database, clock) == 0
    clock.move(timedelta(seconds=1))
    assert await notice_watch(database, clock) == 1
    assert await notice_watch(database, clock) == 0
    (task,) = await tasks(database)
    assert (task.kind, task.client_id, task.contact_id) == (TaskKind.TELL_CLIENT, client.id, row.id)
    assert task.facts == {"notices": [str(made.id)]}


async def test_what_was_shown_needs_no_call(database: Database, clock: StandingClock) -> None:
    """Shown in time is told."""
    _, row = await home(database)
    await show(database, clock, await notice(database, clock, row))
    clock.move(timedelta(hours=1))
    assert await notice_watch(database, clock) == 0


async def test_several_changes_are_one_call(database: Database, clock: StandingClock) -> None:
    """A later change joins the standing task."""
    _, row = await home(database)
    await notice(database, clock, row)
    await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    await notice_watch(database, clock)
    await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    await notice_watch(database, clock)
    (task,) = await tasks(database)
    assert len(task.facts["notices"]) == 3


async def test_a_tablet_that_shows_it_after_all(database: Database, clock: StandingClock) -> None:
    """The task closes by itself when nothing is unseen, and not before."""
    _, row = await home(database)
    first, second = await notice(database, clock, row), await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    await notice_watch(database, clock)
    await show(database, clock, first)
    await notice_watch(database, clock)
    assert (await tasks(database))[0].closed_at is None
    await show(database, clock, second)
    await notice_watch(database, clock)
    (task,) = await tasks(database)
    assert (task.outcome, task.closed_at) == ("shown", clock.now())


async def test_who_was_rung_has_been_told(database: Database, clock: StandingClock) -> None:
    """Closing the task tells its notices; the same change is not brought up again, the next one is."""
    _, row = await home(database)
    first = await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    await notice_watch(database, clock)
    async with database.write() as session:
        (open_task,) = await tasks(database)
        await finish_task(session, await fetch_task(session, open_task.id), "told", clock=clock, hand=HAND)
    async with database.read() as session:
        assert (await session.get_one(Notice, first.id)).told_at == clock.now()
    assert await notice_watch(database, clock) == 0
    await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    assert await notice_watch(database, clock) == 1
    assert len([task for task in await tasks(database) if task.closed_at is None]) == 1


async def test_several_nodes_make_one_task(database: Database, clock: StandingClock) -> None:
    """One client, one task, every notice in it once."""
    _, row = await home(database)
    made = {str((await notice(database, clock, row)).id) for _ in range(5)}
    clock.move(timedelta(minutes=10))
    nodes = [Database(database.url) for _ in range(3)]
    await asyncio.gather(*(notice_watch(node, clock) for node in nodes))
    for node in nodes:
        await node.close()
    await notice_watch(database, clock)
    (task,) = await tasks(database)
    assert sorted(task.facts["notices"]) == sorted(made)
