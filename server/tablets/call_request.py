"""\"Be någon ringa mig\": somebody by name rings within a quarter of an hour, and the screen says who.

It is one task for each who asks, however often the button is pressed, and it stands until a person has
written what came of it. Where two live together the screen asks who it is, or both.
It is no alarm: the screen says beside it that what is urgent goes by the alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.errors import Fault, not_found
from care.staff import Staff
from care.tasks import Task, TaskKind, close_task, open_task
from scheduler.duty import who_rings
from server.tablets.home import clients_of
from server.tablets.wording import Translate, request_text

#: Who asks is rung within this time, or this long after the next one comes to work.
TO_RING = timedelta(minutes=15)


async def ask_to_be_rung(
    session: AsyncSession, device_id: UUID, clock: Clock, client_ids: Collection[UUID] = ()
) -> None:
    """Make a task for each of `client_ids`, with an owner and a deadline; nothing more where one stands.

    Without `client_ids` it is the one who lives there; of two the first, unless anybody there waits already.
    Raises `Fault` ``request.nobody`` (409) when the tablet stands in nobody's home, and ``not_found`` for
    somebody who does not live there.
    """
    now = clock.now()
    clients = await clients_of(session, device_id, now)
    if not clients:
        raise Fault("request.nobody", "Skärmen är inte kopplad till någon.", status=409, place="call_request")
    standing = await standing_requests(session, [one.id for one in clients])
    if not client_ids:
        client_ids = [] if standing else [clients[0].id]
    if set(client_ids) - {one.id for one in clients}:
        raise not_found("person")
    waiting = {task.client_id for task in standing}
    for client in clients:
        if client.id in client_ids and client.id not in waiting:
            await _open(session, client, device_id, clock)


async def _open(session: AsyncSession, client: Client, device_id: UUID, clock: Clock) -> None:
    now = clock.now()
    turn = await who_rings(session, client, clock, TO_RING)
    await open_task(
        session,
        TaskKind.CALL_REQUEST,
        group_id=client.group_id,
        at=now,
        # A whole minute: what the screen says is what is meant.
        deadline=(turn.begins + TO_RING).replace(second=0, microsecond=0),
        once_key=f"{TaskKind.CALL_REQUEST.value}:{client.id}",
        client_id=client.id,
        device_id=device_id,
        owner_id=turn.staff.id if turn.staff is not None else None,
        facts={"at": now.isoformat()},
    )


async def standing_requests(session: AsyncSession, client_ids: Collection[UUID]) -> list[Task]:
    """The home's requests that nobody has answered yet, the first first."""
    return list(
        await session.scalars(
            select(Task)
            .where(
                Task.client_id.in_(client_ids),
                Task.kind == TaskKind.CALL_REQUEST,
                Task.closed_at.is_(None),
            )
            .order_by(Task.created_at, Task.id)
        )
    )


async def request_for(
    session: AsyncSession, clients: Sequence[Client], clock: Clock, translate: Translate
) -> dict[str, Any] | None:
    """``request`` of the tablet's day: who rings whom and when, in words; None when nobody has asked."""
    tasks = await standing_requests(session, [one.id for one in clients])
    if not tasks:
        return None
    now = clock.now()
    names = {one.id: one.first_name for one in clients}
    sentences = []
    for task in tasks:
        owner = await session.get(Staff, task.owner_id) if task.owner_id is not None else None
        # Both at once, by the same: one sentence says it.
        is_both = len(tasks) == len(names) == 2 and len({(one.owner_id, one.deadline) for one in tasks}) == 1
        sentences.append(
            request_text(
                owner.first_name if owner is not None else None,
                task.deadline,
                now,
                clock.zone,
                translate,
                to=names[task.client_id] if task.client_id is not None and len(names) > 1 else "",
                is_both=is_both,
            )
        )
    until = max(task.deadline for task in tasks)
    return {
        "words": "\n".join(dict.fromkeys(sentences)),
        "until": until.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "clients": [str(task.client_id) for task in tasks],
    }


async def was_rung(
    session: AsyncSession, client_id: UUID, at: datetime, account_id: UUID | None = None
) -> None:
    """They have talked by the screen: that is what was asked for."""
    for task in await standing_requests(session, [client_id]):
        await close_task(session, task, "called", at=at, account_id=account_id)
