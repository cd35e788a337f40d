"""The room desk: who is in which room, and the way between their pages and the media engine.

Nothing of a room is written down. After a restart it is empty, and everybody's page enters again by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault, not_found
from server.calls.ice import ice_servers
from server.calls.message import Message
from server.calls.notes import Note
from server.calls.relay import Relay
from server.keys import CLOCK, CONFIGURATION
from server.media.engine import Event, Line, Lost, MediaEngine, Offer, Offered, Place, Placed, RoomLost
from server.media.faults import fault
from server.rooms.messages import (
    Entered,
    LineLost,
    LostRoom,
    OfferedRoom,
    People,
    PlacedRoom,
    RoomClosed,
    Spot,
)
from server.rooms.person import Door, Person, Visitor
from server.rooms.room import Deliver, Room, Seat

log = logging.getLogger("samtid.rooms")


def room_address(room: UUID) -> str:
    """Where the node that has a room listens: a second node must not open the same one beside it."""
    return f"room/{room}"


class RoomDesk:
    """Rooms by id; `engine` is started at the first entry and stopped with the server."""

    def __init__(self, app: web.Application, engine: MediaEngine, relay: Relay) -> None:
        self._app, self._engine, self._relay = app, engine, relay
        self._rooms: dict[UUID, Room] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stop_listening = engine.listen(self._hear)
        #: Asked in order; who makes a kind of rooms adds one.
        self.doors: list[Door] = []
        #: Seconds that a seat is kept for who has lost the line, as in a call.
        self.grace = float(app[CONFIGURATION].call_grace_seconds)
        #: How often everybody of a room had to connect anew because the engine had died.
        self.lost = 0

    async def stop(self) -> None:
        for room in self._rooms.values():
            for seat in room.seats.values():
                seat.stay()
        self._rooms.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stop_listening()
        await self._engine.stop()

    # Who is there

    @property
    def rooms(self) -> int:
        """Open rooms."""
        return len(self._rooms)

    @property
    def seats(self) -> int:
        """People in all rooms, those with a broken line too."""
        return sum(len(room.seats) for room in self._rooms.values())

    def people(self, room: UUID) -> list[Person]:
        """Who is in the room, in the order they came; empty when there is no such room."""
        found = self._rooms.get(room)
        return [seat.person for seat in found.seats.values()] if found else []

    # Coming and going

    async def admit(self, visitor: Visitor, session: AsyncSession, room: UUID) -> tuple[Door, Person]:
        """The door of the room, and whom it lets in. Raises its `Fault`, or ``not_found``."""
        for door in self.doors:
            person = await door.admit(visitor, session, room)
            if person is not None:
                return door, person
        raise not_found("rum")

    async def enter(self, room: UUID, person: Person, deliver: Deliver, door: Door | None = None) -> Entered:
        """Give somebody a seat, or the one they had. A page they had there before is told to let go.

        `refresh` follows once the answer is on its way. Raises `Fault` ``media.full``, ``media.away``,
        ``room.elsewhere``.
        """
        await self._engine.start()
        while True:
            found = self._rooms.setdefault(room, Room(room))
            async with found.turn:
                if not found.is_closed:
                    return await self._sit(found, person, deliver, door)

    async def _sit(self, room: Room, person: Person, deliver: Deliver, door: Door | None) -> Entered:
        try:
            await self._open(room)
            seat = room.seat_of(person.key)
            if seat is None:
                if len(room.seats) >= room.size:
                    await self._make_place(room)
                seat = Seat(person, door)
                room.seats[seat.who] = seat
                if door is not None:
                    self._soon(door.arrived(room.id, person))
            else:
                seat.stay()
                if seat.deliver is not None and seat.deliver != deliver:
                    seat.tell(RoomClosed(room=room.id, cause="moved", words=""))
                # Names and rights may be others now; the seat is the same.
                seat.person = structs.replace(person, who=seat.who)
            seat.deliver = deliver
        except BaseException:
            await self._close_if_empty(room)
            raise
        configuration, now = self._app[CONFIGURATION], self._app[CLOCK].now()
        return Entered(
            room=room.id,
            who=seat.who,
            people=room.present,
            lines=sorted(seat.lines),
            ice_servers=ice_servers(configuration.turn, room.id, now),
            relay_only=person.relay_only,
        )

    async def _open(self, room: Room) -> None:
        if not room.is_open:
            if await self._relay.is_there(room_address(room.id)):
                raise Fault(
                    "room.elsewhere",
                    "Samtalet pågår på en annan av kommunens servrar. Försök igen om en stund.",
                    status=503,
                )
            await self._relay.listen(room_address(room.id), _nothing)
            room.is_open = True
        await self._engine.open_room(room.id, seats=room.size)

    async def _make_place(self, room: Room) -> None:
        """A full room gives the place of who has been away longest. Raises `Fault` ``media.full``."""
        gone = next(iter(room.away()), None)
        if gone is None:
            raise fault("media.full")
        await self._stand_up(room, gone)

    def refresh(self, room: UUID, who: UUID) -> None:
        """Tell everybody who is there, and somebody who has just entered what they see."""
        found = self._rooms.get(room)
        seat = found.seats.get(who) if found else None
        if found is None or seat is None:
            return
        self._tell_people(found)
        if Line.SUBSCRIBE in seat.lines:
            seat.tell(_placed(room, seat.places))

    async def leave(self, room: UUID, who: UUID) -> None:
        """Take somebody out at once. Leaving twice is no error."""
        await self._out(room, who)

    async def remove(self, room: UUID, who: UUID, cause: str = "removed") -> None:
        """Take somebody out who is told why; see `server.rooms.words`."""
        await self._out(room, who, cause)

    async def _out(self, room: UUID, who: UUID, cause: str | None = None) -> None:
        found = self._rooms.get(room)
        if found is None:
            return
        async with found.turn:
            seat = found.seats.get(who)
            if seat is None:
                return
            if cause is not None:
                seat.tell(RoomClosed(room=room, cause=cause, words=""))
            await self._stand_up(found, seat)
            self._tell_people(found)
            await self._close_if_empty(found)

    def away(self, room: UUID, who: UUID, deliver: Deliver) -> None:
        """The line of somebody is broken: picture and sound go on, and the seat is kept for a while."""
        found = self._rooms.get(room)
        seat = found.seats.get(who) if found else None
        if found is None or seat is None or seat.deliver != deliver:
            return
        seat.deliver = None
        loop = asyncio.get_running_loop()
        seat.leaving = loop.call_later(self.grace, lambda: self._soon(self._give_up(room, who)))
        self._tell_people(found)

    async def _give_up(self, room: UUID, who: UUID) -> None:
        found = self._rooms.get(room)
        seat = found.seats.get(who) if found else None
        if seat is not None and seat.deliver is None:
            await self._out(room, who)

    async def give_up_absent(self, account: UUID) -> None:
        """The rights of an account have changed: a seat whose line is broken cannot be asked about, and goes.

        Whoever may still come in gets a new one.
        """
        for room in list(self._rooms.values()):
            for seat in room.away():
                if seat.person.account == account:
                    await self._give_up(room.id, seat.who)

    async def end(self, room: UUID, cause: str = "ended") -> None:
        """End it for everybody."""
        found = self._rooms.get(room)
        if found is None:
            return
        async with found.turn:
            for seat in list(found.seats.values()):
                seat.tell(RoomClosed(room=room, cause=cause, words=""))
                await self._stand_up(found, seat)
            await self._close_if_empty(found)

    async def _stand_up(self, room: Room, seat: Seat) -> None:
        room.seats.pop(seat.who, None)
        seat.stay()
        seat.deliver = None
        await self._leave_engine(room.id, seat.who)

    async def _leave_engine(self, room: UUID, who: UUID) -> None:
        try:
            await self._engine.leave(room, who)
        except Fault as refused:
            # An engine that is being replaced has nobody in it.
            log.info("left a room without its engine: %s", refused.code)

    async def _close_if_empty(self, room: Room) -> None:
        if room.seats or room.is_closed:
            return
        room.is_closed = True
        self._rooms.pop(room.id, None)
        if not room.is_open:
            return
        await self._relay.leave(room_address(room.id), _nothing)
        try:
            await self._engine.close_room(room.id)
        except Fault as refused:
            log.info("closed a room without its engine: %s", refused.code)

    # Between the page and the engine

    async def publish(self, room: UUID, who: UUID, sdp: str) -> str:
        """The engine's answer to what somebody offers to send."""
        seat = self._seat(room, who)
        answer = await self._engine.publish(room, who, sdp)
        await self._check_stays(room, seat)
        seat.lines.add(Line.PUBLISH)
        return answer

    async def subscribe(
        self, room: UUID, who: UUID, sources: Sequence[UUID] | None, *, renew: bool
    ) -> Offer | None:
        """Say whom somebody sees; an offer when the page must answer one."""
        seat = self._seat(room, who)
        offer = await self._engine.subscribe(room, who, sources, renew=renew)
        await self._check_stays(room, seat)
        seat.lines.add(Line.SUBSCRIBE)
        return offer

    async def answer(self, room: UUID, who: UUID, number: int, sdp: str) -> None:
        self._seat(room, who)
        await self._engine.answer(room, who, number, sdp)

    async def trickle(self, room: UUID, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        self._seat(room, who)
        await self._engine.trickle(room, who, line, candidate, mid)

    def sending(self, room: UUID, who: UUID, *, audio: bool, video: bool) -> None:
        """What somebody sends now; the others see it beside the name."""
        seat = self._seat(room, who)
        if (seat.audio, seat.video) != (audio, video):
            seat.audio, seat.video = audio, video
            self._tell_people(self._rooms[room])

    def _seat(self, room: UUID, who: UUID) -> Seat:
        found = self._rooms.get(room)
        seat = found.seats.get(who) if found else None
        if seat is None:
            raise fault("media.not_there")
        return seat

    async def _check_stays(self, room: UUID, seat: Seat) -> None:
        """Whoever was put out while the engine was asked gets no line. Raises `Fault` ``media.not_there``."""
        found = self._rooms.get(room)
        if found is not None and found.seats.get(seat.who) is seat:
            return
        await self._leave_engine(room, seat.who)
        raise fault("media.not_there")

    def _hear(self, event: Event) -> None:
        """Something the engine tells unasked, to whom it concerns."""
        room = self._rooms.get(event.room)
        if room is None:
            return
        match event:
            case Placed(viewer=viewer, places=places):
                if seat := room.seats.get(viewer):
                    seat.places = places
                    seat.tell(_placed(room.id, places))
            case Offered(viewer=viewer, offer=offer):
                if seat := room.seats.get(viewer):
                    seat.tell(OfferedRoom(room=room.id, number=offer.number, sdp=offer.sdp))
            case Lost(who=who, line=line):
                if seat := room.seats.get(who):
                    seat.lines.discard(line)
                    seat.tell(LineLost(room=room.id, line=line))
            case RoomLost():
                self.lost += 1
                for seat in room.seats.values():
                    seat.lines.clear()
                    seat.places = ()
                    seat.tell(LostRoom(room=room.id))

    def _tell_people(self, room: Room) -> None:
        message = People(room=room.id, people=room.present)
        for seat in room.seats.values():
            seat.tell(message)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work of a room failed", exc_info=task.exception())


def _placed(room: UUID, places: Sequence[Place]) -> Message:
    return PlacedRoom(
        room=room,
        places=[Spot(who=one.who, audio=one.audio, video=one.video, held=one.held) for one in places],
    )


def _nothing(_: Note) -> None:
    """A room's address is only listened to so that others know of it."""
