"""The socket of a tablet: signed hello, its day, its answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls import course
from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState, Cause
from care.calls.ring import AUTO_ANSWER, LOOK, RING, auto_answers, live_calls
from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.devices import Device, DeviceAssignment
from care.errors import Fault
from care.staff import Staff
from server.calls.desk import device_address, worker_address
from server.calls.hub import Hub
from server.calls.ice import ice_servers
from server.calls.messages import (
    Answer,
    Caller,
    CallRequest,
    Day,
    FromTablet,
    GoingOn,
    Health,
    Hello,
    Klart,
    Message,
    NoticeShown,
    NoticeTouched,
    NotNow,
    PromptLater,
    Pulse,
    Reload,
    Ring,
    Ringing,
    Welcome,
)
from server.calls.notes import Note, Rung, Stated, TakenOver
from server.calls.side import Side
from server.calls.socket import MOVED, Gone, Handler
from server.calls.words import for_client
from server.keys import CONFIGURATION
from server.pages.assets import ASSETS
from server.rooms.person import Visitor
from server.rooms.seats import RoomSeats
from server.tablets import call_request, health, notice, prompt, pulse
from server.tablets.choice import screen_language
from server.tablets.day import day_for
from server.tablets.face import face
from server.tablets.home import clients_of, note_erased
from server.tablets.keys import device_for_hello
from server.tablets.path_test import messages as path_test
from server.tablets.path_test.running import PATH_TESTS
from server.tablets.wording import rings

HAND = Hand(by="tablet")
#: A row of the tablet this near keeps the pace fast.
NEAR_BEFORE = timedelta(minutes=10)
NEAR_AFTER = timedelta(minutes=30)
#: A whole town of tablets that comes back after a restart writes nothing.
SEEN_LATELY = timedelta(minutes=1)
_WAITED_FOR = (Status.PLANNED, Status.DUE, Status.AWAITING, Status.UNDERWAY)


class TabletSocket(RoomSeats, Side):
    incoming: ClassVar[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(FromTablet)
    role = CallRole.CLIENT

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        super().__init__(hub, request, origin)
        self.device_id: UUID | None = None
        #: Whose home it stands in: whose changes make a new day.
        self.client_ids: frozenset[UUID] = frozenset()
        self.version: str | None = None

    @property
    def device(self) -> UUID:
        if self.device_id is None:
            raise Fault("hello.expected", "Säg hej först.", status=400)
        return self.device_id

    @property
    def hand(self) -> Hand:
        return HAND

    def visitor(self) -> Visitor:
        return Visitor(self.request, device=self.device)

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {
            **super().handlers,
            Ringing: self.ringing,
            Answer: self.answer,
            NotNow: self.not_now,
            NoticeShown: self.notice_shown,
            NoticeTouched: self.notice_touched,
            Klart: self.klart,
            PromptLater: self.prompt_later,
            CallRequest: self.call_request,
            Pulse: self.pulse,
            Health: self.health,
            path_test.PathOffer: self.path_offer,
            path_test.PathSeen: self.path_seen,
        }

    @property
    def in_call(self) -> bool:
        return any(not seat.is_over for seat in self.seats.values())

    # Coming and going

    async def come_in(self, hello: Hello) -> None:
        if hello.device is None or hello.signature is None:
            raise Fault("hello.signature", "Underskriften saknas.", status=400, place="signature")
        now = self.clock.now()
        async with self.database.read() as session:
            device = await self._known(session, hello.device, hello.protocol, hello.signature)
            self.device_id = device.id
            self.version = hello.version
            await self.read_home(session)
            calls = await live_calls(session, device_id=device.id)
            going_on = [call for call in calls if call.state is not CallState.RINGING]
            ring = next((call for call in calls if call.state is CallState.RINGING), None)
            rung = await self._rung(session, ring) if ring is not None else None
            is_near = bool(calls) or await near_tablets(session, now, device.id) != set()
        if device.silent_since or device.last_seen_at is None or now - device.last_seen_at > SEEN_LATELY:
            async with self.database.write() as session:
                # That it was silent is for the device watch to end, with its task.
                await session.execute(update(Device).where(Device.id == device.id).values(last_seen_at=now))
        address = device_address(self.device)
        await self.hub.relay.publish(address, TakenOver(by=self.id))
        self.hub.tablets[self.device] = self
        await self.hub.relay.listen(address, self.deliver)
        self.pace = "near" if is_near else "idle"
        self.is_welcome = True
        version = self.app[ASSETS].version
        self.send(
            Welcome(
                protocol=hello.protocol,
                now=self.clock.now(),
                language=self.language,
                version=version,
                pace=self.pace,
                call=_going_on((going_on or calls)[0]) if calls else None,
            )
        )
        if self.version is not None and self.version != version:
            self.send(Reload(version=version))
        await self.send_day()
        if rung is not None:
            await self._ring(rung)

    async def _known(self, session: AsyncSession, device: UUID, protocol: int, signature: str) -> Device:
        """The tablet that says hello; of one that is no longer in use it is noted that it has heard so."""
        try:
            return await device_for_hello(
                session, device, version=protocol, origin=self.origin, nonce=self.nonce, signature=signature
            )
        except Fault as fault:
            if fault.code == "device.revoked":
                async with self.database.write() as writing:
                    await note_erased(writing, device, self.clock.now())
            raise

    async def read_home(self, session: AsyncSession) -> list[Client]:
        clients = await clients_of(session, self.device, self.clock.now())
        self.client_ids = frozenset(client.id for client in clients)
        self.language = screen_language(clients)
        return clients

    async def send_day(self) -> None:
        """The day as it is now."""
        async with self.database.read() as session:
            day = await day_for(session, self.device, self.clock, self.language)
        self.send(msgspec.convert(day, Day))

    async def go_out(self) -> None:
        await super().go_out()
        if self.device_id is not None and self.is_welcome:
            self.app[PATH_TESTS].line_gone(self)
            await self.hub.relay.leave(device_address(self.device_id), self.deliver)
            if self.hub.tablets.get(self.device_id) is self:
                del self.hub.tablets[self.device_id]

    # What others say

    def deliver(self, note: Note) -> None:
        if isinstance(note, Rung):
            self.hub.soon(self._ring(note))
        elif isinstance(note, TakenOver) and note.call is None:
            if note.by != self.id:
                fault = Fault("moved", "Surfplattan är öppen på ett annat ställe.", status=409)
                self.leave(Gone(fault, MOVED))
        else:
            super().deliver(note)

    async def _ring(self, rung: Rung) -> None:
        self.app[PATH_TESTS].call_comes(self.device)
        seat = await self.sit(rung.call, worker_address(rung.call))
        seat.rung_at = rung.since
        self.set_pace("near")
        # Where two live together it says whose call it is.
        to = rung.to if len(self.client_ids) > 1 else ""
        self.send(
            Ring(
                call=rung.call,
                contact=rung.contact,
                caller=Caller(first_name=rung.caller, portrait=rung.portrait),
                text=rings(rung.caller, self.say, to=to),
                to=to or None,
                since=rung.since,
                ring_seconds=int(RING.total_seconds()),
                look_seconds=int(LOOK.total_seconds()),
                auto_answer_seconds=int(AUTO_ANSWER.total_seconds()) if rung.auto_answer else None,
                ice_servers=rung.ice_servers,
                relay_only=rung.relay_only,
            )
        )

    async def _rung(self, session: AsyncSession, call: Call) -> Rung:
        """The ring of a call that rings already: the tablet has connected in the middle of it."""
        worker = await course.participant(session, call.id, CallRole.WORKER)
        caller = await session.get(Staff, worker.staff_id) if worker.staff_id else None
        client_side = await course.participant(session, call.id, CallRole.CLIENT)
        client = await session.get(Client, client_side.client_id) if client_side.client_id else None
        now = self.clock.now()
        return Rung(
            call=call.id,
            contact=call.contact_id,
            caller=caller.first_name if caller else "",
            to=client.first_name if client else "",
            portrait=face(caller.portrait) if caller else None,
            since=call.rung_at,
            auto_answer=client is not None and await auto_answers(session, client, self.clock),
            ice_servers=ice_servers(self.app[CONFIGURATION].turn, call.id, now),
            relay_only=client is not None and client.is_protected,
        )

    def words(self, note: Stated) -> str:
        return for_client(note.state, self.say, note.cause)

    async def check_mine(self, session: AsyncSession, call: Call) -> None:
        side = await course.participant(session, call.id, CallRole.CLIENT)
        if side.device_id != self.device_id:
            raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")

    # What the tablet says

    async def ringing(self, message: Ringing) -> None:
        seat = self.seat(message.call)
        seat.connection = message.connection
        if seat.rung_at is not None:
            heard = self.clock.now() - seat.rung_at
            self.sampling.know(message.call, heard_ms=int(heard.total_seconds() * 1000))
            seat.rung_at = None
        await self.tell_here(seat, asks=True)

    async def answer(self, message: Answer) -> None:
        self.seat(message.call)
        await self.hub.desk.answer(message.call, auto=message.by == "auto")

    async def not_now(self, message: NotNow) -> None:
        self.seat(message.call)
        await self.hub.desk.end(message.call, Cause.NOT_NOW, HAND, only=CallState.RINGING)

    async def notice_shown(self, message: NoticeShown) -> None:
        async with self.database.write() as session:
            await notice.note_shown(session, self.device, message.notice, self.clock)

    async def notice_touched(self, message: NoticeTouched) -> None:
        async with self.database.write() as session:
            await notice.note_touched(session, self.device, message.notice, self.clock)
        await self.send_day()

    async def klart(self, message: Klart) -> None:
        async with self.database.write() as session:
            await prompt.press_done(session, self.device, message.contact, self.clock, message.at)
        await self.send_day()

    async def prompt_later(self, message: PromptLater) -> None:
        async with self.database.write() as session:
            await prompt.put_off(session, self.device, message.contact, self.clock)
        await self.send_day()

    async def call_request(self, message: CallRequest) -> None:
        async with self.database.write() as session:
            await call_request.ask_to_be_rung(session, self.device, self.clock, message.clients)
        await self.send_day()

    async def pulse(self, message: Pulse) -> None:
        async with self.database.write() as session:
            side = await session.scalar(
                select(CallParticipant).where(
                    CallParticipant.call_id == message.call, CallParticipant.device_id == self.device
                )
            )
            if side is None or side.client_id is None:
                raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
            await pulse.answer(session, self.device, side.client_id, message.face, self.clock)

    async def health(self, message: Health) -> None:
        known = msgspec.to_builtins(message)
        async with self.database.write() as session:
            await health.store_health(session, self.device, known, self.clock, version=self.version)

    async def path_offer(self, message: path_test.PathOffer) -> None:
        self.app[PATH_TESTS].offered(self, message)

    async def path_seen(self, message: path_test.PathSeen) -> None:
        self.app[PATH_TESTS].told(self, message)


async def near_tablets(session: AsyncSession, now: datetime, device_id: UUID | None = None) -> set[UUID]:
    """Tablets with a call or a reminder within ten minutes (or one that has been due for a while)."""
    query = (
        select(DeviceAssignment.device_id)
        .join(PlannedContact, PlannedContact.client_id == DeviceAssignment.client_id)
        .where(
            DeviceAssignment.end.is_(None),
            PlannedContact.status.in_(_WAITED_FOR),
            PlannedContact.channel.in_((Channel.VIDEO, Channel.PROMPT)),
            PlannedContact.start >= now - NEAR_AFTER,
            PlannedContact.start <= now + NEAR_BEFORE,
        )
        .distinct()
    )
    if device_id is not None:
        query = query.where(DeviceAssignment.device_id == device_id)
    return set(await session.scalars(query))


def _going_on(call: Call) -> GoingOn:
    return GoingOn(call=call.id, state=call.state.value, contact=call.contact_id)
