"""What stands in the way of a contact that is about to be saved, said in words beforehand.

A *stop* is a hard rule: saving is refused. A *warning* is for the person to weigh.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, KnownStaff
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import LASTING, RULES, judge
from care.contacts.facts import Wanted, facts_of, line_facts
from care.contacts.life import END_STATES
from care.recurrence import instants
from care.services import Priority, Service
from care.staff import Staff
from care.words import N_
from scheduler.horizon import DAYS_AHEAD
from scheduler.rules import RuleWish
from scheduler.staffing import LONGEST, Need, Roster


class Severity(StrEnum):
    STOP = "stop"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing in the way: a stable code, a Swedish sentence (message id) with values, and when it holds."""

    code: str
    sentence: str
    severity: Severity
    values: dict[str, str] = field(default_factory=dict)
    #: Of the planned starts, those it is about.
    starts: tuple[datetime, ...] = ()

    def say(self) -> str:
        """The sentence filled in, in Swedish."""
        return self.sentence % self.values if self.values else self.sentence


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be saved: one or more contacts alike in all but their start."""

    client_id: UUID
    channel: Channel
    services: Sequence[UUID]
    starts: Sequence[datetime]
    minutes: int
    staff: Sequence[UUID] = ()
    staff_needed: int = 1
    priority: Priority | None = None
    nurse_id: UUID | None = None
    #: Rows that are not in the way: the one being changed, or those of the rule being changed.
    but: Collection[UUID] = ()


async def conflicts_of_wish(
    session: AsyncSession, wish: RuleWish, clock: Clock, rule_id: UUID | None = None
) -> list[Conflict]:
    """For the form: the contacts of the coming fourteen days (the first one, if all are later).

    `rule_id` is the rule that is being changed, whose own rows are not in its way.
    """
    today = clock.today()
    first = max(wish.first_day, today)
    found = instants(
        wish.recurrence, wish.at, wish.first_day, wish.last_day,
        start=first, end=max(first, today) + timedelta(days=DAYS_AHEAD), zone=clock.zone,
    )  # fmt: skip
    own: list[UUID] = []
    if rule_id is not None:
        own = list(await session.scalars(select(PlannedContact.id).where(PlannedContact.rule_id == rule_id)))
    now = clock.now()
    starts = [start for _, start in found if start > now] or [start for _, start in found]
    plan = Plan(
        client_id=wish.client_id,
        channel=wish.channel,
        services=wish.services,
        starts=starts,
        minutes=wish.minutes,
        staff=[wish.staff_id] if wish.staff_id else [],
        staff_needed=wish.staff_needed,
        priority=wish.priority,
        nurse_id=wish.digital_allowed_by_id,
        but=own,
    )
    return await conflicts(session, plan, clock)


async def conflicts(session: AsyncSession, plan: Plan, clock: Clock) -> list[Conflict]:
    """Everything in the way of `plan`: stops first, each thing once. Unknown ids are left out."""
    client = await session.get(Client, plan.client_id)
    if client is None or not plan.starts:
        return []
    services = list(await session.scalars(select(Service).where(Service.id.in_(plan.services))))
    found = [
        *_past(plan, clock),
        *await _rules(session, plan, services, clock),
        *await _client(session, plan, client),
        *await _staff(session, plan, client, services, clock),
    ]
    return sorted(found, key=lambda conflict: conflict.severity is not Severity.STOP)


def _past(plan: Plan, clock: Clock) -> list[Conflict]:
    past = tuple(start for start in plan.starts if start <= clock.now())
    return [Conflict("time_passed", "Tiden har redan varit.", Severity.STOP, starts=past)] if past else []


async def _rules(
    session: AsyncSession, plan: Plan, services: Sequence[Service], clock: Clock
) -> list[Conflict]:
    """The hard rules, at each start. What may look otherwise on the day itself is a warning."""
    if plan.channel not in RULES:
        # A visit needs no permission, but nobody opens the door of an empty home.
        rules: frozenset[str] = frozenset({"client_is_home"})
        channel = Channel.PHONE
    else:
        rules = frozenset(rule.__name__ for rule in RULES[plan.channel])
        channel = plan.channel
    priority = plan.priority or min((service.priority for service in services), default=Priority.P1)
    lines = tuple(line_facts(service, plan.nurse_id) for service in services)
    wanted = [Wanted(plan.client_id, start, priority, plan.staff_needed, lines) for start in plan.starts]
    found: dict[str, Conflict] = {}
    for want, facts in zip(wanted, await facts_of(session, wanted, clock), strict=True):
        for no in judge(facts, channel).against:
            if no.rule not in rules:
                continue
            severity = Severity.STOP if no.rule in LASTING else Severity.WARN
            before = found.get(no.rule)
            starts = (*before.starts, want.start) if before else (want.start,)
            found[no.rule] = Conflict(no.rule, no.sentence, severity, no.values, starts)
    return list(found.values())


async def _client(session: AsyncSession, plan: Plan, client: Client) -> list[Conflict]:
    """Something else is planned with the client at the same time."""
    length = timedelta(minutes=plan.minutes)
    rows = await session.execute(
        select(PlannedContact.id, PlannedContact.start, PlannedContact.minutes).where(
            PlannedContact.client_id == client.id,
            PlannedContact.start > min(plan.starts) - LONGEST,
            PlannedContact.start < max(plan.starts) + length,
            PlannedContact.status.not_in(END_STATES),
        )
    )
    busy = [
        (start, start + timedelta(minutes=minutes))
        for contact_id, start, minutes in rows
        if contact_id not in plan.but
    ]
    starts = tuple(
        start for start in plan.starts if any(begin < start + length and start < end for begin, end in busy)
    )
    if not starts:
        return []
    return [
        Conflict(
            "client_busy",
            "%(client)s har redan något annat planerat då.",
            Severity.WARN,
            {"client": client.first_name},
            starts,
        )
    ]


async def _staff(
    session: AsyncSession, plan: Plan, client: Client, services: Sequence[Service], clock: Clock
) -> list[Conflict]:
    if not plan.staff:
        return []
    delegated = any(service.delegation_required for service in services)
    found: list[Conflict] = []
    known = set(await session.scalars(select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id)))
    people = {one.id: one for one in await session.scalars(select(Staff).where(Staff.id.in_(plan.staff)))}
    for staff_id in plan.staff:
        person = people.get(staff_id)
        if person is None:
            continue
        needs = [
            Need(
                client.id, client.group_id, start, plan.minutes, plan.channel,
                wanted=staff_id, needs_delegation=delegated,
            )
            for start in plan.starts
        ]  # fmt: skip
        roster = await Roster(clock.zone).load(session, needs, but=plan.but)
        name = {"name": person.short_name}
        for code, sentence, severity, starts in _of_worker(person, plan, needs, roster):
            if starts:
                found.append(Conflict(code, sentence, severity, name, starts))
        if known and staff_id not in known:
            both = {**name, "client": client.first_name}
            found.append(Conflict("worker_new", "%(name)s är ny för %(client)s.", Severity.WARN, both))
    return found


def _of_worker(
    person: Staff, plan: Plan, needs: Sequence[Need], roster: Roster
) -> list[tuple[str, str, Severity, tuple[datetime, ...]]]:
    every = tuple(need.start for need in needs)
    no_video = plan.channel is Channel.VIDEO and not person.may_video
    undelegated = tuple(
        need.start for need in needs if person.active and not no_video and not roster.may(person.id, need)
    )
    off = tuple(
        need.start
        for need in needs
        # Where no roster is in yet, nobody is known to be off.
        if roster.is_rostered(need.group_id, need.start) and not roster.works(person.id, need.start, need.end)
    )
    busy = tuple(need.start for need in needs if roster.is_busy(person.id, need.start, need.end))
    return [
        ("worker_gone", N_("%(name)s arbetar inte kvar här."), Severity.STOP, () if person.active else every),
        ("worker_no_video", N_("%(name)s tar inte videosamtal."), Severity.STOP, every if no_video else ()),
        ("worker_no_delegation", N_("%(name)s saknar delegering då."), Severity.STOP, undelegated),
        ("worker_off", N_("%(name)s arbetar inte då."), Severity.WARN, off),
        ("worker_busy", N_("%(name)s är upptagen med något annat då."), Severity.WARN, busy),
    ]
