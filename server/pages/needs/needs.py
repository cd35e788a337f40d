""" "Behöver en människa": everything red in one place, with owner, deadline, and whom to ring.

Nothing here closes by itself, or without somebody writing what came of it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.alerts import note_taken
from care.clients import Client
from care.contacts.step import fetch
from care.errors import Fault, not_found, stale
from care.ids import read_id
from care.localtime import at, to_wall
from care.municipality import Group
from care.sorting import swedish
from care.staff import Shift, Staff, Title
from care.tasks import JUDGED_IN_LOG
from scheduler.check_visit import CheckVisit
from scheduler.resolving import (
    Outcome,
    fetch_task,
    finish_task,
    hand_over,
    hand_over_task,
    resolve,
    without_staff,
)
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.contact.row_words import services_text
from server.pages.form import Form, read_form
from server.pages.needs.alert_answers import note_opened
from server.pages.needs.tasks import OUTCOMES
from server.pages.needs.view import needs
from server.pages.rendering import go_to, render
from server.security.actor import actor
from server.security.gate import allow, nameless, note_list, right
from server.security.hand import hand

routes = web.RouteTableDef()
LONGEST = 500
#: The page has stood open for a while: that time means now.
JUST_PASSED = timedelta(hours=1)
VISIT_WITHIN = timedelta(hours=12)
DAYS_AHEAD = 1
"""Rows without staff are shown for today and this many days more."""


@routes.get("/behover", name="needs")
@right(Action.TASK_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """Red rows first, then tasks."""
    await note_opened(request)
    return await _show(request)


@routes.post("/behover/kontakt/{id}", name="needs_resolve")
@right(Action.CONTACT_RESOLVE)
async def close_contact(request: web.Request) -> web.StreamResponse:
    """``do`` = close (with outcome and reason), hand_over (to a named person) or take (oneself)."""
    form = await read_form(request)
    clock, by = request.app[CLOCK], hand(request)
    try:
        async with request.app[DATABASE].write() as session:
            contact = await fetch(session, _id(request))
            await allow(request, session, Action.CONTACT_RESOLVE, contact=contact)
            if contact.version != form.number("version", least=1, most=10**9):
                raise stale("kontakten")
            if form.text("do") == "take":
                mine = _myself(request)
                await hand_over(session, contact, mine, clock=clock, hand=by)
                await note_taken(session, mine, contact.group_id, clock.now(), contact_id=contact.id)
            elif form.text("do") == "hand_over":
                to = await _colleague(request, session, form, "to", contact.group_id)
                await hand_over(session, contact, to, clock=clock, hand=by)
            else:
                outcome = form.one_of("outcome", Outcome)
                reason = form.text("reason", longest=LONGEST, needed=True)
                visit = None
                if outcome is Outcome.REPLACED_BY_VISIT:
                    visit = await _visit(request, session, form, contact.group_id)
                begun = None
                if outcome in (Outcome.DONE, Outcome.DONE_PHONE) and form.text("done_at"):
                    begun = when_done(contact.start, form.wall("done_at"), clock.zone)
                await resolve(
                    session, contact, outcome, reason=reason, clock=clock, hand=by, visit=visit,
                    actual_start=begun,
                )  # fmt: skip
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        return await _show(request, fault=fault)
    return go_to("/behover")


@routes.post("/behover/uppgift/{id}", name="needs_task")
@right(Action.TASK_CLOSE)
async def close_one_task(request: web.Request) -> web.StreamResponse:
    """``do`` = close (with outcome), hand_over or take."""
    form = await read_form(request)
    clock, by = request.app[CLOCK], hand(request)
    try:
        async with request.app[DATABASE].write() as session:
            task = await fetch_task(session, _id(request))
            action = Action.LOG_REVIEW if task.kind in JUDGED_IN_LOG else Action.TASK_CLOSE
            client = await session.get(Client, task.client_id) if task.client_id else None
            await allow(
                request,
                session,
                action,
                client=client,
                group=task.group_id,
                thing=f"task:{task.id}",
            )
            if form.text("do") == "take":
                mine = _myself(request)
                await hand_over_task(session, task, mine, clock=clock)
                await note_taken(session, mine, task.group_id, clock.now(), task_id=task.id)
            elif form.text("do") == "hand_over":
                to = await _colleague(request, session, form, "to", task.group_id)
                await hand_over_task(session, task, to, clock=clock)
            else:
                outcome = form.text("outcome", needed=True)
                if task.kind not in JUDGED_IN_LOG and outcome not in {
                    word for word, _ in OUTCOMES[task.kind]
                }:
                    raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="outcome")
                note = form.text("note", longest=LONGEST) or None
                await finish_task(session, task, outcome, clock=clock, hand=by, note=note)
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        return await _show(request, fault=fault)
    return go_to("/behover")


def when_done(planned: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """The instant nearest to what was planned when the clock showed `wall`: also across midnight."""
    day = to_wall(planned, zone).date()
    near = [at(day + timedelta(days=more), wall, zone) for more in (-1, 0, 1)]
    return min(near, key=lambda one: abs(one - planned))


def _id(request: web.Request) -> UUID:
    found = read_id(request.match_info["id"])
    if found is None:
        raise not_found("uppgift")
    return found


def _myself(request: web.Request) -> UUID:
    """Who takes something is somebody of the staff: an administrator's account owns no rows."""
    mine = actor(request).staff_id
    if mine is None:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="to")
    return mine


async def _colleague(
    request: web.Request, session: AsyncSession, form: Form, name: str, group_id: UUID
) -> UUID:
    """A named person who is at work for the group: nobody else would see it."""
    staff_id = form.id(name)
    if staff_id not in {one.id for one in await at_work(request, session, [group_id])}:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place=name)
    return staff_id


async def _visit(request: web.Request, session: AsyncSession, form: Form, group_id: UUID) -> CheckVisit:
    """When somebody goes there: the next time the clock shows that, at most half a day from now."""
    clock = request.app[CLOCK]
    start, now = at(clock.today(), form.wall("visit_at"), clock.zone), clock.now()
    if start <= now - JUST_PASSED:
        start = at(clock.today() + timedelta(days=1), form.wall("visit_at"), clock.zone)
    if start > now + VISIT_WITHIN:
        raise Fault("visit.far", "Skriv en tid inom tolv timmar från nu.", place="visit_at")
    by = await _colleague(request, session, form, "visit_by", group_id) if form.text("visit_by") else None
    return CheckVisit(max(start, now), by)


async def _show(request: web.Request, fault: Fault | None = None) -> web.StreamResponse:
    app = request.app
    words = translations(request[LANGUAGE])
    mine = actor(request).groups(Action.TASK_READ)
    async with app[DATABASE].read() as session:
        groups = [group for group in await session.scalars(select(Group)) if mine is None or group.id in mine]
        red, tasks = await needs(
            session, [group.id for group in groups], app[CLOCK], request[LANGUAGE], words.gettext,
            nameless=partial(nameless, request, session),
        )  # fmt: skip
        people = await at_work(request, session, [group.id for group in groups])
        today = app[CLOCK].today()
        unstaffed = await without_staff(
            session, [group.id for group in groups], today, today + timedelta(days=DAYS_AHEAD)
        )
        hidden = await nameless(request, session, [one.client for one in unstaffed])
    shown = {
        (one.client.id, one.client.group_id) for one in (*red, *tasks) if one.client and not one.is_nameless
    }
    shown |= {(one.client_id, one.client.group_id) for one in unstaffed if one.client_id not in hidden}
    note_list(request, Action.TASK_READ, sorted(shown))
    messages = [{"kind": "needs", "text": fault.say(words.gettext)}] if fault else []
    return render(
        request,
        "needs.html",
        today=request.app[CLOCK].today(),
        status=fault.status if fault else 200,
        messages=messages,
        red=red,
        tasks=tasks,
        unstaffed=[(one, services_text(one.lines, request[LANGUAGE])) for one in unstaffed],
        hidden=hidden,
        people=people,
        outcomes=[(one.value, words.gettext(one.words)) for one in Outcome],
        mine=actor(request).staff_id,
        names={group.id: group.name for group in groups},
        may_resolve=actor(request).may(Action.CONTACT_RESOLVE),
        may_close=actor(request).may(Action.TASK_CLOSE),
        next_half=app[CLOCK].now().astimezone(app[CLOCK].zone).strftime("%H:%M"),
        longest=LONGEST,
    )


async def at_work(request: web.Request, session: AsyncSession, groups: list[UUID]) -> list[Staff]:
    """Who is at work now or later today in the groups, their coordinators and managers, and oneself."""
    clock = request.app[CLOCK]
    on_shift = select(Shift.staff_id).where(
        Shift.group_id.in_(groups), Shift.date == clock.today(), Shift.end > clock.now()
    )
    leads = Staff.group_id.in_(groups) & Staff.title.in_([Title.COORDINATOR, Title.UNIT_MANAGER])
    found = list(
        await session.scalars(select(Staff).where(Staff.id.in_(on_shift) | leads, Staff.active.is_(True)))
    )
    mine = actor(request).staff_id
    if mine is not None and mine not in {one.id for one in found}:
        found.append(await session.get_one(Staff, mine))
    return sorted(found, key=lambda one: swedish(one.name))
