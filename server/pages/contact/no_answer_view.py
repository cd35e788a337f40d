"""The guide for when nobody answers: each step with its time, what came of it, and who can help now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Part
from care.clients import Client, ContactPerson, Risk, contact_persons
from care.clock import Clock
from care.contacts.assigned import assigned
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.no_answer.case import NoAnswerCase, NoAnswerMark, case_on, course_of, marks_of, plan_of, went_far
from care.no_answer.course import Course
from care.no_answer.step import OUTCOMES, Outcome, Step
from care.staff import Staff
from scheduler.no_answer.cases import OPENABLE, would_begin
from scheduler.no_answer.nearest import Near, nearest
from scheduler.no_answer.neighbours import Neighbour, neighbours

#: Steps at which somebody may be sent.
_SENDS = (Step.CHECK_VISIT, Step.DECIDE)


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the list."""

    step: Step
    #: When it is planned to begin.
    at: datetime
    is_now: bool
    is_done: bool
    marks: list[tuple[NoAnswerMark, str]]


@dataclass(slots=True)
class Guide:
    """Everything that the page shows."""

    contact: PlannedContact
    client: Client
    course: Course
    #: None as long as nothing has been said of it.
    case: NoAnswerCase | None
    lines: list[Line]
    outcomes: list[Outcome]
    owner: Staff | None = None
    advice: str | None = None
    persons: list[ContactPerson] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    visit: PlannedContact | None = None
    visit_staff: list[Staff] = field(default_factory=list)
    #: Why is asked, once it is over.
    asks_why: bool = False

    @property
    def is_over(self) -> bool:
        return self.case is not None and not self.case.is_open

    @property
    def level(self) -> Risk:
        return self.course.times.level


async def read_guide(
    session: AsyncSession, contact: PlannedContact, parts: Collection[Part], clock: Clock
) -> Guide:
    """The guide for `contact`: of its case, or of the one that would begin now."""
    now = clock.now()
    client = await session.get_one(Client, contact.client_id)
    case = await case_on(session, contact.id)
    if case is not None and not _is_about(case, contact):
        case = None
    course = course_of(case) if case is not None else await would_begin(session, contact, now)
    marks = await marks_of(session, case) if case is not None else []
    names = {
        one.id: one.short_name
        for one in await session.scalars(
            select(Staff).where(Staff.id.in_([mark.staff_id for mark in marks if mark.staff_id]))
        )
    }
    plan = await plan_of(session, client.id)
    guide = Guide(
        contact=contact,
        client=client,
        course=course,
        case=case,
        lines=_lines(course, marks, names, is_over=case is not None and not case.is_open),
        outcomes=_outcomes(course, contact, case),
        advice=plan.advice if plan is not None else None,
    )
    row = contact
    if case is not None and case.contact_id != contact.id:
        row = await session.get_one(PlannedContact, case.contact_id)
    if row.owner_id is not None:
        guide.owner = await session.get(Staff, row.owner_id)
    if case is not None and case.visit_id is not None:
        guide.visit = await session.get_one(PlannedContact, case.visit_id)
        guide.visit_staff = (await assigned(session, [case.visit_id]))[case.visit_id]
    if guide.is_over:
        assert case is not None  # noqa: S101 - what is over has begun
        guide.asks_why = went_far(marks, case)
        return guide
    may_ring = Part.NO_ANSWER in parts or Part.CONTACT_PERSONS in parts
    if may_ring and not client.is_protected:
        guide.persons = await contact_persons(session, client.id)
    if course.step is Step.NEIGHBOURS:
        guide.neighbours = await neighbours(session, client, clock)
    if course.step in _SENDS or guide.visit is not None:
        sent = {one.id for one in guide.visit_staff}
        guide.near = [one for one in await nearest(session, client, clock) if one.staff.id not in sent]
    return guide


def may_begin(contact: PlannedContact, now: datetime) -> bool:
    """Whether somebody may say that nobody answers: it has begun, and has not been done."""
    if contact.status not in OPENABLE or contact.start > now:
        return False
    # Who talks on video has an answer; who has rung by telephone, or stands in a stairwell, may have none.
    return contact.status is not Status.UNDERWAY or contact.channel in (Channel.PHONE, Channel.PHYSICAL)


def _is_about(case: NoAnswerCase, contact: PlannedContact) -> bool:
    """A visit that was sent has its own guide at its door, as long as the case stands on the first row."""
    is_visit = case.visit_id == contact.id and case.contact_id != contact.id
    return not (is_visit and case.is_open)


def _outcomes(course: Course, contact: PlannedContact, case: NoAnswerCase | None) -> list[Outcome]:
    found = list(OUTCOMES[course.step])
    if contact.channel is Channel.VIDEO and course.step in (Step.RING, Step.RING_AGAIN):
        # An answer on the screen is seen without anybody saying so.
        found.remove(Outcome.ANSWERED)
    if course.step is Step.ON_SITE and case is not None:
        found.remove(Outcome.NO_ANSWER)
    return found


def _lines(course: Course, marks: list[NoAnswerMark], names: dict[UUID, str], *, is_over: bool) -> list[Line]:
    steps = list(course.times.ladder)
    if course.step is Step.ON_SITE:
        steps = [step for step in steps if any(mark.step is step for mark in marks)]
    for step in (course.step, *(mark.step for mark in marks)):
        if step not in steps:
            steps.append(step)
    now_at = steps.index(course.step)
    return [
        Line(
            step,
            max(course.begins(step), course.since) if step is course.step else course.begins(step),
            is_now=not is_over and step is course.step,
            is_done=number < now_at or is_over,
            marks=[(mark, names.get(mark.staff_id, "") if mark.staff_id else "") for mark in marks
                   if mark.step is step],
        )
        for number, step in enumerate(steps)
        if not is_over or any(mark.step is step for mark in marks)
    ]  # fmt: skip
