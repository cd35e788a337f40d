"""Those who have asked to be rung, on the list of who is to ring them: one tap to call, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import Client
from care.errors import not_found
from care.ids import read_id
from care.tasks import Task, TaskKind
from scheduler.passing import pass_on
from scheduler.resolving import fetch_task, finish_task
from server.keys import CLOCK, DATABASE
from server.pages.form import read_form
from server.pages.rendering import address_of, go_to
from server.security.gate import allow, right
from server.security.hand import hand

routes = web.RouteTableDef()


class Did(StrEnum):
    """What the worker says of a request."""

    CALLED = "called"
    HAND_ON = "hand_on"


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that the reader is to answer."""

    id: UUID
    client: Client
    deadline: datetime
    is_late: bool
    #: None for a protected identity: its number stands on its own page.
    phone: str | None


async def own_wishes(session: AsyncSession, staff_id: UUID, now: datetime) -> list[Wish]:
    """The open requests of a worker, the most urgent first."""
    rows = await session.execute(
        select(Task, Client)
        .join(Client, Client.id == Task.client_id)
        .where(Task.closed_at.is_(None), Task.owner_id == staff_id, Task.kind == TaskKind.CALL_REQUEST)
        .order_by(Task.deadline, Task.id)
    )
    return [
        Wish(task.id, client, task.deadline, task.is_late(now), None if client.is_protected else client.phone)
        for task, client in rows
    ]


def about(wishes: Sequence[Wish]) -> list[tuple[UUID, UUID]]:
    """Whose data they show: (client, group)."""
    return [(one.client.id, one.client.group_id) for one in wishes]


@routes.post("/min-dag/uppringning/{id}", name="own_wish")
@right(Action.TASK_CLOSE)
async def answer(request: web.Request) -> web.StreamResponse:
    """``do`` = called, or hand_on: somebody else at work gets it, with a quarter of an hour."""
    form = await read_form(request)
    clock, by = request.app[CLOCK], hand(request)
    task_id = read_id(request.match_info["id"])
    if task_id is None:
        raise not_found("uppgift")
    async with request.app[DATABASE].write() as session:
        task = await fetch_task(session, task_id)
        client = await session.get(Client, task.client_id) if task.client_id else None
        if client is None or task.kind is not TaskKind.CALL_REQUEST:
            raise not_found("uppgift")
        await allow(request, session, Action.TASK_CLOSE, client=client, thing=f"task:{task.id}")
        if form.one_of("do", Did) is Did.CALLED:
            await finish_task(session, task, "called", clock=clock, hand=by)
        else:
            await pass_on(session, task, clock)
    return go_to(address_of(request, "my_day"))
