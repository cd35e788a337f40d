"""An independent referee of proposals: reads the record before and after, trusting nothing of the planner.

It knows the rules of the field (domain 6, design 5) and none of the program's own code for them, except
the tables. Each broken rule is one sentence.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.consent import Consent
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.devices import Device, DeviceAssignment
from care.services import Service
from care.staff import Delegation, Shift, Staff


@dataclass
class Row:
    """A contact as it stands in the record."""

    id: UUID
    client_id: UUID
    group_id: UUID
    channel: str
    status: str
    priority: str
    start: datetime
    minutes: int
    staff: list[UUID]
    staff_needed: int
    planned: date
    owed: date
    services: list[Service]
    lines: list[ContactLine]


async def snapshot(session: AsyncSession, day: date) -> dict[UUID, Row]:
    """Every row owed on `day`, wherever it is planned now."""
    staff: dict[UUID, list[UUID]] = defaultdict(list)
    for one in await session.scalars(select(Assignment).order_by(Assignment.slot)):
        staff[one.contact_id].append(one.staff_id)
    services = {one.id: one for one in await session.scalars(select(Service))}
    lines: dict[UUID, list[ContactLine]] = defaultdict(list)
    for line in await session.scalars(select(ContactLine)):
        lines[line.contact_id].append(line)
    return {
        one.id: Row(
            one.id, one.client_id, one.group_id, one.channel.value, one.status.value, one.priority.value,
            one.start, one.minutes, staff[one.id], one.staff_needed, one.planned_date, one.owed_date,
            [services[line.service_id] for line in lines[one.id]], lines[one.id],
        )
        for one in await session.scalars(select(PlannedContact).where(PlannedContact.owed_date == day))
    }  # fmt: skip


async def broken_rules(
    session: AsyncSession,
    before: dict[UUID, Row],
    after: dict[UUID, Row],
    changed: set[UUID],
    *,
    undecided: set[UUID],
    now: datetime,
) -> list[str]:
    """Every rule that the step from `before` to `after` breaks.

    `changed` are the applied changes. `undecided` need a person's decision: they still stand as they were,
    with whoever was to do them, so what they would clash with says nothing.
    """
    facts = await _Facts.read(session)
    broken = []
    for key, old in before.items():
        new = after.get(key)
        if new is None:
            broken.append(f"{key} is gone")
        elif key not in changed and _plan(new) != _plan(old):
            broken.append(f"{key} changed without a proposed change")
        elif key in changed:
            broken += [f"{key} {why}" for why in _row(old, new, facts, now)]
    kept = {key: row for key, row in after.items() if key not in undecided}
    broken += _two_places_at_once(kept, before, changed)
    return broken


def _plan(row: Row) -> tuple[Any, ...]:
    return row.channel, row.start, row.planned, row.staff, row.minutes, row.status


@dataclass
class _Facts:
    clients: dict[UUID, Client]
    consents: dict[UUID, list[Consent]]
    tablets: set[UUID]
    shifts: dict[UUID, list[Shift]]
    delegated: set[UUID]
    staff: dict[UUID, Staff]

    @classmethod
    async def read(cls, session: AsyncSession) -> _Facts:
        consents: dict[UUID, list[Consent]] = defaultdict(list)
        for consent in await session.scalars(select(Consent)):
            consents[consent.client_id].append(consent)
        shifts: dict[UUID, list[Shift]] = defaultdict(list)
        for shift in await session.scalars(select(Shift)):
            shifts[shift.staff_id].append(shift)
        tablets = await session.scalars(
            select(DeviceAssignment.client_id)
            .join(Device, Device.id == DeviceAssignment.device_id)
            .where(Device.paired_at.is_not(None), Device.revoked_at.is_(None), DeviceAssignment.end.is_(None))
        )
        return cls(
            {one.id: one for one in await session.scalars(select(Client))},
            consents,
            set(tablets),
            shifts,
            {one.staff_id for one in await session.scalars(select(Delegation))},
            {one.id: one for one in await session.scalars(select(Staff))},
        )


def _row(old: Row, new: Row, facts: _Facts, now: datetime) -> list[str]:
    broken = _said(
        (old.status not in ("planned", "due"), f"was {old.status} and is changed"),
        (new.owed != old.owed, "counts for another day now"),
    )
    if new.status == "cancelled":
        return broken
    if new.channel != old.channel and new.channel in ("video", "phone"):
        broken += _digital(new, facts)
    is_call = new.channel in ("video", "phone")
    waits = {"P3": timedelta(2), "P4": timedelta(6)}.get(old.priority, timedelta(0))
    broken += _said(
        (
            not is_call and len(new.staff) != new.staff_needed,
            f"has {len(new.staff)} of {new.staff_needed} staff",
        ),
        (is_call and len(new.staff) != 1, f"is a call with {len(new.staff)} staff"),
        (new.planned - old.owed > waits, f"is {old.priority} and was postponed too far"),
        (new.planned == old.planned and old.start != new.start < now, "was moved into the past"),
    )
    return broken + _by_whom(old, new, facts)


def _by_whom(old: Row, new: Row, facts: _Facts) -> list[str]:
    end = new.start + timedelta(minutes=new.minutes)
    needs = any(service.delegation_required for service in new.services)
    broken = []
    for one in new.staff:
        is_new = one not in old.staff
        broken += _said(
            (
                not _at_work(facts.shifts[one], new.start, end),
                f"is given to somebody away at {new.start:%H:%M}",
            ),
            (needs and is_new and one not in facts.delegated, "is given to somebody without delegation"),
            (new.channel == "video" and is_new and not facts.staff[one].may_video, "is video by who may not"),
        )
    return broken


def _said(*rules: tuple[bool, str]) -> list[str]:
    return [sentence for is_broken, sentence in rules if is_broken]


def _at_work(shifts: list[Shift], start: datetime, end: datetime) -> bool:
    """Inside a shift (half an hour of overtime at most) and not during an absence."""
    over = timedelta(minutes=30)
    for shift in shifts:
        if not (shift.start <= start and end <= shift.end + over):
            continue
        if shift.absent_from is None or shift.absent_to is None:
            return True
        if end <= shift.absent_from or shift.absent_to <= start:
            return True
    return False


def _digital(row: Row, facts: _Facts) -> list[str]:
    client = facts.clients[row.client_id]
    hands = [
        one.code
        for one in row.services
        if one.digital_class.value not in ("digital_possible", "digital_first")
    ]
    health = [line for line in row.lines if line.law.value == "HSL" and line.digital_allowed_by_id is None]
    broken = _said(
        (row.priority == "P1", "is P1 and digital"),
        (row.staff_needed > 1, "needs two and is digital"),
        (not row.services, "has no lines and is digital"),
        (bool(hands), f"needs hands ({hands}) and is digital"),
        (bool(health), "is health care that no nurse has allowed"),
        (row.channel == "phone" and not client.phone, "is a phone call without a number"),
    )
    if row.channel == "phone":
        return broken
    given = {
        (consent.kind.value, consent.person.value)
        for consent in facts.consents[client.id]
        if consent.confirmed_at and not consent.refused and consent.withdrawn_at is None
    }
    alone = client.lives_alone
    return broken + _said(
        (("digital_visit", "client") not in given, "is video without consent"),
        (
            not alone and ("digital_visit", "cohabitant") not in given,
            "is video without the cohabitant's consent",
        ),
        (client.decision_ability.value == "unclear", "is video though decision ability is unclear"),
        (client.video_wish.value != "yes", "is video though the client has not wished it"),
        (client.id not in facts.tablets, "is video without a tablet"),
    )


def _two_places_at_once(after: dict[UUID, Row], before: dict[UUID, Row], changed: set[UUID]) -> list[str]:
    """Nobody is in two contacts at once, unless the plan already had it so."""
    live = [
        row
        for row in after.values()
        if row.status in ("planned", "due", "underway") and row.channel != "prompt"
    ]
    by_staff: dict[UUID, list[Row]] = defaultdict(list)
    for row in live:
        for one in row.staff:
            by_staff[one].append(row)
    broken = []
    for rows in by_staff.values():
        rows.sort(key=lambda row: row.start)
        for first, second in pairwise(rows):
            overlap = second.start < first.start + timedelta(minutes=first.minutes)
            if overlap and {first.id, second.id} & changed and not _overlapped(before, first.id, second.id):
                broken.append(f"{first.id} and {second.id} at once for the same person")
    return broken


def _overlapped(before: dict[UUID, Row], one: UUID, other: UUID) -> bool:
    a, b = sorted((before[one], before[other]), key=lambda row: row.start)
    return bool(set(a.staff) & set(b.staff)) and b.start < a.start + timedelta(minutes=a.minutes)
