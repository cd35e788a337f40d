"""When the system was away: what fell into that time, row by row, until a person has said what became of it.

A row leaves the list by an outcome alone: it is entered afterwards with its own times, it has ended in
another way, or it is left to a named person as *unknown* and stands with them in *Behöver en människa*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, step
from care.errors import Fault
from care.ids import read_id
from care.tasks import Task, TaskKind, tell_task

#: Outages are shown for so long, and longer while something of them waits.
SHOWN = timedelta(days=7)
#: Who is left a row has so long; there may be many at once.
FOLLOWED_WITHIN = timedelta(hours=1)
#: No contact is longer, so none that began earlier can reach into an outage.
_LONGEST = timedelta(hours=12)
_OPEN = (Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.AWAITING, Status.UNKNOWN)
#: In `Task.facts`: the rows of that time, and those that have been left to a named person.
CONTACTS, FOLLOWED = "contacts", "followed"


@dataclass(slots=True)
class Outage:
    """One absence of the system, as one group met it; client and staff of the rows are loaded."""

    task: Task
    start: datetime
    end: datetime
    #: Nobody has said what became of them.
    left: list[PlannedContact] = field(default_factory=list)
    #: Left to somebody who answers for them.
    followed: list[PlannedContact] = field(default_factory=list)
    done: list[PlannedContact] = field(default_factory=list)


async def fell_in(session: AsyncSession, start: datetime, end: datetime) -> dict[UUID, list[UUID]]:
    """The open rows that began in that time or were going on when it began, by group, in order of time."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = await session.execute(
        select(PlannedContact.group_id, PlannedContact.id, PlannedContact.start, PlannedContact.minutes)
        .where(
            PlannedContact.start <= end,
            or_(
                PlannedContact.start >= start,
                # Who was in the middle of it could not check out either.
                (PlannedContact.status == Status.UNDERWAY) & (PlannedContact.start >= start - _LONGEST),
            ),
            PlannedContact.status.in_(_OPEN),
        )
        .order_by(PlannedContact.start, PlannedContact.id)
    )
    for group_id, contact_id, begins, minutes in rows:
        if begins >= start or begins + timedelta(minutes=minutes) > start:
            found[group_id].append(contact_id)
    return found


async def outages(session: AsyncSession, group_ids: Collection[UUID], now: datetime) -> list[Outage]:
    """Those of the last week, and those where something waits; the latest first."""
    tasks = await session.scalars(
        select(Task)
        .where(
            Task.group_id.in_(group_ids),
            Task.kind == TaskKind.SYSTEM_WAS_AWAY,
            or_(Task.closed_at.is_(None), Task.created_at >= now - SHOWN),
        )
        .order_by(Task.created_at.desc(), Task.id)
    )
    found = [one for task in tasks if (one := _read(task)) is not None]
    rows = {
        row.id: row
        for row in await session.scalars(
            select(PlannedContact)
            .where(PlannedContact.id.in_({key for one in found for key in _ids(one.task, CONTACTS)}))
            .options(
                selectinload(PlannedContact.client),
                selectinload(PlannedContact.assignments).selectinload(Assignment.staff),
            )
            .execution_options(populate_existing=True)
        )
    }
    for one in found:
        followed = _ids(one.task, FOLLOWED)
        for key in _ids(one.task, CONTACTS):
            row = rows.get(key)
            if row is None:
                continue
            if is_answered(row, one.end):
                one.done.append(row)
            elif row.id in followed:
                one.followed.append(row)
            else:
                one.left.append(row)
    return found


def is_answered(row: PlannedContact, end: datetime) -> bool:
    """Whether the row has ended, was begun when the system was back at `end`, or moved to a later time."""
    if row.status.is_end:
        return True
    if row.status is Status.UNDERWAY:
        return row.actual_start is not None and row.actual_start >= end
    return row.start > end


async def rows_left(session: AsyncSession, task: Task) -> int:
    """How many rows of the outage nobody has answered for."""
    outage = _read(task)
    if outage is None:
        return 0
    followed = _ids(task, FOLLOWED)
    rows = await session.scalars(select(PlannedContact).where(PlannedContact.id.in_(_ids(task, CONTACTS))))
    return sum(not is_answered(row, outage.end) and row.id not in followed for row in rows)


def check_of(task: Task, contact: PlannedContact) -> None:
    """Raise `Fault` ``outage.other`` (409) unless the row waits in that outage."""
    if task.kind is not TaskKind.SYSTEM_WAS_AWAY or contact.id not in _ids(task, CONTACTS):
        raise Fault("outage.other", "Kontakten hör inte till det avbrottet.", status=409, place="contact")


async def leave_to(
    session: AsyncSession, task: Task, contact: PlannedContact, to: UUID, *, clock: Clock, hand: Hand
) -> None:
    """Nobody here knows what became of it: it is *unknown*, and `to` finds out.

    Raises `Fault` ``outage.other`` and ``contact.step`` (409).
    """
    check_of(task, contact)
    now = clock.now()
    fields: dict[str, Any] = {
        "owner_id": to,
        "deadline": now + FOLLOWED_WITHIN,
        "cause": Cause.SYSTEM_WAS_AWAY,
    }
    if contact.status is Status.UNKNOWN:
        await alter(session, contact, at=now, hand=hand, event="handed_over", **fields)
    else:
        await step(session, contact, Status.UNKNOWN, at=now, hand=hand, **fields)
    known = [str(one) for one in _ids(task, FOLLOWED)]
    task.facts = {**task.facts, FOLLOWED: sorted({*known, str(contact.id)})}
    await session.flush()
    await tell_task(session, task, now)


def _read(task: Task) -> Outage | None:
    try:
        start, end = (datetime.fromisoformat(str(task.facts.get(name))) for name in ("from", "to"))
    except ValueError:
        return None
    return Outage(task, start, end)


def _ids(task: Task, name: str) -> list[UUID]:
    return [key for text in task.facts.get(name, []) if (key := read_id(str(text)))]
