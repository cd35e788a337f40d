"""*log sample*: when a month is over, some lines of its access log are drawn for the unit manager (L6)."""

from __future__ import annotations

from sqlalchemy import select

from care.access.sample import LogSample, draw, last_month
from care.clock import Clock
from care.municipality import Group
from care.storage.database import Database


async def log_sample(database: Database, clock: Clock) -> int:
    """Draw last month's sample of every group that has none; how many lines were drawn.

    A group whose clients nobody opened that month gets none.
    """
    month = last_month(clock.today())
    async with database.read() as session:
        drawn = select(LogSample.id).where(LogSample.group_id == Group.id, LogSample.month == month)
        groups = list(await session.scalars(select(Group.id).where(~drawn.exists()).order_by(Group.id)))
    count = 0
    for group_id in groups:
        async with database.write() as session:
            count += await draw(session, group_id, month, clock.now(), clock.zone)
    return count
