"""*due*: planned rows come into the day, and worker and tablet are reminded.

A row becomes due a little before its start: somebody owns it from then on, with a deadline. Clients who are
away are left in peace: their rows are cancelled, not missed (domain 3.2, step 0).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import ClientAbsence
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import systems
from care.contacts.life import Status
from care.contacts.step import Hand
from care.contacts.sweep import MOST, Move, Row, pick, sweep
from care.outbox import announce
from care.storage.database import Database
from scheduler.ticks.deadline import deadline_of
from scheduler.ticks.timing import Timing, read_timing

HAND = Hand("tick.due")


async def due(database: Database, clock: Clock) -> int:
    """Make due what is to be due now, and remind of what begins now; how many rows were acted on."""
    async with database.read() as session:
        timing = await read_timing(session)
    return await _make_due(database, clock, timing) + await _remind(database, clock)


async def _make_due(database: Database, clock: Clock, timing: Timing) -> int:
    coming = (
        PlannedContact.status == Status.PLANNED,
        PlannedContact.start <= clock.now() + timedelta(minutes=timing.lead),
    )
    count = 0
    while True:
        # Looked at without the right to write first: most times there is nothing to do.
        async with database.read() as session:
            if await session.scalar(select(PlannedContact.id).where(*coming).limit(1)) is None:
                return count
        async with database.write() as session:
            rows = await pick(session, *coming)
            await _step(session, rows, clock, timing)
        count += len(rows)
        if len(rows) < MOST:
            return count


async def _step(session: AsyncSession, rows: list[Row], clock: Clock, timing: Timing) -> None:
    now = clock.now()
    away, elsewhere = await _away(session, rows), await systems(session)
    moves = []
    for row in rows:
        if row.id in away:
            moves.append(Move(row, Status.CANCELLED, fields={"cause": Cause.CLIENT_AWAY}))
            continue
        deadline = deadline_of(row, timing, clock.zone, elsewhere)
        fields = {"deadline": deadline, "owner_id": row.answers}
        # What should have ended by now (the system was away) rings on no screen: a person looks at it.
        if now < deadline:
            begun = row.start <= now
            if begun:
                fields["reminded_at"] = now
            await _announce(session, row, now, 0 if begun else _minutes(row.start - now))
        moves.append(Move(row, Status.DUE, fields=fields))
    await sweep(session, moves, at=now, hand=HAND)


async def _away(session: AsyncSession, rows: list[Row]) -> set[object]:
    """The ids of rows whose client is away at their start."""
    if not rows:
        return set()
    first, last = min(row.start for row in rows), max(row.start for row in rows)
    absences = list(
        await session.scalars(
            select(ClientAbsence).where(
                ClientAbsence.client_id.in_({row.client_id for row in rows}),
                ClientAbsence.start <= last,
                or_(ClientAbsence.end.is_(None), ClientAbsence.end > first),
            )
        )
    )
    return {
        row.id
        for row in rows
        for absence in absences
        if absence.client_id == row.client_id and absence.covers(row.start)
    }


async def _remind(database: Database, clock: Clock) -> int:
    """Tell that rows begin now. A row that was put off is told of again at its new time."""
    now = clock.now()
    beginning = (
        PlannedContact.status == Status.DUE,
        PlannedContact.start <= now,
        PlannedContact.deadline > now,
        or_(PlannedContact.reminded_at.is_(None), PlannedContact.reminded_at < PlannedContact.start),
    )
    count = 0
    while True:
        async with database.read() as session:
            if await session.scalar(select(PlannedContact.id).where(*beginning).limit(1)) is None:
                return count
        async with database.write() as session:
            rows = await pick(session, *beginning)
            await session.execute(
                update(PlannedContact)
                .where(PlannedContact.id.in_([row.id for row in rows]))
                # No step: the version stays, so that nobody's open page goes stale by a reminder.
                .values(reminded_at=now)
                .execution_options(synchronize_session=False)
            )
            for row in rows:
                await _announce(session, row, now, 0)
        count += len(rows)
        if len(rows) < MOST:
            return count


async def _announce(session: AsyncSession, row: Row, at: datetime, minutes: int) -> None:
    await announce(
        session,
        at,
        "contact.due",
        group_id=row.group_id,
        client_id=row.client_id,
        contact=row.id,
        in_minutes=minutes,
        staff=[str(one) for one in row.staff],
    )


def _minutes(span: timedelta) -> int:
    return math.ceil(span.total_seconds() / 60)
