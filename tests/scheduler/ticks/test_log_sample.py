"""When a month is over its sample is drawn, once, and what nobody looks at goes on to the next manager."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from care.access.emergency import LOOKED_AT_WITHIN, open_in_emergency
from care.access.sample import LogSample
from care.accounts import Account, AccountRole, Role
from care.clock import StandingClock
from care.ids import new_id
from care.staff import Staff
from care.storage.database import Database
from care.tasks import Task
from scheduler.ticks.log_sample import log_sample
from scheduler.ticks.task_watch import task_watch
from tests.builders import Town, make_account, make_client, make_group, make_staff, make_town, moment
from tests.care.access.test_sample import entry, opened


async def manager(database: Database, town: Town, name: str, *, everywhere: bool = False) -> Staff:
    async with database.write() as session:
        staff = await make_staff(session, town, name, "Chef")
        account = await make_account(session, staff, name.lower())
        group_id = None if everywhere else town.group.id
        session.add(
            AccountRole(id=new_id(), account_id=account.id, role=Role.UNIT_MANAGER, group_id=group_id)
        )
    return staff


async def the_task(database: Database) -> Task:
    async with database.read() as session:
        return (await session.scalars(select(Task))).one()


async def test_a_month_is_drawn_when_it_is_over_and_once(database: Database, clock: StandingClock) -> None:
    """Not on its last day; on the first of the next by itself; again nothing; the next month anew."""
    clock.set(datetime(2026, 11, 30, 23, 50))
    town, _, _ = await opened(database, "2026-11-03 10:00", "2026-12-04 10:00")
    async with database.write() as session:
        await make_group(session, town.municipality, "Gällö")
    assert await log_sample(database, clock) == 0
    clock.set(datetime(2026, 12, 1, 0, 10))
    assert [await log_sample(database, clock) for _ in range(2)] == [1, 0]
    clock.set(datetime(2027, 1, 1, 0, 10))
    assert [await log_sample(database, clock) for _ in range(2)] == [1, 0]
    async with database.read() as session:
        months = await session.scalars(select(LogSample.month).order_by(LogSample.month))
        assert list(months) == ["2026-11", "2026-12"]


async def test_an_overdue_sample_goes_to_the_next_manager(database: Database, clock: StandingClock) -> None:
    """From the group's own manager to one of all groups, and back; it stays late and open."""
    town, _, _ = await opened(database, "2026-11-03 10:00")
    other = await manager(database, town, "Eva", everywhere=True)
    await log_sample(database, clock)
    first = await the_task(database)
    for turn, expected in enumerate((other.id, first.owner_id), start=1):
        clock.set(moment("2026-12-15 06:40") + (turn - 1) * timedelta(days=7))
        await task_watch(database, clock)
        task = await the_task(database)
        assert (task.owner_id, task.closed_at, task.promised) == (expected, None, first.deadline)
        assert task.deadline == clock.now() + timedelta(days=7)


async def test_nobody_gets_to_judge_their_own_opening(database: Database, clock: StandingClock) -> None:
    """A manager who opened in an emergency is passed over, at first and when it is overdue."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
    own = await manager(database, town, "Maj")
    other = await manager(database, town, "Eva", everywhere=True)
    async with database.write() as session:
        account = (await session.scalars(select(Account).where(Account.staff_id == own.id))).one()
        await open_in_emergency(session, account, client, "Larm från hemmet", clock.now())
    assert (await the_task(database)).owner_id == other.id
    clock.set(clock.now() + LOOKED_AT_WITHIN)
    await task_watch(database, clock)
    assert (await the_task(database)).owner_id == other.id


async def test_a_sample_without_a_manager_waits_for_one(database: Database, clock: StandingClock) -> None:
    """It has no owner until somebody is manager."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        anna = await make_account(session, await make_staff(session, town))
        session.add(entry(anna.id, client, moment("2026-11-03 10:00")))
    assert await log_sample(database, clock) == 1
    assert await task_watch(database, clock) == 0
    maj = await manager(database, town, "Maj")
    assert await task_watch(database, clock) == 1
    assert (await the_task(database)).owner_id == maj.id
