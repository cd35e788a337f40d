"""What moves a case on beside a person's tap: the clock, a call, and what has become of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.calls.call import Call
from care.calls.life import CallState
from care.calls.life import Cause as CallCause
from care.calls.ring import live_calls
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, fetch, step
from care.contacts.sweep import pick
from care.no_answer.case import NoAnswerCase, NoAnswerMark, course_of
from care.no_answer.course import called_off, lapse, rang
from care.no_answer.step import Outcome
from care.services import Priority
from scheduler.no_answer.cases import RED, keep, note, open_case
from scheduler.no_answer.ending import end_case
from scheduler.no_answer.sending import send, send_nearest

HAND = Hand("tick.no_answer")
#: Older rows were red before, and a person has them: no car is sent for yesterday.
OPENS_WITHIN = timedelta(hours=12)
#: The first ring may lie so long before the row stood before a person.
_FIRST_RING = timedelta(minutes=30)
RINGS: dict[CallCause | None, Outcome] = {
    CallCause.NO_ANSWER: Outcome.NO_ANSWER,
    CallCause.TABLET_OFFLINE: Outcome.OFFLINE,
    CallCause.NOT_NOW: Outcome.NOT_NOW,
}
_TRIED = (CallCause.NO_ANSWER, CallCause.TABLET_OFFLINE)
_NOT_BEGUN = (Status.PLANNED, Status.DUE, Status.AWAITING)
_NOT_COME = (Status.MISSED, Status.CANCELLED, Status.REPLACED)


def waiting_rows(now: datetime) -> Select[UUID]:
    """Rows that somebody has tried, that nobody answered, and that have no case yet.

    A ring without an answer, or a reminder of something that matters that nobody pressed.
    """
    rang_out = exists().where(
        Call.contact_id == PlannedContact.id,
        Call.state == CallState.ENDED,
        Call.cause.in_(_TRIED),
        Call.rung_at > now - OPENS_WITHIN,
        or_(PlannedContact.actual_start.is_(None), Call.rung_at > PlannedContact.actual_start),
    )
    call = aliased(Call)
    has_talked = exists().where(call.contact_id == PlannedContact.id, call.connected_at.is_not(None))
    unpressed = and_(
        PlannedContact.channel == Channel.PROMPT,
        PlannedContact.priority.in_([one for one in Priority if one.is_safety]),
        PlannedContact.actual_start.is_(None),
    )
    return (
        select(PlannedContact.id)
        .where(
            PlannedContact.status == Status.AWAITING,
            PlannedContact.start > now - OPENS_WITHIN,
            or_(PlannedContact.cause.is_(None), PlannedContact.cause != Cause.CONSENT_WITHDRAWN),
            or_(rang_out, unpressed),
            # What was answered, and nothing came through, was no talk: rung again, it may be unanswered.
            or_(PlannedContact.actual_start.is_(None), ~has_talked),
            ~exists().where(NoAnswerCase.contact_id == PlannedContact.id),
        )
        .order_by(PlannedContact.start, PlannedContact.id)
        .limit(200)
    )


async def open_waiting(session: AsyncSession, contact_id: UUID, clock: Clock) -> bool:
    """Open the case of a row of `waiting_rows`; False when another node was first."""
    if not await pick(session, PlannedContact.id == contact_id, PlannedContact.status == Status.AWAITING):
        return False
    contact = await fetch(session, contact_id)
    first = await session.scalar(
        select(Call.rung_at)
        .where(
            Call.contact_id == contact_id,
            Call.cause.in_(_TRIED),
            Call.rung_at >= contact.start - _FIRST_RING,
            Call.rung_at > clock.now() - OPENS_WITHIN,
        )
        .order_by(Call.rung_at)
        .limit(1)
    )
    case = await open_case(session, contact, clock=clock, hand=HAND, rang_at=first)
    if case is not None:
        await _follow(session, case, clock)
    return True


async def move_on(session: AsyncSession, case_id: UUID, clock: Clock) -> bool:
    """Do what is to be done about the case now; False when another node has it, or nothing is."""
    case = await session.get(NoAnswerCase, case_id, populate_existing=True)
    if case is None or not case.is_open:
        return False
    # The row before the case, as people do: nobody waits for each other in a ring.
    if not await pick(session, PlannedContact.id == case.contact_id):
        return False
    locked = await session.get_one(NoAnswerCase, case_id, populate_existing=True, with_for_update=True)
    return locked.is_open and await _follow(session, locked, clock)


async def _follow(session: AsyncSession, case: NoAnswerCase, clock: Clock) -> bool:
    now = clock.now()
    contact = await fetch(session, case.contact_id)
    is_connecting = contact.status is Status.UNDERWAY and await _is_connecting(session, contact.id)
    if contact.status not in RED and not is_connecting:
        ending = "answered" if contact.status is Status.UNDERWAY else contact.status.value
        await end_case(session, case, ending, clock=clock, hand=HAND, by=contact.owner_id)
        return True
    if not is_connecting and await _by_visit(session, case, contact, clock):
        return True
    before = course = course_of(case)
    for call in await unmarked_calls(session, case):
        outcome = RINGS[call.cause]
        await note(session, case, outcome, at=call.ended_at or call.rung_at, of=course.step, call_id=call.id,
                   staff_id=contact.owner_id)  # fmt: skip
        course = rang(course, outcome, call.ended_at or call.rung_at)
    if course.wants_visit(now):
        course = await send(session, case, course, clock=clock, hand=HAND)
    elif course.wants_driver(now):
        course = await send_nearest(session, case, course, clock=clock, hand=HAND)
    has_lapsed = now >= course.deadline(clock.zone)
    if has_lapsed:
        await note(session, case, Outcome.LAPSED, at=now, of=course.step, staff_id=contact.owner_id)
        course = lapse(course, now)
        if course.wants_visit(now):
            course = await send(session, case, course, clock=clock, hand=HAND)
    if course == before and (contact.deadline, contact.owner_id is None) == (case.deadline, False):
        return False
    return await keep(session, case, course, clock=clock, hand=HAND, has_lapsed=has_lapsed)


async def _is_connecting(session: AsyncSession, contact_id: UUID) -> bool:
    """The tablet has answered, perhaps by itself, and nobody has been seen or heard yet: that is no answer.

    The clock goes on, and nobody on the way is called off.
    """
    calls = await live_calls(session, contact_id=contact_id)
    return bool(calls) and not any(call.connected_at for call in calls)


async def _by_visit(session: AsyncSession, case: NoAnswerCase, contact: PlannedContact, clock: Clock) -> bool:
    """What has become of the check visit: somebody is there, it was declined, or it was called off."""
    if case.visit_id is None or case.visit_id == case.contact_id:
        return False
    visit = await fetch(session, case.visit_id)
    now = clock.now()
    if visit.status in (Status.UNDERWAY, Status.DONE, Status.DONE_PHONE):
        await step(session, contact, Status.REPLACED, at=now, hand=HAND)
        case.contact_id = visit.id
        await end_case(session, case, "on_site", clock=clock, hand=HAND, by=visit.owner_id, keeps_visit=True)
        return True
    if visit.status is Status.DECLINED:
        # The client has said no, in words, to a person: somebody has been heard.
        await step(session, contact, Status.DECLINED, at=now, hand=HAND, cause=visit.cause)
        await end_case(session, case, Status.DECLINED.value, clock=clock, hand=HAND, by=visit.owner_id)
        return True
    if visit.status in _NOT_COME:
        course = called_off(course_of(case), now)
        case.visit_id = None
        await keep(session, case, course, clock=clock, hand=HAND, has_lapsed=True)
        return True
    return False


async def unmarked_calls(session: AsyncSession, case: NoAnswerCase) -> Sequence[Call]:
    """Rings of the case that came to nothing and have not been counted, in order."""
    return (
        await session.scalars(
            select(Call)
            .where(
                Call.contact_id == case.contact_id,
                Call.state == CallState.ENDED,
                Call.cause.in_([cause for cause in RINGS if cause is not None]),
                Call.rung_at >= min(case.began_at, case.opened_at),
                ~exists().where(NoAnswerMark.call_id == Call.id),
            )
            .order_by(Call.rung_at, Call.id)
        )
    ).all()


def needs_looking(case: NoAnswerCase, contact: PlannedContact, visit: Status | None, clock: Clock) -> bool:
    """Whether `move_on` may have something to do, asked without the right to write.

    `visit` is the state of the check visit, if there is one.
    """
    now, course = clock.now(), course_of(case)
    if contact.status not in RED or course.next_look(clock.zone) <= now or course.wants_visit(now):
        return True
    if contact.deadline != case.deadline or contact.owner_id is None:
        return True
    return visit is not None and visit not in (*_NOT_BEGUN, Status.UNKNOWN)
