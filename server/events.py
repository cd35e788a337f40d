"""Tails the outbox and tells whoever listens in this process.

SQLite: ``PRAGMA data_version`` on a connection of its own every 200 ms, so that what the command line
changes is heard too. PostgreSQL: LISTEN where announcements notify, and a poll beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from care.outbox import OutboxEvent, events_after, last_number
from care.storage.database import Database
from server.background import ended

log = logging.getLogger("samtid.events")

Listener = Callable[[OutboxEvent], Awaitable[None]]
PAUSE_SQLITE = 0.2
PAUSE_POSTGRES = 0.3


class OutboxTail:
    """One a process. Listeners are told each fact once, in order; a failing listener stops nobody else."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None
        self._number = 0

    def subscribe(self, topic: str, listener: Listener) -> Callable[[], None]:
        """Hear every fact whose topic is, or begins with, `topic` (``"contact."``, or ``""`` for all)."""
        self._listeners[topic].append(listener)
        return lambda: self._listeners[topic].remove(listener)

    async def start(self) -> None:
        async with self._database.read() as session:
            self._number = await last_number(session)
        self._task = asyncio.create_task(self._run(), name="outbox tail")

    async def stop(self) -> None:
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            try:
                async with self._database.engine.connect() as watch:
                    await self._follow(watch)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("the outbox could not be read; trying again")
                await asyncio.sleep(1)

    async def _follow(self, watch: AsyncConnection) -> None:
        seen: int | None = None
        while True:
            if self._database.is_sqlite:
                version = (await watch.execute(text("PRAGMA data_version"))).scalar_one()
                await watch.rollback()
                changed, seen, pause = version != seen, version, PAUSE_SQLITE
            else:
                changed, pause = True, PAUSE_POSTGRES
            if changed:
                await self._tell()
            await asyncio.sleep(pause)

    async def _tell(self) -> None:
        while True:
            async with self._database.read() as session:
                events = await events_after(session, self._number)
            if not events:
                return
            for event in events:
                for topic, listeners in list(self._listeners.items()):
                    if event.topic.startswith(topic):
                        for listener in list(listeners):
                            try:
                                await listener(event)
                            except Exception:
                                log.exception("a listener of %s failed", event.topic)
                self._number = event.number
