"""*presence*: the system notes that it is there, and finds out that it was not.

After more than two minutes without a beat on any node every group gets a task: "systemet var borta
06.40–06.52" with the rows of that time. The rows themselves go their ordinary way: due, then red.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.municipality import Group
from care.storage.database import Database
from care.tasks import TaskKind, open_task
from care.ticks import Tick
from scheduler.outages import CONTACTS, fell_in
from scheduler.ticks.marks import create

NAME = "presence"
AWAY_AFTER = timedelta(minutes=2)
TO_CHECK_WITHIN = timedelta(minutes=30)


async def presence(database: Database, clock: Clock) -> int:
    """One beat; how many tasks were made because the system had been away."""
    now = clock.now()
    async with database.read() as session:
        tick = await session.get(Tick, NAME)
    if tick is None or tick.last_run_at is None:
        async with database.write() as session:
            await create(session, NAME, now, done_until=now)
        return 0
    last = tick.last_run_at
    # A clock that was set back (a demo started anew) is no absence.
    back = now - last > AWAY_AFTER
    values: dict[str, datetime] = {"last_run_at": now}
    if back or now < last:
        values["done_until"] = now
    async with database.write() as session:
        # Of several nodes that find the gap, the one that moves the mark tells of it.
        mine = await session.execute(
            update(Tick)
            .where(Tick.name == NAME, Tick.last_run_at == last)
            .values(**values)
            .returning(Tick.name)
        )
        if mine.first() is None or not back:
            return 0
        return await _tell(session, last, now)


async def present_since(session: AsyncSession) -> datetime | None:
    """Since when the system has been there without a break; None before its first beat."""
    found: datetime | None = await session.scalar(select(Tick.done_until).where(Tick.name == NAME))
    return found


async def nothing_missed(database: Database, clock: Clock) -> None:
    """Say that the time since the last beat has been accounted for, so that it is no absence.

    For a demo, whose days in between are filled with seeded outcomes before any tick runs.
    """
    now = clock.now()
    async with database.write() as session:
        if not await create(session, NAME, now, done_until=now):
            await session.execute(
                update(Tick).where(Tick.name == NAME).values(last_run_at=now, done_until=now)
            )


async def _tell(session: AsyncSession, start: datetime, end: datetime) -> int:
    rows = await fell_in(session, start, end)
    count = 0
    for group_id in await session.scalars(select(Group.id).order_by(Group.name)):
        own = [str(one) for one in rows.get(group_id, [])]
        task = await open_task(
            session,
            TaskKind.SYSTEM_WAS_AWAY,
            group_id=group_id,
            at=end,
            deadline=end + TO_CHECK_WITHIN,
            once_key=f"{TaskKind.SYSTEM_WAS_AWAY.value}:{group_id}:{start.isoformat()}",
            facts={
                "from": start.isoformat(),
                "to": end.isoformat(),
                CONTACTS: own,
                "count": len(own),
            },
        )
        count += task is not None
    return count
