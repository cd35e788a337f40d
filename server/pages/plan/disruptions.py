""" "Något har hänt": what is going on, and reporting something new."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import CareScope, Client
from care.contacts.contact import Assignment, PlannedContact
from care.disruptions import Disruption, DisruptionKind, Proposal, ProposalState
from care.errors import Fault, not_found
from care.ids import read_id
from care.municipality import Group
from care.sorting import swedish
from care.staff import Shift, ShiftKind, Staff
from scheduler.disruptions.proposing import propose
from scheduler.disruptions.report import Report, end, read_report, record
from scheduler.disruptions.scene import groups_of
from scheduler.planning import PlanningPool
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE, PLANNING
from server.language import translations
from server.pages.form import Form, query, read_form
from server.pages.own_groups import own_groups
from server.pages.plan.disruption_words import KINDS, span, title
from server.pages.rendering import clock_text, go_to, render
from server.security.actor import actor
from server.security.gate import allow, note_list, right
from server.security.hand import hand

routes = web.RouteTableDef()
DAY_ENDS = time(21, 30)


def setup(app: web.Application) -> None:
    app[PLANNING] = PlanningPool()
    app.cleanup_ctx.append(_planning)


async def _planning(app: web.Application) -> AsyncIterator[None]:
    """Warm the planner beside everything else: nobody waits for it at start, and nobody at 06.40."""
    warming = asyncio.create_task(app[PLANNING].start(), name="warm the planner")
    yield
    warming.cancel()
    with contextlib.suppress(asyncio.CancelledError, Fault):
        await warming
    await app[PLANNING].stop()


@routes.get("/hant", name="disruption")
@right(Action.DISRUPTION_REPORT)
async def page(request: web.Request) -> web.StreamResponse:
    """What is going on in one's groups, and what can be reported; ``?slag=snow`` opens its form.

    ``brukare`` and ``grupp`` are ticked in it already.
    """
    asked = query(request)
    kind = asked.text("slag")
    chosen = DisruptionKind(kind) if kind in {one.value for one in DisruptionKind} else None
    ticked = {asked.text("brukare"), asked.text("grupp")} - {""}
    return await _show(request, chosen, ticked=ticked)


@routes.post("/hant", name="disruption_report")
@right(Action.DISRUPTION_REPORT)
async def report(request: web.Request) -> web.StreamResponse:
    """Record it, plan, and show the proposal."""
    form = await read_form(request)
    kind = form.one_of("kind", DisruptionKind)
    try:
        disruption_id = await record_report(request, read_report(_raw(form, kind)))
    except Fault as fault:
        if fault.status != 422:
            raise
        return await _show(request, kind, fault=fault, form=form)
    if kind is DisruptionKind.OTHER:
        return go_to("/hant")
    proposal_id = await plan_around(request, disruption_id)
    return go_to(f"/forslag/{proposal_id}")


@routes.post("/hant/{id}/slut", name="disruption_end")
@right(Action.DISRUPTION_REPORT)
async def stop(request: web.Request) -> web.StreamResponse:
    """It is over: no effect from now on. What was approved stays."""
    disruption_id = read_id(request.match_info["id"])
    async with request.app[DATABASE].write() as session:
        disruption = await session.get(Disruption, disruption_id) if disruption_id else None
        if disruption is None:
            raise not_found("händelse")
        await _allow(request, session, disruption)
        if disruption.ended_at is None:
            await end(session, disruption, request.app[CLOCK])
    return go_to("/hant")


@routes.post("/hant/{id}/planera", name="disruption_plan")
@right(Action.DISRUPTION_REPORT)
async def plan_again(request: web.Request) -> web.StreamResponse:
    """A new proposal from how the day stands now."""
    app = request.app
    disruption_id = read_id(request.match_info["id"])
    async with app[DATABASE].read() as session:
        disruption = await session.get(Disruption, disruption_id) if disruption_id else None
        if disruption is None or disruption.ended_at is not None:
            raise not_found("händelse")
        await _allow(request, session, disruption)
    proposal_id = await plan_around(request, disruption.id)
    return go_to(f"/forslag/{proposal_id}")


async def record_report(request: web.Request, parsed: Report) -> UUID:
    """Write down what has happened, when it is one's own to report; its id. Planning is another step."""
    app = request.app
    async with app[DATABASE].write() as session:
        disruption = await record(session, parsed, app[CLOCK], hand(request))
        await _allow(request, session, disruption)
    return disruption.id


async def plan_around(request: web.Request, disruption_id: UUID) -> UUID:
    """Plan for it with this server's planner; the id of the proposal."""
    app = request.app
    seconds = app[CONFIGURATION].planning_seconds
    return await propose(app[DATABASE], app[CLOCK], app[PLANNING], disruption_id, seconds=seconds)


def _raw(form: Form, kind: DisruptionKind) -> dict[str, Any]:
    """The form as the same JSON that the command line reads."""
    raw: dict[str, Any] = {
        "kind": kind.value,
        "scope": {name: form.texts(name) for name in ("groups", "staff", "clients") if form.texts(name)},
        "from": f"{form.text('from_date', needed=True)}T{form.text('from_time', needed=True)}",
        "to": f"{form.text('to_date', needed=True)}T{form.text('to_time', needed=True)}",
    }
    asks = KINDS[kind].asks
    if "speed" in asks:
        raw["speed_factor"] = form.number("speed", least=10, most=100, default=60) / 100
    if "delay" in asks:
        raw["delay_minutes"] = form.number("delay", least=5, most=480, default=50)
    if "stairs" in asks and form.text("access") == "stairs":
        raw["stairs_minutes"] = form.number("stairs", least=1, most=30, default=5)
    if "digital" in asks:
        raw["digital_only"] = form.flag("digital_only")
    if form.text("note", longest=500):
        raw["note"] = form.text("note", longest=500)
    return raw


async def _allow(request: web.Request, session: AsyncSession, disruption: Disruption) -> None:
    """One reports, and ends, what is about one's own: every group, home and colleague that is named.

    The plan that follows may touch other groups; there it is theirs to approve.
    """
    mine = actor(request).groups(Action.DISRUPTION_REPORT)
    scope = {
        name: [UUID(one) for one in disruption.scope.get(name, [])] for name in ("groups", "staff", "clients")
    }
    thing = f"disruption:{disruption.id}"
    for client in await session.scalars(select(Client).where(Client.id.in_(scope["clients"]))):
        await allow(request, session, Action.DISRUPTION_REPORT, client=client, thing=thing)
    groups = set(scope["groups"])
    # Who comes to help may come from anywhere, when it is said where they help.
    if not (groups and disruption.kind is DisruptionKind.STAFF_ADDED):
        for theirs in await _groups_of_staff(session, scope["staff"], disruption):
            own = theirs if mine is None else theirs & mine
            groups.add(min(own or theirs))
    for group in sorted(groups):
        await allow(request, session, Action.DISRUPTION_REPORT, group=group, thing=thing)


async def _groups_of_staff(
    session: AsyncSession, staff: list[UUID], disruption: Disruption
) -> list[set[UUID]]:
    """For each of `staff`: the group they belong to, and those where they work meanwhile."""
    found = {
        one.id: {one.group_id} for one in await session.scalars(select(Staff).where(Staff.id.in_(staff)))
    }
    for shift in await session.scalars(
        select(Shift).where(
            Shift.staff_id.in_(staff), Shift.start < disruption.end, Shift.end > disruption.start
        )
    ):
        found[shift.staff_id].add(shift.group_id)
    return list(found.values())


async def _show(
    request: web.Request,
    kind: DisruptionKind | None,
    fault: Fault | None = None,
    form: Form | None = None,
    ticked: Collection[str] = (),
) -> web.StreamResponse:
    app, language = request.app, request[LANGUAGE]
    words = translations(language)
    clock = app[CLOCK]
    async with app[DATABASE].read() as session:
        groups = {str(group.id): group for group in await session.scalars(select(Group))}
        choosable = await own_groups(request, session, Action.DISRUPTION_REPORT)
        ids = [group.id for group in choosable]
        going_on = await _going_on(session, set(ids), clock.now())
        choices = await _choices(request, session, kind, ids) if kind else {}
        shown = [
            {
                "id": one.id,
                "title": title(one, groups, words.gettext, words.ngettext),
                "span": span(one.start, one.end, language, clock.zone),
                "note": one.note,
                "icon": KINDS[one.kind].icon,
                "proposal": proposal,
                "is_planned": one.kind is not DisruptionKind.OTHER,
            }
            for one, proposal in going_on
        ]
    return render(
        request,
        "disruption.html",
        status=fault.status if fault else 200,
        kinds=[
            (one.value, words.gettext(look.name), words.gettext(look.hint), look.icon)
            for one, look in KINDS.items()
        ],
        kind=kind.value if kind else None,
        look=KINDS[kind] if kind else None,
        name=words.gettext(KINDS[kind].name) if kind else "",
        hint=words.gettext(KINDS[kind].hint) if kind else "",
        groups=choosable,
        going_on=shown,
        times=_times(form, clock.now().astimezone(clock.zone)),
        form=form,
        ticked=ticked,
        error=fault.say(words.gettext) if fault else None,
        **choices,
    )


def _times(form: Form | None, now: datetime) -> dict[str, str]:
    """From now to the end of the day, unless the form already says otherwise."""
    ends = datetime.combine(now.date(), DAY_ENDS)
    if ends <= now.replace(tzinfo=None) + timedelta(minutes=30):
        ends += timedelta(days=1)
    given = {
        "from_date": now.date().isoformat(), "from_time": now.strftime("%H:%M"),
        "to_date": ends.date().isoformat(), "to_time": ends.strftime("%H:%M"),
    }  # fmt: skip
    return {name: (form.text(name) if form else "") or value for name, value in given.items()}


async def _going_on(
    session: AsyncSession, groups: set[UUID], now: datetime
) -> list[tuple[Disruption, Proposal | None]]:
    """Disruptions in force in `groups`, newest first, with their latest proposal."""
    found = []
    for one in await session.scalars(
        select(Disruption)
        .where(Disruption.end > now, Disruption.ended_at.is_(None))
        .order_by(Disruption.reported_at.desc())
    ):
        if not set(await groups_of(session, one)) & groups:
            continue
        proposal = await session.scalar(
            select(Proposal)
            .where(Proposal.disruption_id == one.id, Proposal.state != ProposalState.DISCARDED)
            .order_by(Proposal.made_at.desc(), Proposal.id.desc())
            .limit(1)
        )
        found.append((one, proposal))
    return found


async def _choices(
    request: web.Request, session: AsyncSession, kind: DisruptionKind, groups: list[UUID]
) -> dict[str, Any]:
    """Whom the form lists: today's staff with hours and rows, or clients."""
    asks = KINDS[kind].asks
    day = request.app[CLOCK].today()
    choices: dict[str, Any] = {}
    if "staff" in asks or "cohort" in asks:
        choices["staff"] = await _staff_today(request, session, groups, day)
    if "anyone" in asks:
        everybody = await session.execute(
            select(Staff, Group.name).join(Group, Group.id == Staff.group_id).where(Staff.active.is_(True))
        )
        choices["anyone"] = sorted(
            ((staff, name) for staff, name in everybody.all()),
            key=lambda one: (swedish(one[1]), swedish(one[0].name)),
        )
    if "clients" in asks:
        clients = list(
            await session.scalars(
                select(Client).where(Client.group_id.in_(groups), Client.care_scope == CareScope.HOME_CARE)
            )
        )
        note_list(request, Action.CLIENT_LIST, [(client.id, client.group_id) for client in clients])
        choices["clients"] = sorted(
            clients, key=lambda client: (swedish(client.last_name), swedish(client.first_name))
        )
    return choices


async def _staff_today(
    request: web.Request, session: AsyncSession, groups: list[UUID], day: date
) -> list[dict[str, Any]]:
    rows = await session.execute(
        select(Shift, Staff)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.group_id.in_(groups), Shift.date == day, Shift.kind != ShiftKind.DIGITAL)
        .order_by(Shift.start)
    )
    counted = dict(
        (
            await session.execute(
                select(Assignment.staff_id, func.count())
                .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
                .where(PlannedContact.planned_date == day, PlannedContact.group_id.in_(groups))
                .group_by(Assignment.staff_id)
            )
        ).all()
    )
    zone = request.app[CLOCK].zone
    names = {group.id: group.name for group in await session.scalars(select(Group))}
    listed = [
        {
            "id": str(staff.id),
            "name": staff.name,
            "group": names[shift.group_id],
            "hours": f"{clock_text(shift.start, zone)}–{clock_text(shift.end, zone)}",
            "rows": counted.get(staff.id, 0),
            "absent": shift.absent_from is not None,
        }
        for shift, staff in rows.all()
    ]
    return sorted(listed, key=lambda one: (swedish(one["group"]), one["hours"], swedish(one["name"])))
