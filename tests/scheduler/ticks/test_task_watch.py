"""Tasks find owners and go on to the next when their time is up; time alone closes none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.clock import StandingClock
from care.staff import Staff, Title
from care.storage.database import Database
from care.tasks import Task, TaskKind, open_task
from scheduler.ticks.task_watch import task_watch
from tests.builders import Town, make_client, make_shift, make_staff, make_town, moment


@pytest.fixture
async def town(database: Database, clock: StandingClock) -> Town:
    """Two in the afternoon: Anna at work, Karin coordinates."""
    clock.set(datetime(2026, 12, 1, 14, 0))
    async with database.write() as session:
        town = await make_town(session)
        await make_shift(session, await make_staff(session, town, "Anna"))
        await make_staff(session, town, "Karin", title=Title.COORDINATOR)
    return town


async def make(database: Database, town: Town, clock: StandingClock, kind: TaskKind, **more: Any) -> None:
    async with database.write() as session:
        client = await make_client(session, town)
        await open_task(
            session, kind, group_id=town.group.id, at=clock.now(), client_id=client.id,
            deadline=clock.now() + timedelta(minutes=15), facts={"at": "x"}, **more,
        )  # fmt: skip


async def one(database: Database) -> tuple[Task, str | None]:
    """The task, and its owner's first name."""
    async with database.read() as session:
        task = (await session.scalars(select(Task))).one()
        owner = await session.get(Staff, task.owner_id) if task.owner_id else None
        return task, owner.first_name if owner else None


async def test_a_task_without_an_owner_gets_one(database: Database, clock: StandingClock, town: Town) -> None:
    """The coordinator at work, without a new deadline; once."""
    await make(database, town, clock, TaskKind.TABLET_SILENT)
    assert await task_watch(database, clock) == 1
    task, owner = await one(database)
    assert (owner, task.deadline) == ("Karin", moment("2026-12-01 14:15"))
    assert await task_watch(database, clock) == 0


async def test_an_overdue_request_goes_to_the_next_and_stays_late(
    database: Database, clock: StandingClock, town: Town
) -> None:
    """Anna, then Karin, then Anna again: it never closes, and keeps when it was first promised."""
    await make(database, town, clock, TaskKind.CALL_REQUEST)
    await task_watch(database, clock)
    assert (await one(database))[1] == "Anna"
    first = moment("2026-12-01 14:15")
    for turn, name in enumerate(("Karin", "Anna", "Karin"), start=1):
        clock.set(first + turn * timedelta(minutes=15) - timedelta(minutes=15))
        assert await task_watch(database, clock) == 1
        task, owner = await one(database)
        assert (owner, task.closed_at, task.promised) == (name, None, first)
        assert task.deadline == clock.now() + timedelta(minutes=15)
        assert task.is_late(clock.now() + timedelta(seconds=1))
        assert task.facts["at"] == "x"


async def test_at_night_an_ordinary_task_stays_with_its_owner(
    database: Database, clock: StandingClock, town: Town
) -> None:
    """Nobody who leads is at work: it is looked at again later, and is nobody else's."""
    await make(database, town, clock, TaskKind.TABLET_SILENT)
    await task_watch(database, clock)
    clock.set(datetime(2026, 12, 2, 2, 0))
    await task_watch(database, clock)
    task, owner = await one(database)
    assert (owner, task.closed_at) == ("Karin", None)
    assert task.deadline > clock.now()
