"""The one door through which a planned contact changes.

Each call checks the state machine, appends to the history and tells the outbox, in the caller's
transaction. The row's version is checked by the database when it is flushed (`version_id_col`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import Status, check_step
from care.errors import Fault, not_found, stale
from care.ids import new_id
from care.outbox import announce


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand did it: an account, or a named part of the system such as ``tick.due``."""

    by: str
    account_id: UUID | None = None
    #: What the phone's clock showed, for what was entered without cover and told later.
    phone_at: datetime | None = None


#: Fields that people and the planner may change before the row starts.
FREE_FIELDS = frozenset(
    {
        "channel",
        "start",
        "minutes",
        "window_start",
        "window_end",
        "planned_date",
        "owed_date",
        "owner_id",
        "deadline",
        "note",
        "pinned",
        "staff_needed",
        "priority",
        "cause",
        "touched",
        "actual_start",
        "actual_end",
        "entered_late",
        "group_id",
        "gathering_id",
        # Given back when a rule's row is cancelled, so that the rule may have the day again.
        "rule_day",
    }
)


#: Why: a person's own words, or a sentence of ours in both languages: ``{"sv": …, "en": …}``.
Reason = str | Mapping[str, str] | None


async def fetch(session: AsyncSession, contact_id: UUID, version: int | None = None) -> PlannedContact:
    """The row, locked for this transaction where the database can.

    Raises `Fault` ``not_found``, or ``stale`` when `version` is given and differs.
    """
    contact = await session.scalar(
        select(PlannedContact)
        .where(PlannedContact.id == contact_id)
        .with_for_update()
        # What this session has read before may be older than the row that is locked now.
        .execution_options(populate_existing=True)
    )
    if contact is None:
        raise not_found("kontakt")
    if version is not None and contact.version != version:
        raise stale("kontakten")
    return contact


async def staff_of(session: AsyncSession, contact_id: UUID) -> list[UUID]:
    """Who is assigned, in slot order."""
    return list(
        await session.scalars(
            select(Assignment.staff_id).where(Assignment.contact_id == contact_id).order_by(Assignment.slot)
        )
    )


async def step(
    session: AsyncSession,
    contact: PlannedContact,
    to: Status,
    *,
    at: datetime,
    hand: Hand,
    event: str | None = None,
    reason: Reason = None,
    staff: Sequence[UUID] | None = None,
    **fields: Any,
) -> None:
    """Move `contact` to the state `to`, changing `fields` and `staff` in the same step.

    Raises `Fault` ``contact.step`` when the state machine forbids it, ``contact.staff`` for more than two,
    and ``stale`` when somebody else has changed the row meanwhile.
    """
    before = contact.status
    check_step(before, to)
    contact.status = to
    if to.is_end:
        contact.deadline = None
    await _write(session, contact, at=at, hand=hand, event=event or to.value, before=before, reason=reason,
                 staff=staff, fields=fields)  # fmt: skip


async def alter(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    at: datetime,
    hand: Hand,
    event: str = "changed",
    reason: Reason = None,
    staff: Sequence[UUID] | None = None,
    **fields: Any,
) -> None:
    """Change free fields or staff without a step of state.

    Raises `Fault` ``contact.ended`` when the row is in an end state; else as `step`.
    """
    if contact.status.is_end:
        raise Fault("contact.ended", "Kontakten är avslutad och kan inte ändras.", status=409, place="status")
    await _write(session, contact, at=at, hand=hand, event=event, before=contact.status, reason=reason,
                 staff=staff, fields=fields)  # fmt: skip


async def _write(
    session: AsyncSession,
    contact: PlannedContact,
    *,
    at: datetime,
    hand: Hand,
    event: str,
    before: Status,
    reason: Reason,
    staff: Sequence[UUID] | None,
    fields: dict[str, Any],
) -> None:
    if hand.account_id is not None:
        # From now on the person's word goes before a re-import and a changed rule.
        contact.touched = True
    change = _set(contact, fields)
    if hand.phone_at is not None:
        change["phone_at"] = [None, hand.phone_at.isoformat()]
    if staff is not None:
        old_staff = await staff_of(session, contact.id)
        if old_staff != list(staff):
            change["staff"] = [[str(one) for one in old_staff], [str(one) for one in staff]]
            await assign(session, contact.id, staff)
            if "owner_id" not in fields:
                contact.owner_id = staff[0] if staff else None
            # A change of staff alone must raise the version too: somebody may be looking at the row.
            flag_modified(contact, "owner_id")
    session.add(
        ContactHistory(
            id=new_id(),
            contact_id=contact.id,
            at=at,
            account_id=hand.account_id,
            by=hand.by,
            event=event,
            status_before=before.value,
            status_after=contact.status.value,
            change=change,
            **_reasons(reason),
        )
    )
    try:
        await session.flush()
    except StaleDataError:
        raise stale("kontakten") from None
    await announce(
        session,
        at,
        "contact.changed",
        group_id=contact.group_id,
        client_id=contact.client_id,
        contact=contact.id,
        event=event,
        status=contact.status.value,
        staff=[str(one) for one in (staff if staff is not None else await staff_of(session, contact.id))],
    )


def _set(contact: PlannedContact, fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set what differs; name → [before, after] as the history keeps it."""
    unknown = fields.keys() - FREE_FIELDS
    if unknown:
        raise TypeError(f"not free to change: {sorted(unknown)}")
    change = {}
    for name, value in fields.items():
        old = getattr(contact, name)
        if old != value:
            change[name] = [_plain(old), _plain(value)]
            setattr(contact, name, value)
    return change


async def assign(session: AsyncSession, contact_id: UUID, staff: Sequence[UUID]) -> None:
    """Set who does it, in slot order: nobody, one or two persons."""
    if len(staff) > 2 or len(set(staff)) != len(staff):
        raise Fault("contact.staff", "En kontakt har en eller två olika personer.", place="staff")
    rows = {
        row.slot: row
        for row in await session.scalars(select(Assignment).where(Assignment.contact_id == contact_id))
    }
    for slot, staff_id in enumerate(staff, start=1):
        row = rows.pop(slot, None)
        if row is None:
            session.add(Assignment(id=new_id(), contact_id=contact_id, staff_id=staff_id, slot=slot))
        else:
            row.staff_id = staff_id
    for row in rows.values():
        await session.delete(row)


def _reasons(reason: Reason) -> dict[str, str | None]:
    if isinstance(reason, Mapping):
        return {"reason": reason.get("sv") or None, "reason_en": reason.get("en") or None}
    return {"reason": reason}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "value"):
        return value.value
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
