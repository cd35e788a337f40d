"""One side of calls: what a tablet and a worker's page both do once there is a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls import course
from care.calls.call import Call, CallRole
from care.calls.life import CallState, Cause
from care.calls.ring import LOOK
from care.clients import Client
from care.contacts.step import Hand
from care.errors import Fault
from care.staff import Staff
from server.calls import beside
from server.calls.desk import device_address, worker_address
from server.calls.hub import Hub
from server.calls.ice import ice_servers
from server.calls.in_call import Sample
from server.calls.measured import CALL_METRICS
from server.calls.messages import (
    Candidate,
    Description,
    HangUp,
    Media,
    Message,
    NewConnection,
    Peer,
    Quality,
    Renew,
    Renewed,
    Resume,
    Resumed,
    Sending,
    State,
)
from server.calls.notes import Here, Note, Passed, Stated
from server.calls.sampling import Sampling
from server.calls.socket import MOVED, Handler, Socket
from server.keys import CONFIGURATION
from server.tablets.face import face

#: Calls that a socket remembers: the present one, and ended ones whose figures are on their way.
MOST_SEATS = 8


@dataclass(slots=True)
class Seat:
    """A place in a call."""

    call: UUID
    #: The address of the other side.
    other: str
    #: The name of this side's peer connection; None until the client has named one.
    connection: str | None = None
    #: Worker: the tablet has not said yet that it rings.
    is_searching: bool = False
    is_over: bool = False
    #: Tablet: when the worker began to ring.
    rung_at: datetime | None = None


class Side(Socket):
    """A socket that may sit in calls."""

    role: CallRole

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        super().__init__(hub, request, origin)
        self.seats: dict[UUID, Seat] = {}
        self.sampling = Sampling(self)

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {
            Resume: self.resume,
            NewConnection: self.new_connection,
            Description: self.pass_on,
            Candidate: self.pass_on,
            Sending: self.pass_on,
            Media: self.media,
            HangUp: self.hang_up,
            Quality: self.quality,
            Renew: self.renew,
            Sample: self.sampling.take,
            **beside.handlers(self),
        }

    @property
    def hand(self) -> Hand:
        raise NotImplementedError

    def words(self, note: Stated) -> str:
        """The state in words for this side."""
        raise NotImplementedError

    async def check_mine(self, session: AsyncSession, call: Call) -> None:
        """Raise `Fault` ``call.unknown`` unless this socket may take this side of the call."""
        raise NotImplementedError

    async def sit(self, call_id: UUID, other: str) -> Seat:
        """Take a place in a call."""
        seat = self.seats.get(call_id)
        if seat is None:
            while len(self.seats) >= MOST_SEATS:
                await self.stand_up(self.seats[next(iter(self.seats))])
            seat = self.seats[call_id] = Seat(call_id, other)
        return seat

    async def stand_up(self, seat: Seat) -> None:
        self.seats.pop(seat.call, None)

    def seat(self, call_id: UUID) -> Seat:
        found = self.seats.get(call_id)
        if found is None:
            raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
        return found

    # What the client says

    async def new_connection(self, message: NewConnection) -> None:
        seat = self.seat(message.call)
        is_new = seat.connection != message.connection
        seat.connection = message.connection
        await self.tell_here(seat, asks=is_new)

    async def tell_here(self, seat: Seat, *, asks: bool) -> None:
        """Say to the other side that this one is there, with its connection."""
        note = Here(call=seat.call, present=True, connection=seat.connection, asks=asks)
        await self.hub.relay.publish(seat.other, note)

    async def pass_on(self, message: Description | Candidate | Sending) -> None:
        seat = self.seat(message.call)
        if seat.is_over:
            # On its way when the call ended: nothing is set up with who has hung up.
            return
        message.n = None
        if isinstance(message, Description):
            note = Passed(description=message)
        elif isinstance(message, Candidate):
            note = Passed(candidate=message)
        else:
            note = Passed(sending=message)
        await self.hub.relay.publish(seat.other, note)

    async def media(self, message: Media) -> None:
        self.seat(message.call)
        if message.state == "flowing":
            await self.hub.desk.flowing(message.call, self.role, message.first_ms)
        else:
            await self.hub.desk.lost(message.call)

    async def hang_up(self, message: HangUp) -> None:
        if message.call not in self.seats:
            # Said afterwards, by a page that had no line when it hung up.
            async with self.database.read() as session:
                call = await session.get(Call, message.call)
                if call is None:
                    raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
                await self.check_mine(session, call)
        # Twice, or from both sides at once, is once.
        await self.hub.desk.end(message.call, Cause.HUNG_UP, self.hand)

    async def quality(self, message: Quality) -> None:
        self.seat(message.call)
        async with self.database.write() as session:
            call = await course.fetch(session, message.call)
            await course.measure(
                session,
                call,
                self.role,
                round_trip_ms=message.round_trip_ms,
                loss_percent=message.loss_percent,
                jitter_ms=message.jitter_ms,
                freezes=message.freezes,
                kilobits=message.kilobits,
                path=message.path,
                setup_ms=message.setup_ms,
            )
        protocol = self.sampling.protocols.get(message.call)
        self.app[CALL_METRICS].has_gone(message.path, protocol, message.loss_percent)

    async def renew(self, message: Renew) -> Renewed:
        """Fresh credentials for the relay: a call may last longer than they do."""
        self.seat(message.call)
        async with self.database.read() as session:
            call = await session.get(Call, message.call)
            if call is None or call.state is CallState.ENDED:
                raise Fault("call.over", "Samtalet är redan slut.", status=409, place="call")
            side = await course.participant(session, call.id, CallRole.CLIENT)
            client = await session.get(Client, side.client_id) if side.client_id else None
        return Renewed(
            call=call.id,
            ice_servers=ice_servers(self.app[CONFIGURATION].turn, call.id, self.clock.now()),
            relay_only=client is not None and client.is_protected,
        )

    async def resume(self, message: Resume) -> Resumed:
        """Take up a call after a break. The other side is told, and says who it is."""
        async with self.database.read() as session:
            call = await session.get(Call, message.call)
            if call is None:
                raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
            await self.check_mine(session, call)
            if call.state is CallState.ENDED:
                note, _ = await self.hub.desk.stated(session, call)
                self.send(self.state(note))
                raise Fault("call.over", "Samtalet är redan slut.", status=409, place="call")
            resumed, other = await self._resumed(session, call)
        seat = await self.sit(call.id, other)
        seat.connection = message.connection
        # After the answer has been queued: `peer` must not come before `resumed`.
        self.hub.later(lambda: self.tell_here(seat, asks=True))
        return resumed

    async def _resumed(self, session: AsyncSession, call: Call) -> tuple[Resumed, str]:
        note, device_id = await self.hub.desk.stated(session, call)
        worker = await course.participant(session, call.id, CallRole.WORKER)
        caller = await session.get(Staff, worker.staff_id) if worker.staff_id else None
        client_side = await course.participant(session, call.id, CallRole.CLIENT)
        client = await session.get(Client, client_side.client_id) if client_side.client_id else None
        turn = self.app[CONFIGURATION].turn
        is_worker = self.role is CallRole.WORKER
        name, portrait = (note.name, None) if is_worker else ("", None)
        if not is_worker and caller is not None:
            name, portrait = caller.first_name, face(caller.portrait)
        if is_worker and device_id is None:
            raise Fault("call.unknown", "Samtalet finns inte.", status=404, place="call")
        resumed = Resumed(
            call=call.id,
            contact=call.contact_id,
            state=call.state.value,
            version=call.version,
            words=self.words(note),
            role=self.role.value,
            name=name,
            portrait=portrait,
            ice_servers=ice_servers(turn, call.id, self.clock.now()),
            relay_only=client is not None and client.is_protected,
            look_seconds=int(LOOK.total_seconds()),
            answered_at=call.answered_at,
            room=call.room_at is not None,
        )
        other = device_address(device_id) if is_worker and device_id else worker_address(call.id)
        return resumed, other

    # What others say

    def state(self, note: Stated) -> State:
        return State(
            call=note.call,
            contact=note.contact,
            state=note.state.value,
            cause=note.cause.value if note.cause else None,
            words=self.words(note),
            version=note.version,
            answered_at=note.answered_at,
            connected_at=note.connected_at,
            ask_pulse=note.ask_pulse and self.role is CallRole.CLIENT,
            room=note.room,
        )

    def deliver(self, note: Note) -> None:
        """A note from the relay. Must not wait."""
        if isinstance(note, Stated):
            if note.state is CallState.ENDED and note.call in self.seats:
                self.seats[note.call].is_over = True
                self.hub.soon(self.sampling.write_all())
            self.send(self.state(note))
        elif isinstance(note, Here):
            self._other_is(note)
        elif isinstance(note, Passed):
            message = note.description or note.candidate or note.sending or note.beside
            if message is not None and message.call in self.seats:
                self.send(message)

    def _other_is(self, note: Here) -> None:
        if note.call in self.seats:
            self.send(Peer(call=note.call, present=note.present, connection=note.connection, asks=note.asks))

    async def go_out(self) -> None:
        for seat in list(self.seats.values()):
            # Where another socket has taken over, this side is still there.
            if not seat.is_over and (self.gone is None or self.gone.close_code != MOVED):
                await self.hub.relay.publish(seat.other, Here(call=seat.call, present=False))
            await self.stand_up(seat)
        # Not waited for: who goes out may be in a hurry, and the other side is to know first.
        self.hub.soon(self.sampling.write_all())
