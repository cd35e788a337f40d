"""The rows behind the measures, in a handful of set-based queries over an indexed range of days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.measures.hiding import Share
from care.measures.same_day import Counted, Row, count
from care.pulse import ClientPulse, Face, OnPlan, StaffPulse
from care.receipts import Receipt, Result

Cell = tuple[UUID, date]


@dataclass(slots=True)
class Figures:
    """Everything counted for a range of days, by group and day."""

    contacts: list[Counted] = field(default_factory=list)
    #: goal type → (group, day) → contacts with every such line receipted / contacts done
    receipts: dict[str, dict[Cell, Share]] = field(default_factory=dict)
    #: goal type → (group, day) → receipts "reached" / receipts that are not "not relevant"
    reached: dict[str, dict[Cell, Share]] = field(default_factory=dict)
    client_pulse: dict[Cell, Share] = field(default_factory=dict)
    staff_pulse: dict[Cell, Share] = field(default_factory=dict)

    def between(self, first: date, last: date) -> Figures:
        """The part of it from `first` to `last`, both included."""

        def part(cells: dict[Cell, Share]) -> dict[Cell, Share]:
            return {cell: share for cell, share in cells.items() if first <= cell[1] <= last}

        def parts(goals: dict[str, dict[Cell, Share]]) -> dict[str, dict[Cell, Share]]:
            return {goal: kept for goal, cells in goals.items() if (kept := part(cells))}

        receipts = parts(self.receipts)
        return Figures(
            [one for one in self.contacts if first <= one.day <= last],
            receipts,
            {goal: part(self.reached[goal]) for goal in receipts},
            part(self.client_pulse),
            part(self.staff_pulse),
        )


async def gather(
    session: AsyncSession, first: date, last: date, zone: ZoneInfo, groups: frozenset[UUID] | None = None
) -> Figures:
    """Count `first`–`last` (both included) for `groups`, or for all when None."""
    figures = Figures()
    rows = select(
        PlannedContact.id,
        PlannedContact.group_id,
        PlannedContact.owed_date,
        PlannedContact.status,
        PlannedContact.cause,
        PlannedContact.channel,
        PlannedContact.first_channel,
        PlannedContact.actual_start,
        PlannedContact.replaces_id,
    ).where(PlannedContact.owed_date.between(first, last))
    if groups is not None:
        rows = rows.where(PlannedContact.group_id.in_(groups))
    figures.contacts = count((Row(*row) for row in (await session.execute(rows)).all()), zone)
    span = (first, last)
    await _receipts(session, figures, span, groups)
    figures.client_pulse = await _pulse(session, ClientPulse, ClientPulse.face == Face.HAPPY, span, groups)
    figures.staff_pulse = await _pulse(session, StaffPulse, StaffPulse.answer == OnPlan.YES, span, groups)
    return figures


async def _receipts(
    session: AsyncSession, figures: Figures, span: tuple[date, date], groups: frozenset[UUID] | None
) -> None:
    """Domain 58: contacts with a goal receipt / contacts done, for each goal type.

    A reminder that the client pressed Klart on counts neither way: nobody was there who could judge the
    goal, so it must not look receipted, nor like a receipt that somebody forgot.
    """
    standing = Receipt.superseded_by_id.is_(None)
    per_contact = (
        select(
            ContactLine.goal_type.label("goal"),
            PlannedContact.group_id.label("group_id"),
            PlannedContact.owed_date.label("day"),
            ContactLine.contact_id,
            case((func.count(Receipt.id) >= func.count(ContactLine.id), 1), else_=0).label("receipted"),
            func.sum(case((Receipt.result == Result.REACHED, 1), else_=0)).label("reached"),
            func.sum(case((Receipt.result != Result.NOT_RELEVANT, 1), else_=0)).label("judged"),
        )
        .join(PlannedContact, PlannedContact.id == ContactLine.contact_id)
        .outerjoin(Receipt, (Receipt.line_id == ContactLine.id) & standing)
        .where(
            PlannedContact.owed_date.between(*span),
            PlannedContact.status.in_([Status.DONE, Status.DONE_PHONE]),
        )
        .group_by(
            ContactLine.goal_type, PlannedContact.group_id, PlannedContact.owed_date, ContactLine.contact_id
        )
        .having(func.sum(case((Receipt.result == Result.PRESSED, 1), else_=0)) == 0)
    )
    if groups is not None:
        per_contact = per_contact.where(PlannedContact.group_id.in_(groups))
    one = per_contact.subquery()
    summed = select(
        one.c.goal,
        one.c.group_id,
        one.c.day,
        func.sum(one.c.receipted),
        func.count(),
        func.sum(one.c.reached),
        func.sum(one.c.judged),
    ).group_by(one.c.goal, one.c.group_id, one.c.day)
    receipts: dict[str, dict[Cell, Share]] = defaultdict(dict)
    reached: dict[str, dict[Cell, Share]] = defaultdict(dict)
    for goal, group_id, day, receipted, done, good, judged in (await session.execute(summed)).all():
        receipts[goal][(group_id, day)] = Share(int(receipted), int(done))
        reached[goal][(group_id, day)] = Share(int(good or 0), int(judged or 0))
    figures.receipts, figures.reached = dict(receipts), dict(reached)


async def _pulse(
    session: AsyncSession,
    table: type[ClientPulse | StaffPulse],
    good: ColumnElement[bool],
    span: tuple[date, date],
    groups: frozenset[UUID] | None,
) -> dict[Cell, Share]:
    query = (
        select(table.group_id, table.date, func.sum(case((good, 1), else_=0)), func.count())
        .where(table.date.between(*span))
        .group_by(table.group_id, table.date)
    )
    if groups is not None:
        query = query.where(table.group_id.in_(groups))
    return {
        (group_id, day): Share(int(part), int(whole))
        for group_id, day, part, whole in (await session.execute(query)).all()
    }
