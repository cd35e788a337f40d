"""The guide for when nobody answers: what to do now, and what came of it with one tap."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import PARTS, Action
from care.clock import Clock
from care.contacts.contact import PlannedContact
from care.contacts.step import fetch
from care.errors import Fault, not_found
from care.localtime import at
from care.no_answer.case import case_on
from care.no_answer.course import DAY_FROM, DAY_TO, MORNING
from care.no_answer.step import Outcome, Step, WhyNoAnswer
from care.staff import Staff
from scheduler.answers import say, send_somebody
from scheduler.duty import people_at_work
from scheduler.no_answer.ending import say_why
from server.keys import CLOCK, DATABASE
from server.pages.contact import no_answer_words as words
from server.pages.contact.alone import company
from server.pages.contact.contact import find_contact
from server.pages.contact.deeds import card_address
from server.pages.contact.no_answer_view import may_begin, read_guide
from server.pages.faces import client_face
from server.pages.form import Form, read_form
from server.pages.needs.onward import link, onward
from server.pages.rendering import address_of, render
from server.security.actor import actor
from server.security.gate import allow, right
from server.security.hand import hand

routes = web.RouteTableDef()


class Deed(StrEnum):
    SAY = "say"
    SEND = "send"
    WHY = "why"


class Day(StrEnum):
    """When a social call that nobody answered becomes a visit."""

    TODAY = "today"
    TOMORROW = "tomorrow"


@routes.get("/kontakt/{id}/inget-svar", name="no_answer")
@right(Action.CONTACT_RESOLVE)
async def guide_page(request: web.Request) -> web.StreamResponse:
    """The steps, with the one to take now."""
    clock = request.app[CLOCK]
    async with request.app[DATABASE].read() as session:
        contact = await find_contact(session, request)
        relation = await allow(request, session, Action.CONTACT_RESOLVE, contact=contact)
        guide = await read_guide(session, contact, PARTS[relation], clock)
        near = await company(request, session)
    now = clock.now()
    return render(
        request,
        "no_answer.html",
        guide=guide,
        contact=contact,
        client=guide.client,
        face=client_face(request.app, guide.client, photo_consent=False),
        words=words,
        company=near,
        call_href=link(request, "call", id=contact.id),
        today=clock.today(),
        may_begin=guide.case is not None or may_begin(contact, now),
        days=[Day.TODAY, Day.TOMORROW] if visit_today(clock) else [Day.TOMORROW],
        Day=Day,
    )


@routes.post("/kontakt/{id}/inget-svar", name="no_answer_say")
@right(Action.CONTACT_RESOLVE)
async def tell(request: web.Request) -> web.StreamResponse:
    """``do`` = say (what came of `step`), send (somebody to the door) or why (nobody answered)."""
    form, clock, by = await read_form(request), request.app[CLOCK], hand(request)
    do = form.one_of("do", Deed)
    async with request.app[DATABASE].write() as session:
        found = await find_contact(session, request)
        await allow(request, session, Action.CONTACT_RESOLVE, contact=found)
        contact = await fetch(session, found.id)
        if do is Deed.WHY:
            case = await case_on(session, contact.id)
            if case is None or case.is_open:
                raise not_found("kontakt")
            await say_why(session, case, form.one_of("why", WhyNoAnswer), clock=clock, hand=by)
        elif do is Deed.SEND:
            await check_begun(session, contact, clock)
            to = await _colleague(session, form, contact, clock)
            await send_somebody(session, contact, to, clock=clock, hand=by, staff_id=actor(request).staff_id)
        else:
            await check_begun(session, contact, clock)
            outcome = form.one_of("outcome", Outcome)
            await say(
                session, contact, outcome, of=form.one_of("step", Step), clock=clock, hand=by,
                staff_id=actor(request).staff_id,
                visit_at=_visit_at(form, clock) if outcome is Outcome.VISIT else None,
            )  # fmt: skip
    if do is Deed.WHY:
        return onward(request, card_address(request, contact))
    return onward(request, address_of(request, "no_answer", id=contact.id))


async def check_begun(session: AsyncSession, contact: PlannedContact, clock: Clock) -> None:
    """Raise `Fault` ``no_answer.ended`` (409) for a row that nobody can have tried."""
    case = await case_on(session, contact.id)
    if (case is None or not case.is_open) and not may_begin(contact, clock.now()):
        raise Fault(
            "no_answer.ended", "Kontakten är avslutad eller inte aktuell än.", status=409, place="status"
        )


async def _colleague(session: AsyncSession, form: Form, contact: PlannedContact, clock: Clock) -> UUID:
    """Somebody who is at work for the group now: nobody else would see it in time."""
    to = form.id("to")
    here: list[Staff] = await people_at_work(session, contact.group_id, clock.now())
    if to not in {one.id for one in here}:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="to")
    return to


def visit_today(clock: Clock) -> bool:
    """By night nobody is sent to somebody who did not answer a social call."""
    wall = clock.now().astimezone(clock.zone).time()
    return DAY_FROM <= wall < DAY_TO


def _visit_at(form: Form, clock: Clock) -> datetime:
    """In a quarter of an hour, or the next morning."""
    now = clock.now()
    if form.one_of("day", Day, Day.TODAY) is Day.TODAY and visit_today(clock):
        return now.replace(second=0, microsecond=0) + timedelta(minutes=15)
    wall = now.astimezone(clock.zone)
    day = wall.date() + timedelta(days=wall.time() >= DAY_FROM)
    return at(day, MORNING, clock.zone)
