"""The contact card: who, when, where, what for, and what may be done with the row now."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import PARTS, Action
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.performing import DeclineCause
from care.errors import not_found
from care.ids import read_id
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.contact import early_ring
from server.pages.contact.alone import company
from server.pages.contact.card import Card, goals_of, language_word, narrow, past_of, read_card, spoken_of
from server.pages.contact.no_answer_lead import no_answer_lead
from server.pages.contact.receipt import may_be_receipted
from server.pages.contact.row_state import CALLS, may_ring, row_state
from server.pages.contact.row_ways import other_ways
from server.pages.contact.row_words import CAUSE_WORDS, span_text, when_text
from server.pages.contact.tablet_check import tablet_check
from server.pages.day.carried_words import waiting
from server.pages.day.my_day import next_call_sentence
from server.pages.faces import client_face, staff_face
from server.pages.needs.onward import link
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, readable_laws, right, would_allow

routes = web.RouteTableDef()

_BEFORE_START = (Status.PLANNED, Status.DUE, Status.AWAITING)
#: What may be entered with times that somebody remembers.
_ENTERABLE = (Status.PLANNED, Status.DUE, Status.AWAITING, Status.UNDERWAY, Status.UNKNOWN)


async def find_contact(session: AsyncSession, request: web.Request) -> PlannedContact:
    """The row of the address. Raises `Fault` ``not_found``; whether it may be opened is not asked here."""
    contact_id = read_id(request.match_info["id"])
    contact = await session.get(PlannedContact, contact_id) if contact_id is not None else None
    if contact is None:
        raise not_found("kontakt")
    return contact


@routes.get("/kontakt/{id}", name="contact")
@right(Action.CONTACT_READ)
async def contact_page(request: web.Request) -> web.StreamResponse:
    """The card."""
    clock, who = request.app[CLOCK], actor(request)
    language = request.get(LANGUAGE, "sv")
    _ = translations(language).gettext
    async with request.app[DATABASE].read() as session:
        contact = await find_contact(session, request)
        relation = await allow(request, session, Action.CONTACT_READ, contact=contact)
        parts = PARTS[relation]
        card = narrow(await read_card(session, contact, who.staff_id, clock), parts, clock)
        laws = await readable_laws(request, session, card.client)
        if card.lines and not any(line.law in laws for line in card.lines):
            raise not_found("kontakt")
        card.lines = [line for line in card.lines if line.law in laws]
        carried = await waiting(session, request, contact, [line.id for line in card.lines])
        may_move = await would_allow(request, session, Action.CONTACT_MOVE, contact)
        near = await company(request, session) if contact.channel in CALLS else None
        may_receipt = card.registered_in is not None and await may_be_receipted(session, contact)
        moves = await other_ways(request, session, contact) if may_move else []
        may_resolve = await would_allow(request, session, Action.CONTACT_RESOLVE, contact)
        unanswered = await no_answer_lead(session, contact, clock.now()) if may_resolve else None
        on_the_tablet = await tablet_check(session, contact)
    now, client = clock.now(), card.client
    may_perform = who.may(Action.CONTACT_PERFORM)
    return render(
        request,
        "contact.html",
        card=card,
        parts=parts,
        unanswered=unanswered,
        tablet_check=on_the_tablet,
        carried=carried,
        may_decide=may_perform,
        contact=contact,
        client=client,
        face=client_face(request.app, client, photo_consent=card.photo_consent),
        colleagues=[(one, staff_face(request.app, one), spoken_of(one, language)) for one in card.staff],
        goals=goals_of(card, language),
        past=past_of(card, clock, language, _),
        standing=row_state(
            contact,
            now,
            lacks_receipt=card.lacks_receipt,
            is_elsewhere=card.registered_in is not None,
            is_receipted=bool(card.lines) and not card.lacks_receipt,
        ),
        when=when_text(contact.start, clock.today(), clock.zone, language, _),
        end=contact.start + timedelta(minutes=contact.minutes),
        times=span_text(contact.actual_start, contact.actual_end, clock.zone, _)
        if contact.actual_start and contact.actual_end
        else None,
        next_call=_promise(card, who.staff_id, request),
        cause=CAUSE_WORDS.get(contact.cause or ""),
        spoken=language_word(client.language, language) if client.language != "sv" else None,
        is_call=contact.channel in CALLS,
        may_ring=may_ring(contact, now),
        no_call=_(card.no_call.sentence) % card.no_call.values if card.no_call else None,
        may_perform=may_perform and not contact.status.is_end,
        may_decline=may_perform and contact.status in _BEFORE_START,
        may_receipt=may_receipt,
        may_enter=may_perform
        and contact.status in _ENTERABLE
        # As long as the other system may still tell of it.
        and not (card.registered_in and contact.status.is_untouched)
        and contact.start <= now + timedelta(hours=12),
        may_plan=who.may(Action.CONTACT_PLAN),
        moves=moves,
        call_href=link(request, "call", id=contact.id),
        receipt_href=link(request, "receipt", id=contact.id) if may_perform else None,
        client_href=link(request, "client", id=client.id),
        company=near.beside(client.id) if near else None,
        reasons=early_ring.REASONS,
        declines=[(one.value, CAUSE_WORDS[one.value]) for one in DeclineCause],
    )


def _promise(card: Card, staff_id: UUID | None, request: web.Request) -> str | None:
    if card.next_call is None:
        return None
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    _ = translations(language).gettext
    when = when_text(card.next_call.start, clock.today(), clock.zone, language, _)
    return next_call_sentence(card.next_call, card.next_call_staff, staff_id, when=when, _=_)
