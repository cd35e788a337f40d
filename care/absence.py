"""A client goes away and comes home: rows in between are cancelled, not missed, and may come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import AbsenceKind, Client, ClientAbsence
from care.contacts.cause import Cause
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.errors import Fault
from care.ids import new_id
from care.outbox import announce

_BEFORE_START = (Status.PLANNED, Status.DUE, Status.AWAITING)


async def leave(
    session: AsyncSession,
    client: Client,
    kind: AbsenceKind,
    start: datetime,
    end: datetime | None,
    *,
    at: datetime,
    hand: Hand,
) -> tuple[ClientAbsence, int]:
    """Note that the client is away from `start` until `end` (None: nobody knows), and how many rows go.

    Nothing rings from now on. Raises `Fault` ``absence.times`` (place ``end``).
    """
    if end is not None and end <= start:
        raise Fault("absence.times", "Hemkomsten ska vara efter avresan.", place="end")
    if end is not None and end <= at:
        raise Fault("absence.times", "Frånvaron är redan över.", place="end")
    absence = ClientAbsence(id=new_id(), client_id=client.id, kind=kind, start=start, end=end)
    session.add(absence)
    await session.flush()
    rows = await _rows(session, client, _BEFORE_START, start, end)
    for row in rows:
        await step(session, row, Status.CANCELLED, at=at, hand=hand, cause=Cause.CLIENT_AWAY)
    await _tell(session, client, at)
    return absence, len(rows)


async def come_home(
    session: AsyncSession, client: Client, absence: ClientAbsence, *, at: datetime, hand: Hand
) -> int:
    """The client is home now, or stays: coming rows that were cancelled for it stand again; how many.

    Doing it twice changes nothing. An absence that has not begun is taken away.
    """
    was_until = absence.end
    if was_until is not None and was_until <= at:
        return 0
    if absence.start > at:
        await session.delete(absence)
    else:
        absence.end = at
    await session.flush()
    others = list(await session.scalars(select(ClientAbsence).where(ClientAbsence.client_id == client.id)))
    rows = [
        row
        for row in await _rows(session, client, (Status.CANCELLED,), max(at, absence.start), was_until)
        if row.cause == Cause.CLIENT_AWAY and not any(one.covers(row.start) for one in others)
    ]
    for row in rows:
        await step(session, row, Status.PLANNED, at=at, hand=hand, event="client_home", cause=None)
    await _tell(session, client, at)
    return len(rows)


async def _rows(
    session: AsyncSession, client: Client, statuses: Sequence[Status], start: datetime, end: datetime | None
) -> list[PlannedContact]:
    """Rows of those states that start in the span. Found by day, which is indexed; a day more to be safe."""
    first: date = start.date() - timedelta(days=1)
    query = select(PlannedContact).where(
        PlannedContact.client_id == client.id,
        PlannedContact.planned_date >= first,
        PlannedContact.status.in_(statuses),
        PlannedContact.start >= start,
    )
    if end is not None:
        query = query.where(PlannedContact.start < end)
    rows = await session.scalars(
        query.order_by(PlannedContact.start).with_for_update().execution_options(populate_existing=True)
    )
    return list(rows)


async def _tell(session: AsyncSession, client: Client, at: datetime) -> None:
    await announce(session, at, "client.changed", group_id=client.group_id, client_id=client.id)


async def absences_of(session: AsyncSession, client: Client, at: datetime) -> list[ClientAbsence]:
    """The present and coming absences of a client, soonest first."""
    rows = await session.scalars(
        select(ClientAbsence)
        .where(
            ClientAbsence.client_id == client.id,
            or_(ClientAbsence.end.is_(None), ClientAbsence.end > at),
        )
        .order_by(ClientAbsence.start)
    )
    return list(rows)
