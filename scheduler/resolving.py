"""How what stands in *Behöver en människa* comes to an end: by a person, with an outcome and a reason.

Nothing here closes by itself, and nothing is left to "somebody": it is handed over by name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, step
from care.errors import Fault, not_found
from care.notices import Notice
from care.staff import Shift, Staff, away_at
from care.tasks import Task, TaskKind, close_task, tell_task
from care.words import N_
from scheduler.attendance import read_hours
from scheduler.check_visit import CheckVisit, make_visit
from scheduler.closing import check_closing

#: Who takes over has this long before the row is brought up again.
TAKEN_OVER = timedelta(minutes=15)
#: Who is to have it may come to work so much later, and has that quarter from then.
LATER_TODAY = timedelta(hours=8)
LONGEST_REASON = 500
RED = (Status.AWAITING, Status.UNKNOWN)
#: What may be resolved: red rows, and those due that somebody closes before they turn red.
_OPEN = (*RED, Status.DUE)


class Outcome(StrEnum):
    """What came of a row that needed a person."""

    DONE = "done"
    DONE_PHONE = "done_phone"
    REPLACED_BY_VISIT = "replaced_by_visit"
    MISSED = "missed"
    DECLINED = "declined"
    CANCELLED_ABSENT = "cancelled_absent"

    @property
    def words(self) -> str:
        """In Swedish (gettext message id)."""
        return _WORDS[self]


_WORDS = {
    Outcome.DONE: N_("Blev av"),
    Outcome.DONE_PHONE: N_("Blev av på telefon"),
    Outcome.REPLACED_BY_VISIT: N_("Ersatt av ett besök"),
    Outcome.MISSED: N_("Blev inte av"),
    Outcome.DECLINED: N_("Personen tackade nej"),
    Outcome.CANCELLED_ABSENT: N_("Personen var inte hemma"),
}
_STATUS = {
    Outcome.DONE: Status.DONE,
    Outcome.DONE_PHONE: Status.DONE_PHONE,
    Outcome.REPLACED_BY_VISIT: Status.REPLACED,
    Outcome.MISSED: Status.MISSED,
    Outcome.DECLINED: Status.DECLINED,
    Outcome.CANCELLED_ABSENT: Status.CANCELLED,
}
_CAUSES = {Outcome.CANCELLED_ABSENT: Cause.CLIENT_AWAY, Outcome.DECLINED: Cause.DECLINED_BY_CLIENT}


@dataclass(frozen=True, slots=True)
class Open:
    """What needs a person: red rows (client and staff loaded) and tasks, the most urgent first."""

    contacts: list[PlannedContact]
    tasks: list[Task]


async def without_staff(
    session: AsyncSession, group_ids: Collection[UUID], first: date, last: date
) -> list[PlannedContact]:
    """Coming rows that nobody is to do, `first` to `last`: somebody must be found before they fall due.

    A row whose worker has been reported away at its time is one of them, as long as nobody has taken it over.
    """
    # The night shift that began the evening before is asked about too; the days keep the question short.
    away = exists().where(
        Assignment.contact_id == PlannedContact.id,
        Shift.staff_id == Assignment.staff_id,
        Shift.date.between(first - timedelta(days=1), last),
        away_at(PlannedContact.start),
    )
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            PlannedContact.group_id.in_(group_ids),
            PlannedContact.planned_date.between(first, last),
            PlannedContact.status.in_([Status.PLANNED, Status.DUE]),
            PlannedContact.channel.in_([Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE]),
            ~exists().where(Assignment.contact_id == PlannedContact.id) | away,
        )
        .options(
            selectinload(PlannedContact.client),
            selectinload(PlannedContact.lines).selectinload(ContactLine.service),
        )
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    return list(rows)


async def needs_a_person(session: AsyncSession, group_ids: Collection[UUID]) -> Open:
    """Everything red in these groups."""
    contacts = await session.scalars(
        select(PlannedContact)
        .where(PlannedContact.group_id.in_(group_ids), PlannedContact.status.in_(RED))
        .options(
            selectinload(PlannedContact.client),
            selectinload(PlannedContact.assignments).selectinload(Assignment.staff),
        )
        .order_by(PlannedContact.priority, PlannedContact.start, PlannedContact.id)
    )
    tasks = await session.scalars(
        select(Task)
        .where(Task.group_id.in_(group_ids), Task.closed_at.is_(None))
        .order_by(Task.deadline, Task.id)
    )
    return Open(list(contacts), list(tasks))


async def resolve(
    session: AsyncSession,
    contact: PlannedContact,
    outcome: Outcome,
    *,
    reason: str,
    clock: Clock,
    hand: Hand,
    visit: CheckVisit | None = None,
    cause: str | None = None,
    actual_start: datetime | None = None,
) -> PlannedContact | None:
    """Close a red row (from `care.contacts.step.fetch`); the visit that takes its place, if there is one.

    `cause` is a word for the statistics of missed rows; `actual_start` when it was done after all.
    Raises `Fault` ``resolve.reason_missing``, ``resolve.visit_missing`` (422), ``resolve.closed`` or
    ``contact.step`` (409).
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Fault(
            "resolve.reason_missing", "Skriv kort vad som hände, med högst 500 tecken.", place="reason"
        )
    if contact.status not in _OPEN:
        raise Fault("resolve.closed", "Kontakten är redan avslutad.", status=409, place="status")
    now = clock.now()
    fields: dict[str, Any] = {"cause": cause or _CAUSES.get(outcome, contact.cause)}
    if outcome in (Outcome.DONE, Outcome.DONE_PHONE):
        begun = actual_start or contact.actual_start or now
        if begun > now:
            raise Fault("resolve.future", "Tiden har inte varit än.", place="actual_start")
        fields |= {
            "actual_start": begun,
            "actual_end": contact.actual_end or min(now, begun + timedelta(minutes=contact.minutes)),
            "entered_late": True,
        }
    if outcome is Outcome.REPLACED_BY_VISIT and visit is None:
        raise Fault("resolve.visit_missing", "Skriv när besöket ska göras.", place="visit")
    if outcome is Outcome.MISSED and contact.status is Status.DUE:
        # A row is missed only after it has stood before a person: this one does.
        await step(session, contact, Status.AWAITING, at=now, hand=hand, event="escalated")
    await step(
        session,
        contact,
        _STATUS[outcome],
        at=now,
        hand=hand,
        event=f"resolved_{outcome.value}",
        reason=reason,
        **fields,
    )
    if visit is None or outcome is not Outcome.REPLACED_BY_VISIT:
        return None
    return await make_visit(session, contact, visit, clock=clock, hand=hand)


async def hand_over(
    session: AsyncSession,
    contact: PlannedContact,
    to: UUID,
    *,
    clock: Clock,
    hand: Hand,
    reason: str | None = None,
) -> None:
    """Give a red or due row to a named person, who has a quarter of an hour from now.

    Raises `Fault` ``not_found``, ``hand_over.gone`` (422) or ``contact.ended`` (409).
    """
    begins = await _begins(session, await _colleague(session, to), clock)
    now = clock.now()
    fields: dict[str, Any] = {"owner_id": to}
    if contact.status in RED:
        fields["deadline"] = begins + TAKEN_OVER
    await alter(session, contact, at=now, hand=hand, event="handed_over", reason=reason, **fields)


async def hand_over_task(session: AsyncSession, task: Task, to: UUID, *, clock: Clock) -> None:
    """Give a task to a named person. Faults as `hand_over`, and ``task.closed`` (409)."""
    begins = await _begins(session, await _colleague(session, to), clock)
    if task.closed_at is not None:
        raise Fault("task.closed", "Uppgiften är redan avslutad.", status=409, place="task")
    task.owner_id = to
    task.deadline = max(task.deadline, begins + TAKEN_OVER)
    await session.flush()
    await tell_task(session, task, clock.now())


async def finish_task(
    session: AsyncSession, task: Task, outcome: str, *, clock: Clock, hand: Hand, note: str | None = None
) -> None:
    """Close a task with what came of it; who was rung has been told.

    Raises `Fault` ``task.outcome_missing`` (422) or ``task.closed`` (409), and as `check_closing`.
    """
    now = clock.now()
    await check_closing(session, task, clock)
    await close_task(session, task, outcome, at=now, account_id=hand.account_id, note=note)
    if task.kind is TaskKind.TELL_CLIENT:
        await session.execute(
            update(Notice)
            .where(Notice.task_id == task.id, Notice.shown_at.is_(None), Notice.told_at.is_(None))
            .values(told_at=now, told_by_id=hand.account_id)
            .execution_options(synchronize_session=False)
        )


async def fetch_task(session: AsyncSession, task_id: UUID) -> Task:
    """The task, locked for this transaction. Raises `Fault` ``not_found``."""
    task = await session.scalar(
        select(Task).where(Task.id == task_id).with_for_update().execution_options(populate_existing=True)
    )
    if task is None:
        raise not_found("uppgift")
    return task


async def _begins(session: AsyncSession, staff: Staff, clock: Clock) -> datetime:
    """From when the person can see to it: now, or when they come to work later today."""
    now = clock.now()
    hours = (await read_hours(session, [staff], clock))[staff.id]
    back = hours.back(now)
    return now if hours.is_at_work(now) or back is None or back - now > LATER_TODAY else back


async def _colleague(session: AsyncSession, staff_id: UUID) -> Staff:
    person = await session.get(Staff, staff_id)
    if person is None:
        raise not_found("medarbetare")
    if not person.active:
        raise Fault("hand_over.gone", "%(name)s arbetar inte kvar här. Välj någon annan.", place="owner",
                    values={"name": person.short_name})  # fmt: skip
    return person
