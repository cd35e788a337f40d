"""*task watch*: a task has an owner while somebody is at work, and goes on to the next when its time is up.

None closes by that: *Behöver en människa* never empties by time alone.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from care.clock import Clock
from care.storage.database import Database
from care.tasks import Task
from scheduler.passing import find_owner, pass_on

#: In one transaction; the rest follows at the next turn.
MOST = 100


async def task_watch(database: Database, clock: Clock) -> int:
    """Find owners, and pass on what is past its deadline; how many tasks."""
    now = clock.now()
    count = 0
    for late in (True, False):
        async with database.read() as session:
            ids = list(await session.scalars(select(Task.id).where(*_where(now, late)).limit(MOST)))
        if ids:
            async with database.write() as session:
                for task in await session.scalars(_locked(ids, now, late)):
                    if late:
                        await pass_on(session, task, clock)
                        count += 1
                    else:
                        count += await find_owner(session, task, clock)
    return count


def _where(now: datetime, late: bool) -> tuple[ColumnElement[bool], ...]:
    if late:
        return Task.closed_at.is_(None), Task.deadline <= now
    return Task.closed_at.is_(None), Task.deadline > now, Task.owner_id.is_(None)


def _locked(ids: list[UUID], now: datetime, late: bool) -> Select[Task]:
    return (
        select(Task)
        .where(Task.id.in_(ids), *_where(now, late))
        .order_by(Task.deadline, Task.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
