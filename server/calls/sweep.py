"""Ends the calls that nobody will end: rings without an answer, and calls that nobody came back to.

The truth is in the table, so a server that was killed goes on where it was: both pages come back and the
same call continues, and what nobody resumes within the grace is ended with its cause.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from care.calls import course
from care.calls.call import Call, CallRole
from care.calls.life import CallState, Cause
from care.calls.ring import LOOK, RING, live_calls
from server.background import ended
from server.calls.desk import SYSTEM, device_address, worker_address
from server.calls.hub import HUB
from server.keys import CLOCK, CONFIGURATION, DATABASE

log = logging.getLogger("samtid.calls")

#: Seconds between sweeps.
ROUND = 2.0
#: The desk ends a ring itself; the sweep does it when the desk's node has died.
LATE = timedelta(seconds=5)
#: A worker whose page is gone for this long does not ring any more.
CALLER_GONE = timedelta(seconds=10)
#: Answered, but nothing has come through for this long.
NOTHING_CAME = timedelta(seconds=60)


class Sweep:
    def __init__(self, app: web.Application) -> None:
        self._hub = app[HUB]
        self._clock = app[CLOCK]
        self._database = app[DATABASE]
        self._began = self._clock.now()
        self._grace = timedelta(seconds=app[CONFIGURATION].call_grace_seconds)
        #: Since when a side of a call has been away.
        self._away: dict[tuple[UUID, CallRole], datetime] = {}
        #: Sides that this server has seen: the others have not come back since it began.
        self._seen: set[tuple[UUID, CallRole]] = set()
        #: Since when a call has been without picture and sound.
        self._broken: dict[UUID, datetime] = {}
        #: When a side of a call that is being set up was last away.
        self._met: dict[UUID, datetime] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="sweep of calls")

    async def stop(self) -> None:
        await ended(self._task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            try:
                await self.once()
            except Exception:
                log.exception("calls could not be swept")

    async def once(self) -> None:
        """Look at every call that has not ended."""
        async with self._database.read() as session:
            calls = await live_calls(session)
            devices = {
                call.id: (await course.participant(session, call.id, CallRole.CLIENT)).device_id
                for call in calls
            }
        alive = {call.id for call in calls}
        self._away = {key: since for key, since in self._away.items() if key[0] in alive}
        self._seen = {key for key in self._seen if key[0] in alive}
        broken = {call.id for call in calls if call.state is CallState.RECONNECTING}
        self._broken = {key: self._broken.get(key, self._clock.now()) for key in broken}
        self._met = {key: since for key, since in self._met.items() if key in alive}
        for call in calls:
            device_id = devices[call.id]
            worker_away = await self._time_away(call, CallRole.WORKER, worker_address(call.id))
            client_away = (
                await self._time_away(call, CallRole.CLIENT, device_address(device_id))
                if device_id
                else self._grace
            )
            cause = self._cause(call, worker_away, client_away)
            if cause is None:
                continue
            try:
                await self._hub.desk.end(call.id, cause, SYSTEM, only=call.state)
            except Exception:
                # One that cannot be ended keeps no other going.
                log.exception("a call could not be swept")

    async def _time_away(self, call: Call, role: CallRole, address: str) -> timedelta:
        key, now = (call.id, role), self._clock.now()
        if await self._hub.relay.is_there(address):
            self._away.pop(key, None)
            self._seen.add(key)
            return timedelta(0)
        return now - self._away.setdefault(key, now)

    def _cause(self, call: Call, worker_away: timedelta, client_away: timedelta) -> Cause | None:
        """Why the call has to end now, if it has to."""
        now = self._clock.now()
        if call.state is CallState.RINGING:
            # While the server was away somebody may have answered: the screen says so when it is back.
            if now >= max(call.rung_at + RING, self._began) + LATE:
                return Cause.NO_ANSWER
            return Cause.CANCELLED if worker_away >= CALLER_GONE else None
        if max(worker_away, client_away) >= self._grace:
            nobody = not any((call.id, role) in self._seen for role in (CallRole.WORKER, CallRole.CLIENT))
            if nobody and call.rung_at < self._began:
                return Cause.SERVER_RESTART
            return Cause.LOST if client_away >= worker_away else Cause.WORKER_LOST
        if call.state is CallState.CONNECTING:
            if worker_away or client_away:
                self._met[call.id] = now
                return None
            # Who comes back says first that picture and sound have come all the while.
            since = max(call.answered_at or call.rung_at, self._met.get(call.id, self._began))
            return Cause.MEDIA_FAILED if now >= since + LOOK + NOTHING_CAME else None
        if call.id in self._broken and now - self._broken[call.id] >= self._grace:
            return Cause.LINE_LOST
        return None
