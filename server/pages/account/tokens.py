"""One's own access tokens: keys for programs that speak for one's account through the API."""

from __future__ import annotations

from aiohttp import web

from care.accounts import Account, Role
from care.errors import Fault, not_found
from care.ids import read_id
from care.words import NN_
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import Form, read_form
from server.pages.navigation import ROLE_WORDS
from server.pages.rendering import go_to, render
from server.security.actor import Actor, actor
from server.security.door import noted
from server.security.gate import open_to_all
from server.security.tokens import LONGEST_DAYS, living, make, offered, revoke

routes = web.RouteTableDef()
_WHY = "shows and changes nothing but the caller's own tokens, and asks for sign-in"
_DAY = NN_("%(num)s dag", "%(num)s dagar")
_DAYS = (7, 30, 90, LONGEST_DAYS)


@routes.get("/konto/nycklar", name="own_tokens")
@open_to_all(_WHY)
async def own_tokens(request: web.Request) -> web.StreamResponse:
    """Which there are, and a form for a new one."""
    return await _page(request, _person(request))


@routes.post("/konto/nycklar", name="own_token_make")
@open_to_all(_WHY)
async def make_token(request: web.Request) -> web.StreamResponse:
    """A new one, shown on this answer and never again."""
    who, form = _person(request), await read_form(request)
    now = request.app[CLOCK].now()
    try:
        name = form.text("name", longest=100, needed=True)
        role = form.one_of("role", Role)
        days = form.number("days", least=1, most=LONGEST_DAYS)
        async with request.app[DATABASE].write() as session:
            account = await session.get_one(Account, who.account_id)
            chosen = offered(role, changing=form.flag("changes"))
            token, text = await make(session, account, role, chosen, name, days, now)
            session.add(noted(request, account.id, f"token made:{token.id}", allowed=True))
    except Fault as fault:
        if fault.status != 422:
            raise
        return await _page(request, who, form=form, fault=fault)
    return await _page(request, who, made=text)


@routes.post("/konto/nycklar/{id}/aterkalla", name="own_token_revoke")
@open_to_all(_WHY)
async def revoke_token(request: web.Request) -> web.StreamResponse:
    """End one at once."""
    who = _person(request)
    assert who.account_id is not None  # noqa: S101 - `_person` has seen to it
    async with request.app[DATABASE].write() as session:
        wanted = read_id(request.match_info["id"])
        await revoke(session, who.account_id, wanted, request.app[CLOCK].now())
        session.add(noted(request, who.account_id, f"token revoked:{wanted}", allowed=True))
    return go_to("/konto/nycklar")


def _person(request: web.Request) -> Actor:
    who = actor(request)
    if who.account_id is None:  # a tablet has no account
        raise not_found("konto")
    return who


async def _page(
    request: web.Request,
    who: Actor,
    *,
    made: str | None = None,
    form: Form | None = None,
    fault: Fault | None = None,
) -> web.StreamResponse:
    words = translations(request.get(LANGUAGE, "sv"))
    assert who.account_id is not None  # noqa: S101 - `_person` has seen to it
    async with request.app[DATABASE].read() as session:
        tokens = await living(session, who.account_id, request.app[CLOCK].now())
    held = {one.role for one in who.roles}
    return render(
        request,
        "own_tokens.html",
        status=fault.status if fault else 200,
        tokens=[(one, words.gettext(ROLE_WORDS[one.role])) for one in tokens],
        roles=[
            (role.value, words.gettext(word))
            for role, word in ROLE_WORDS.items()
            if role in held and offered(role, changing=True)
        ],
        days=[
            (str(one), words.ngettext("%(num)s dag", "%(num)s dagar", one) % {"num": one}) for one in _DAYS
        ],
        made=made,
        filled={name: form.text(name, longest=1000) for name in ("name", "role", "days")} if form else {},
        changes=form is not None and form.flag("changes"),
        errors={fault.place or "": fault.say(words.gettext)} if fault else {},
    )
