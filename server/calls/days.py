"""Keeps the tablets of this node in step: a new day when something changed, the pace, signs of life."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from aiohttp import web
from sqlalchemy import select, update

from care.calls.life import CallState, Cause
from care.calls.ring import ends_call, live_calls
from care.consent import ConsentKind
from care.contacts.facts import gather_facts
from care.devices import Device
from care.errors import Fault
from care.ids import read_id
from care.outbox import OutboxEvent
from care.tasks import TaskKind
from server.background import ended
from server.calls.desk import SYSTEM
from server.calls.hub import HUB
from server.calls.messages import Test
from server.calls.socket import NOT_RECOGNISED, Gone
from server.calls.tablet import TabletSocket, near_tablets
from server.keys import CLOCK, DATABASE
from server.tablets.home import note_erased
from server.tablets.path_test.running import PATH_TESTS

log = logging.getLogger("samtid.calls")

#: Changes that come close together make one new day.
TOGETHER = 0.2
#: Seconds between rounds: pace and signs of life.
ROUND = 30.0
#: Rounds after which a day is sent anew, so that it always reaches 24 hours ahead.
ROUNDS_A_DAY_LASTS = 60
#: Values in one question: SQLite takes 32,766.
_AT_ONCE = 5_000

_CHANGE_THE_DAY = frozenset(
    {"contact.changed", "contact.due", "notice.made", "device.changed", "consent.changed", "client.changed"}
)


class Days:
    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._hub = app[HUB]
        self._clock = app[CLOCK]
        self._database = app[DATABASE]
        self._stale: set[UUID] = set()
        self._sending: asyncio.Task[None] | None = None
        self._round: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._round = asyncio.create_task(self._go_round(), name="tablets of this node")

    async def stop(self) -> None:
        for task in (self._round, self._sending):
            await ended(task)

    async def hear(self, event: OutboxEvent) -> None:
        """A fact from the outbox."""
        if event.topic == "device.revoked":
            await self._revoked(UUID(event.payload["device"]))
            return
        if event.topic == "device.changed":
            await self._device_changed(event)
        if event.topic == "consent.changed" and event.client_id is not None:
            await self._consent_changed(event)
        concerns = event.topic in _CHANGE_THE_DAY or (
            event.topic == "task.changed" and event.payload.get("kind") == TaskKind.CALL_REQUEST.value
        )
        if concerns and event.client_id is not None:
            for tablet in list(self._hub.tablets.values()):
                if event.client_id not in tablet.client_ids:
                    continue
                if event.topic == "client.changed":
                    # Somebody may have another language now.
                    async with self._database.read() as session:
                        await tablet.read_home(session)
                self._tell(tablet)

    def _tell(self, tablet: TabletSocket) -> None:
        self._stale.add(tablet.device)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._stale:
            await asyncio.sleep(TOGETHER)
            stale, self._stale = self._stale, set()
            for device_id in stale:
                tablet = self._hub.tablets.get(device_id)
                if tablet is None or not tablet.is_welcome:
                    continue
                try:
                    await tablet.send_day()
                except Exception:
                    log.exception("a tablet's day could not be made")

    async def _device_changed(self, event: OutboxEvent) -> None:
        tablet = self._hub.tablets.get(UUID(event.payload["device"]))
        if tablet is None:
            return
        if event.payload.get("test"):
            tablet.send(Test())
            return
        if (path_test := read_id(str(event.payload.get("path_test", "")))) is not None:
            self._app[PATH_TESTS].begin(tablet, path_test)
            return
        async with self._database.read() as session:
            await tablet.read_home(session)
        self._tell(tablet)

    async def _revoked(self, device_id: UUID) -> None:
        async with self._database.read() as session:
            calls = await live_calls(session, device_id=device_id)
        for call in calls:
            await self._hub.desk.end(call.id, Cause.REVOKED, SYSTEM)
        await self._turn_out(device_id)

    async def _turn_out(self, device_id: UUID) -> None:
        """The tablet erases what it has, and its line is closed."""
        tablet = self._hub.tablets.get(device_id)
        if tablet is not None:
            async with self._database.write() as session:
                await note_erased(session, device_id, self._clock.now())
            fault = Fault("device.revoked", "Surfplattan är inte kopplad längre.", status=403)
            tablet.leave(Gone(fault, NOT_RECOGNISED, erase=True))

    async def _consent_changed(self, event: OutboxEvent) -> None:
        """A yes to video that was taken back ends the call that goes on, or rings, wherever the tablet is."""
        if event.payload.get("kind") != ConsentKind.DIGITAL_VISIT.value:
            return
        async with self._database.read() as session:
            going_on = await live_calls(session, client_id=event.client_id)
            facts = await gather_facts(session, [c.contact_id for c in going_on if c.contact_id], self._clock)
        for call in going_on:
            known = facts.get(call.contact_id) if call.contact_id else None
            if known is not None and ends_call(known, is_ringing=call.state is CallState.RINGING):
                await self._hub.desk.end(call.id, Cause.CONSENT_WITHDRAWN, SYSTEM)

    async def _go_round(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(ROUND)
            rounds += 1
            try:
                await self.look_after(renew=rounds % ROUNDS_A_DAY_LASTS == 0)
            except Exception:
                log.exception("the tablets of this node could not be looked after")

    async def look_after(self, *, renew: bool = False) -> None:
        """Pace and signs of life of every tablet here; a new day for all when `renew`."""
        tablets = {key: tablet for key, tablet in self._hub.tablets.items() if tablet.is_welcome}
        now = self._clock.now()
        async with self._database.read() as session:
            near = await near_tablets(session, now)
        for device_id, tablet in tablets.items():
            tablet.set_pace("near" if device_id in near or tablet.in_call else "idle")
            if renew:
                self._tell(tablet)
        ids = list(tablets)
        for at in range(0, len(ids), _AT_ONCE):
            here = ids[at : at + _AT_ONCE]
            async with self._database.write() as session:
                await session.execute(
                    update(Device)
                    .where(Device.id.in_(here), Device.revoked_at.is_(None))
                    .values(last_seen_at=now)
                )
                # Those that were revoked in the very moment they came in.
                revoked = await session.scalars(
                    select(Device.id).where(Device.id.in_(here), Device.revoked_at.is_not(None))
                )
            for device_id in revoked.all():
                await self._turn_out(device_id)
        for worker in list(self._hub.workers):
            await worker.check_session()
