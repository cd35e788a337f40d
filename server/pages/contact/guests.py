"""Inviting somebody to a call: a link for one person, made by whoever may ring."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.approved import ApprovedPerson, approved, lets_relatives_join
from care.calls.call import CallRole
from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault, not_found
from care.guests.admission import ROLES, invite
from care.ids import read_id
from server.calls.ice import check_relay
from server.guests.words import ROLES as ROLE_WORDS
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import read_form
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()

#: A first name, or a first name and a language: nobody needs more.
NAME = 60
#: Who is invited by name alone; relatives come from the client's list.
BY_NAME = tuple(role for role in ROLES if role is not CallRole.RELATIVE)


@dataclass(frozen=True, slots=True)
class Invitable:
    """Whom a call page offers to invite, and in words what stands against it."""

    people: list[ApprovedPerson]
    roles: list[tuple[str, str]]
    #: Why nobody at all can come from outside; None: they can.
    against: str | None
    #: Why no relative can, where others can.
    no_relatives: str | None


async def invitable(request: web.Request, session: AsyncSession, client: Client) -> Invitable:
    """Whom to offer on the call page of a contact of `client`."""
    _ = translations(request.get(LANGUAGE, "sv")).gettext
    try:
        check_relay(request.app[CONFIGURATION].turn, is_protected=client.is_protected, has_guest=True)
    except Fault as fault:
        return Invitable([], [], fault.say(_), None)
    people = [] if client.is_protected else await approved(session, client.id)
    no_relatives = None
    if people and not await lets_relatives_join(session, client.id, request.app[CLOCK].now()):
        people = []
        no_relatives = _("%(name)s har inte samtyckt till samtal med anhöriga.") % {"name": client.first_name}
    return Invitable(people, [(role.value, _(ROLE_WORDS[role])) for role in BY_NAME], None, no_relatives)


@routes.post("/kontakt/{id}/gast", name="guest_invite")
@right(Action.GUEST_INVITE)
async def make_invitation(request: web.Request) -> web.StreamResponse:
    """Make a link for one person; it is shown now and never again."""
    form = await read_form(request)
    whom = form.text("whom", needed=True, longest=60)
    is_listed = whom not in {role.value for role in BY_NAME}
    name = form.text("name", longest=NAME, needed=not is_listed)
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        contact_id = read_id(request.match_info["id"])
        contact = await session.get(PlannedContact, contact_id) if contact_id is not None else None
        client = await session.get(Client, contact.client_id) if contact is not None else None
        if contact is None or client is None:
            raise not_found("kontakt")
        await allow(
            request, session, Action.GUEST_INVITE, client=client, contact=contact, thing="guest:invited"
        )
        if contact.channel is not Channel.VIDEO:
            raise Fault(
                "call.not_video", "Den här kontakten är inte ett videosamtal.", status=409, place="contact"
            )
        check_relay(request.app[CONFIGURATION].turn, is_protected=client.is_protected, has_guest=True)
        person = await _person(session, client, whom) if is_listed else None
        made, secret = await invite(
            session,
            contact,
            name=name,
            role=CallRole.RELATIVE if is_listed else CallRole(whom),
            person=person,
            now=now,
            account_id=actor(request).account_id,
        )
    return render(
        request,
        "_guest_link.html",
        guest=made,
        address=f"{request.app[CONFIGURATION].url}/gast#{secret}",
        today=request.app[CLOCK].today(),
    )


async def _person(session: AsyncSession, client: Client, whom: str) -> ApprovedPerson:
    """Somebody of the client's list. Raises `Fault` ``form.bad_choice``."""
    found = None
    if (person_id := read_id(whom)) is not None:
        found = await session.scalar(
            select(ApprovedPerson).where(
                ApprovedPerson.id == person_id,
                ApprovedPerson.client_id == client.id,
                ApprovedPerson.removed_at.is_(None),
            )
        )
    if found is None:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="whom")
    return found
