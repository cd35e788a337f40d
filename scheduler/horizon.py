"""*horizon*: from rules to rows, fourteen days ahead at local wall time.

A rule has one row for each of its days, however often and on however many nodes this runs: the database
itself holds ``(rule, day)`` unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import CareScope, Client
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.digital import LASTING, RULES, judge
from care.contacts.facts import Wanted, facts_of, line_facts
from care.contacts.life import Status
from care.contacts.rule import ContactRule, ContactRuleLine
from care.contacts.step import Hand
from care.ids import new_id
from care.outbox import announce
from care.recurrence import instants
from care.services import Service
from care.storage.database import Database
from care.storage.insert import insert_missing
from scheduler.staffing import Need, Roster

DAYS_AHEAD = 14
HAND = Hand("tick.horizon")
_RULES_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Making:
    """One row to be made: of which rule, for which day, at what instant."""

    rule: ContactRule
    client: Client
    day: date
    start: datetime


async def horizon(database: Database, clock: Clock) -> int:
    """Make the rows that are missing up to the horizon; how many."""
    last = clock.today() + timedelta(days=DAYS_AHEAD)
    waiting = (
        ContactRule.ended_at.is_(None),
        ContactRule.first_day <= last,
        or_(ContactRule.last_day.is_(None), ContactRule.last_day >= clock.today()),
        or_(ContactRule.made_until.is_(None), ContactRule.made_until < last),
    )
    count = 0
    async with database.read() as session:
        ids = list(await session.scalars(select(ContactRule.id).where(*waiting).order_by(ContactRule.id)))
    for at in range(0, len(ids), _RULES_AT_ONCE):
        async with database.write() as session:
            rules = await session.scalars(
                select(ContactRule)
                .where(ContactRule.id.in_(ids[at : at + _RULES_AT_ONCE]), *waiting)
                .options(selectinload(ContactRule.lines))
                .order_by(ContactRule.id)
                # A rule that somebody is changing right now makes its own rows.
                .with_for_update(skip_locked=True)
            )
            count += await make_rows(session, list(rules), clock, HAND)
    return count


async def make_rows(
    session: AsyncSession,
    rules: Sequence[ContactRule],
    clock: Clock,
    hand: Hand,
    *,
    not_before: datetime | None = None,
) -> int:
    """Make the rows of `rules` (with their lines loaded, locked) that are missing; how many.

    No row is made for a time before `not_before`, by default before the rule itself was made.
    """
    makings = await _makings(session, rules, clock, not_before)
    services = await services_of(session, rules)
    channels = await _channels(session, makings, services, clock)
    rows = [_row(making, channel) for making, channel in zip(makings, channels, strict=True)]
    made = await insert_missing(session, PlannedContact, rows)
    new = [
        (row["id"], making, channel)
        for row, making, channel in zip(rows, makings, channels, strict=True)
        if row["id"] in made
    ]
    needs = [
        need_of(making.rule, making.client, making.start, channel, services) for _, making, channel in new
    ]
    roster = await Roster(clock.zone).load(session, needs)
    staff = [roster.choose(need) for need in needs]
    await _fill(session, new, staff, clock.now(), hand)
    await _note_made(session, rules, clock)
    return len(new)


def need_of(
    rule: ContactRule, client: Client, start: datetime, channel: Channel, services: dict[UUID, Service]
) -> Need:
    """What a row of `rule` asks of staff."""
    return Need(
        client_id=client.id,
        group_id=client.group_id,
        start=start,
        minutes=rule.minutes,
        channel=channel,
        count=rule.staff_needed,
        wanted=rule.staff_id,
        needs_delegation=any(services[line.service_id].delegation_required for line in rule.lines),
    )


def row_fields(rule: ContactRule, start: datetime) -> dict[str, Any]:
    """The fields of a row that follow from its rule and its start."""
    return {
        "start": start,
        "minutes": rule.minutes,
        "window_start": start - timedelta(minutes=rule.window_before),
        "window_end": start + timedelta(minutes=rule.window_after),
        "staff_needed": rule.staff_needed,
        "priority": rule.priority,
    }


def line_rows(
    contact_id: UUID, lines: Iterable[ContactRuleLine] | Iterable[ContactLine]
) -> list[dict[str, Any]]:
    """The lines of a row, copied from those of its rule or of the row that it replaces."""
    return [
        {
            "id": new_id(),
            "contact_id": contact_id,
            "seq": line.seq,
            "service_id": line.service_id,
            "goal_type": line.goal_type,
            "law": line.law,
            "minutes": line.minutes,
            "ordered_by_id": line.ordered_by_id,
            "digital_allowed_by_id": line.digital_allowed_by_id,
        }
        for line in lines
    ]


async def _makings(
    session: AsyncSession, rules: Sequence[ContactRule], clock: Clock, not_before: datetime | None
) -> list[Making]:
    clients = {
        client.id: client
        for client in await session.scalars(
            select(Client).where(
                Client.id.in_({rule.client_id for rule in rules}), Client.care_scope != CareScope.ENDED
            )
        )
    }
    today = clock.today()
    last = today + timedelta(days=DAYS_AHEAD)
    makings = []
    for rule in rules:
        client = clients.get(rule.client_id)
        if client is None or rule.ended_at is not None:
            continue
        first = today if rule.made_until is None else max(today, rule.made_until + timedelta(days=1))
        earliest = not_before or rule.created_at
        makings += [
            Making(rule, client, day, start)
            for day, start in instants(
                rule.recurrence, rule.at, rule.first_day, rule.last_day, start=first, end=last,
                zone=clock.zone,
            )
            if start >= earliest
        ]  # fmt: skip
    return makings


async def services_of(session: AsyncSession, rules: Sequence[ContactRule]) -> dict[UUID, Service]:
    """The services of the rules' lines, by id."""
    ids = {line.service_id for rule in rules for line in rule.lines}
    return {
        service.id: service for service in await session.scalars(select(Service).where(Service.id.in_(ids)))
    }


def _wanted(making: Making, services: dict[UUID, Service]) -> Wanted:
    rule = making.rule
    return Wanted(
        rule.client_id,
        making.start,
        rule.priority,
        rule.staff_needed,
        tuple(line_facts(services[line.service_id], line.digital_allowed_by_id) for line in rule.lines),
    )


async def _channels(
    session: AsyncSession, makings: Sequence[Making], services: dict[UUID, Service], clock: Clock
) -> list[Channel]:
    """Each rule's channel, or a visit where what it leans on (a consent, a nurse's word) is gone."""
    channels = [making.rule.channel for making in makings]
    asked = [index for index, channel in enumerate(channels) if channel in RULES]
    facts = await facts_of(session, [_wanted(makings[index], services) for index in asked], clock)
    for index, fact in zip(asked, facts, strict=True):
        if any(no.rule in LASTING for no in judge(fact, channels[index]).against):
            channels[index] = Channel.PHYSICAL
    return channels


def _row(making: Making, channel: Channel) -> dict[str, Any]:
    rule = making.rule
    return {
        "id": new_id(),
        "client_id": rule.client_id,
        "group_id": making.client.group_id,
        "channel": channel,
        "first_channel": channel,
        "origin": Origin.RULE,
        "rule_id": rule.id,
        "rule_day": making.day,
        "owed_date": making.day,
        "planned_date": making.day,
        **row_fields(rule, making.start),
    }


async def _fill(
    session: AsyncSession,
    new: Sequence[tuple[UUID, Making, Channel]],
    staff: Sequence[list[UUID]],
    now: datetime,
    hand: Hand,
) -> None:
    """Lines, staff, owner, history and facts of rows that have just been made."""
    if not new:
        return
    lines = [line for contact_id, making, _ in new for line in line_rows(contact_id, making.rule.lines)]
    if lines:
        await session.execute(insert(ContactLine), lines)
    await _assign(session, {row[0]: chosen for row, chosen in zip(new, staff, strict=True) if chosen})
    await session.execute(
        insert(ContactHistory),
        [
            {
                "id": new_id(),
                "contact_id": contact_id,
                "at": now,
                "by": hand.by,
                "account_id": hand.account_id,
                "event": "made",
                "status_before": None,
                "status_after": Status.PLANNED.value,
                "change": {}
                if channel is making.rule.channel
                else {"channel": [making.rule.channel.value, channel.value]},
            }
            for contact_id, making, channel in new
        ],
    )
    for (contact_id, making, _), chosen in zip(new, staff, strict=True):
        await announce(
            session,
            now,
            "contact.changed",
            group_id=making.client.group_id,
            client_id=making.client.id,
            contact=contact_id,
            event="made",
            status=Status.PLANNED.value,
            staff=[str(one) for one in chosen],
        )


async def _assign(session: AsyncSession, staff: Mapping[UUID, list[UUID]]) -> None:
    """Give rows that have just been made to their staff; the first answers for the row."""
    if not staff:
        return
    await session.execute(
        insert(Assignment),
        [
            {"id": new_id(), "contact_id": contact_id, "staff_id": one, "slot": slot}
            for contact_id, chosen in staff.items()
            for slot, one in enumerate(chosen, start=1)
        ],
    )
    table = PlannedContact.__table__
    connection = await session.connection()
    await connection.execute(
        update(PlannedContact).where(table.c.id == bindparam("this_id")).values(owner_id=bindparam("owner")),
        [{"this_id": contact_id, "owner": chosen[0]} for contact_id, chosen in staff.items()],
    )


async def _note_made(session: AsyncSession, rules: Sequence[ContactRule], clock: Clock) -> None:
    """Remember how far rows have been made; no change of the rule, so its version stays."""
    if not rules:
        return
    last = clock.today() + timedelta(days=DAYS_AHEAD)
    await session.execute(
        update(ContactRule)
        .where(ContactRule.id.in_([rule.id for rule in rules]))
        .values(made_until=last)
        .execution_options(synchronize_session="evaluate")
    )
