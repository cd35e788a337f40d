"""*alert watch*: those whose phones are closed are told of what is theirs; what nobody answers goes on.

Messages are only written here. The server sends them (`server.alerts`), where a way to send is set up; where
there is none nobody can have asked for any.
"""

from __future__ import annotations

from sqlalchemy import select

from care.alerts import Alert
from care.clock import Clock
from care.storage.database import Database
from scheduler.alerting import (
    pass_unanswered,
    reachable,
    tell_of_hand_overs,
    tell_of_rows,
    tell_of_tasks,
)
from scheduler.ticks.timing import read_timing


async def alert_watch(database: Database, clock: Clock) -> int:
    """Write messages, and pass on what is unanswered; how many of both."""
    async with database.read() as session:
        who = await reachable(session, clock)
        timing = await read_timing(session)
        waiting = await session.scalar(select(Alert.id).where(Alert.ended_at.is_(None)).limit(1))
    count = 0
    if waiting is not None:
        async with database.write() as session:
            count += await pass_unanswered(session, clock, timing.alert_answer)
    if who.wishes:
        async with database.write() as session:
            count += await tell_of_rows(session, who, clock)
            count += await tell_of_hand_overs(session, who, clock)
            count += await tell_of_tasks(session, who, clock)
    return count
