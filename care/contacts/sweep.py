"""The same door as `care.contacts.step`, for many rows at once: what ticks do.

`pick` locks rows, so that of several nodes each takes its own; `sweep` moves them by the state machine,
with version, history and outbox, in a handful of statements however many they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import Status, check_step
from care.contacts.step import Hand
from care.ids import new_id
from care.outbox import announce
from care.services import Priority

#: Rows in one transaction: long enough to be quick, short enough that others get their turn.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """What a tick looks at of a planned contact."""

    id: UUID
    client_id: UUID
    group_id: UUID
    channel: Channel
    priority: Priority
    status: Status
    planned_date: date
    start: datetime
    minutes: int
    window_end: datetime
    deadline: datetime | None
    owner_id: UUID | None
    actual_start: datetime | None
    cause: str | None
    reminded_at: datetime | None
    version: int
    staff: tuple[UUID, ...] = ()

    @property
    def answers(self) -> UUID | None:
        """Who answers for it: its owner, else the first assigned; None is the group's coordinators."""
        return self.owner_id or (self.staff[0] if self.staff else None)


_COLUMNS = tuple(getattr(PlannedContact, name) for name in Row.__dataclass_fields__ if name != "staff")
_TABLE = cast(Table, PlannedContact.__table__)


@dataclass(frozen=True, slots=True)
class Move:
    """A step of `row` (``to`` None: only the fields), with the fields that change."""

    row: Row
    to: Status | None = None
    event: str | None = None
    reason: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


#: What a sweep may change beside the state.
_FIELDS = ("deadline", "owner_id", "cause", "reminded_at")


async def pick(session: AsyncSession, *where: ColumnElement[bool], most: int = MOST) -> list[Row]:
    """At most `most` rows, earliest start first, locked; rows that another node holds are left to it."""
    found = (
        await session.execute(
            select(*_COLUMNS)
            .where(*where)
            .order_by(PlannedContact.start, PlannedContact.id)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    ).all()
    staff: dict[UUID, list[UUID]] = defaultdict(list)
    if found:
        for contact_id, staff_id in await session.execute(
            select(Assignment.contact_id, Assignment.staff_id)
            .where(Assignment.contact_id.in_([row[0] for row in found]))
            .order_by(Assignment.contact_id, Assignment.slot)
        ):
            staff[contact_id].append(staff_id)
    return [replace(Row(*row), staff=tuple(staff[row[0]])) for row in found]


async def sweep(session: AsyncSession, moves: Sequence[Move], *, at: datetime, hand: Hand) -> None:
    """Make the moves; every row is locked by `pick` in this transaction.

    Raises `Fault` ``contact.step`` when the state machine forbids one of them.
    A move without a step leaves the version alone: who has the row open must not be thrown out by a clock.
    """
    if not moves:
        return
    changes, history = [], []
    for move in moves:
        row, to = move.row, move.to or move.row.status
        if move.to is not None:
            check_step(row.status, move.to)
        unknown = move.fields.keys() - set(_FIELDS)
        if unknown:
            raise TypeError(f"not free to sweep: {sorted(unknown)}")
        values = {name: move.fields.get(name, getattr(row, name)) for name in _FIELDS}
        if to.is_end:
            values["deadline"] = None
        changes.append(
            {
                "this_id": row.id,
                "this_version": row.version,
                "version": row.version + (move.to is not None),
                "status": to,
                **values,
            }
        )
        event = move.event or to.value
        history.append(
            {
                "id": new_id(),
                "contact_id": row.id,
                "at": at,
                "by": hand.by,
                "account_id": hand.account_id,
                "event": event,
                "status_before": row.status.value,
                "status_after": to.value,
                "change": _change(row, values),
                "reason": move.reason,
            }
        )
        await announce(
            session,
            at,
            "contact.changed",
            group_id=row.group_id,
            client_id=row.client_id,
            contact=row.id,
            event=event,
            status=to.value,
            staff=[str(one) for one in row.staff],
        )
    await session.execute(insert(ContactHistory), history)
    connection = await session.connection()
    await connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == bindparam("this_id"), _TABLE.c.version == bindparam("this_version"))
        .values({name: bindparam(name) for name in ("version", "status", *_FIELDS)}),
        changes,
    )


def _change(row: Row, values: dict[str, Any]) -> dict[str, Any]:
    """Before and after of what is new, as the history keeps it."""
    return {
        name: [_plain(getattr(row, name)), _plain(value)]
        for name, value in values.items()
        if name != "reminded_at" and getattr(row, name) != value
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
