"""Does a tablet suit the client? Assessed on the client's page, with reasons and a day to ask again."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from care.access.rights import Action
from care.clients import Client
from care.contacts.step import Hand
from care.errors import Fault
from care.ids import new_id
from care.outbox import announce
from care.reviews import SUITABILITY_STANDS, close_reviews
from care.suitability import Reason, Suitability, Suits, latest
from care.tasks import TaskKind
from scheduler.moving import tablet_does_not_suit
from server.keys import CLOCK
from server.pages.client.changing import changing, page_of
from server.pages.form import Form, read_form
from server.pages.needs.onward import onward
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()
NOTE = 500


@routes.post("/brukare/{id}/lamplighet", name="suitability")
@right(Action.CONSENT_CHANGE)
async def assess(request: web.Request) -> web.StreamResponse:
    """Write down an assessment. "Passar inte" makes visits of what was to come on the tablet."""
    form, clock = await read_form(request), request.app[CLOCK]
    async with changing(request, Action.CONSENT_CHANGE, "suitability:assessed") as (session, client):
        before = (await latest(session, [client.id])).get(client.id)
        new = _read(form, client, clock.today())
        new.assessed_by_id = actor(request).account_id
        session.add(new)
        await session.flush()
        if before is not None:
            await close_reviews(
                session, TaskKind.REVIEW_TABLET, before.id, "assessed",
                at=clock.now(), account_id=new.assessed_by_id,
            )  # fmt: skip
        await announce(session, clock.now(), "client.changed", group_id=client.group_id, client_id=client.id)
        if new.suits is Suits.NO:
            hand = Hand("page", new.assessed_by_id)
            await tablet_does_not_suit(session, client.id, clock=clock, hand=hand)
    return onward(request, page_of(request, client, "surfplatta"))


def _read(form: Form, client: Client, today: date) -> Suitability:
    suits = form.one_of("suits", Suits)
    reasons = form.texts("reason", most=len(Reason))
    if not set(reasons) <= set(Reason):
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="reason")
    note = form.text("suits_note", longest=NOTE) or None
    if suits is not Suits.YES and not reasons:
        raise Fault("suitability.reason", "Välj minst en sak som det hänger på.", place="reason")
    if suits is Suits.WITH_HELP and note is None:
        raise Fault("suitability.help", "Skriv vilken hjälp som behövs.", place="suits_note")
    review_on = form.day("assess_again", needed=False) or today + SUITABILITY_STANDS
    if review_on <= today:
        raise Fault("suitability.review", "Välj en dag som kommer för nästa bedömning.", place="assess_again")
    return Suitability(
        id=new_id(),
        client_id=client.id,
        suits=suits,
        reasons=[one.value for one in Reason if one.value in reasons],
        note=note,
        assessed_on=today,
        review_on=review_on,
    )
