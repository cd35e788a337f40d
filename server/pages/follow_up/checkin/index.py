"""The check-ins of one's groups, and opening this week's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action as Right
from care.checkin.week import read_week, week_name
from care.errors import Fault, not_found
from care.gatherings import AgendaNote, Gathering, GatheringKind
from care.ids import new_id
from care.localtime import at
from care.municipality import Group, SmallTeam
from care.services import GoalType
from care.sorting import swedish
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.follow_up.checkin import actions
from server.pages.follow_up.checkin.agenda import agenda
from server.pages.follow_up.checkin.gathering import MINUTES
from server.pages.form import read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
USUALLY = (0, time(8, 30))
"""Monday 08.30, the week after the one it is about, until the manager says otherwise."""


@routes.get("/avstamning", name="checkins")
@right(Right.CHECKIN_READ)
async def index(request: web.Request) -> web.StreamResponse:
    """The check-ins of one's groups: this week's first."""
    clock = request.app[CLOCK]
    week = week_name(clock.today())
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Right.CHECKIN_READ)
        held = list(
            await session.scalars(
                select(Gathering)
                .where(
                    Gathering.kind == GatheringKind.WEEKLY_CHECKIN,
                    Gathering.group_id.in_([group.id for group in groups]),
                )
                .order_by(Gathering.start.desc())
                .limit(60)
            )
        )
        promised = await actions.open_of_groups(session, [group.id for group in groups])
        owners = await actions.names(session, promised)
        teams = await _teams(session, [group.id for group in groups])
    return render(
        request,
        "checkins.html",
        week=week,
        groups=groups,
        names={group.id: group.name for group in groups} | {team.id: team.name for team in teams},
        teams={group.id: [team for team in teams if team.group_id == group.id] for group in groups},
        this_week={one.small_team_id or one.group_id: one for one in held if one.week == week},
        earlier=[one for one in held if one.week != week],
        actions=promised,
        owners=owners,
        may_change=actor(request).may(Right.CHECKIN_CHANGE),
    )


@routes.post("/avstamning", name="checkin_open")
@right(Right.CHECKIN_CHANGE)
async def open_week(request: web.Request) -> web.StreamResponse:
    """Open this week's check-in of a group, prefilled; the same one when it is open already."""
    form = await read_form(request)
    group_id, team_id = form.id("group"), form.id("team", needed=False)
    clock, words = request.app[CLOCK], translations(request[LANGUAGE])
    async with request.app[DATABASE].write() as session:
        # Locked where the database can: two who open the same week get the same check-in.
        group = await session.get(Group, group_id, with_for_update=True)
        if group is None:
            raise not_found("grupp")
        await allow(
            request, session, Right.CHECKIN_CHANGE, group=group.id, thing="checkin", purpose="follow_up"
        )
        team = await session.get(SmallTeam, team_id) if team_id is not None else None
        if team_id is not None and (team is None or team.group_id != group.id):
            raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="team")
        week = week_name(clock.today())
        found = await session.scalar(
            select(Gathering).where(
                Gathering.kind == GatheringKind.WEEKLY_CHECKIN,
                Gathering.group_id == group.id,
                Gathering.small_team_id == team_id if team_id else Gathering.small_team_id.is_(None),
                Gathering.week == week,
            )
        )
        if found is None:
            found = Gathering(
                id=new_id(),
                kind=GatheringKind.WEEKLY_CHECKIN,
                group_id=group.id,
                small_team_id=team_id,
                leader_id=actor(request).staff_id,
                start=_next_start(clock.now(), clock.today(), clock.zone),
                minutes=MINUTES,
                week=week,
            )
            session.add(found)
            await session.flush()
            english = request[LANGUAGE] == "en"
            goals = {
                goal.code: goal.name_en if english else goal.name_sv
                for goal in await session.scalars(select(GoalType))
            }
            yesterday = clock.today() - timedelta(days=1)
            facts = await read_week(session, group.id, week, clock.zone, until=yesterday)
            for heading, lines in agenda(facts, goals, words).items():
                session.add_all(
                    AgendaNote(
                        id=new_id(),
                        gathering_id=found.id,
                        heading=heading,
                        seq=number,
                        text=line,
                        prefilled=True,
                    )
                    for number, line in enumerate(lines)
                )
    return go_to(address_of(request, "checkin", id=found.id))


async def _teams(session: AsyncSession, groups: list[UUID]) -> list[SmallTeam]:
    found = await session.scalars(select(SmallTeam).where(SmallTeam.group_id.in_(groups)))
    return sorted(found, key=lambda team: swedish(team.name))


def _next_start(now: datetime, today: date, zone: Any) -> datetime:
    weekday, usual = USUALLY
    ahead = (weekday - today.weekday()) % 7
    start = at(today + timedelta(days=ahead), usual, zone)
    return start if start > now else at(today + timedelta(days=ahead + 7), usual, zone)
