"""The call desk: every change of a call goes over it. It writes, settles the row, and tells both sides.

No call is owned by a node: the desk of any node may change any call, because the truth is in the table and
each change is checked there. Only the wait of a ring is kept in memory, and the sweep stands in for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import web
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls import course
from care.calls.call import Call, CallRole
from care.calls.life import CallState, Cause
from care.calls.ring import RING, Ringing, begin_ring, may_auto_answer
from care.calls.room import gather
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.errors import Fault
from server.calls.ice import check_relay, ice_servers
from server.calls.measured import CALL_METRICS
from server.calls.notes import Here, Note, Rung, Stated
from server.calls.relay import Relay
from server.keys import CLOCK, CONFIGURATION, DATABASE
from server.tablets import call_request, pulse
from server.tablets.face import face

log = logging.getLogger("samtid.calls")

#: Seconds for a tablet to say that it rings; longer means that nobody is at the other end of the line.
HEARD_WITHIN = 6.0

SYSTEM = Hand(by="calls")


def device_address(device_id: UUID) -> str:
    return f"device/{device_id}"


def worker_address(call_id: UUID) -> str:
    return f"worker/{call_id}"


class Desk:
    def __init__(self, app: web.Application, relay: Relay) -> None:
        self._app = app
        self._relay = relay
        self._clock = app[CLOCK]
        self._database = app[DATABASE]
        self._turn = app[CONFIGURATION].turn
        self._waits: dict[UUID, asyncio.Task[None]] = {}
        self.heard_within = HEARD_WITHIN
        self.ring_seconds = RING.total_seconds()

    async def stop(self) -> None:
        for wait in list(self._waits.values()):
            wait.cancel()
        await asyncio.gather(*self._waits.values(), return_exceptions=True)

    # Ringing

    async def ring(
        self,
        session: AsyncSession,
        contact: PlannedContact,
        *,
        account_id: UUID | None,
        staff_id: UUID | None,
        reason: str | None,
    ) -> tuple[Ringing, Rung]:
        """Begin a ring in the caller's transaction; `send_ring` follows once that is committed."""
        client = await session.get(Client, contact.client_id)
        relay_only = check_relay(self._turn, is_protected=client is not None and client.is_protected)
        ringing = await begin_ring(
            session, contact, clock=self._clock, account_id=account_id, staff_id=staff_id, reason=reason
        )
        caller = ringing.caller
        rung = Rung(
            call=ringing.call.id,
            contact=contact.id,
            caller=caller.first_name if caller else "",
            to=client.first_name if client else "",
            portrait=face(caller.portrait) if caller else None,
            since=ringing.call.rung_at,
            auto_answer=ringing.auto_answer,
            ice_servers=ice_servers(self._turn, ringing.call.id, self._clock.now()),
            relay_only=relay_only,
        )
        return ringing, rung

    async def send_ring(self, ringing: Ringing, rung: Rung) -> None:
        """Let the tablet ring, and wait for its answer; end the call at once when it cannot ring."""
        call_id = rung.call
        if ringing.is_busy:
            await self.end(call_id, Cause.BUSY, SYSTEM)
            return
        wait = asyncio.create_task(self._wait(call_id), name="ring")
        self._waits[call_id] = wait
        wait.add_done_callback(lambda _: self._waits.pop(call_id, None))
        # It listens before the tablet can answer.
        await asyncio.sleep(0)
        if not await self._relay.publish(device_address(ringing.device_id), rung):
            wait.cancel()
            await self.end(call_id, Cause.TABLET_OFFLINE, SYSTEM)

    async def _wait(self, call_id: UUID) -> None:
        try:
            await self._hear(call_id)
            await asyncio.sleep(self.ring_seconds)
            await self.end(call_id, Cause.NO_ANSWER, SYSTEM, only=CallState.RINGING)
        except TimeoutError:
            await self.end(call_id, Cause.TABLET_OFFLINE, SYSTEM, only=CallState.RINGING)
        except Fault:
            log.debug("a ring had ended already")

    async def _hear(self, call_id: UUID) -> None:
        """Wait until the tablet says that it rings. Raises `TimeoutError`."""
        rings = asyncio.Event()

        def deliver(note: Note) -> None:
            if isinstance(note, Here) and note.present and note.connection is not None:
                rings.set()

        address = worker_address(call_id)
        await self._relay.listen(address, deliver)
        try:
            await asyncio.wait_for(rings.wait(), self.heard_within)
        finally:
            await self._relay.leave(address, deliver)

    # The course of a call

    async def answer(self, call_id: UUID, *, auto: bool) -> None:
        """Raises `Fault` ``call.step``, or ``call.auto_refused`` for an automatic answer not agreed on."""

        async def act(session: AsyncSession, call: Call) -> None:
            if auto:
                side = await course.participant(session, call.id, CallRole.CLIENT)
                client = await session.get(Client, side.client_id)
                if client is None or not await may_auto_answer(session, call, client, self._clock):
                    raise Fault(
                        "call.auto_refused",
                        "Surfplattan får inte svara av sig själv nu.",
                        status=403,
                        place="by",
                    )
            await course.answer(session, call, self._clock.now(), auto=auto, hand=Hand(by="tablet"))

        await self._change(call_id, act)
        self._stop_waiting(call_id)

    async def end(
        self, call_id: UUID, cause: Cause, hand: Hand, *, only: CallState | None = None
    ) -> CallState | None:
        """End a call; the state it had, or None when it had ended already: both may hang up at once.

        `only`: leave it alone unless it is in that state.
        """
        before: CallState | None = None
        ended: tuple[Cause, int | None] | None = None

        async def act(session: AsyncSession, call: Call) -> None:
            nonlocal before, ended
            if call.state is CallState.ENDED or (only is not None and call.state is not only):
                return
            before = call.state
            await course.end(session, call, cause, self._clock.now(), hand)
            await self._was_rung(session, call, hand)
            ended = (call.cause or cause, call.setup_ms)

        await self._change(call_id, act, tell=lambda: before is not None)
        self._stop_waiting(call_id)
        if ended is not None:
            self._app[CALL_METRICS].has_ended(*ended)
        return before

    async def _was_rung(self, session: AsyncSession, call: Call, hand: Hand) -> None:
        """Who asked to be rung has been, when the two have talked."""
        if call.cause is Cause.HUNG_UP and call.connected_at is not None:
            side = await course.participant(session, call.id, CallRole.CLIENT)
            if side.client_id is not None:
                at = self._clock.now()
                await call_request.was_rung(session, side.client_id, at, hand.account_id)

    async def flowing(self, call_id: UUID, role: CallRole, first_ms: int | None) -> None:
        changed = False

        async def act(session: AsyncSession, call: Call) -> None:
            nonlocal changed
            if call.state is not CallState.ENDED:
                changed = await course.flowing(session, call, role, self._clock.now(), first_ms)

        await self._change(call_id, act, tell=lambda: changed)

    async def lost(self, call_id: UUID) -> None:
        changed = False

        async def act(session: AsyncSession, call: Call) -> None:
            nonlocal changed
            changed = await course.lost(session, call, self._clock.now())

        await self._change(call_id, act, tell=lambda: changed)

    async def gather(self, call_id: UUID) -> None:
        """From now on the call goes on in the room that has its id; both sides hear it once."""
        changed = False

        async def act(session: AsyncSession, call: Call) -> None:
            nonlocal changed
            changed = await gather(session, call, self._clock.now())

        await self._change(call_id, act, tell=lambda: changed)

    async def stated(self, session: AsyncSession, call: Call) -> tuple[Stated, UUID | None]:
        """The state of `call` as a note, and the tablet's id."""
        side = await course.participant(session, call.id, CallRole.CLIENT)
        client = await session.get(Client, side.client_id) if side.client_id else None
        note = Stated(
            call=call.id,
            contact=call.contact_id,
            state=call.state,
            cause=call.cause,
            version=call.version,
            name=client.first_name if client else "",
            answered_at=call.answered_at,
            connected_at=call.connected_at,
            room=call.room_at is not None,
        )
        return note, side.device_id

    async def _asks(self, session: AsyncSession, call: Call) -> bool:
        """True when "Är du nöjd i dag?" follows: after a talk, once a day. It then counts as asked."""
        if call.cause is not Cause.HUNG_UP or call.connected_at is None:
            return False
        side = await course.participant(session, call.id, CallRole.CLIENT)
        return side.client_id is not None and await pulse.may_ask(session, side.client_id, self._clock)

    async def _change(
        self,
        call_id: UUID,
        act: Callable[[AsyncSession, Call], Awaitable[None]],
        tell: Callable[[], bool] = lambda: True,
    ) -> None:
        """One transaction on a call; then both sides hear its state, when `tell` says so."""
        async with self._database.write() as session:
            call = await course.fetch(session, call_id)
            await act(session, call)
            if not tell():
                return
            note, device_id = await self.stated(session, call)
            note = structs.replace(note, ask_pulse=await self._asks(session, call))
        await self._relay.publish(worker_address(call_id), note)
        if device_id is not None:
            await self._relay.publish(device_address(device_id), note)

    def _stop_waiting(self, call_id: UUID) -> None:
        wait = self._waits.get(call_id)
        # The wait itself may be what ended the call.
        if wait is not None and wait is not asyncio.current_task():
            wait.cancel()
