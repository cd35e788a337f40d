"""The door of a call's room: its worker, the client's tablet, and whom a worker has let in."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog
from care.access.rights import Action, Relation
from care.accounts import Role
from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.guests.admission import note_in_room
from care.guests.invitation import Invitation
from care.guests.standing import Standing, standing
from care.ids import new_id
from care.staff import Staff
from server.keys import CLOCK, DATABASE
from server.rooms.person import Person, Visitor


class CallDoor:
    """Rooms whose id is that of a call which has gone on into one."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._clock = app[CLOCK]
        self._database = app[DATABASE]

    async def admit(self, visitor: Visitor, session: AsyncSession, room: UUID) -> Person | None:
        call = await session.get(Call, room)
        if call is None:
            return None
        if call.room_at is None or call.state is CallState.ENDED:
            raise _unknown()
        sides = (
            await session.scalars(select(CallParticipant).where(CallParticipant.call_id == call.id))
        ).all()
        relay_only = await self._is_relayed(session, call)
        if visitor.guest is not None:
            return await self._guest(session, visitor.guest, call, relay_only=relay_only)
        for side in sides:
            if visitor.device is not None and side.device_id == visitor.device:
                client = await session.get_one(Client, side.client_id)
                return Person(
                    name=client.first_name, role=CallRole.CLIENT, device=visitor.device, client=client.id,
                    relay_only=relay_only,
                )  # fmt: skip
            who = visitor.actor
            if who is not None and who.account_id is not None and side.account_id == who.account_id:
                staff = await session.get(Staff, side.staff_id) if side.staff_id else None
                return Person(
                    name=staff.first_name if staff else who.display_name, role=CallRole.WORKER,
                    account=who.account_id, staff=side.staff_id, relay_only=relay_only,
                )  # fmt: skip
        raise _unknown()

    async def _guest(self, session: AsyncSession, guest_id: UUID, call: Call, *, relay_only: bool) -> Person:
        found = await session.get(Invitation, guest_id)
        if found is None or found.call_id != call.id:
            raise _unknown()
        if await standing(session, found, self._clock.now()) is not Standing.ADMITTED:
            raise _unknown()
        return Person(name=found.name, role=found.role, guest=found.id, relay_only=relay_only)

    async def _is_relayed(self, session: AsyncSession, call: Call) -> bool:
        """Whether all go through our relay: for somebody from outside, or where nobody may know where."""
        invited = await session.scalar(select(Invitation.id).where(Invitation.call_id == call.id).limit(1))
        contact = await session.get(PlannedContact, call.contact_id) if call.contact_id else None
        client = await session.get(Client, contact.client_id) if contact else None
        return invited is not None or (client is not None and client.is_protected)

    async def arrived(self, room: UUID, person: Person) -> None:  # noqa: ARG002
        """A guest has come in: when is kept, and the log says that somebody saw and heard the client."""
        if person.guest is None:
            return
        now = self._clock.now()
        async with self._database.write() as session:
            found = await session.get_one(Invitation, person.guest)
            await note_in_room(session, found, now, inside=True)
            contact = await session.get_one(PlannedContact, found.contact_id)
            session.add(
                AccessLog(
                    id=new_id(),
                    at=now,
                    role=Role.GUEST.value,
                    relation=Relation.OWN_INVITATION.value,
                    group_id=contact.group_id,
                    client_id=contact.client_id,
                    action=Action.GUEST_JOIN.value,
                    thing=f"guest:{found.id}",
                    where="socket_guest",
                )
            )


def _unknown() -> Fault:
    return Fault("call.unknown", "Samtalet finns inte.", status=404, place="room")
