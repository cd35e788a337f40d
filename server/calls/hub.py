"""What the sockets of one node share: the relay, the desk, and who is connected here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web

from server.calls.desk import Desk
from server.calls.relay import make_relay
from server.calls.socket import going_down
from server.keys import CONFIGURATION

if TYPE_CHECKING:
    from server.calls.tablet import TabletSocket
    from server.calls.worker import WorkerSocket
    from server.guests.socket import GuestSocket

#: Sockets of one kind whose hello or health is looked at in the same moment: the record has few places to
#: read from, and calls and timers need theirs.
MOST_COMING = 4
#: Seconds that sockets get to say goodbye when the server stops.
GOODBYE = 3.0


class Hub:
    def __init__(self, app: web.Application) -> None:
        self.relay = make_relay(app[CONFIGURATION].redis)
        self.desk = Desk(app, self.relay)
        #: Tablets connected to this node, by device.
        self.tablets: dict[UUID, TabletSocket] = {}
        self.workers: set[WorkerSocket] = set()
        self.guests: set[GuestSocket] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._doors: dict[type, asyncio.Semaphore] = {}

    async def start(self) -> None:
        await self.relay.start()

    async def stop(self) -> None:
        await self.desk.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.relay.stop()

    def door(self, kind: type) -> asyncio.Semaphore:
        """Lets in a few at a time of `kind`: a town of tablets that comes back at once waits outside."""
        return self._doors.setdefault(kind, asyncio.Semaphore(MOST_COMING))

    def soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something that a listener must not wait for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def later(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Do something after the answer that is being made has been queued."""
        asyncio.get_running_loop().call_soon(lambda: self.soon(work()))

    async def say_goodbye(self) -> None:
        """Tell every socket that the server stops: they come back by themselves."""
        sockets = [*self.tablets.values(), *self.workers, *self.guests]
        for socket in sockets:
            socket.leave(going_down())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(socket.ended.wait() for socket in sockets)), GOODBYE)


HUB = web.AppKey("hub", Hub)
