"""What a socket does that may sit in rooms: the same for a worker's page, a tablet and a guest."""

from __future__ import annotations

import asyncio
from typing import ClassVar
from uuid import UUID

from aiohttp import web

from care.errors import Fault
from server.calls.hub import Hub
from server.calls.message import Message
from server.calls.socket import NOT_RECOGNISED, Handler, Socket
from server.keys import ROOMS
from server.media.faults import fault
from server.rooms.desk import RoomDesk
from server.rooms.messages import (
    Entered,
    EnterRoom,
    LeaveRoom,
    OfferedRoom,
    Publish,
    Published,
    RoomAnswer,
    RoomCandidate,
    RoomClosed,
    RoomSending,
    Subscribe,
)
from server.rooms.person import Visitor
from server.rooms.words import closed
from server.security.access import write_openings


class RoomSeats(Socket):
    """Mix it in before the kind of socket, and say who the visitor is."""

    #: They may wait for the engine, and a ping must not wait with them.
    beside: ClassVar[frozenset[type[Message]]] = frozenset(
        {EnterRoom, Publish, Subscribe, RoomAnswer, RoomCandidate, RoomSending, LeaveRoom}
    )

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        super().__init__(hub, request, origin)
        #: room → seat
        self.rooms: dict[UUID, UUID] = {}
        self._in_order = asyncio.Lock()
        self._is_out = False

    def visitor(self) -> Visitor:
        """Who asks at the doors."""
        raise NotImplementedError

    @property
    def room_desk(self) -> RoomDesk:
        return self.app[ROOMS]

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {
            **super().handlers,
            EnterRoom: self.enter_room,
            Publish: self.publish,
            Subscribe: self.subscribe,
            RoomAnswer: self.room_answer,
            RoomCandidate: self.room_candidate,
            RoomSending: self.room_sending,
            LeaveRoom: self.leave_room,
        }

    async def enter_room(self, message: EnterRoom) -> Entered:
        async with self._in_order:
            try:
                async with self.database.read() as session:
                    door, person = await self.room_desk.admit(self.visitor(), session, message.room)
            finally:
                await write_openings(self.request)
            entered = await self.room_desk.enter(message.room, person, self.hear_room, door)
            self.rooms[message.room] = entered.who
            if self._is_out:
                # Closed while the door was opening.
                self.room_desk.away(message.room, entered.who, self.hear_room)
        # After the answer has been queued.
        self.hub.later(lambda: self._refresh(message.room, entered.who))
        return entered

    async def _refresh(self, room: UUID, who: UUID) -> None:
        self.room_desk.refresh(room, who)

    async def publish(self, message: Publish) -> Published:
        async with self._in_order:
            sdp = await self.room_desk.publish(message.room, self._who(message.room), message.sdp)
        return Published(room=message.room, sdp=sdp)

    async def subscribe(self, message: Subscribe) -> OfferedRoom | None:
        async with self._in_order:
            offer = await self.room_desk.subscribe(
                message.room, self._who(message.room), message.sources, renew=message.renew
            )
        return OfferedRoom(room=message.room, number=offer.number, sdp=offer.sdp) if offer else None

    async def room_answer(self, message: RoomAnswer) -> None:
        async with self._in_order:
            await self.room_desk.answer(message.room, self._who(message.room), message.number, message.sdp)

    async def room_candidate(self, message: RoomCandidate) -> None:
        async with self._in_order:
            who = self._who(message.room)
            await self.room_desk.trickle(message.room, who, message.line, message.candidate, message.mid)

    async def room_sending(self, message: RoomSending) -> None:
        async with self._in_order:
            who = self._who(message.room)
            self.room_desk.sending(message.room, who, audio=message.audio, video=message.video)

    async def leave_room(self, message: LeaveRoom) -> None:
        async with self._in_order:
            who = self.rooms.pop(message.room, None)
            if who is not None:
                await self.room_desk.leave(message.room, who)

    def _who(self, room: UUID) -> UUID:
        who = self.rooms.get(room)
        if who is None:
            raise fault("media.not_there")
        return who

    def hear_room(self, message: Message) -> None:
        """What the desk tells this seat. Must not wait."""
        if isinstance(message, RoomClosed):
            self.rooms.pop(message.room, None)
            message = RoomClosed(
                room=message.room,
                cause=message.cause,
                words=message.words or closed(message.cause, self.say),
            )
        self.send(message)

    async def check_rooms(self) -> None:
        """Rights were given or taken: who may not be in a room any longer is taken out of it."""
        for room, who in list(self.rooms.items()):
            try:
                async with self.database.read() as session:
                    await self.room_desk.admit(self.visitor(), session, room)
            except Fault:
                await self.room_desk.remove(room, who)
            finally:
                await write_openings(self.request)

    async def go_out(self) -> None:
        self._is_out = True
        is_thrown_out = self.gone is not None and self.gone.close_code == NOT_RECOGNISED
        for room, who in list(self.rooms.items()):
            if is_thrown_out:
                await self.room_desk.leave(room, who)
            else:
                self.room_desk.away(room, who, self.hear_room)
        self.rooms.clear()
        await super().go_out()
