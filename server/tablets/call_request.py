"""\"Be någon ringa mig\": somebody by name rings within a quarter of an hour, and the screen says who.

It is one task however often the button is pressed, and it stands until a person has written what came of it.
It is no alarm: the screen says beside it that what is urgent goes by the alarm.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.errors import Fault
from care.staff import Staff
from care.tasks import Task, TaskKind, close_task, open_task
from scheduler.duty import who_rings
from server.tablets.home import clients_of
from server.tablets.wording import Translate, request_text

#: Who asks is rung within this time, or this long after the next one comes to work.
TO_RING = timedelta(minutes=15)


async def ask_to_be_rung(session: AsyncSession, device_id: UUID, clock: Clock) -> None:
    """Make the task, with an owner and a deadline; nothing more when one stands already.

    Raises `Fault` ``request.nobody`` (409) when the tablet stands in nobody's home.
    """
    now = clock.now()
    clients = await clients_of(session, device_id, now)
    if not clients:
        raise Fault("request.nobody", "Skärmen är inte kopplad till någon.", status=409, place="call_request")
    if await standing_request(session, [one.id for one in clients]) is not None:
        return
    turn = await who_rings(session, clients[0], clock, TO_RING)
    await open_task(
        session,
        TaskKind.CALL_REQUEST,
        group_id=clients[0].group_id,
        at=now,
        # A whole minute: what the screen says is what is meant.
        deadline=(turn.begins + TO_RING).replace(second=0, microsecond=0),
        once_key=f"{TaskKind.CALL_REQUEST.value}:{clients[0].id}",
        client_id=clients[0].id,
        device_id=device_id,
        owner_id=turn.staff.id if turn.staff is not None else None,
        facts={"at": now.isoformat()},
    )


async def standing_request(session: AsyncSession, client_ids: Collection[UUID]) -> Task | None:
    """The home's request that nobody has answered yet."""
    found: Task | None = await session.scalar(
        select(Task)
        .where(Task.client_id.in_(client_ids), Task.kind == TaskKind.CALL_REQUEST, Task.closed_at.is_(None))
        .order_by(Task.created_at)
        .limit(1)
    )
    return found


async def request_for(
    session: AsyncSession, client_ids: Collection[UUID], clock: Clock, translate: Translate
) -> dict[str, Any] | None:
    """``request`` of the tablet's day: who rings and when, in words; None when nobody has asked."""
    task = await standing_request(session, client_ids)
    if task is None:
        return None
    owner = await session.get(Staff, task.owner_id) if task.owner_id is not None else None
    now = clock.now()
    words = request_text(
        owner.first_name if owner is not None else None, task.deadline, now, clock.zone, translate
    )
    return {"words": words, "until": task.deadline.isoformat(timespec="seconds").replace("+00:00", "Z")}


async def was_rung(
    session: AsyncSession, client_id: UUID, at: datetime, account_id: UUID | None = None
) -> None:
    """They have talked by the screen: that is what was asked for."""
    task = await standing_request(session, [client_id])
    if task is not None:
        await close_task(session, task, "called", at=at, account_id=account_id)
