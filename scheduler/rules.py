"""The door of "Planera samtal": making, changing and ending contact rules, and what becomes of their rows.

A changed rule changes future untouched rows only: what somebody has changed by hand, what has begun and what
has been stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import Client
from care.clock import Clock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.digital import LASTING, RULES, judge
from care.contacts.facts import Wanted, facts_of, line_facts
from care.contacts.life import Status
from care.contacts.rule import ContactRule, ContactRuleLine
from care.contacts.step import Hand, alter, step
from care.errors import Fault, not_found, stale
from care.ids import new_id
from care.localtime import at as instant_at
from care.localtime import to_instant
from care.recurrence import check, days
from care.services import Law, Priority, Service
from care.staff import Staff, Title
from scheduler.horizon import DAYS_AHEAD, line_rows, make_rows, need_of, row_fields, services_of
from scheduler.staffing import Roster

MOST_MINUTES = 12 * 60


@dataclass(frozen=True, slots=True)
class RuleWish:
    """What the form says. Minutes are minutes; `at` is local wall time."""

    client_id: UUID
    channel: Channel
    services: Sequence[UUID]
    at: time
    minutes: int
    first_day: date
    last_day: date | None = None
    recurrence: str | None = None
    window_before: int = 30
    window_after: int = 30
    staff_id: UUID | None = None
    staff_needed: int = 1
    #: None: the most urgent of the services.
    priority: Priority | None = None
    #: HSL lines: who ordered them, and the licensed professional who allows them at a distance.
    ordered_by_id: UUID | None = None
    digital_allowed_by_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a rule's rows."""

    made: int = 0
    changed: int = 0
    cancelled: int = 0
    #: Left alone: somebody has changed them by hand, or they are about to begin.
    kept: int = 0


async def create_rule(
    session: AsyncSession, wish: RuleWish, *, clock: Clock, hand: Hand
) -> tuple[ContactRule, Applied]:
    """Make a rule and its rows up to the horizon.

    Raises `Fault` ``rule.*``, ``recurrence.*``, ``time.gap`` or ``digital.*`` (422) or ``not_found`` (404).
    """
    services = await check_wish(session, wish, clock, is_new=True)
    await _check_channel(session, wish, services, clock)
    rule = ContactRule(
        id=new_id(),
        client_id=wish.client_id,
        created_by_id=hand.account_id,
        created_at=clock.now(),
        **_fields(wish, services),
    )
    rule.lines = _lines(wish, services)
    session.add(rule)
    await session.flush()
    made = await make_rows(session, [rule], clock, hand, not_before=clock.now())
    return rule, Applied(made=made)


async def change_rule(
    session: AsyncSession, rule_id: UUID, version: int, wish: RuleWish, *, clock: Clock, hand: Hand
) -> Applied:
    """Change a rule and its future untouched rows.

    Faults as `create_rule`, and ``stale`` or ``rule.ended`` (409). A rule stays with its client.
    """
    rule = await fetch_rule(session, rule_id, version)
    if rule.client_id != wish.client_id:
        raise not_found("brukare")
    services = await check_wish(session, wish, clock, is_new=False)
    await _check_channel(session, wish, services, clock)
    for name, value in _fields(wish, services).items():
        setattr(rule, name, value)
    rule.lines = _lines(wish, services)
    # Lines alone do not touch the rule's own row: its version must rise all the same.
    rule.made_until = None
    await session.flush()
    return await apply_change(session, rule, clock=clock, hand=hand)


async def end_rule(
    session: AsyncSession,
    rule_id: UUID,
    version: int,
    *,
    clock: Clock,
    hand: Hand,
    last_day: date | None = None,
) -> Applied:
    """End a rule now, or after `last_day`: future untouched rows beyond are cancelled.

    Raises `Fault` ``not_found``, ``stale`` or ``rule.ended``.
    """
    rule = await fetch_rule(session, rule_id, version)
    if last_day is None or last_day < clock.today():
        rule.ended_at = clock.now()
    else:
        rule.last_day = last_day
    await session.flush()
    cancelled = kept = 0
    for row in await _future_rows(session, rule, clock.now()):
        day = row.rule_day
        if rule.ended_at is None and day is not None and last_day is not None and day <= last_day:
            continue
        if row.touched:
            kept += 1
            continue
        await _cancel(session, row, Cause.RULE_ENDED, clock.now(), hand)
        cancelled += 1
    return Applied(cancelled=cancelled, kept=kept)


async def fetch_rule(session: AsyncSession, rule_id: UUID, version: int | None = None) -> ContactRule:
    """The rule with its lines, locked; it has not ended. Faults ``not_found``, ``stale``, ``rule.ended``."""
    rule: ContactRule | None = await session.scalar(
        select(ContactRule)
        .where(ContactRule.id == rule_id)
        .options(selectinload(ContactRule.lines))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if rule is None:
        raise not_found("upprepning")
    if version is not None and rule.version != version:
        raise stale("upprepningen")
    if rule.ended_at is not None:
        raise Fault("rule.ended", "Upprepningen är redan avslutad.", status=409, place="rule")
    return rule


async def apply_change(session: AsyncSession, rule: ContactRule, *, clock: Clock, hand: Hand) -> Applied:
    """Bring the future untouched rows of `rule` (locked, lines loaded) into line with it."""
    now = clock.now()
    horizon = clock.today() + timedelta(days=DAYS_AHEAD)
    wanted = set(days(rule.recurrence, rule.first_day, rule.last_day, clock.today(), horizon))
    rows = await _future_rows(session, rule, now)
    changed = cancelled = kept = 0
    changing: list[tuple[PlannedContact, datetime]] = []
    for row in rows:
        if row.touched:
            kept += 1
        elif row.rule_day not in wanted:
            await _cancel(session, row, Cause.RULE_CHANGED, now, hand)
            cancelled += 1
        else:
            start = instant_at(row.rule_day, rule.at, clock.zone)
            if start <= now:
                # Its new time has passed today: it is done as it was planned.
                kept += 1
            else:
                changing.append((row, start))
    await _change(session, rule, changing, clock, hand)
    changed = len(changing)
    rule.made_until = None
    made = await make_rows(session, [rule], clock, hand, not_before=now)
    return Applied(made, changed, cancelled, kept)


async def _change(
    session: AsyncSession,
    rule: ContactRule,
    changing: Sequence[tuple[PlannedContact, datetime]],
    clock: Clock,
    hand: Hand,
) -> None:
    if not changing:
        return
    client = await session.get_one(Client, rule.client_id)
    services = await services_of(session, [rule])
    needs = [need_of(rule, client, start, rule.channel, services) for _, start in changing]
    roster = await Roster(clock.zone).load(session, needs, but={row.id for row, _ in changing})
    for (row, start), need in zip(changing, needs, strict=True):
        await session.execute(delete(ContactLine).where(ContactLine.contact_id == row.id))
        await session.execute(insert(ContactLine), line_rows(row.id, rule.lines))
        # Made anew in all but its id: this is no move from one channel to another.
        row.first_channel = rule.channel
        await alter(
            session,
            row,
            at=clock.now(),
            hand=hand,
            event=Cause.RULE_CHANGED.value,
            staff=roster.choose(need),
            channel=rule.channel,
            **row_fields(rule, start),
        )


async def _future_rows(session: AsyncSession, rule: ContactRule, now: datetime) -> list[PlannedContact]:
    """Rows of `rule` that have not begun nor come due, locked."""
    rows = await session.scalars(
        select(PlannedContact)
        .where(
            PlannedContact.rule_id == rule.id,
            PlannedContact.status == Status.PLANNED,
            PlannedContact.start > now,
        )
        .order_by(PlannedContact.start)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def _cancel(session: AsyncSession, row: PlannedContact, cause: Cause, at: datetime, hand: Hand) -> None:
    # The day is given back, so that the rule may have it again after another change.
    await step(
        session, row, Status.CANCELLED, at=at, hand=hand, event=cause.value, cause=cause, rule_day=None
    )


async def check_wish(
    session: AsyncSession, wish: RuleWish, clock: Clock, *, is_new: bool
) -> dict[UUID, Service]:
    """The services of a wish that can be understood; whether it is allowed is another matter.

    Raises `Fault` ``rule.*``, ``recurrence.*`` or ``time.gap`` with the field as place, or ``not_found``.
    """
    if await session.get(Client, wish.client_id) is None:
        raise not_found("brukare")
    await _check_people(session, wish)
    services = {
        service.id: service
        for service in await session.scalars(select(Service).where(Service.id.in_(wish.services)))
    }
    if not wish.services or any(one not in services or not services[one].active for one in wish.services):
        raise Fault("rule.services", "Välj minst en insats ur katalogen.", place="services")
    if not 1 <= wish.minutes <= MOST_MINUTES:
        raise Fault("rule.minutes", "Längden ska vara mellan 1 minut och 12 timmar.", place="minutes")
    if not (0 <= wish.window_before <= MOST_MINUTES and 0 <= wish.window_after <= MOST_MINUTES):
        raise Fault("rule.window", "Tidsfönstret kan vara högst 12 timmar åt varje håll.", place="window")
    if wish.staff_needed not in (1, 2):
        raise Fault("rule.staff_needed", "En kontakt har en eller två personer.", place="staff_needed")
    if is_new and wish.first_day < clock.today():
        raise Fault("rule.past", "Första dagen har redan varit.", place="first_day")
    if wish.last_day is not None and wish.last_day < wish.first_day:
        raise Fault("rule.days", "Sista dagen är före den första.", place="last_day")
    check(wish.recurrence)
    if wish.recurrence is None:
        # A single time is meant exactly: in the spring gap it is an error and is not moved.
        start = to_instant(datetime.combine(wish.first_day, wish.at), clock.zone, place="at")
        if is_new and start <= clock.now():
            raise Fault("rule.past", "Tiden har redan varit.", place="at")
    return services


async def _check_people(session: AsyncSession, wish: RuleWish) -> None:
    if wish.staff_id is not None:
        staff = await session.get(Staff, wish.staff_id)
        if staff is None or not staff.active:
            raise Fault(
                "rule.staff", "Personen finns inte i personalen längre. Välj någon annan.", place="staff"
            )
    for place, person_id in (("ordered_by", wish.ordered_by_id), ("nurse", wish.digital_allowed_by_id)):
        nurse = await session.get(Staff, person_id) if person_id is not None else None
        if person_id is not None and (nurse is None or nurse.title is not Title.NURSE):
            raise Fault("rule.nurse", "Välj en sjuksköterska.", place=place)


async def _check_channel(
    session: AsyncSession, wish: RuleWish, services: dict[UUID, Service], clock: Clock
) -> None:
    """What stands in the way for long is refused; what may differ from day to day is asked on the day."""
    if wish.channel is Channel.PHYSICAL:
        return
    if wish.channel not in RULES:
        raise Fault("rule.channel", "Den kanalen planeras i ett annat system.", place="channel")
    lines = tuple(line_facts(services[one], wish.digital_allowed_by_id) for one in wish.services)
    wanted = Wanted(
        wish.client_id,
        instant_at(wish.first_day, wish.at, clock.zone),
        _priority(wish, services),
        wish.staff_needed,
        lines,
    )
    (facts,) = await facts_of(session, [wanted], clock)
    for no in judge(facts, wish.channel).against:
        if no.rule in LASTING:
            raise Fault(f"digital.{no.rule}", no.sentence, place="channel", values=no.values)


def _priority(wish: RuleWish, services: dict[UUID, Service]) -> Priority:
    return wish.priority or min(services[one].priority for one in wish.services)


def _fields(wish: RuleWish, services: dict[UUID, Service]) -> dict[str, object]:
    return {
        "channel": wish.channel,
        "at": wish.at.replace(second=0, microsecond=0, tzinfo=None),
        "window_before": wish.window_before,
        "window_after": wish.window_after,
        "minutes": wish.minutes,
        "staff_needed": wish.staff_needed,
        "recurrence": wish.recurrence,
        "first_day": wish.first_day,
        "last_day": wish.last_day,
        "staff_id": wish.staff_id,
        "priority": _priority(wish, services),
    }


def _lines(wish: RuleWish, services: dict[UUID, Service]) -> list[ContactRuleLine]:
    """A line for each service; the rule's minutes are shared by their standard times."""
    chosen = [services[one] for one in dict.fromkeys(wish.services)]
    whole = sum(service.standard_minutes for service in chosen) or len(chosen)
    left, lines = wish.minutes, []
    for seq, service in enumerate(chosen):
        is_last = seq == len(chosen) - 1
        share = left if is_last else min(left, round(wish.minutes * (service.standard_minutes or 1) / whole))
        left -= share
        lines.append(
            ContactRuleLine(
                id=new_id(),
                seq=seq,
                service_id=service.id,
                goal_type=service.goal_type,
                law=service.law,
                minutes=share,
                ordered_by_id=wish.ordered_by_id if service.law is Law.HSL else None,
                digital_allowed_by_id=wish.digital_allowed_by_id if service.law is Law.HSL else None,
            )
        )
    return lines
