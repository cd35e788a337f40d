"""A case is opened on its row, and row and case follow the same course: owner, deadline, history."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, ClientAbsence
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.contacts.sweep import Move, pick, sweep
from care.errors import Fault
from care.ids import new_id
from care.no_answer.case import NoAnswerCase, NoAnswerMark, case_on, course_of, marks_of, plan_of, wish_of
from care.no_answer.course import Course, begin, course_of_door
from care.no_answer.step import Outcome, Step
from care.no_answer.times import level_of, times_of
from scheduler.no_answer.owners import owner_of

#: What may turn out to be unanswered.
OPENABLE = (Status.DUE, Status.UNDERWAY, Status.AWAITING)
#: A case that ended with an answer goes on where it was, when there was none after all.
GOES_ON = timedelta(minutes=30)
RED = (Status.AWAITING, Status.UNKNOWN)


async def is_away(session: AsyncSession, client_id: UUID, when: datetime) -> bool:
    """Whether it is known that the client is away at `when`."""
    found = await session.scalar(
        select(ClientAbsence.id)
        .where(
            ClientAbsence.client_id == client_id,
            ClientAbsence.start <= when,
            or_(ClientAbsence.end.is_(None), ClientAbsence.end > when),
        )
        .limit(1)
    )
    return found is not None


async def would_begin(
    session: AsyncSession, contact: PlannedContact, now: datetime, *, rang_at: datetime | None = None
) -> Course:
    """The course of a case that began on `contact` now: pages show it before anything is said."""
    client = await session.get_one(Client, contact.client_id)
    wish = wish_of(await plan_of(session, contact.client_id))
    times = times_of(level_of(contact.priority, client.risk), contact.channel, wish)
    if contact.channel is Channel.PHYSICAL:
        return course_of_door(times, now)
    return begin(times, now, rang_at=rang_at)


async def open_case(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    clock: Clock,
    hand: Hand,
    rang_at: datetime | None = None,
    acting: UUID | None = None,
) -> NoAnswerCase | None:
    """The open case of `contact` (from `care.contacts.step.fetch`); None when the client is known to be away.

    Then the row is cancelled, not missed. Raises `Fault` ``no_answer.ended`` (409) for a row that has ended
    or is not due yet.
    """
    now = clock.now()
    case = await _lock(session, await case_on(session, contact.id))
    if case is not None and case.is_open and case.contact_id == contact.id:
        return case
    if contact.status not in OPENABLE:
        raise Fault(
            "no_answer.ended", "Kontakten är avslutad eller inte aktuell än.", status=409, place="status"
        )
    if contact.status is not Status.UNDERWAY and await is_away(session, contact.client_id, now):
        await step(session, contact, Status.CANCELLED, at=now, hand=hand, cause=Cause.CLIENT_AWAY)
        return None
    course = await would_begin(session, contact, now, rang_at=rang_at)
    if case is not None and _goes_on(case, contact, now):
        # It was rung once more by telephone, and nobody answered then either.
        course = replace(course_of(case), is_over=False)
    if case is None:
        case = NoAnswerCase(
            id=new_id(), contact_id=contact.id, first_contact_id=contact.id, client_id=contact.client_id,
            group_id=contact.group_id, opened_at=now, level=course.times.level, began_at=now,
            step=course.step, since=now, deadline=now,
        )  # fmt: skip
        session.add(case)
    elif case.visit_id == contact.id and case.contact_id != contact.id:
        # Who was sent stands at the door: the visit takes the place of what nobody answered.
        await _stand_in(session, case, at=now, hand=hand)
        case.contact_id = contact.id
    case.level = course.times.level
    case.minutes = {one.value: number for one, number in course.times.minutes.items()}
    case.ladder = [one.value for one in course.times.ladder]
    case.ended_at = case.ending = None
    if contact.status is not Status.AWAITING:
        await step(session, contact, Status.AWAITING, at=now, hand=hand, event="no_answer")
    await keep(session, case, course, clock=clock, hand=hand, acting=acting)
    await session.refresh(contact)
    return case


def _goes_on(case: NoAnswerCase, contact: PlannedContact, now: datetime) -> bool:
    just_ended = case.ended_at is not None and now - case.ended_at < GOES_ON
    return just_ended and case.ending == "answered" and case.contact_id == contact.id


async def _stand_in(session: AsyncSession, case: NoAnswerCase, *, at: datetime, hand: Hand) -> None:
    first = await session.get_one(PlannedContact, case.contact_id)
    if first.status in RED:
        await step(session, first, Status.REPLACED, at=at, hand=hand)


async def keep(
    session: AsyncSession,
    case: NoAnswerCase,
    course: Course,
    *,
    clock: Clock,
    hand: Hand,
    acting: UUID | None = None,
    has_lapsed: bool = False,
) -> bool:
    """Write where `case` stands, and give its row the owner and the deadline of the step.

    Whether anything of the row changed.
    """
    is_new = case.step is not course.step or has_lapsed or acting is not None
    case.began_at, case.step, case.since = course.began, course.step, course.since
    case.is_wrong, case.is_sent, case.called_off = course.is_wrong, course.is_sent, course.called_off
    case.deadline = course.deadline(clock.zone)
    await session.flush()
    rows = await pick(session, PlannedContact.id == case.contact_id, PlannedContact.status.in_(RED))
    if not rows:
        return False
    owner = rows[0].owner_id
    if is_new or owner is None:
        passed = await _passed(session, case, clock.now()) if has_lapsed else []
        owner = await owner_of(
            session, case, course.step, clock, now_with=rows[0].owner_id, acting=acting, passed=passed
        )
    fields = {"owner_id": owner, "deadline": case.deadline}
    moves = [
        Move(row, event=f"no_answer_{course.step}", fields=fields)
        for row in rows
        if (row.owner_id, row.deadline) != (owner, case.deadline) or is_new
    ]
    await sweep(session, moves, at=clock.now(), hand=hand)
    return bool(moves)


async def _passed(session: AsyncSession, case: NoAnswerCase, now: datetime) -> list[UUID]:
    """Who has let a step pass in the last hour, the last one last."""
    found = [
        mark.staff_id
        for mark in await marks_of(session, case)
        if mark.outcome is Outcome.LAPSED and mark.staff_id and mark.at > now - timedelta(hours=1)
    ]
    return list(dict.fromkeys(reversed(found)))[::-1]


async def note(
    session: AsyncSession,
    case: NoAnswerCase,
    outcome: Outcome,
    *,
    at: datetime,
    of: Step | None = None,
    staff_id: UUID | None = None,
    account_id: UUID | None = None,
    call_id: UUID | None = None,
) -> None:
    """Write down what came of the step, before the course moves on."""
    session.add(
        NoAnswerMark(
            id=new_id(), case_id=case.id, at=at, step=of or case.step, outcome=outcome, staff_id=staff_id,
            account_id=account_id, call_id=call_id,
        )
    )  # fmt: skip
    await session.flush()


async def _lock(session: AsyncSession, case: NoAnswerCase | None) -> NoAnswerCase | None:
    if case is not None:
        await session.refresh(case, with_for_update=True)
    return case
