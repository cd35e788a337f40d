"""The lobby: who waits, who is let in by whom, and that everybody concerned hears of it.

The truth is in the table of invitations; that somebody is there right now is told by their open socket. So
nothing is left behind when a server dies, and several nodes may share a lobby.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call
from care.calls.life import CallState
from care.calls.ring import live_calls
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.guests.admission import admit, refuse, revoke
from care.guests.invitation import Invitation, unknown
from care.guests.standing import Standing, invitations, standing
from care.outbox import OutboxEvent
from care.staff import Staff
from server.calls.hub import HUB
from server.calls.ice import check_relay
from server.calls.notes import Knocked
from server.guests.messages import Guest, Guests, GuestState
from server.guests.words import Translate, for_worker
from server.keys import CLOCK, CONFIGURATION, DATABASE, ROOMS

if TYPE_CHECKING:
    from server.guests.watch import LobbyWatch


def guest_address(invitation_id: UUID) -> str:
    return f"guest/{invitation_id}"


def lobby_address(contact_id: UUID) -> str:
    return f"lobby/{contact_id}"


class Lobby:
    """One a server; the pages that look at a lobby on this node."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._hub = app[HUB]
        self._clock = app[CLOCK]
        self._database = app[DATABASE]
        self.watches: set[LobbyWatch] = set()

    async def who_waits(self, session: AsyncSession, contact_id: UUID, say: Translate) -> Guests:
        """Everybody invited to the call of a contact whose invitation stands, for a worker's page."""
        found = []
        for one in await invitations(session, contact_id, self._clock.now()):
            state = await self._state(session, one)
            found.append(
                Guest(
                    guest=one.id,
                    name=one.name,
                    role=one.role.value,
                    words=for_worker(state, one, say),
                    state=state,
                )
            )
        return Guests(contact=contact_id, guests=found)

    async def _state(self, session: AsyncSession, invitation: Invitation) -> GuestState:
        is_here = await self._hub.relay.is_there(guest_address(invitation.id))
        found = await standing(session, invitation, self._clock.now())
        if found is Standing.ADMITTED:
            return "inside" if is_here else "away"
        if not is_here:
            return "invited"
        return "early" if found is Standing.EARLY else "waiting"

    async def answer(
        self, session: AsyncSession, invitation: Invitation, answer: str, account_id: UUID | None
    ) -> UUID | None:
        """What a worker says to a guest; the call that goes on in a room from now, if it does.

        The caller has asked whether the worker may. Raises `Fault` as `care.guests.admission` does, and
        ``call.no_relay``.
        """
        now = self._clock.now()
        if answer == "refuse":
            await refuse(session, invitation, now, account_id)
        elif answer == "revoke":
            await revoke(session, invitation, now, account_id)
        else:
            contact = await session.get_one(PlannedContact, invitation.contact_id)
            client = await session.get_one(Client, contact.client_id)
            check_relay(self._app[CONFIGURATION].turn, is_protected=client.is_protected, has_guest=True)
            call = await self._call(session, contact.id)
            await admit(session, invitation, call, now, account_id)
            return call.id
        return None

    async def _call(self, session: AsyncSession, contact_id: UUID) -> Call:
        """The call that goes on for a contact; one that nobody is let into when there is none."""
        going_on = await live_calls(session, contact_id=contact_id)
        return going_on[0] if going_on else Call(contact_id=contact_id, state=CallState.ENDED)

    async def find(self, session: AsyncSession, invitation_id: UUID, contact_id: UUID) -> Invitation:
        """An invitation to the call of that contact, locked. Raises `Fault` ``guest.unknown``."""
        found = await session.scalar(
            select(Invitation)
            .where(Invitation.id == invitation_id, Invitation.contact_id == contact_id)
            .with_for_update()
        )
        if found is None:
            raise unknown()
        return found

    async def host(self, session: AsyncSession, contact_id: UUID) -> str:
        """First name of who rings: the only thing a guest is told of anybody."""
        contact = await session.get_one(PlannedContact, contact_id)
        staff = await session.get(Staff, contact.owner_id) if contact.owner_id else None
        return staff.first_name if staff else ""

    async def knock(self, contact_id: UUID) -> None:
        """Somebody has come or gone: the pages that look at this lobby hear of it, on every node."""
        await self._hub.relay.publish(lobby_address(contact_id), Knocked(contact=contact_id))

    async def hear(self, event: OutboxEvent) -> None:
        """A fact from the outbox: an invitation has changed, or a call."""
        if event.topic not in ("guest.changed", "call.state"):
            return
        contact = str(event.payload.get("contact"))
        for guest in list(self._hub.guests):
            if str(guest.contact_id) == contact:
                self._hub.soon(guest.look())
        for watch in list(self.watches):
            if str(watch.lobby_of) == contact:
                self._hub.soon(watch.tell_guests())
        if event.topic == "guest.changed":
            self._hub.soon(self._put_out(UUID(str(event.payload["guest"]))))
        if event.topic == "call.state" and event.payload.get("state") == CallState.ENDED.value:
            # Not waited for: an engine that is slow to close it must not hold up every other fact.
            self._hub.soon(self._app[ROOMS].end(UUID(str(event.payload["call"]))))

    async def _put_out(self, invitation_id: UUID) -> None:
        """Whose invitation is over goes out of the room also when their socket has gone first.

        A seat is kept a while for who has lost the line, and picture and sound go on meanwhile.
        """
        async with self._database.read() as session:
            found = await session.get(Invitation, invitation_id)
            if found is None or found.call_id is None:
                return
            if not (await standing(session, found, self._clock.now())).is_end:
                return
        desk = self._app[ROOMS]
        for person in desk.people(found.call_id):
            if person.guest == invitation_id:
                await desk.leave(found.call_id, person.who)


LOBBY = web.AppKey("lobby", Lobby)
