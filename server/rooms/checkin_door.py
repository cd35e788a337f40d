"""The door of a weekly check-in: manager and team come in, and who came is noted as there."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action as Right
from care.accounts import Role
from care.calls.call import CallRole
from care.errors import Fault, not_found
from care.gatherings import Gathering, GatheringKind, Participant
from care.ids import new_id
from care.municipality import SmallTeam
from care.outbox import announce
from care.staff import Staff
from server.keys import CLOCK, DATABASE
from server.rooms.person import Person, Visitor
from server.security.actor import Actor
from server.security.gate import allow


class CheckinDoor:
    """Rooms whose id is that of a weekly check-in."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def admit(self, visitor: Visitor, session: AsyncSession, room: UUID) -> Person | None:
        gathering = await session.get(Gathering, room)
        if gathering is None or gathering.kind is not GatheringKind.WEEKLY_CHECKIN:
            return None
        who = visitor.actor
        if who is None:
            raise not_found("avstämning")
        await allow(
            visitor.request, session, Right.CHECKIN_READ, group=gathering.group_id, thing="checkin_room",
            purpose="follow_up",
        )  # fmt: skip
        staff = await session.get(Staff, who.staff_id) if who.staff_id else None
        if not is_of_team(who, staff, gathering):
            team = await session.get_one(SmallTeam, gathering.small_team_id)
            raise Fault(
                "checkin.other_team",
                "Den här avstämningen är för %(team)s.",
                status=403,
                place="room",
                values={"team": team.name},
            )
        return Person(
            name=staff.name if staff is not None else who.display_name,
            role=CallRole.MANAGER if leads(who, gathering) else CallRole.COLLEAGUE,
            account=who.account_id,
            staff=who.staff_id,
        )

    async def arrived(self, room: UUID, person: Person) -> None:
        """Whoever comes in was there, and the open pages say so; the list can be put right by hand."""
        if person.staff is None:
            return
        async with self._app[DATABASE].write() as session:
            gathering = await session.get(Gathering, room)
            if gathering is None:
                return
            row = await session.scalar(
                select(Participant).where(
                    Participant.gathering_id == room, Participant.staff_id == person.staff
                )
            )
            if row is None:
                row = Participant(id=new_id(), gathering_id=room, staff_id=person.staff, client_id=None)
                session.add(row)
            row.attended = True
            await announce(
                session, self._app[CLOCK].now(), "gathering.changed", group_id=gathering.group_id,
                gathering=room,
            )  # fmt: skip


def leads(who: Actor, gathering: Gathering) -> bool:
    """Whether this is one of the managers of the check-in."""
    groups = who.groups(Right.CHECKIN_CHANGE)
    return groups is None or gathering.group_id in groups


def is_of_team(who: Actor, staff: Staff | None, gathering: Gathering) -> bool:
    """A small team's check-in is for its members, and for those who plan and lead the group."""
    if gathering.small_team_id is None or leads(who, gathering):
        return True
    if any(
        held.role is Role.COORDINATOR and held.group_id in (None, gathering.group_id) for held in who.roles
    ):
        return True
    return staff is not None and staff.small_team_id == gathering.small_team_id
