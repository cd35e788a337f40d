"""One check-in as every page of it needs it: found, allowed, and told of when it has changed."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action as Right
from care.errors import not_found
from care.gatherings import Gathering, GatheringKind, Heading, Participant
from care.ids import read_id
from care.municipality import Group, SmallTeam
from care.outbox import announce
from care.sorting import swedish
from care.staff import Staff
from server.keys import CLOCK
from server.language import N_
from server.security.gate import allow

MINUTES = 10
HEADINGS = {
    Heading.OBSTACLES: N_("Hinder"),
    Heading.REPLANNING: N_("Omplanering"),
    Heading.LESSONS: N_("Lärdomar"),
}
#: Letters of a note or an action.
LONGEST = 500


async def find(request: web.Request, session: AsyncSession, right: Right, *, lock: bool = False) -> Gathering:
    """The check-in of the address, if the actor may. Raises `Fault` ``not_found``."""
    key = read_id(request.match_info["id"])
    gathering = await session.get(Gathering, key, with_for_update=lock or None) if key else None
    if gathering is None or gathering.kind is not GatheringKind.WEEKLY_CHECKIN:
        raise not_found("avstämning")
    await allow(request, session, right, group=gathering.group_id, thing="checkin", purpose="follow_up")
    return gathering


async def tell(request: web.Request, session: AsyncSession, gathering: Gathering) -> None:
    """Everybody who has the page open sees it within a second."""
    await announce(
        session, request.app[CLOCK].now(), "gathering.changed", group_id=gathering.group_id,
        gathering=gathering.id,
    )  # fmt: skip


async def title(session: AsyncSession, gathering: Gathering) -> str:
    """Whose check-in it is: the small team's name, or the group's."""
    if gathering.small_team_id is not None:
        return (await session.get_one(SmallTeam, gathering.small_team_id)).name
    return (await session.get_one(Group, gathering.group_id)).name


async def expected(session: AsyncSession, gathering: Gathering) -> list[Staff]:
    """Who is awaited, by name: the small team or the whole group, and whoever else was there."""
    there = select(Participant.staff_id).where(
        Participant.gathering_id == gathering.id, Participant.attended.is_(True)
    )
    of_team = (
        Staff.small_team_id == gathering.small_team_id
        if gathering.small_team_id is not None
        else Staff.group_id == gathering.group_id
    )
    found = await session.scalars(
        select(Staff).where((of_team & Staff.active.is_(True)) | Staff.id.in_(there))
    )
    return sorted(found, key=lambda one: swedish(one.name))


async def attended(session: AsyncSession, gathering: Gathering) -> set[UUID]:
    """Who was there."""
    return {
        one
        for one in await session.scalars(
            select(Participant.staff_id).where(
                Participant.gathering_id == gathering.id, Participant.attended.is_(True)
            )
        )
        if one is not None
    }
