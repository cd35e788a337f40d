"""Emergency opening: whoever must help somebody of another group now, and says why.

The client is named in full, as one knows them who stands before one: nobody can browse here. Tries are
limited, logged, and answered alike when there is nobody and when nobody may.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import LONGEST, SHORTEST, open_in_emergency
from care.access.rights import Action
from care.accounts import Account
from care.clients import Client, Protection
from care.errors import Fault
from care.municipality import Group
from server.keys import CLOCK, DATABASE, LANGUAGE, THROTTLE
from server.language import translations
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import EMERGENCY, allow, is_open, note_refusal, right
from server.security.throttle import Limit

routes = web.RouteTableDef()
TRIES = Limit("emergency", 10, 10)


@routes.get("/nodoppning", name="emergency")
@right(Action.CLIENT_OPEN_EMERGENCY)
async def page(request: web.Request) -> web.StreamResponse:
    """The form."""
    return _show(request)


@routes.post("/nodoppning", name="emergency_open")
@right(Action.CLIENT_OPEN_EMERGENCY)
async def open_client(request: web.Request) -> web.StreamResponse:
    """Open the client that is named; when several have the name, ask which."""
    form, who = await read_form(request), actor(request)
    if who.account_id is None:
        raise Fault("sign_in.needed", "Du behöver logga in först.", status=401)
    try:
        await request.app[THROTTLE].spend(TRIES, str(who.account_id))
        first, last = form.text("first_name", needed=True), form.text("last_name", needed=True)
        reason = form.text("reason", needed=True, longest=LONGEST)
        async with request.app[DATABASE].write() as session:
            found = await _called(session, first, last)
            if chosen := form.text("client"):
                found = [one for one in found if str(one[0].id) == chosen]
            if len(found) > 1:
                return _show(request, form, found)
            if not found:
                note_refusal(request, Action.CLIENT_OPEN_EMERGENCY, "client")
                raise Fault(
                    "emergency.nobody",
                    "Vi hittar ingen med det namnet som kan öppnas här. Kontrollera stavningen, eller ring "
                    "enhetschefen eller larmgruppen.",
                    place="last_name",
                )
            client = found[0][0]
            if not await is_open(request, session, client):
                account = await session.get_one(Account, who.account_id)
                made = await open_in_emergency(session, account, client, reason, request.app[CLOCK].now())
                await allow(
                    request,
                    session,
                    Action.CLIENT_OPEN_EMERGENCY,
                    client=client,
                    # The reason is kept with the opening.
                    thing=f"opening:{made.id}",
                    purpose=EMERGENCY,
                )
    except Fault as fault:
        if fault.status not in (422, 429):
            raise
        return _show(request, form, fault=fault)
    return go_to(address_of(request, "client", id=client.id))


async def _called(session: AsyncSession, first: str, last: str) -> list[tuple[Client, Group]]:
    """Those with that whole name, whatever its case; never a protected identity."""
    rows = await session.execute(
        select(Client, Group)
        .join(Group, Group.id == Client.group_id)
        .where(
            # However it is typed: SQLite's own lower() knows no å, ä and ö.
            Client.first_name.in_({first, first.lower(), first.upper(), first.title()}),
            Client.protection == Protection.NONE,
        )
        .order_by(Group.name, Client.id)
    )
    wanted = (first.casefold(), last.casefold())
    return [
        (client, group)
        for client, group in rows
        if (client.first_name.casefold(), client.last_name.casefold()) == wanted
    ]


def _show(
    request: web.Request,
    form: Form | None = None,
    choices: Sequence[tuple[Client, Group]] = (),
    fault: Fault | None = None,
) -> web.Response:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    given = (
        {name: str(form.fields.get(name, "")) for name in ("first_name", "last_name", "reason")}
        if form
        else {}
    )
    return render(
        request,
        "emergency.html",
        status=fault.status if fault else 200,
        given=given,
        choices=[
            (str(client.id), f"{group.name}, {client.birth_date.year}" if client.birth_date else group.name)
            for client, group in choices
        ],
        error=fault.say(say) if fault else None,
        place=fault.place if fault else None,
        shortest=SHORTEST,
        longest=LONGEST,
    )
