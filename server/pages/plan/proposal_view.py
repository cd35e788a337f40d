"""What the proposal page shows: each change as a row in words, next hour first, and the sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client
from care.contacts.contact import ContactLine, PlannedContact
from care.disruptions import Change, ChangeKind, ChangeState, Proposal
from care.staff import Staff
from scheduler.disruptions.proposing import next_hour, sums
from scheduler.disruptions.telling import is_news


@dataclass(frozen=True, slots=True)
class Side:
    """How a contact is planned: before or after."""

    channel: str | None
    start: datetime
    day: date
    staff: str


@dataclass(frozen=True, slots=True)
class Row:
    """One change on the page."""

    id: UUID
    kind: ChangeKind
    state: ChangeState
    client: str
    client_id: UUID
    extern_id: str | None
    services: str
    priority: str
    before: Side
    after: Side
    why: str
    is_soon: bool
    is_other_day: bool
    #: The same person, the same way, at most a quarter of an hour from before: no news for anybody.
    is_small: bool

    @property
    def part(self) -> int:
        """Where on the page: 0 what starts within the hour, 1 later, 2 small changes of time."""
        return 0 if self.is_soon else 2 if self.is_small else 1


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person's decision."""

    contact_id: UUID
    client: str
    services: str
    start: datetime
    why: str


@dataclass(frozen=True, slots=True)
class View:
    rows: list[Row]
    needs: list[Need]
    #: What becomes of the contacts shown; `affected` is the sum of the rest (`proposing.SUMS`).
    sums: dict[str, int]
    #: (client, group) of everybody shown, for the access log
    opened: list[tuple[UUID, UUID]]


async def view(
    session: AsyncSession,
    proposal: Proposal,
    *,
    groups: frozenset[UUID] | None,
    now: datetime,
    language: str,
) -> View:
    """The changes and needs of `proposal` in the reader's own `groups` (None: all)."""
    changes = [
        change
        for change in await session.scalars(
            select(Change).where(Change.proposal_id == proposal.id).order_by(Change.seq)
        )
        if groups is None or change.group_id in groups
    ]
    unsolved = {UUID(one["contact_id"]): one["reason"] for one in proposal.unsolved}
    ids = {change.contact_id for change in changes} | set(unsolved)
    contacts = {
        contact.id: contact
        for contact in await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.id.in_(ids), *([] if groups is None else [PlannedContact.group_id.in_(groups)])
            )
            .options(
                selectinload(PlannedContact.lines).selectinload(ContactLine.service),
                selectinload(PlannedContact.client),
            )
        )
    }
    # Somebody who has moved to another group since is that group's to see.
    changes = [change for change in changes if change.contact_id in contacts]
    staff = await _staff(session, changes)
    soon = {change.id for change in next_hour(changes, now)}
    rows = [
        _row(change, contacts[change.contact_id], staff, language, change.id in soon) for change in changes
    ]
    rows.sort(key=lambda row: (row.part, row.before.start, str(row.id)))
    needs = [
        _need(contact, unsolved[contact.id], language)
        for contact in contacts.values()
        if contact.id in unsolved
    ]
    needs.sort(key=lambda need: (need.start, str(need.contact_id)))
    opened = {(contact.client_id, contact.client.group_id) for contact in contacts.values()}
    unchanged = sum(
        count
        for group, count in proposal.effect.get("unchanged", {}).items()
        if groups is None or UUID(group) in groups
    )
    return View(rows, needs, sums(changes, len(needs), unchanged), sorted(opened))


def _need(contact: PlannedContact, why: dict[str, str], language: str) -> Need:
    services = _services(contact, language)
    return Need(contact.id, contact.client.short_name, services, contact.start, why[language])


async def _staff(session: AsyncSession, changes: list[Change]) -> dict[str, Staff]:
    ids = {UUID(one) for change in changes for side in (change.before, change.after) for one in side["staff"]}
    return {str(one.id): one for one in await session.scalars(select(Staff).where(Staff.id.in_(ids)))}


def _row(
    change: Change, contact: PlannedContact, staff: dict[str, Staff], language: str, is_soon: bool
) -> Row:
    client: Client = contact.client
    return Row(
        id=change.id,
        kind=change.kind,
        state=change.state,
        client=client.short_name,
        client_id=client.id,
        extern_id=contact.extern_id,
        services=_services(contact, language),
        priority=contact.priority.value,
        before=_side(change.before, staff),
        after=_side(change.after, staff),
        why=str(change.reason.get(language) or change.reason.get("sv", "")),
        is_soon=is_soon,
        is_other_day=change.before["date"] != change.after["date"],
        is_small=change.kind is ChangeKind.RETIME and not is_news(change),
    )


def _side(plan: dict[str, Any], staff: dict[str, Staff]) -> Side:
    names = [staff[one].first_name for one in plan["staff"] if one in staff]
    return Side(
        plan["channel"],
        datetime.fromisoformat(plan["start"]),
        date.fromisoformat(plan["date"]),
        ", ".join(names),
    )


def _services(contact: PlannedContact, language: str) -> str:
    names = [line.service.name_in(language) for line in contact.lines]
    return ", ".join(names)
