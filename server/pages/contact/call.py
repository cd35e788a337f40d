"""The worker's call page: rings, shows the client, keeps what matters beside the picture."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import select

from care.access.rights import Action
from care.calls.ring import BEFORE, against_ringing
from care.clients import Client
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault, not_found
from care.ids import read_id
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.contact import early_ring
from server.pages.contact.alone import company
from server.pages.contact.guests import invitable
from server.pages.contact.receipt import goal_words, lines_of
from server.pages.faces import client_face
from server.pages.needs.onward import link
from server.pages.rendering import address_of, render
from server.security.gate import allow, right, would_allow
from server.tablets.choice import wants_plain_voice

routes = web.RouteTableDef()

#: More goals than this are not read during a talk; the receipt has them all.
MOST_GOALS = 3


@routes.get("/kontakt/{id}/samtal", name="call")
@right(Action.CALL_MAKE)
async def call_page(request: web.Request) -> web.StreamResponse:
    """The page of one call. Coming from a Ring button it rings by itself; read again, it waits for a hand.

    ``?anledning=`` is a word of `server.pages.contact.early_ring`: why it rings before its time.
    """
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    async with request.app[DATABASE].read() as session:
        contact_id = read_id(request.match_info["id"])
        contact = await session.get(PlannedContact, contact_id) if contact_id is not None else None
        client = await session.get(Client, contact.client_id) if contact is not None else None
        if contact is None or client is None:
            raise not_found("kontakt")
        await allow(request, session, Action.CALL_MAKE, client=client, contact=contact)
        if contact.channel is not Channel.VIDEO:
            raise Fault(
                "call.not_video", "Den här kontakten är inte ett videosamtal.", status=409, place="contact"
            )
        no_call = (await against_ringing(session, [contact.id], clock)).get(contact.id)
        near = await company(request, session) if "ensam" not in request.query else None
        goals = await _goals(session, contact, language)
        plain_voice = await wants_plain_voice(session, client.id)
        guests = None
        if await would_allow(request, session, Action.GUEST_INVITE, contact):
            guests = await invitable(request, session, client)
        photo = await session.scalars(
            select(Consent).where(Consent.client_id == client.id, Consent.kind == ConsentKind.PHOTO)
        )
        face = client_face(
            request.app, client, photo_consent=has_consent(photo, ConsentKind.PHOTO, clock.now())
        )
    _ = translations(language).gettext
    reason = early_ring.sentence(request.query.get("anledning", ""))
    return render(
        request,
        "call.html",
        contact=contact,
        client=client,
        face=face,
        goals=goals,
        plain_voice=plain_voice,
        end=contact.start + timedelta(minutes=contact.minutes),
        reason=reason,
        needs_reason=reason is None and clock.now() < contact.start - BEFORE and not contact.status.is_end,
        reasons=early_ring.REASONS,
        early=request.query.get("anledning", "") if reason else "",
        guests=guests,
        company=near.beside(client.id) if near else None,
        alone="ensam" in request.query,
        no_call=_(no_call.sentence) % no_call.values if no_call else None,
        receipt_href=address_of(request, "receipt", id=contact.id),
        card_href=link(request, "contact", id=contact.id),
        home_href=link(request, "my_day") or "/",
        phone=None if client.is_protected else client.phone,
    )


async def _goals(session: Any, contact: PlannedContact, language: str) -> list[tuple[str, str]]:
    """At most three lines: what it is, and what for."""
    words = await goal_words(session, language)
    lines = await lines_of(session, contact.id)
    return [
        (
            line.service.name_in(language),
            words.get(line.goal_type, line.goal_type),
        )
        for line in lines[:MOST_GOALS]
    ]
