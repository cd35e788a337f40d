"""The socket of a worker's page: rings, takes part in a call, and hears what changes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.calls import course
from care.calls.call import Call, CallRole
from care.calls.life import CallState, Cause
from care.calls.ring import RING, live_calls
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.contacts.step import fetch as fetch_contact
from care.errors import Fault, not_found
from care.outbox import OutboxEvent
from server.calls.desk import device_address, worker_address
from server.calls.hub import Hub
from server.calls.messages import (
    Calling,
    Cancel,
    Changed,
    ConfirmPerson,
    FromWorker,
    GoingOn,
    Hello,
    Message,
    Resume,
    Resumed,
    StartCall,
    Taken,
    Welcome,
)
from server.calls.notes import Here, Note, Stated, TakenOver
from server.calls.side import Seat
from server.calls.socket import NOT_RECOGNISED, Gone, Handler
from server.calls.words import for_worker, searching
from server.guests.watch import LobbyWatch
from server.keys import ACTOR, CONFIGURATION
from server.pages.assets import ASSETS
from server.rooms.person import Visitor
from server.rooms.seats import RoomSeats
from server.security import sessions
from server.security.access import write_openings
from server.security.actor import Actor, actor
from server.security.gate import allow

#: Facts that worker's pages hear of, by topic.
TOPICS = frozenset(
    {
        "contact.changed",
        "contact.due",
        "call.state",
        "task.changed",
        "proposal.made",
        "proposal.applied",
        "notice.made",
        "device.changed",
        "gathering.changed",
    }
)
#: Seconds in which several changes of the same thing are told once.
TOGETHER = 0.1
#: More news than this at once are told by topic only.
MOST_NEWS = 50


class WorkerSocket(RoomSeats, LobbyWatch):
    incoming: ClassVar[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(FromWorker)
    role = CallRole.WORKER

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        super().__init__(hub, request, origin)
        self.actor: Actor = actor(request)
        self.token = sessions.read_token(request)
        self._groups = self.actor.groups(Action.OWN_DAY_READ)
        self._news: dict[tuple[object, ...], Changed] = {}

    @property
    def hand(self) -> Hand:
        return Hand(by="call", account_id=self.actor.account_id)

    def visitor(self) -> Visitor:
        return Visitor(self.request, actor=self.actor)

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {
            **super().handlers,
            StartCall: self.call,
            Cancel: self.cancel,
            ConfirmPerson: self.confirm_person,
        }

    # Coming and going

    async def come_in(self, hello: Hello) -> None:
        going_on: GoingOn | None = None
        if hello.contact is not None:
            async with self.database.read() as session:
                for call in await live_calls(session, contact_id=hello.contact):
                    if await self._is_mine(session, call):
                        going_on = GoingOn(call=call.id, state=call.state.value, contact=call.contact_id)
                        break
        self.hub.workers.add(self)
        self.pace = "near" if hello.near or hello.contact is not None else "idle"
        self.is_welcome = True
        self.send(
            Welcome(
                protocol=hello.protocol,
                now=self.clock.now(),
                language=self.language,
                version=self.app[ASSETS].version,
                pace=self.pace,
                call=going_on,
            )
        )
        await self.watch_lobby(hello.contact)

    async def go_out(self) -> None:
        await super().go_out()
        self.hub.workers.discard(self)

    async def sit(self, call_id: UUID, other: str) -> Seat:
        seat = await super().sit(call_id, other)
        await self.hub.relay.publish(worker_address(call_id), TakenOver(by=self.id, call=call_id))
        await self.hub.relay.listen(worker_address(call_id), self.deliver)
        return seat

    async def stand_up(self, seat: Seat) -> None:
        await super().stand_up(seat)
        await self.hub.relay.leave(worker_address(seat.call), self.deliver)

    async def check_session(self) -> None:
        """Say goodbye when the sign-in has ended; rights that were given or taken hold from now on.

        Somebody talking is not cut off by idleness.
        """
        if self.token is None:
            return
        idle = timedelta(minutes=self.app[CONFIGURATION].idle_minutes)
        async with self.database.read() as session:
            found = await sessions.find(session, self.token, self.clock.now(), idle)
        if found is None:
            fault = Fault("sign_in.needed", "Du behöver logga in igen.", status=401)
            self.leave(Gone(fault, NOT_RECOGNISED))
            return
        self.request[ACTOR] = self.actor = found.actor
        self._groups = self.actor.groups(Action.OWN_DAY_READ)
        await self.check_rooms()

    # What others say

    def deliver(self, note: Note) -> None:
        if isinstance(note, TakenOver):
            if note.call is not None and note.by != self.id and self.seats.pop(note.call, None) is not None:
                # Said at once, and once, whoever else takes over in the same moment.
                self.send(Taken(call=note.call))
                self.hub.soon(self._let_go(note.call))
            return
        seat = self.seats.get(note.call) if isinstance(note, Here) and note.connection else None
        if seat is not None and seat.is_searching:
            self.hub.soon(self._heard(seat))
        super().deliver(note)

    async def _let_go(self, call_id: UUID) -> None:
        # The other side is not told: it goes on with the page that took over. Which may be this one again.
        if call_id not in self.seats:
            await self.hub.relay.leave(worker_address(call_id), self.deliver)

    async def _heard(self, seat: Seat) -> None:
        """The tablet rings: from "Söker" to "Ringer"."""
        seat.is_searching = False
        async with self.database.read() as session:
            call = await session.get(Call, seat.call)
            if call is None or call.state is not CallState.RINGING:
                return
            note, _ = await self.hub.desk.stated(session, call)
        self.send(self.state(note))

    def words(self, note: Stated) -> str:
        return for_worker(note.state, note.cause, note.name, self.say)

    def hear(self, event: OutboxEvent) -> None:
        """A fact from the outbox: passed on when this person has to do with it. Ids only."""
        if not self.is_welcome or event.topic not in TOPICS:
            return
        payload = event.payload
        is_mine = self.actor.staff_id is not None and str(self.actor.staff_id) in (payload.get("staff") or ())
        is_group = self._groups is None or (event.group_id is not None and event.group_id in self._groups)
        if not (is_mine or is_group):
            return
        news = Changed(
            topic=event.topic,
            contact=_id(payload.get("contact")),
            client=event.client_id,
            call=_id(payload.get("call")),
            task=_id(payload.get("task")),
            gathering=_id(payload.get("gathering")),
            event=payload.get("event"),
            status=payload.get("status") or payload.get("state"),
        )
        if not self._news:
            asyncio.get_running_loop().call_later(TOGETHER, self._tell_news)
        self._news[news.topic, news.contact, news.client, news.call, news.task, news.gathering] = news

    def _tell_news(self) -> None:
        news, self._news = list(self._news.values()), {}
        if len(news) > MOST_NEWS:
            # An import, or a proposal for a whole day: the page fetches everything again anyway.
            news = [Changed(topic=topic) for topic in sorted({one.topic for one in news})]
        for one in news:
            self.send(one)

    # What the worker says

    async def call(self, message: StartCall) -> Calling:
        try:
            async with self.database.write() as session:
                contact = await self._contact(session, message.contact)
                ringing, rung = await self.hub.desk.ring(
                    session,
                    contact,
                    account_id=self.actor.account_id,
                    staff_id=self.actor.staff_id,
                    reason=message.reason,
                )
        finally:
            # Logged before anything is said, refusals too.
            await write_openings(self.request)
        seat = await self.sit(rung.call, device_address(ringing.device_id))
        seat.connection = message.connection
        seat.is_searching = True
        name = ringing.client.first_name
        # After `calling` has been queued: its states must not come before it.
        self.hub.later(lambda: self.hub.desk.send_ring(ringing, rung))
        return Calling(
            call=rung.call,
            contact=contact.id,
            name=name,
            words=searching(name, self.say),
            ring_seconds=int(RING.total_seconds()),
            ice_servers=rung.ice_servers,
            relay_only=rung.relay_only,
        )

    async def _contact(self, session: AsyncSession, contact_id: UUID) -> PlannedContact:
        """The row, if this person may call for it. Raises `Fault` ``not_found``."""
        contact = await session.get(PlannedContact, contact_id)
        if contact is None:
            raise not_found("kontakt")
        await allow(self.request, session, Action.CALL_MAKE, contact=contact)
        return await fetch_contact(session, contact_id)

    async def cancel(self, message: Cancel) -> None:
        self.seat(message.call)
        await self.hub.desk.end(message.call, Cause.CANCELLED, self.hand, only=CallState.RINGING)

    async def confirm_person(self, message: ConfirmPerson) -> None:
        self.seat(message.call)
        async with self.database.write() as session:
            call = await course.fetch(session, message.call)
            contact = await course.contact_of(session, call)
            if contact is not None:
                await allow(
                    self.request,
                    session,
                    Action.CALL_MAKE,
                    contact=contact,
                    thing=f"call:{call.id}",
                    purpose="right_person",
                )
            await course.confirm_person(session, call, self.clock.now(), self.actor.account_id)
        await write_openings(self.request)

    async def resume(self, message: Resume) -> Resumed:
        resumed = await super().resume(message)
        if resumed.state == CallState.RINGING.value:
            self.seats[message.call].is_searching = True
        return resumed

    async def check_mine(self, session: AsyncSession, call: Call) -> None:
        if not await self._is_mine(session, call):
            raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")

    async def _is_mine(self, session: AsyncSession, call: Call) -> bool:
        side = await course.participant(session, call.id, CallRole.WORKER)
        return side.account_id is not None and side.account_id == self.actor.account_id


def _id(text: object) -> UUID | None:
    return UUID(str(text)) if text else None
