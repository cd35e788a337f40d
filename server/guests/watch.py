"""What a worker's call page does with the lobby: sees who waits, lets in, says no, takes back."""

from __future__ import annotations

from uuid import UUID

from care.access.rights import Action
from care.contacts.contact import PlannedContact
from care.errors import not_found
from server.calls.message import Message
from server.calls.notes import Knocked, Note
from server.calls.side import Side
from server.calls.socket import Handler
from server.guests.lobby import LOBBY, Lobby, lobby_address
from server.guests.messages import GuestAnswer
from server.security.access import write_openings
from server.security.gate import allow, would_allow


class LobbyWatch(Side):
    """Mix it in before the kind of socket, and call `watch_lobby` once it is welcome."""

    #: The contact whose lobby this page looks at.
    lobby_of: UUID | None = None

    @property
    def lobby(self) -> Lobby:
        return self.app[LOBBY]

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {**super().handlers, GuestAnswer: self.guest_answer}

    async def watch_lobby(self, contact_id: UUID | None) -> None:
        """Look at the lobby of a contact from now on, if this person may let anybody in there."""
        if contact_id is None:
            return
        async with self.database.read() as session:
            contact = await session.get(PlannedContact, contact_id)
            if contact is None or not await would_allow(self.request, session, Action.GUEST_INVITE, contact):
                return
        self.lobby_of = contact_id
        self.lobby.watches.add(self)
        await self.hub.relay.listen(lobby_address(contact_id), self.deliver)
        await self.tell_guests()

    async def go_out(self) -> None:
        self.lobby.watches.discard(self)
        if self.lobby_of is not None:
            await self.hub.relay.leave(lobby_address(self.lobby_of), self.deliver)
        await super().go_out()

    def deliver(self, note: Note) -> None:
        if isinstance(note, Knocked):
            self.hub.soon(self.tell_guests())
        else:
            super().deliver(note)

    async def tell_guests(self) -> None:
        """Send who is invited, and how it stands with each."""
        if self.lobby_of is None:
            return
        async with self.database.read() as session:
            contact = await session.get(PlannedContact, self.lobby_of)
            if contact is None or not await would_allow(self.request, session, Action.GUEST_INVITE, contact):
                return
            message = await self.lobby.who_waits(session, self.lobby_of, self.say)
        self.send(message)

    async def guest_answer(self, message: GuestAnswer) -> None:
        """Let in, refuse or take back, in the name of who sits at this page."""
        if self.lobby_of is None:
            raise not_found("kontakt")
        try:
            async with self.database.write() as session:
                contact = await session.get_one(PlannedContact, self.lobby_of)
                await allow(
                    self.request, session, Action.GUEST_INVITE, contact=contact,
                    thing=f"guest:{message.guest}:{message.answer}",
                )  # fmt: skip
                found = await self.lobby.find(session, message.guest, contact.id)
                call = await self.lobby.answer(session, found, message.answer, self.hand.account_id)
        finally:
            await write_openings(self.request)
        if call is not None:
            await self.hub.desk.gather(call)
