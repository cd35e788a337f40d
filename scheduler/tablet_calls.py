"""A tablet is lost and another is put up: coming calls are visits in between, and calls again after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, PlannedContact
from care.contacts.digital import judge
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.contacts.step import Hand, alter
from care.ids import read_id
from care.services import Service
from scheduler.moving import have_told
from scheduler.staffing import Need, Roster


@dataclass(frozen=True, slots=True)
class _Before:
    """What a row was before the tablet was lost."""

    channel: Channel
    minutes: int
    staff: list[UUID]


async def tablet_is_back(session: AsyncSession, client_id: UUID, *, clock: Clock, hand: Hand) -> int:
    """Turn the visits that took the place of calls when the tablet was lost into calls again; how many.

    Only what nobody has taken over as a visit meanwhile, and what the rules allow now. Who was to ring does
    so when at work and free, else somebody the client knows, else nobody yet.
    """
    rows = list(
        await session.scalars(
            select(PlannedContact)
            .where(
                PlannedContact.client_id == client_id,
                PlannedContact.cause == Cause.TABLET_LOST,
                PlannedContact.channel == Channel.PHYSICAL,
                PlannedContact.status == Status.PLANNED,
                PlannedContact.start > clock.now(),
                ~exists().where(Assignment.contact_id == PlannedContact.id),
            )
            .order_by(PlannedContact.start)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    facts = await gather_facts(session, [row.id for row in rows], clock)
    count = 0
    for row in rows:
        before = await _before(session, row)
        if before is None or not judge(facts[row.id], before.channel).allowed:
            continue
        staff = await _staff(session, row, before, clock)
        await alter(
            session,
            row,
            at=clock.now(),
            hand=hand,
            event=f"moved_to_{before.channel.value}",
            staff=staff,
            channel=before.channel,
            minutes=before.minutes,
            cause=None,
        )
        await have_told(session, row, clock, kind="move", channel_before=Channel.PHYSICAL.value)
        count += 1
    return count


async def _before(session: AsyncSession, row: PlannedContact) -> _Before | None:
    entry = await session.scalar(
        select(ContactHistory)
        .where(ContactHistory.contact_id == row.id, ContactHistory.event == "moved_to_visit")
        .order_by(ContactHistory.at.desc(), ContactHistory.id.desc())
        .limit(1)
    )
    change: dict[str, Any] = entry.change if entry is not None else {}
    if "channel" not in change:
        return None
    people = change.get("staff", [[]])[0]
    minutes = change.get("minutes", [row.minutes])[0]
    return _Before(
        Channel(change["channel"][0]), int(minutes), [key for one in people if (key := read_id(str(one)))]
    )


async def _staff(session: AsyncSession, row: PlannedContact, before: _Before, clock: Clock) -> list[UUID]:
    """Who does it; a reminder on the screen needs nobody, but keeps whom it had."""
    if before.channel is not Channel.VIDEO:
        return before.staff
    delegated = await session.scalar(
        select(ContactLine.id)
        .join(Service, Service.id == ContactLine.service_id)
        .where(ContactLine.contact_id == row.id, Service.delegation_required.is_(True))
        .limit(1)
    )
    need = Need(
        row.client_id,
        row.group_id,
        row.start,
        before.minutes,
        before.channel,
        count=max(1, len(before.staff)),
        wanted=before.staff[0] if before.staff else None,
        needs_delegation=delegated is not None,
    )
    roster = await Roster(clock.zone).load(session, [need], but=[row.id])
    if need.wanted is not None and roster.is_busy(need.wanted, need.start, need.end):
        need = replace(need, wanted=None)
    return roster.choose(need)
