"""What is new for a worker's list, told within two seconds by server-sent events.

Events carry ids only: ``changed`` {contacts}, ``due`` {contact, in_minutes}, ``wish`` {new}. The page asks
for its list again and the gate decides anew what it may show. A stream lasts ten minutes at most; the browser
opens it anew, and with it somebody who has been signed out is found out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Protocol
from uuid import UUID

from aiohttp import web

from care.access.rights import Action
from care.errors import not_found
from care.outbox import OutboxEvent
from care.tasks import TaskKind
from server.keys import CLOCK, DATABASE, TAIL
from server.pages.account.wishes import own_wishes
from server.pages.day.list import own_rows, read_span
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()

#: Seconds between signs of life, and how long a stream lasts.
BEAT = 15.0
LIFE = 600.0
#: Facts of one transaction come in a row: gathered for so long into one event.
GATHER = 0.05
MOST_WAITING = 500

_TOPICS = ("contact.", "account.changed", "task.changed", "hand_over.changed")

Fact = tuple[str, dict[str, Any]]
Queue = asyncio.Queue[Fact | None]
STREAMS: web.AppKey[set[Queue]] = web.AppKey("day streams")


class Listener(Protocol):
    """Picks facts and puts what a page should know into its queue; None ends the stream."""

    queue: Queue

    async def hear(self, event: OutboxEvent) -> None: ...


class Ear:
    """Picks the facts that concern one worker's list."""

    def __init__(
        self, staff_id: UUID, account_id: UUID | None, contacts: set[str], wishes: set[str] | None = None
    ) -> None:
        self._staff = str(staff_id)
        self._wishes = wishes or set()
        self._account = str(account_id)
        self._contacts = contacts
        self.queue: Queue = asyncio.Queue(MOST_WAITING)

    async def hear(self, event: OutboxEvent) -> None:
        contact = event.payload.get("contact")
        if event.topic == "account.changed" and event.payload.get("account") == self._account:
            self.say(None)
        elif event.topic == "contact.changed" and isinstance(contact, str):
            is_mine = self._staff in event.payload.get("staff", [])
            if is_mine or contact in self._contacts:
                # Rows that are given to somebody else are news once more, and then no longer.
                (self._contacts.add if is_mine else self._contacts.discard)(contact)
                self.say(("changed", {"contact": contact}))
        elif event.topic == "task.changed" and event.payload.get("kind") == TaskKind.CALL_REQUEST.value:
            self._hear_wish(event)
        elif event.topic == "hand_over.changed" and self._staff in event.payload.get("staff", []):
            self.say(("wish", {"new": False}))
        elif event.topic == "contact.due" and contact in self._contacts:
            self.say(("due", {"contact": contact, "in_minutes": event.payload.get("in_minutes")}))

    def _hear_wish(self, event: OutboxEvent) -> None:
        """Somebody asks to be rung: mine from now on, or no longer."""
        task = str(event.payload.get("task"))
        is_mine = event.payload.get("owner") == self._staff and not event.payload.get("closed")
        if is_mine or task in self._wishes:
            is_new = is_mine and task not in self._wishes
            (self._wishes.add if is_mine else self._wishes.discard)(task)
            self.say(("wish", {"new": is_new}))

    def say(self, fact: Fact | None) -> None:
        put(self.queue, fact)


def put(queue: Queue, fact: Fact | None) -> None:
    """Tell the page. A reader that does not read is let go; it opens a new stream and a fresh list."""
    if queue.full():
        queue.get_nowait()
        fact = None
    queue.put_nowait(fact)


@routes.get("/min-dag/nytt", name="day_news")
@right(Action.OWN_DAY_READ)
async def day_news(request: web.Request) -> web.StreamResponse:
    """The stream of one open page."""
    who = actor(request)
    if who.staff_id is None:
        raise not_found("sida")
    async with request.app[DATABASE].read() as session:
        span = await read_span(session, who.staff_id, request.app[CLOCK])
        rows = await own_rows(session, who.staff_id, span)
        wishes = await own_wishes(session, who.staff_id, request.app[CLOCK].now())
    return await stream(
        request,
        Ear(who.staff_id, who.account_id, {str(row.id) for row in rows}, {str(one.id) for one in wishes}),
    )


async def stream(request: web.Request, ear: Listener) -> web.StreamResponse:
    """What `ear` picks, to one open page, until it is closed or has lasted long enough."""
    ends = [request.app[TAIL].subscribe(topic, ear.hear) for topic in _TOPICS]
    request.app[STREAMS].add(ear.queue)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    try:
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            # The page asks for its list once more when the stream opens: nothing falls in between.
            await response.write(b"retry: 1000\n\n")
            await _tell(response, ear.queue)
    finally:
        request.app[STREAMS].discard(ear.queue)
        for end in ends:
            end()
    return response


async def _tell(response: web.StreamResponse, queue: Queue) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFE
    while loop.time() < end:
        try:
            fact = await asyncio.wait_for(queue.get(), BEAT)
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        await asyncio.sleep(GATHER)
        facts = [fact]
        while not queue.empty():
            facts.append(queue.get_nowait())
        await response.write(_written([one for one in facts if one is not None]))
        if None in facts:
            return


def _written(facts: list[Fact]) -> bytes:
    changed = list(dict.fromkeys(data["contact"] for name, data in facts if name == "changed"))
    events: list[Fact] = [("changed", {"contacts": changed})] if changed else []
    events += [fact for fact in facts if fact[0] in {"due", "wish"}]
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events).encode()


def setup(app: web.Application) -> None:
    app[STREAMS] = set()
    app.on_shutdown.append(_close)


async def _close(app: web.Application) -> None:
    streams = app[STREAMS]
    for queue in tuple(streams):
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait(None)
