"""Waking after a night or a month: the days that have passed get their outcomes, and new days their rows.

Runs before any tick, so that nothing that happened while the demo slept stands red. Started again the same
day it changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.clients import ClientAbsence
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import END_STATES, Status
from care.contacts.rule import ContactRule
from care.demo.absences import LONGEST, Away, absences
from care.demo.day import Entry, Line, Rows, assignment_rows, contact_row, empty, entries, line_rows
from care.demo.hours import Hours
from care.demo.past import Past, old_tablets, tell, under_way
from care.demo.planting import AHEAD, FILLED, Progress, load, pulses
from care.demo.shifts import Duty, duty, shift_rows
from care.demo.town import Town, make_town
from care.devices import Device, DeviceAssignment
from care.localtime import SWEDEN
from care.municipality import Municipality
from care.pulse import ClientPulse, ClientPulseAsked, StaffPulse, StaffPulseAsked
from care.staff import Delegation, Shift
from care.storage.database import Database
from care.storage.insert import insert_missing
from care.ticks import Tick


async def catch_up(database: Database, *, now: datetime, progress: Progress | None = None) -> int:
    """Fill the days since the demo was last running; how many days that was.

    0 when it is still the same day, when the clock has gone backwards, or when this is no demo. Each day is
    one transaction, and the day it has come to is remembered with it. `progress` is told after each day.
    """
    async with database.read() as session:
        place = (await session.execute(select(Municipality.demo_seed, Municipality.demo_first_day))).first()
        filled = await session.scalar(select(Tick.done_until).where(Tick.name == FILLED))
    if place is None or place[0] is None or place[1] is None or filled is None:
        return 0
    town, today = make_town(*place), now.astimezone(SWEDEN).date()
    last = filled.astimezone(SWEDEN).date()
    if today <= last:
        return 0
    count = (today - last).days + 1
    for number in range(count):
        day = last + timedelta(days=number)
        async with database.write() as session:
            await _fill(session, town, day, min(now, Hours(day)(1440)))
        if progress is not None:
            progress(number + 1, count)
    return (today - last).days


async def _fill(session: AsyncSession, town: Town, day: date, until: datetime) -> None:
    """Everything that happened on `day` up to `until`, and the rows of the day that has come in sight."""
    horizon = day + timedelta(days=AHEAD)
    await _make_day(session, town, horizon)
    away = await _absences(session, town, day, until)
    past = Past(town, until, away, await _tablets(session), old_tablets(town))
    await _tell(session, past, day)
    await _renew_delegations(session, horizon)
    # A whole day ends a second before the next one, which has not been begun.
    reached = min(until, Hours(day)(1440) - timedelta(seconds=1))
    await session.execute(
        update(Tick).where(Tick.name == FILLED).values(last_run_at=reached, done_until=reached)
    )


async def _make_day(session: AsyncSession, town: Town, day: date) -> None:
    """Shifts and rows of `day`, save those that are there already.

    Rows that the horizon tick made while the demo ran found no shifts: they get their workers here.
    """
    hours, who = Hours(day), duty(town, day, absences=False)
    there = dict(
        (
            await session.execute(
                select(PlannedContact.rule_id, PlannedContact.id).where(PlannedContact.rule_day == day)
            )
        ).all()
    )
    untouched = set(
        await session.scalars(
            select(PlannedContact.id).where(
                PlannedContact.rule_day == day,
                PlannedContact.status == Status.PLANNED,
                PlannedContact.touched.is_(False),
                ~select(Assignment.id).where(Assignment.contact_id == PlannedContact.id).exists(),
            )
        )
    )
    shifts = set(await session.scalars(select(Shift.id).where(Shift.date == day)))
    living = await _as_planted(session, town)
    rows = empty()
    rows["shift"] = [row for row in shift_rows(town, who, hours) if row["id"] not in shifts]
    for order, entry in entries(town, day, who, hours):
        rule = town.rules[order.no]
        if rule not in living:
            continue
        if rule not in there:
            rows["planned_contact"].append(contact_row(town, order, entry, hours))
            rows["contact_line"] += line_rows(town, order, entry)
            rows["assignment"] += assignment_rows(town, entry)
        elif there[rule] in untouched and not shifts and entry.staff:
            await _man(session, rows, town, there[rule], entry)
    await load(session, rows)
    await session.execute(
        update(ContactRule)
        .where(ContactRule.id.in_(living), ContactRule.made_until < day)
        .values(made_until=day)
        .execution_options(synchronize_session=False)
    )


async def _as_planted(session: AsyncSession, town: Town) -> set[UUID]:
    """Rules that nobody has changed or ended; rows of the others are the horizon tick's to make."""
    rows = await session.execute(
        select(
            ContactRule.id, ContactRule.at, ContactRule.minutes, ContactRule.channel, ContactRule.recurrence
        ).where(
            ContactRule.id.in_(town.rules),
            ContactRule.ended_at.is_(None),
            ContactRule.last_day.is_(None),
            ContactRule.staff_id.is_(None),
        )
    )
    orders = dict(zip(town.rules, town.cycle.orders, strict=True))
    return {
        rule
        for rule, at, minutes, channel, recurrence in rows
        if (order := orders[rule]).at == at.hour * 60 + at.minute
        and (order.minutes, order.channel, order.pattern.rrule) == (minutes, channel, recurrence)
    }


async def _man(session: AsyncSession, rows: Rows, town: Town, contact: UUID, entry: Entry) -> None:
    """A row that a tick has made gets the time and the workers that the plan has for it."""
    await session.execute(
        update(PlannedContact)
        .where(PlannedContact.id == contact)
        .values(start=entry.start, owner_id=entry.staff[0], version=PlannedContact.version + 1)
        .execution_options(synchronize_session=False)
    )
    rows["assignment"] += assignment_rows(town, replace(entry, id=contact))


async def _absences(session: AsyncSession, town: Town, day: date, until: datetime) -> list[Away]:
    """Who has gone away or come home on `day`; all who were away then."""
    mine = [one for one in absences(town, day - timedelta(days=LONGEST), day) if one.start <= until]
    there = {row.id: row for row in await session.scalars(select(ClientAbsence))}
    for one in mine:
        if one.id not in there:
            session.add(ClientAbsence(**one.row(until)))
        elif there[one.id].end is None and one.known_end(until) is not None:
            there[one.id].end = one.end
    seeded = {one.id for one in mine}
    by_hand = [
        Away(row.id, -1, row.client_id, row.kind, row.start, row.end or until + timedelta(days=1))
        for row in there.values()
        if row.id not in seeded
    ]
    return mine + by_hand


async def _tablets(session: AsyncSession) -> dict[UUID, UUID]:
    """Client → the tablet that stands there and is paired."""
    rows = await session.execute(
        select(DeviceAssignment.client_id, Device.id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(DeviceAssignment.end.is_(None), Device.revoked_at.is_(None), Device.paired_at.is_not(None))
    )
    return dict(rows.all())


async def _tell(session: AsyncSession, past: Past, day: date) -> None:
    """What became of every row that is open and has passed, whoever made it; and the day's pulse."""
    town = past.town
    end = Hours(day)(1440)
    found = (
        await session.scalars(
            select(PlannedContact)
            .where(PlannedContact.status.not_in(END_STATES), PlannedContact.start < min(end, past.now))
            .options(selectinload(PlannedContact.lines), selectinload(PlannedContact.assignments))
            .order_by(PlannedContact.start, PlannedContact.id)
        )
    ).all()
    past.taken = await _taken(session, day + timedelta(days=1))
    area_of = {group: area for area, group in enumerate(town.groups)}
    ring_of = {person.id: person.ring for person in town.people}
    rows, changed, moved = empty(), [], []
    for contact in found:
        entry = _entry(contact)
        if past.has_passed(entry):
            late = entry.owed != day
            area = None if late else area_of.get(entry.group)
            columns = tell(past, rows, entry, ring_of.get(entry.client, 2), area)
        elif entry.status is Status.PLANNED:
            columns = under_way(past, entry)
        else:
            continue
        staff = columns.pop("staff", None)
        if staff is not None:
            moved.append((contact.id, staff))
        if columns:
            changed.append({"row": contact.id, **columns})
    await _change(session, changed)
    for contact_id, staff in moved:
        await _reassign(session, town, contact_id, staff)
    who = duty(town, day, absences=False)
    await _pulse(session, past, rows, day, who)
    session.expire_all()
    await load(session, rows)


def _entry(contact: PlannedContact) -> Entry:
    return Entry(
        contact.id,
        contact.client_id,
        contact.group_id,
        contact.channel,
        contact.priority,
        contact.owed_date,
        contact.start,
        contact.minutes,
        contact.status,
        contact.version,
        tuple(Line(line.id, line.goal_type) for line in contact.lines),
        tuple(one.staff_id for one in contact.assignments),
        put_off=contact.planned_date > contact.owed_date,
    )


async def _taken(session: AsyncSession, day: date) -> set[tuple[UUID, datetime]]:
    """Spare times of `day` that rows put off from the day before already have."""
    rows = await session.execute(
        select(Assignment.staff_id, PlannedContact.start)
        .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
        .where(PlannedContact.planned_date == day, PlannedContact.owed_date < day)
    )
    return {(staff, start) for staff, start in rows.all()}


async def _change(session: AsyncSession, changed: Sequence[dict[str, Any]]) -> None:
    """Set columns in bulk: rows that change the same columns together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in changed:
        alike[tuple(sorted(key for key in row if key != "row"))].append(row)
    table = PlannedContact.__table__
    for columns, rows in alike.items():
        statement = (
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("row"))
            .values({column: bindparam(f"new_{column}") for column in columns})
        )
        connection = await session.connection()
        await connection.execute(
            statement,
            [{key if key == "row" else f"new_{key}": value for key, value in row.items()} for row in rows],
        )


async def _reassign(session: AsyncSession, town: Town, contact: UUID, staff: Sequence[UUID]) -> None:
    there = (
        await session.scalars(
            select(Assignment).where(Assignment.contact_id == contact).order_by(Assignment.slot)
        )
    ).all()
    for assignment in there[1:]:
        await session.delete(assignment)
    if there:
        there[0].staff_id = staff[0]
    else:
        session.add(
            Assignment(
                id=town.made("assignment", contact, 1),
                contact_id=contact,
                staff_id=staff[0],
                slot=1,
            )
        )
    await session.flush()


async def _pulse(session: AsyncSession, past: Past, rows: Rows, day: date, who: Duty) -> None:
    """The day's answers. A day that people have used the demo on keeps theirs, and gets the rest."""
    talked = await session.execute(
        select(PlannedContact.client_id, PlannedContact.group_id).where(
            PlannedContact.planned_date == day,
            PlannedContact.channel == Channel.VIDEO,
            PlannedContact.status == Status.DONE,
        )
    )
    pulses(past, rows, day, who, [(client, group) for client, group in talked])
    for table in (ClientPulse, ClientPulseAsked, StaffPulse, StaffPulseAsked):
        # Ids follow from the day and the person: what was told at an earlier start is not told again.
        await insert_missing(session, table, rows.pop(table.__tablename__, []))


async def _renew_delegations(session: AsyncSession, horizon: date) -> None:
    """A delegation that would end within sight holds for another year."""
    for delegation in await session.scalars(select(Delegation).where(Delegation.valid_to <= horizon)):
        delegation.valid_to += timedelta(days=364)
