"""One's own account: change the password, choose the language, see and end one's other sign-ins."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy import select

from care.accounts import Account, SignIn
from care.errors import Fault, not_found
from care.ids import read_id
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE, PASSWORDS, THROTTLE
from server.language import translations
from server.pages.account import alerts as own_alerts
from server.pages.account.sign_in_words import METHODS, browser
from server.pages.form import read_form
from server.pages.rendering import go_to, render
from server.security.actor import Actor, actor
from server.security.factors import factors_of, is_owed
from server.security.gate import open_to_all
from server.security.passwords import check_new
from server.security.pending import end_all
from server.security.sessions import revoke, revoke_others
from server.security.throttle import SIGN_IN_ACCOUNT

routes = web.RouteTableDef()
_WHY = "shows and changes nothing but the caller's own account, and asks for sign-in"


@routes.get("/konto", name="own_account")
@open_to_all(_WHY)
async def own_account(request: web.Request) -> web.StreamResponse:
    """The page of one's own account."""
    return await _page(request, _person(request), {})


@routes.post("/konto/losenord", name="own_password")
@open_to_all(_WHY)
async def change_password(request: web.Request) -> web.StreamResponse:
    """A new password, when the old one is right; every other sign-in ends."""
    who = _person(request)
    form = await read_form(request)
    old = form.text("old", longest=10_000, trim=False)
    new = form.text("new", longest=10_000, trim=False)
    app = request.app
    async with app[DATABASE].read() as session:
        account = await session.get_one(Account, who.account_id)
    say = translations(request.get(LANGUAGE, "sv")).gettext
    try:
        await app[THROTTLE].spend(SIGN_IN_ACCOUNT, account.username)
        if not await app[PASSWORDS].verify(account.password_hash, old):
            raise Fault("password.wrong", "Det gamla lösenordet stämmer inte.", place="old")
        check_new(new, account.username)
        if form.text("again", longest=10_000, trim=False) != new:
            raise Fault("password.differ", "De två nya lösenorden är inte lika.", place="again")
    except Fault as fault:
        errors = {("new" if fault.place == "password" else fault.place or ""): fault.say(say)}
        return await _page(request, who, errors, status=fault.status)
    await app[THROTTLE].forgive(SIGN_IN_ACCOUNT, account.username)
    password_hash = await app[PASSWORDS].hash(new)
    async with app[DATABASE].write() as session:
        (await session.get_one(Account, account.id)).password_hash = password_hash
        await end_all(session, account.id)
        await revoke_others(session, account.id, who.sign_in_id, app[CLOCK].now())
    return await _page(request, who, {}, said=say("Lösenordet är bytt. Dina andra enheter är utloggade."))


@routes.post("/konto/logga-ut-andra", name="own_sign_out_others")
@open_to_all(_WHY)
async def sign_out_others(request: web.Request) -> web.StreamResponse:
    """End every sign-in of one's own but this one."""
    who = _person(request)
    assert who.account_id is not None  # noqa: S101 - `_person` has seen to it
    async with request.app[DATABASE].write() as session:
        await end_all(session, who.account_id)
        await revoke_others(session, who.account_id, who.sign_in_id, request.app[CLOCK].now())
    return go_to("/konto")


@routes.post("/konto/logga-ut/{id}", name="own_sign_out_one")
@open_to_all(_WHY)
async def sign_out_one(request: web.Request) -> web.StreamResponse:
    """End one sign-in of one's own: a phone that is lost, a computer that was left."""
    who, wanted = _person(request), read_id(request.match_info["id"])
    async with request.app[DATABASE].write() as session:
        sign_in = await session.get(SignIn, wanted) if wanted is not None else None
        if sign_in is None or sign_in.account_id != who.account_id:
            raise not_found("enhet")
        await revoke(session, sign_in.id, request.app[CLOCK].now())
    return go_to("/konto")


def _person(request: web.Request) -> Actor:
    who = actor(request)
    if who.account_id is None:  # a tablet has no account
        raise not_found("konto")
    return who


async def _page(
    request: web.Request, who: Actor, errors: dict[str, str], *, status: int = 200, said: str = ""
) -> web.Response:
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        living = await session.scalars(
            select(SignIn)
            .where(SignIn.account_id == who.account_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
            .order_by(SignIn.last_seen_at.desc())
        )
        sessions = list(living)
        account = await session.get_one(Account, who.account_id)
        owned = await factors_of(session, account.id)
    say: Any = translations(request.get(LANGUAGE, "sv")).gettext
    return render(
        request,
        "own_account.html",
        status=status,
        errors=errors,
        username=account.username,
        has_password=account.password_hash is not None,
        owned=owned,
        is_owed=is_owed(request.app[CONFIGURATION]),
        has_alerts=own_alerts.is_offered(request),
        messages=[{"kind": "good", "text": said}] if said else [],
        sessions=[
            {
                "id": one.id,
                "method": say(METHODS[one.method]),
                "browser": browser(one.user_agent or "", say),
                "seen": one.last_seen_at,
                "here": one.id == who.sign_in_id,
            }
            for one in sessions
        ],
    )
