"""The socket of a guest: waits in the lobby, and sits in the room of the call it was let into."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from aiohttp import web

from care.errors import Fault
from care.guests.admission import note_in_room
from care.guests.invitation import Invitation, by_device, unknown
from care.guests.standing import Standing, check_standing, standing
from server.background import ended
from server.calls.hub import Hub
from server.calls.messages import FromGuest, Hello, Welcome
from server.calls.notes import Note, TakenOver
from server.calls.socket import MOVED, NOT_RECOGNISED, Gone
from server.guests.device import read_device
from server.guests.lobby import LOBBY, guest_address
from server.guests.messages import Lobby
from server.guests.words import for_guest
from server.keys import THROTTLE
from server.pages.assets import ASSETS
from server.pages.rendering import clock_text
from server.rooms.messages import LeaveRoom
from server.rooms.person import Visitor
from server.rooms.seats import RoomSeats
from server.security.address import client_address
from server.security.throttle import GUEST_ADDRESS

log = logging.getLogger("samtid.guests")


class GuestSocket(RoomSeats):
    incoming: ClassVar[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(FromGuest)
    #: Seconds between looks at the clock: an early guest is told when it begins, whoever else forgets.
    round_seconds = 5.0

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        super().__init__(hub, request, origin)
        self.lobby = request.app[LOBBY]
        self.guest_id: UUID | None = None
        self.contact_id: UUID | None = None
        self._said: Lobby | None = None
        self._round: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    @property
    def guest(self) -> UUID:
        if self.guest_id is None:
            raise Fault("hello.expected", "Säg hej först.", status=400)
        return self.guest_id

    def visitor(self) -> Visitor:
        return Visitor(self.request, guest=self.guest)

    # Coming and going

    async def come_in(self, hello: Hello) -> None:
        throttle, address = self.app[THROTTLE], client_address(self.request)
        await throttle.check(GUEST_ADDRESS, address)
        device = read_device(self.request)
        try:
            if hello.guest is None or device is None:
                raise unknown()
            async with self.database.read() as session:
                found = await by_device(session, hello.guest, device)
                check_standing(await standing(session, found, self.clock.now()))
        except Fault as fault:
            if fault.code == "guest.unknown":
                await throttle.spend(GUEST_ADDRESS, address)
            raise
        self.guest_id, self.contact_id = found.id, found.contact_id
        relay = self.hub.relay
        await relay.publish(guest_address(found.id), TakenOver(by=self.id))
        await relay.listen(guest_address(found.id), self.deliver)
        self.hub.guests.add(self)
        self.pace = "near"
        self.is_welcome = True
        self.send(
            Welcome(
                protocol=hello.protocol,
                now=self.clock.now(),
                language=self.language,
                version=self.app[ASSETS].version,
                pace=self.pace,
            )
        )
        await self.look()
        await self.lobby.knock(found.contact_id)
        self._round = asyncio.create_task(self._go_round(), name="a guest's lobby")

    async def go_out(self) -> None:
        self.hub.guests.discard(self)
        await ended(self._round)
        is_moved = self.gone is not None and self.gone.close_code == MOVED
        await super().go_out()
        if self.guest_id is None or self.contact_id is None:
            return
        await self.hub.relay.leave(guest_address(self.guest_id), self.deliver)
        if not is_moved:
            await self._note_left()
        await self.lobby.knock(self.contact_id)

    async def leave_room(self, message: LeaveRoom) -> None:
        await super().leave_room(message)
        await self._note_left()

    async def _note_left(self) -> None:
        async with self.database.write() as session:
            found = await session.get(Invitation, self.guest)
            if found is not None:
                await note_in_room(session, found, self.clock.now(), inside=False)

    async def _go_round(self) -> None:
        while True:
            await asyncio.sleep(self.round_seconds)
            try:
                await self.look()
            except Exception:
                # Asked again: whoever waits is not to wait for ever, and goes out in order.
                log.exception("a guest's lobby could not be looked at")

    def deliver(self, note: Note) -> None:
        if isinstance(note, TakenOver) and note.by != self.id:
            fault = Fault("moved", "Samtalet är öppet i ett annat fönster.", status=409)
            self.leave(Gone(fault, MOVED))

    # The lobby

    async def look(self) -> None:
        """Say how it stands when that is news; whose invitation is over goes, out of the room too."""
        async with self._looking:
            async with self.database.read() as session:
                found = await session.get(Invitation, self.guest)
                state = (
                    Standing.REVOKED if found is None else await standing(session, found, self.clock.now())
                )
                host = await self.lobby.host(session, found.contact_id) if found is not None else ""
            try:
                check_standing(state)
            except Fault as fault:
                for room, who in list(self.rooms.items()):
                    await self.room_desk.leave(room, who)
                self.leave(Gone(fault, NOT_RECOGNISED))
                return
            if found is not None:
                self._tell(found, state, host)

    def _tell(self, invitation: Invitation, state: Standing, host: str) -> None:
        word = state.value
        if state is Standing.WAITING and invitation.call_id is not None:
            # The call it was let into is over; should it be rung again, the lobby is here.
            word = "ended"
        time = clock_text(invitation.opens, self.clock.zone)
        said = Lobby(
            state=word,  # type: ignore[arg-type]
            words=for_guest(word, host, time, self.say),
            host=host,
            opens=invitation.opens if state is Standing.EARLY else None,
            room=invitation.call_id if state is Standing.ADMITTED else None,
        )
        if said != self._said:
            self._said = said
            self.send(said)
