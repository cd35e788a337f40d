"""What is done with a row from its card: in and out, afterwards, declined. One short transaction each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import Verdict
from care.contacts.life import Status
from care.contacts.performing import DeclineCause, check_in, check_out, decline, enter_late
from care.contacts.step import fetch
from care.errors import Fault, stale
from care.localtime import to_instant, to_wall
from scheduler.moving import move_to_phone, move_to_video, move_to_visit, ways
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.pages.contact import early_ring
from server.pages.contact.alone import company
from server.pages.contact.contact import find_contact
from server.pages.contact.row_state import CALLS, may_ring
from server.pages.contact.row_ways import reasons_against, service_names
from server.pages.form import Form, read_form
from server.pages.needs.onward import link, onward
from server.security.actor import actor
from server.security.gate import allow, right
from server.security.hand import hand

routes = web.RouteTableDef()
_HALF_DAY = timedelta(hours=12)
_MOVES = {
    Channel.VIDEO: move_to_video,
    Channel.PHONE: move_to_phone,
    Channel.PHYSICAL: move_to_visit,
}


@asynccontextmanager
async def opened(request: web.Request, action: Action) -> AsyncIterator[tuple[AsyncSession, PlannedContact]]:
    """The row of the address, allowed and locked, in a transaction that ends with the block."""
    async with request.app[DATABASE].write() as session:
        contact = await find_contact(session, request)
        await allow(request, session, action, contact=contact)
        yield session, await fetch(session, contact.id)


def check_version(form: Form, contact: PlannedContact) -> None:
    """Raise `Fault` ``stale`` when the row has changed since the page was read."""
    same_version(contact, form.number("version", least=1, most=2**31))


def same_version(contact: PlannedContact, version: int) -> None:
    """Raise `Fault` ``stale`` when the row is not what it was at `version`."""
    if contact.version != version:
        raise stale("kontakten")


def card_address(request: web.Request, contact: PlannedContact) -> str:
    return link(request, "contact", id=contact.id) or "/"


@routes.post("/kontakt/{id}/in", name="check_in")
@right(Action.CONTACT_PERFORM)
async def begin(request: web.Request) -> web.StreamResponse:
    """Check in; for a phone row this is what "Ring" does, and the card then shows the number."""
    form = await read_form(request)
    reason = early_ring.sentence(form.text("anledning"))
    async with opened(request, Action.CONTACT_PERFORM) as (session, contact):
        if contact.status is not Status.UNDERWAY:
            check_version(form, contact)
            if contact.channel in CALLS and not form.flag("ensam"):
                await _check_alone(request, session, contact)
            await begin_row(request, session, contact, reason)
    return onward(request, card_address(request, contact))


async def _check_alone(request: web.Request, session: AsyncSession, contact: PlannedContact) -> None:
    """The page was read before the worker came to somebody's home: it is read again, and then asks."""
    near = await company(request, session)
    said = near.beside(contact.client_id) if near else None
    if said is not None:
        raise Fault(
            "call.not_alone",
            "%(where)s Läs om sidan, så får du frågan innan du ringer.",
            status=409,
            place="ensam",
            values={"where": said},
        )


async def begin_row(
    request: web.Request, session: AsyncSession, contact: PlannedContact, reason: str | None
) -> None:
    """Check in. Raises `Fault` ``call.too_early`` for a call long before its time, without a `reason`."""
    now = request.app[CLOCK].now()
    if contact.channel in CALLS and not may_ring(contact, now) and reason is None:
        raise Fault(
            "call.too_early",
            "Det är mer än tio minuter kvar. Välj varför du ringer nu.",
            status=409,
            place="anledning",
        )
    staff_id = actor(request).staff_id
    await check_in(session, contact, at=now, hand=hand(request), staff_id=staff_id, reason=reason)


@routes.post("/kontakt/{id}/ut", name="check_out")
@right(Action.CONTACT_PERFORM)
async def end(request: web.Request) -> web.StreamResponse:
    """Check out, and on to the receipt."""
    form, now = await read_form(request), request.app[CLOCK].now()
    async with opened(request, Action.CONTACT_PERFORM) as (session, contact):
        if not contact.status.is_done:
            check_version(form, contact)
            await check_out(session, contact, at=now, hand=hand(request))
    return onward(request, link(request, "receipt", id=contact.id) or card_address(request, contact))


@routes.post("/kontakt/{id}/avbojd", name="decline")
@right(Action.CONTACT_PERFORM)
async def say_no(request: web.Request) -> web.StreamResponse:
    """The client does not want it: why, with one tap."""
    form, now = await read_form(request), request.app[CLOCK].now()
    cause = form.one_of("cause", DeclineCause)
    async with opened(request, Action.CONTACT_PERFORM) as (session, contact):
        if contact.status is not Status.DECLINED:
            check_version(form, contact)
            await decline(session, contact, cause, at=now, hand=hand(request))
    return onward(request, link(request, "my_day") or card_address(request, contact))


@routes.post("/kontakt/{id}/efterat", name="enter_late")
@right(Action.CONTACT_PERFORM)
async def enter(request: web.Request) -> web.StreamResponse:
    """Enter what has been done already, with its own times."""
    form, clock = await read_form(request), request.app[CLOCK]
    async with opened(request, Action.CONTACT_PERFORM) as (session, contact):
        check_version(form, contact)
        start, finish = read_times(form, contact, clock.zone)
        await enter_late(
            session,
            contact,
            start,
            finish,
            at=clock.now(),
            hand=hand(request),
            by_phone=form.text("how") == "phone",
        )
    return onward(request, link(request, "receipt", id=contact.id) or card_address(request, contact))


def read_times(
    form: Form, contact: PlannedContact, zone: ZoneInfo, *, first: str = "start", last: str = "end"
) -> tuple[datetime, datetime]:
    """The times that were written, on the day nearest to the planned start; past midnight when need be.

    Raises `Fault` ``time.bad`` or ``time.gap`` with the field.
    """
    planned = to_wall(contact.start, zone).replace(tzinfo=None)
    begun, ended = form.wall(first), form.wall(last)
    start = datetime.combine(planned.date(), begun)
    # A night row at 23.50 may have begun at 00.10, and one at 00.10 at 23.50.
    start += timedelta(days=1) * ((planned - start > _HALF_DAY) - (start - planned > _HALF_DAY))
    finish = datetime.combine(start.date(), ended)
    if finish < start:
        finish += timedelta(days=1)
    return to_instant(start, zone, place=first), to_instant(finish, zone, place=last)


@routes.post("/kontakt/{id}/flytta", name="move_contact")
@right(Action.CONTACT_MOVE)
async def move(request: web.Request) -> web.StreamResponse:
    """Another channel, with one tap. What the rules say against it is said in their own sentences."""
    form = await read_form(request)
    to = form.one_of("channel", Channel)
    if to not in _MOVES:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="channel")
    async with opened(request, Action.CONTACT_MOVE) as (session, contact):
        if contact.channel is not to:
            check_version(form, contact)
            await move_row(request, session, contact, to)
    return onward(request, card_address(request, contact))


async def move_row(request: web.Request, session: AsyncSession, contact: PlannedContact, to: Channel) -> None:
    """Move it, or raise `Fault` ``digital.<rule>`` (409) with every sentence against it."""
    clock = request.app[CLOCK]
    verdict = (await ways(session, [contact.id], clock))[contact.id][to]
    if not verdict.allowed:
        raise _against(
            request, verdict, await service_names(session, contact.id, request.get(LANGUAGE, "sv"))
        )
    await _MOVES[to](session, contact, clock=clock, hand=hand(request))


def _against(request: web.Request, verdict: Verdict, names: dict[str, str]) -> Fault:
    return Fault(
        f"digital.{verdict.against[0].rule}",
        "Det går inte: %(reasons)s",
        status=409,
        place="channel",
        values={"reasons": " ".join(reasons_against(request, verdict, names))},
    )
