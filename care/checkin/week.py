"""What happened in a group during an ISO week: counted, without anybody's name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.disruptions import Change, ChangeKind, ChangeState, Disruption, DisruptionKind, Proposal
from care.errors import Fault
from care.localtime import day_span
from care.measures.gather import gather
from care.measures.hiding import Share

NOTHING = Share(0, 0)


def week_name(day: date) -> str:
    """2026-W48, by ISO 8601."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def week_days(name: str) -> tuple[date, date]:
    """Monday and Sunday of an ISO week. Raises `Fault` ``checkin.week``."""
    try:
        year, week = name.split("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        raise Fault(
            "checkin.week", "Veckan ska se ut som 2026-W48, men är ”%(text)s”.", place="week",
            values={"text": name[:20]},
        ) from None  # fmt: skip
    return monday, monday + timedelta(days=6)


@dataclass(slots=True)
class Week:
    """The figures of a week. Shares may be small: whoever shows them hides them."""

    disruptions: Counter[DisruptionKind] = field(default_factory=Counter)
    changes: Counter[ChangeKind] = field(default_factory=Counter)
    undone: int = 0
    missed: int = 0
    unresolved: int = 0
    declined: int = 0
    same_day: Share = NOTHING
    #: goal type → contacts done without a receipt
    unreceipted: dict[str, int] = field(default_factory=dict)
    #: receipts "reached" / receipts of goals that were relevant
    reached: Share = NOTHING
    client_pulse: Share = NOTHING
    staff_pulse: Share = NOTHING


async def read_week(
    session: AsyncSession, group_id: UUID, name: str, zone: ZoneInfo, *, until: date = date.max
) -> Week:
    """Count the week `name` for one group.

    Shares are of the days up to `until`: what is still to come has not been left undone.
    """
    first, last = week_days(name)
    begins, ends = day_span(first, zone)[0], day_span(last, zone)[1]
    week = Week()
    for one in await session.scalars(
        select(Disruption).where(Disruption.start < ends, Disruption.end > begins)
    ):
        if str(group_id) in one.scope.get("groups", []) or await _touches(session, one, group_id):
            week.disruptions[one.kind] += 1
    for kind, state, count in (
        await session.execute(
            select(Change.kind, Change.state, func.count())
            .where(Change.group_id == group_id, Change.settled_at >= begins, Change.settled_at < ends)
            .group_by(Change.kind, Change.state)
        )
    ).all():
        if state is ChangeState.APPLIED:
            week.changes[kind] += count
        elif state is ChangeState.UNDONE:
            week.undone += count
    counted: dict[Status, int] = dict(
        (
            await session.execute(
                select(PlannedContact.status, func.count())
                .where(PlannedContact.group_id == group_id, PlannedContact.owed_date.between(first, last))
                .group_by(PlannedContact.status)
            )
        ).all()
    )
    week.missed = counted.get(Status.MISSED, 0)
    week.declined = counted.get(Status.DECLINED, 0)
    week.unresolved = counted.get(Status.AWAITING, 0) + counted.get(Status.UNKNOWN, 0)
    over = min(last, until)
    if over < first:
        return week
    figures = await gather(session, first, over, zone, frozenset({group_id}))
    week.same_day = Share(sum(one.done_same_day for one in figures.contacts), len(figures.contacts))
    for goal, cells in figures.receipts.items():
        without = sum(share.whole - share.part for share in cells.values())
        if without:
            week.unreceipted[goal] = without
    week.reached = sum((share for cells in figures.reached.values() for share in cells.values()), NOTHING)
    week.client_pulse = sum(figures.client_pulse.values(), NOTHING)
    week.staff_pulse = sum(figures.staff_pulse.values(), NOTHING)
    return week


async def _touches(session: AsyncSession, disruption: Disruption, group_id: UUID) -> bool:
    """A disruption of single people touches the groups whose contacts its proposals changed."""
    found = await session.scalar(
        select(Change.id)
        .join(Proposal, Proposal.id == Change.proposal_id)
        .where(Proposal.disruption_id == disruption.id, Change.group_id == group_id)
        .limit(1)
    )
    return found is not None
