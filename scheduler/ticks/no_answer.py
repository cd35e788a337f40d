"""*no answer*: what nobody answered goes on in time, step by step, until a person has it or it has ended.

Everything stands in the tables: a server that was killed goes on where it was, and a step that nobody could
have done meanwhile gets its two minutes first.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.calls.call import Call
from care.calls.life import CallState
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.no_answer.case import NoAnswerCase, NoAnswerMark
from care.storage.database import Database
from scheduler.no_answer.moving_on import RINGS, move_on, needs_looking, open_waiting, waiting_rows


async def no_answer(database: Database, clock: Clock) -> int:
    """Open, move on and end cases; how many were acted on."""
    async with database.read() as session:
        waiting = list(await session.scalars(waiting_rows(clock.now())))
        open_ids = await _due(session, clock)
    count, failed = 0, None
    for do, key in [*((open_waiting, one) for one in waiting), *((move_on, one) for one in open_ids)]:
        try:
            async with database.write() as session:
                count += await do(session, key, clock)
        except Exception as error:  # noqa: BLE001 - told of below: what goes wrong with one holds up nobody else
            failed = failed or error
    if failed is not None:
        raise failed
    return count


async def _due(session: AsyncSession, clock: Clock) -> list[UUID]:
    visit = aliased(PlannedContact)
    rows = await session.execute(
        select(NoAnswerCase, PlannedContact, visit.status)
        .join(PlannedContact, PlannedContact.id == NoAnswerCase.contact_id)
        .outerjoin(visit, (visit.id == NoAnswerCase.visit_id) & (visit.id != NoAnswerCase.contact_id))
        .where(NoAnswerCase.ended_at.is_(None))
        .order_by(NoAnswerCase.deadline, NoAnswerCase.id)
    )
    found = [(case, contact, status) for case, contact, status in rows]
    rung = await _rung(session) if found else set()
    return [
        case.id
        for case, contact, status in found
        if case.id in rung or needs_looking(case, contact, status, clock)
    ]


async def _rung(session: AsyncSession) -> set[UUID]:
    """Open cases with a ring that has not been counted."""
    return set(
        await session.scalars(
            select(NoAnswerCase.id)
            .join(Call, Call.contact_id == NoAnswerCase.contact_id)
            .where(
                NoAnswerCase.ended_at.is_(None),
                Call.state == CallState.ENDED,
                Call.cause.in_([cause for cause in RINGS if cause is not None]),
                Call.rung_at >= NoAnswerCase.began_at,
                ~exists().where(NoAnswerMark.call_id == Call.id),
            )
        )
    )
