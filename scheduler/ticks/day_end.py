"""*day end*: what could wait and never began is counted as missed when its day is over.

Only P3 and P4: rows of P1 and P2 stay open until a person closes them. What fell into a time when the system
was away is not missed but *unknown*: a person must say what became of it (design 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.contacts.sweep import MOST, Move, Row, pick, sweep
from care.leaving import gone_by, leave
from care.localtime import day_span
from care.municipality import Group
from care.no_answer.case import NoAnswerCase
from care.services import Priority
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.ticks.timing import LOOK_AGAIN_OLD

HAND = Hand("tick.day_end")
_ELSEWHERE = select(Group.id).where(Group.visits_in.is_not(None))
_UNANSWERED = select(NoAnswerCase.contact_id).where(NoAnswerCase.ended_at.is_(None))
_ABSENCES_KEPT = timedelta(days=31)

Span = tuple[datetime, datetime]


async def day_end(database: Database, clock: Clock) -> int:
    """Close yesterday's rows of P3 and P4 that never began, and what is open for who has left; how many."""
    count = await _end_leaving(database, clock)
    today, _ = day_span(clock.today(), clock.zone)
    over = (
        PlannedContact.status.in_((Status.DUE, Status.AWAITING)),
        PlannedContact.priority.in_([p for p in Priority if not p.is_safety]),
        PlannedContact.start < today,
        PlannedContact.window_end < today,
        PlannedContact.actual_start.is_(None),
        # Somebody has rung and nobody answered: that ends with a person's word, and not with the day.
        PlannedContact.id.not_in(_UNANSWERED),
        # What another system registers may well have been done: its word is waited for, then a person asked.
        or_(PlannedContact.channel != Channel.PHYSICAL, PlannedContact.group_id.not_in(_ELSEWHERE)),
    )
    while True:
        async with database.read() as session:
            if await session.scalar(select(PlannedContact.id).where(*over).limit(1)) is None:
                return count
        async with database.write() as session:
            rows = await pick(session, *over)
            away = await system_absences(session, clock.now())
            await _close(session, rows, away, clock.now())
        count += len(rows)
        if len(rows) < MOST:
            return count


async def _end_leaving(database: Database, clock: Clock) -> int:
    """Who had their last day yesterday is signed out at midnight, also where a page or a socket is open."""
    async with database.read() as session:
        if not await gone_by(session, clock.today()):
            return 0
    async with database.write() as session:
        gone = await gone_by(session, clock.today())
        for account_id in gone:
            await leave(session, account_id, clock.now())
    return len(gone)


async def _close(session: AsyncSession, rows: list[Row], away: list[Span], now: datetime) -> None:
    unknown = [row for row in rows if any(start <= row.start <= end for start, end in away)]
    await sweep(
        session,
        [
            Move(
                row,
                Status.UNKNOWN,
                fields={"deadline": now + LOOK_AGAIN_OLD / 2, "cause": Cause.SYSTEM_WAS_AWAY},
            )
            for row in unknown
        ],
        at=now,
        hand=HAND,
    )
    known = {row.id for row in unknown}
    missed = [row for row in rows if row.id not in known]
    # By the state machine a row is missed only after it has stood before a person: it has, or does now.
    first = [row for row in missed if row.status is Status.DUE]
    await sweep(session, [Move(row, Status.AWAITING, event="escalated") for row in first], at=now, hand=HAND)
    if first:
        again = await pick(session, PlannedContact.id.in_([row.id for row in first]), most=len(first))
        missed = [row for row in missed if row.status is not Status.DUE] + again
    await sweep(
        session,
        [Move(row, Status.MISSED, fields={"cause": row.cause or Cause.NOT_STARTED}) for row in missed],
        at=now,
        hand=HAND,
    )


async def system_absences(session: AsyncSession, now: datetime) -> list[Span]:
    """When the system itself was away, of late."""
    found = await session.scalars(
        select(Task.facts).where(
            Task.kind == TaskKind.SYSTEM_WAS_AWAY, Task.created_at >= now - _ABSENCES_KEPT
        )
    )
    spans = {(facts["from"], facts["to"]) for facts in found}
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in sorted(spans)]
