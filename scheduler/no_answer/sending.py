"""The check visit: made at the top of the day, driven by a named person, called off when not needed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, staff_of, step
from care.no_answer.case import NoAnswerCase
from care.no_answer.course import Course, sent
from care.services import Priority
from scheduler.check_visit import CheckVisit, make_visit
from scheduler.duty import who_leads
from scheduler.no_answer.nearest import nearest

#: From the door to knowing how it is.
MINUTES = 15
_NOT_BEGUN = (Status.PLANNED, Status.DUE, Status.AWAITING)


async def send(
    session: AsyncSession,
    case: NoAnswerCase,
    course: Course,
    *,
    clock: Clock,
    hand: Hand,
    to: UUID | None = None,
) -> Course:
    """Make the visit, or give the one that stands to somebody; the course after it.

    With nobody named who leads chooses between the nearest, within `TO_SEND`; where nobody leads at work the
    nearest is sent.
    """
    now = clock.now()
    if to is None and not await who_leads(session, case.group_id, clock):
        to = await _nearest(session, case, clock)
    visit = await standing_visit(session, case)
    if visit is None:
        contact = await session.get_one(PlannedContact, case.contact_id)
        start = now.replace(second=0, microsecond=0)
        visit = await make_visit(
            session, contact, CheckVisit(start, to, MINUTES), clock=clock, hand=hand, priority=Priority.P1
        )
        case.visit_id = visit.id
        await session.flush()
    elif to is not None:
        await alter(session, visit, at=now, hand=hand, event="sent", staff=[to], owner_id=to, touched=True)
    return sent(course, now, to_somebody=to is not None)


async def send_nearest(
    session: AsyncSession, case: NoAnswerCase, course: Course, *, clock: Clock, hand: Hand
) -> Course:
    """Nobody has chosen in time who drives: whom the plan has given the visit meanwhile, or the nearest."""
    visit = await standing_visit(session, case)
    if visit is None:
        return course
    if await staff_of(session, visit.id):
        return sent(course, clock.now(), to_somebody=True)
    to = await _nearest(session, case, clock)
    return course if to is None else await send(session, case, course, clock=clock, hand=hand, to=to)


async def _nearest(session: AsyncSession, case: NoAnswerCase, clock: Clock) -> UUID | None:
    client = await session.get_one(Client, case.client_id)
    found = await nearest(session, client, clock, most=1)
    return found[0].staff.id if found else None


async def standing_visit(session: AsyncSession, case: NoAnswerCase) -> PlannedContact | None:
    """The check visit, locked, as long as nobody is there and nobody has called it off."""
    if case.visit_id is None:
        return None
    visit = await fetch(session, case.visit_id)
    return visit if visit.status in _NOT_BEGUN else None


async def call_off(session: AsyncSession, case: NoAnswerCase, *, clock: Clock, hand: Hand) -> bool:
    """The visit is not needed any more: cancelled, if nobody is there yet. Whether it was."""
    if case.visit_id is None or case.visit_id == case.contact_id:
        return False
    visit = await standing_visit(session, case)
    if visit is None:
        return False
    await step(session, visit, Status.CANCELLED, at=clock.now(), hand=hand, cause=Cause.NOT_NEEDED)
    return True
