"""The weekly check-in as a page: agenda, notes, actions, who was there."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action as Right
from care.checkin.week import read_week, week_days, week_name
from care.errors import Fault, not_found, stale
from care.gatherings import Action, AgendaNote, Gathering, GatheringKind, Heading, Participant
from care.ids import new_id, read_id
from care.localtime import at
from care.municipality import Group
from care.services import GoalType
from care.sorting import swedish
from care.staff import Staff
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.follow_up.checkin_agenda import agenda
from server.pages.form import query, read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
MINUTES = 10
USUALLY = (0, time(8, 30))
"""Monday 08.30, the week after the one it is about, until the manager says otherwise."""
HEADINGS = {
    Heading.OBSTACLES: N_("Hinder"),
    Heading.REPLANNING: N_("Omplanering"),
    Heading.LESSONS: N_("Lärdomar"),
}
LONGEST = 500


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
        open_actions = await _open_actions(session, [group.id for group in groups])
        names = await _staff_names(session, [one.owner_id for one in open_actions])
    return render(
        request,
        "checkins.html",
        week=week,
        groups=groups,
        names={group.id: group.name for group in groups},
        this_week={one.group_id: one for one in held if one.week == week},
        earlier=[one for one in held if one.week != week],
        actions=open_actions,
        owners=names,
        may_change=actor(request).may(Right.CHECKIN_CHANGE),
    )


@routes.post("/avstamning", name="checkin_open")
@right(Right.CHECKIN_CHANGE)
async def open_week(request: web.Request) -> web.StreamResponse:
    """Open this week's check-in of a group, prefilled; the same one when it is open already."""
    form = await read_form(request)
    group_id = form.id("group")
    clock, words = request.app[CLOCK], translations(request[LANGUAGE])
    async with request.app[DATABASE].write() as session:
        # Locked where the database can: two who open the same week get the same check-in.
        group = await session.get(Group, group_id, with_for_update=True)
        if group is None:
            raise not_found("grupp")
        await allow(
            request, session, Right.CHECKIN_CHANGE, group=group.id, thing="checkin", purpose="follow_up"
        )
        week = week_name(clock.today())
        found = await session.scalar(
            select(Gathering).where(
                Gathering.kind == GatheringKind.WEEKLY_CHECKIN,
                Gathering.group_id == group.id,
                Gathering.week == week,
            )
        )
        if found is None:
            found = Gathering(
                id=new_id(),
                kind=GatheringKind.WEEKLY_CHECKIN,
                group_id=group.id,
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
    return go_to(f"/avstamning/{found.id}")


def _next_start(now: datetime, today: date, zone: Any) -> datetime:
    weekday, usual = USUALLY
    ahead = (weekday - today.weekday()) % 7
    start = at(today + timedelta(days=ahead), usual, zone)
    return start if start > now else at(today + timedelta(days=ahead + 7), usual, zone)


@routes.get("/avstamning/{id}", name="checkin")
@right(Right.CHECKIN_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """One check-in: three headings, actions, attendance."""
    async with request.app[DATABASE].read() as session:
        gathering = await _get(request, session, Right.CHECKIN_READ)
        return await _show(request, session, gathering)


@routes.post("/avstamning/{id}", name="checkin_change")
@right(Right.CHECKIN_CHANGE)
async def change(request: web.Request) -> web.StreamResponse:
    """``do`` = note, remove_note, action, done, attendance or hold."""
    form = await read_form(request)
    clock = request.app[CLOCK]
    async with request.app[DATABASE].write() as session:
        gathering = await _get(request, session, Right.CHECKIN_CHANGE)
        match form.text("do"):
            case "note":
                await _add_note(session, gathering, form.one_of("heading", Heading),
                                form.text("text", longest=LONGEST, needed=True))  # fmt: skip
            case "remove_note":
                note = await session.get(AgendaNote, form.id("note"))
                if note is None or note.gathering_id != gathering.id:
                    raise not_found("punkt")
                await session.delete(note)
            case "action":
                session.add(
                    Action(
                        id=new_id(),
                        gathering_id=gathering.id,
                        text=form.text("text", longest=LONGEST, needed=True),
                        owner_id=await _colleague(session, gathering, form.id("owner", needed=False)),
                        due_on=form.day("due", needed=False),
                    )
                )
            case "done":
                action = await session.get(Action, form.id("action"))
                if action is None or not await _same_group(session, action, gathering):
                    raise not_found("åtgärd")
                action.done_at = None if action.done_at else clock.now()
            case "attendance":
                await _attend(session, gathering, set(form.ids("staff")))
            case "hold":
                if gathering.held_at is not None:
                    raise stale("avstämningen")
                gathering.held_at = clock.now()
            case _:
                raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="do")
    return go_to(f"/avstamning/{gathering.id}")


async def _get(request: web.Request, session: AsyncSession, action: Right) -> Gathering:
    key = read_id(request.match_info["id"])
    gathering = await session.get(Gathering, key) if key else None
    if gathering is None or gathering.kind is not GatheringKind.WEEKLY_CHECKIN:
        raise not_found("avstämning")
    await allow(request, session, action, group=gathering.group_id, thing="checkin", purpose="follow_up")
    return gathering


async def _open_actions(session: AsyncSession, groups: list[UUID]) -> list[Action]:
    """What has been promised and is not done: it comes back every week until it is."""
    return list(
        await session.scalars(
            select(Action)
            .join(Gathering, Gathering.id == Action.gathering_id)
            .where(Gathering.group_id.in_(groups), Action.done_at.is_(None))
            .order_by(Action.due_on, Action.id)
        )
    )


async def _add_note(session: AsyncSession, gathering: Gathering, heading: Heading, text: str) -> None:
    last = await session.scalar(
        select(AgendaNote.seq)
        .where(AgendaNote.gathering_id == gathering.id, AgendaNote.heading == heading)
        .order_by(AgendaNote.seq.desc())
        .limit(1)
    )
    session.add(
        AgendaNote(
            id=new_id(),
            gathering_id=gathering.id,
            heading=heading,
            text=text,
            seq=0 if last is None else last + 1,
        )
    )


async def _colleague(session: AsyncSession, gathering: Gathering, staff_id: UUID | None) -> UUID | None:
    if staff_id is None:
        return None
    staff = await session.get(Staff, staff_id)
    if staff is None or staff.group_id != gathering.group_id:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="owner")
    return staff.id


async def _same_group(session: AsyncSession, action: Action, gathering: Gathering) -> bool:
    own = await session.get(Gathering, action.gathering_id)
    return own is not None and own.group_id == gathering.group_id


async def _attend(session: AsyncSession, gathering: Gathering, present: set[UUID]) -> None:
    colleagues = set(
        await session.scalars(
            select(Staff.id).where(Staff.group_id == gathering.group_id, Staff.active.is_(True))
        )
    )
    known = {
        row.staff_id: row
        for row in await session.scalars(select(Participant).where(Participant.gathering_id == gathering.id))
    }
    for staff_id in colleagues & (present | known.keys()):
        row = known.get(staff_id)
        if row is None:
            row = Participant(id=new_id(), gathering_id=gathering.id, staff_id=staff_id, client_id=None)
            session.add(row)
        row.attended = staff_id in present


async def _staff_names(session: AsyncSession, ids: list[UUID | None]) -> dict[UUID, str]:
    wanted = [one for one in ids if one is not None]
    return {one.id: one.name for one in await session.scalars(select(Staff).where(Staff.id.in_(wanted)))}


async def _show(request: web.Request, session: AsyncSession, gathering: Gathering) -> web.Response:
    words = translations(request[LANGUAGE])
    group = await session.get_one(Group, gathering.group_id)
    notes = list(
        await session.scalars(
            select(AgendaNote).where(AgendaNote.gathering_id == gathering.id).order_by(AgendaNote.seq)
        )
    )
    own = list(
        await session.scalars(select(Action).where(Action.gathering_id == gathering.id).order_by(Action.id))
    )
    returning = [one for one in await _open_actions(session, [group.id]) if one.gathering_id != gathering.id]
    colleagues = sorted(
        await session.scalars(select(Staff).where(Staff.group_id == group.id, Staff.active.is_(True))),
        key=lambda one: swedish(one.name),
    )
    attended = set(
        await session.scalars(
            select(Participant.staff_id).where(
                Participant.gathering_id == gathering.id, Participant.attended.is_(True)
            )
        )
    )
    first, last = week_days(gathering.week or week_name(request.app[CLOCK].today()))
    return render(
        request,
        "checkin.html",
        gathering=gathering,
        group=group,
        first=first,
        last=last,
        parts=[
            (heading.value, words.gettext(name), [note for note in notes if note.heading is heading])
            for heading, name in HEADINGS.items()
        ],
        actions=returning + own,
        names={one.id: one.name for one in colleagues},
        colleagues=colleagues,
        attended=attended,
        show_print=query(request).flag("utskrift"),
        may_change=actor(request).may(Right.CHECKIN_CHANGE),
        longest=LONGEST,
    )
