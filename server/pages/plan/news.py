"""Whether the plan has changed since the page was opened: ids only, as server-sent events."""

from __future__ import annotations

import asyncio
from uuid import UUID

from aiohttp import web

from care.access.rights import Action
from care.outbox import OutboxEvent
from server.keys import DATABASE
from server.pages.day.news import MOST_WAITING, Queue, put, stream
from server.pages.form import query
from server.pages.own_groups import own_groups
from server.pages.plan.plan import chosen_group
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()

#: The day going as planned: seen when the page is opened anew, not worth a line of its own.
_AS_PLANNED = frozenset(
    {"due", "reminded", "deadline_moved", "underway", "checked_in", "checked_out", "done", "done_phone"}
)


class GroupEar:
    """Picks the changes in some groups."""

    def __init__(self, groups: frozenset[UUID], account_id: UUID | None) -> None:
        self._groups = groups
        self._account = str(account_id)
        self.queue: Queue = asyncio.Queue(MOST_WAITING)

    async def hear(self, event: OutboxEvent) -> None:
        contact = event.payload.get("contact")
        if event.topic == "account.changed" and event.payload.get("account") == self._account:
            put(self.queue, None)
        elif (
            event.topic == "contact.changed"
            and event.group_id in self._groups
            and isinstance(contact, str)
            and event.payload.get("event") not in _AS_PLANNED
        ):
            put(self.queue, ("changed", {"contact": contact}))


@routes.get("/planen/nytt", name="plan_news")
@right(Action.PLAN_READ)
async def plan_news(request: web.Request) -> web.StreamResponse:
    """The stream of one open page, for ``?grupp=``."""
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.PLAN_READ)
        chosen = await chosen_group(request, session, query(request), groups, Action.PLAN_READ)
    ids = frozenset([chosen] if chosen else [group.id for group in groups])
    return await stream(request, GroupEar(ids, actor(request).account_id))
