"""*escalation*: what has not happened in time stands before a person, and stays there until it is resolved.

Due past its deadline, or under way long past its end, becomes *awaiting*: a red row in *Behöver en
människa*; a visit that another system registers becomes *unknown* when that system has not told of it.
Red rows are brought up again and again; no row is ever without a next deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, Risk
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import system_of, systems
from care.contacts.life import Status
from care.contacts.step import Hand
from care.contacts.sweep import MOST, Move, Row, pick, sweep
from care.handovers import in_queue
from care.no_answer.case import NoAnswerCase
from care.outbox import announce
from care.storage.database import Database
from scheduler.ticks.deadline import deadline_of
from scheduler.ticks.timing import (
    LOOK_AGAIN,
    LOOK_AGAIN_OLD,
    OLD_AFTER,
    UNDERWAY_GRACE,
    Timing,
    read_timing,
)

HAND = Hand("tick.escalation")
_RED = (Status.AWAITING, Status.UNKNOWN)
_WITH_CASE = select(NoAnswerCase.contact_id).where(NoAnswerCase.ended_at.is_(None))


async def escalation(database: Database, clock: Clock) -> int:
    """Bring up what is past its deadline; how many rows."""
    now = clock.now()
    async with database.read() as session:
        timing = await read_timing(session)
    past = or_(PlannedContact.deadline.is_(None), PlannedContact.deadline <= now)
    count = 0
    for where in (
        (PlannedContact.status == Status.DUE, past),
        (PlannedContact.status == Status.UNDERWAY, past),
        # A row with an open case follows its steps: `scheduler.ticks.no_answer`.
        (PlannedContact.status.in_(_RED), past, PlannedContact.id.not_in(_WITH_CASE)),
    ):
        count += await _all(database, clock, timing, where)
    return count


async def _all(database: Database, clock: Clock, timing: Timing, where: Sequence[ColumnElement[bool]]) -> int:
    count = 0
    while True:
        async with database.read() as session:
            if await session.scalar(select(PlannedContact.id).where(*where).limit(1)) is None:
                return count
        async with database.write() as session:
            rows = await pick(session, *where)
            moves = await _moves(session, rows, clock, timing)
            await sweep(session, moves, at=clock.now(), hand=HAND)
        count += len(moves)
        if len(rows) < MOST:
            return count


async def _moves(session: AsyncSession, rows: list[Row], clock: Clock, timing: Timing) -> list[Move]:
    now = clock.now()
    risks, elsewhere = await _risks(session, rows), await systems(session)
    queued = await in_queue(session, [row.id for row in rows if row.owner_id is None])
    moves = []
    for row in rows:
        fields: dict[str, Any] = {
            "deadline": _next(row, risks.get(row.client_id, Risk.NORMAL), now),
            # What stands in the coordinator's queue stays there until somebody who leads is at work.
            "owner_id": None if row.owner_id is None and row.id in queued else row.answers,
        }
        if row.status is Status.DUE:
            expected = deadline_of(row, timing, clock.zone, elsewhere)
            if now < expected:
                # It was moved to a later time while it was due.
                moves.append(Move(row, event="deadline_moved", fields={**fields, "deadline": expected}))
            elif system_of(row.channel, row.group_id, elsewhere) is not None:
                # Whether it took place is not known here, so it is not "not done".
                fields["cause"] = row.cause or Cause.NOT_READ_IN
                moves.append(Move(row, Status.UNKNOWN, event="escalated", fields=fields))
            else:
                moves.append(Move(row, Status.AWAITING, event="escalated", fields=fields))
        elif row.status is Status.UNDERWAY:
            expected = (row.actual_start or row.start) + timedelta(minutes=row.minutes) + UNDERWAY_GRACE
            if now < expected:
                # From its beginning on, it is its end that somebody waits for.
                moves.append(Move(row, event="deadline_moved", fields={**fields, "deadline": expected}))
            else:
                moves.append(Move(row, Status.AWAITING, event="not_closed", fields=fields))
        else:
            moves.append(Move(row, event="brought_up_again", fields=fields))
            await _bring_up(session, row, now)
    return moves


def _next(row: Row, risk: Risk, now: datetime) -> datetime:
    """When a red row is looked at again."""
    return now + (LOOK_AGAIN_OLD if now - row.start > OLD_AFTER else LOOK_AGAIN[risk])


async def _risks(session: AsyncSession, rows: list[Row]) -> dict[UUID, Risk]:
    found = await session.execute(
        select(Client.id, Client.risk).where(Client.id.in_({row.client_id for row in rows}))
    )
    return {client_id: risk for client_id, risk in found}  # noqa: C416 - rows are no pairs to dict()


async def _bring_up(session: AsyncSession, row: Row, at: datetime) -> None:
    await announce(
        session,
        at,
        "contact.overdue",
        group_id=row.group_id,
        client_id=row.client_id,
        contact=row.id,
        owner=row.answers,
    )
