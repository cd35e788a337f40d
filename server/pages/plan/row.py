"""One row of the plan: moved, given to somebody else, at another time, pinned, or cancelled.

What the rules say against it stands beside each button, and what is in the way is said before it is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.absence import leave
from care.access.rights import Action
from care.clients import AbsenceKind, Client, KnownStaff
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.step import fetch, staff_of
from care.errors import Fault, not_found
from care.ids import read_id
from care.localtime import day_span, to_wall
from care.sorting import swedish
from care.staff import Shift, ShiftKind, Staff
from scheduler.conflicts import Conflict, Severity
from scheduler.moving import WAYS
from scheduler.rearranging import (
    Wish,
    cancel_away,
    conflicts_of,
    may_cancel,
    may_stand_again,
    pin,
    rearrange,
    stand_again,
    start_within,
)
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.contact.deeds import move_row
from server.pages.contact.row_ways import other_ways
from server.pages.contact.row_words import services_text
from server.pages.contact.standing import standings
from server.pages.form import Form, read_form
from server.pages.plan.plan import Shown
from server.pages.rendering import clock_text, go_to, render
from server.security.gate import allow, right
from server.security.hand import hand

routes = web.RouteTableDef()


class Do(StrEnum):
    MOVE = "move"
    REARRANGE = "rearrange"
    PIN = "pin"
    UNPIN = "unpin"
    AWAY = "away"
    AWAY_TODAY = "away_today"
    HOME = "home"


@dataclass(slots=True)
class InTheWay:
    """Why it was not done: a sentence, or what must be weighed first; and what had been filled in."""

    fault: Fault | None = None
    conflicts: Sequence[Conflict] = ()
    filled: dict[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> list[Conflict]:
        return [one for one in self.conflicts if one.severity is Severity.STOP]


@routes.get("/planen/rad/{id}", name="plan_row")
@right(Action.PLAN_CHANGE)
async def row_page(request: web.Request) -> web.StreamResponse:
    """What may be done with the row now."""
    async with request.app[DATABASE].read() as session:
        contact = await _contact(session, request)
        await allow(request, session, Action.PLAN_CHANGE, contact=contact)
        return await _show(request, session, contact)


@routes.post("/planen/rad/{id}", name="plan_row_change")
@right(Action.PLAN_CHANGE)
async def change(request: web.Request) -> web.StreamResponse:
    """``do`` says what. Back to the plan when it is done; else the row again, with what is in the way."""
    form = await read_form(request)
    try:
        async with request.app[DATABASE].write() as session:
            contact = await _contact(session, request)
            await allow(request, session, Action.PLAN_CHANGE, contact=contact)
            contact = await fetch(session, contact.id, form.number("version", least=1, most=2**31))
            found = await _do(request, session, contact, form)
        if not found:
            return _back(request, contact)
        trouble = InTheWay(conflicts=found)
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        trouble = InTheWay(fault)
    trouble.filled = {name: form.text(name) for name in ("at", "staff", "staff_2") if name in form}
    async with request.app[DATABASE].read() as session:
        return await _show(request, session, await _contact(session, request), trouble)


async def _do(
    request: web.Request, session: AsyncSession, contact: PlannedContact, form: Form
) -> list[Conflict]:
    """Do it. What must be weighed first comes back, and then nothing has been done."""
    clock, by = request.app[CLOCK], hand(request)
    match form.one_of("do", Do):
        case Do.MOVE:
            to = form.one_of("channel", Channel)
            if to not in WAYS:
                raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="channel")
            await move_row(request, session, contact, to)
        case Do.REARRANGE:
            wish = await _wish(request, session, contact, form)
            found = await conflicts_of(session, contact, wish, clock)
            stops = any(one.severity is Severity.STOP for one in found)
            if stops or (found and not form.flag("anyway")):
                return found
            await rearrange(session, contact, wish, clock=clock, hand=by)
        case Do.PIN:
            await pin(session, contact, True, clock=clock, hand=by)
        case Do.UNPIN:
            await pin(session, contact, False, clock=clock, hand=by)
        case Do.AWAY:
            await cancel_away(session, contact, clock=clock, hand=by)
        case Do.AWAY_TODAY:
            client = await session.get_one(Client, contact.client_id)
            await allow(request, session, Action.CLIENT_CHANGE, client=client, thing="absence:add")
            until = day_span(contact.planned_date, clock.zone)[1]
            start = min(contact.start, max(contact.window_start, clock.now()))
            await leave(session, client, AbsenceKind.OTHER, start, until, at=clock.now(), hand=by)
        case Do.HOME:
            await stand_again(session, contact, clock=clock, hand=by)
    return []


async def _wish(request: web.Request, session: AsyncSession, contact: PlannedContact, form: Form) -> Wish:
    """Who and when, as the form says."""
    wall = form.wall("at")
    known = {one.id for _, people in await _people(request, session, contact) for one, _ in people}
    chosen = [one for one in (form.id(name, needed=False) for name in ("staff", "staff_2")) if one]
    if not set(chosen) <= known:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="staff")
    return Wish(tuple(chosen), start_within(contact, wall, request.app[CLOCK].zone))


def _back(request: web.Request, contact: PlannedContact) -> web.StreamResponse:
    """To the plan as it is now; a dialog's page is loaded anew where it stood."""
    if "HX-Request" in request.headers:
        return web.Response(headers={"HX-Refresh": "true"})
    return go_to(f"{Shown(contact.planned_date, contact.group_id).address}#rad-{contact.id}")


async def _contact(session: AsyncSession, request: web.Request) -> PlannedContact:
    contact_id = read_id(request.match_info["id"])
    contact = None
    if contact_id is not None:
        contact = await session.scalar(
            select(PlannedContact)
            .where(PlannedContact.id == contact_id)
            .options(selectinload(PlannedContact.lines).selectinload(ContactLine.service))
        )
    if contact is None:
        raise not_found("kontakt")
    return contact


async def _people(
    request: web.Request, session: AsyncSession, contact: PlannedContact
) -> list[tuple[str, list[tuple[Staff, str]]]]:
    """Who may be chosen, in parts: whom the client knows, who is at work then, the rest of the group."""
    zone = request.app[CLOCK].zone
    day = to_wall(contact.start, zone).date()
    ranks = {
        staff_id: rank
        for rank, staff_id in enumerate(
            await session.scalars(
                select(KnownStaff.staff_id)
                .where(KnownStaff.client_id == contact.client_id)
                .order_by(KnownStaff.rank, KnownStaff.id)
            )
        )
    }
    shifts = list(
        await session.scalars(
            select(Shift).where(
                Shift.date == day,
                Shift.kind != ShiftKind.DIGITAL,
                Shift.group_id == contact.group_id,
            )
        )
    )
    assigned = await staff_of(session, contact.id)
    wanted = {shift.staff_id for shift in shifts} | set(ranks) | set(assigned)
    people = list(
        await session.scalars(
            select(Staff).where(
                (Staff.group_id == contact.group_id) | Staff.id.in_(wanted),
                Staff.active.is_(True) | Staff.id.in_(assigned),
            )
        )
    )
    elsewhere = {one.id for one in people if one.group_id != contact.group_id}
    shifts += await session.scalars(
        select(Shift).where(
            Shift.date == day, Shift.kind != ShiftKind.DIGITAL,
            Shift.staff_id.in_(elsewhere), Shift.group_id != contact.group_id,
        )
    )  # fmt: skip
    hours: dict[UUID, list[str]] = {}
    for shift in sorted(shifts, key=lambda one: one.start):
        words = f"{clock_text(shift.start, zone)}–{clock_text(shift.end, zone)}"
        hours.setdefault(shift.staff_id, []).append(words)
    parts: dict[str, list[tuple[Staff, str]]] = {}
    for person in sorted(people, key=lambda one: (ranks.get(one.id, 10**6), swedish(one.name))):
        part = _KNOWS if person.id in ranks else _AT_WORK if person.id in hours else _OTHERS
        parts.setdefault(part, []).append((person, ", ".join(hours.get(person.id, ()))))
    return [(part, parts[part]) for part in (_KNOWS, _AT_WORK, _OTHERS) if part in parts]


_KNOWS, _AT_WORK, _OTHERS = N_("Känner brukaren"), N_("Arbetar den dagen"), N_("Övriga")


async def _show(
    request: web.Request,
    session: AsyncSession,
    contact: PlannedContact,
    trouble: InTheWay | None = None,
) -> web.StreamResponse:
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    words = translations(language)
    client = await session.get_one(Client, contact.client_id)
    assigned = await staff_of(session, contact.id)
    trouble = trouble or InTheWay()
    is_fragment = "HX-Request" in request.headers
    fault = trouble.fault
    return render(
        request,
        "_plan_row.html" if is_fragment else "plan_row.html",
        status=fault.status if fault else 409 if trouble.conflicts else 200,
        contact=contact,
        client=client,
        what=services_text(contact.lines, language),
        standing=(await standings(session, [contact], clock.now()))[contact.id],
        colleagues=[one.name for one in await _named(session, assigned)],
        moves=await other_ways(request, session, contact),
        people=await _people(request, session, contact) if contact.status.is_untouched else [],
        chosen=_chosen(trouble, assigned, max(contact.staff_needed, len(assigned))),
        at=trouble.filled.get("at") or f"{to_wall(contact.start, clock.zone):%H:%M}",
        error=fault.say(words.gettext) if fault else None,
        stops=[_in_words(one, words.gettext) for one in trouble.stops],
        warnings=[
            _in_words(one, words.gettext) for one in trouble.conflicts if one.severity is not Severity.STOP
        ],
        may_change=contact.status.is_untouched,
        may_cancel=may_cancel(contact),
        may_stand_again=may_stand_again(contact, clock.now()),
        back=Shown(contact.planned_date, contact.group_id).address,
        opens=clock_text(contact.window_start, clock.zone),
        closes=clock_text(contact.window_end, clock.zone),
    )


async def _named(session: AsyncSession, ids: Sequence[UUID]) -> list[Staff]:
    people = {one.id: one for one in await session.scalars(select(Staff).where(Staff.id.in_(ids)))}
    return [people[key] for key in ids]


def _chosen(trouble: InTheWay, assigned: Sequence[UUID], places: int) -> list[str]:
    """The chosen one of each place, "" for nobody."""
    if "at" in trouble.filled:
        filled = [trouble.filled.get(name, "") for name in ("staff", "staff_2")]
        return filled[: max(1, places)]
    return [str(one) for one in [*assigned, *[""] * 2][: max(1, places)]]


def _in_words(conflict: Conflict, say: Any) -> str:
    text: str = say(conflict.sentence)
    return text % conflict.values if conflict.values else text
