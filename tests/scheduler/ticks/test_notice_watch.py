"""A change that no screen has shown within ten minutes becomes "Ring och berätta"."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from care.clients import Client
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.disruptions import ChangeKind, DisruptionKind
from care.ids import new_id
from care.notices import Notice
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.resolving import fetch_task, finish_task
from scheduler.ticks.notice_watch import notice_watch
from tests.builders import (
    make_change,
    make_client,
    make_contact,
    make_disruption,
    make_proposal,
    make_tablet,
    make_town,
    moment,
)

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


async def tablet_home(database: Database, clock: StandingClock, *starts: str) -> list[PlannedContact]:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_tablet(session, client, last_seen_at=clock.now())
        return [await make_contact(session, client, town.services["TI-DAG"], start) for start in starts]


async def test_a_dark_screen_at_night_has_not_failed(database: Database, clock: StandingClock) -> None:
    """A change made at 02 for 09.00 waits until the screen has been lit for ten minutes: 07.10."""
    clock.set(moment("2026-12-01 02:00"))
    (row,) = await tablet_home(database, clock, "2026-12-01 09:00")
    await notice(database, clock, row)
    for wall in ("02:10", "05:00", "07:00", "07:09"):
        clock.set(moment(f"2026-12-01 {wall}"))
        assert await notice_watch(database, clock) == 0
    clock.set(moment("2026-12-01 07:10"))
    assert await notice_watch(database, clock) == 1
    (task,) = await tasks(database)
    assert task.deadline == moment("2026-12-01 07:40")


async def test_a_change_of_the_early_morning_is_told_before_it_begins(
    database: Database, clock: StandingClock
) -> None:
    """A visit at 07.05 that was changed at 02: people take over at 06.35, and have until it begins."""
    clock.set(moment("2026-12-01 02:00"))
    (row,) = await tablet_home(database, clock, "2026-12-01 07:05")
    await notice(database, clock, row)
    clock.set(moment("2026-12-01 06:34"))
    assert await notice_watch(database, clock) == 0
    clock.set(moment("2026-12-01 06:35"))
    assert await notice_watch(database, clock) == 1
    (task,) = await tasks(database)
    assert task.deadline == moment("2026-12-01 07:05")


async def test_what_was_to_begin_early_is_told_early_though_it_was_put_off(
    database: Database, clock: StandingClock
) -> None:
    """The client waits at 07.05 for what was moved to 15.00: the old time decides."""
    clock.set(moment("2026-12-01 02:00"))
    (row,) = await tablet_home(database, clock, "2026-12-01 15:00")
    made = await notice(database, clock, row)
    async with database.write() as session:
        snow = await make_disruption(session, DisruptionKind.SNOW, scope={"groups": [row.group_id]})
        proposal = await make_proposal(session, snow)
        change = await make_change(session, proposal, row, ChangeKind.POSTPONE, staff=[])
        change.before = {**change.before, "start": moment("2026-12-01 07:05").isoformat()}
        made = await session.get_one(Notice, made.id)
        made.change_id = change.id
    clock.set(moment("2026-12-01 06:35"))
    assert await notice_watch(database, clock) == 1


async def test_one_call_tells_all_that_was_not_seen(database: Database, clock: StandingClock) -> None:
    """When one change cannot wait for the morning, what could have waited goes along."""
    clock.set(moment("2026-12-01 02:00"))
    early, later = await tablet_home(database, clock, "2026-12-01 07:05", "2026-12-01 14:00")
    await notice(database, clock, early)
    await notice(database, clock, later)
    clock.set(moment("2026-12-01 06:35"))
    await notice_watch(database, clock)
    (task,) = await tasks(database)
    assert len(task.facts["notices"]) == 2


async def test_without_a_tablet_the_list_is_ready_and_the_call_waits_for_the_morning(
    database: Database, clock: StandingClock
) -> None:
    """Nobody waits for a screen that is not there; the deadline is half an hour after the night."""
    clock.set(moment("2026-12-01 02:00"))
    _, row = await home(database)
    await notice(database, clock, row)
    clock.move(timedelta(minutes=10))
    assert await notice_watch(database, clock) == 1
    (task,) = await tasks(database)
    assert task.deadline == moment("2026-12-01 07:30")
