"""Signing in by the municipality's own service: there, back again, and out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from aiohttp import ClientSession, web

from care.accounts import Method, Step
from care.errors import Fault, not_found
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE, MACHINE_CLOCK, OPENID, THROTTLE
from server.language import translations
from server.outside_accounts import account_of, take_over_roles
from server.pages.account.sign_in import form_page, safe_target
from server.pages.form import query
from server.pages.rendering import address_of, go_to, render
from server.security import door, pending
from server.security.address import client_address
from server.security.gate import open_to_all
from server.security.openid import Errand, Provider
from server.security.sessions import is_open
from server.security.throttle import OIDC_ADDRESS

routes = web.RouteTableDef()


@routes.get("/logga-in/oidc", name="oidc_begin")
@open_to_all("sends the browser to the municipality's own sign-in service, and tries are limited")
async def begin(request: web.Request) -> web.StreamResponse:
    """Off to the service, with what has to come back."""
    provider = _provider(request)
    target = safe_target(query(request).text("vidare", longest=2000))
    errand = Errand.fresh()
    try:
        await request.app[THROTTLE].spend(OIDC_ADDRESS, client_address(request))
        address = await provider.way_there(errand, _back(request))
    except Fault as fault:
        return _said(request, fault, target)
    async with request.app[DATABASE].write() as session:
        facts = {"state": errand.state, "nonce": errand.nonce, "verifier": errand.verifier}
        token = await pending.begin(request, session, Step.OIDC, None, target, facts=facts)
    response = go_to(address)
    pending.give_cookie(request, response, token)
    return response


@routes.get("/logga-in/oidc/svar", name="oidc_answer")
@open_to_all("lets in only who comes back with what this very browser was sent away with")
async def answer(request: web.Request) -> web.StreamResponse:
    """Back from the service: who it is, and what they may do here."""
    provider = _provider(request)
    asked = query(request)
    async with request.app[DATABASE].write() as session:
        under_way = await pending.find(request, session, Step.OIDC)
        if under_way is None or not await pending.end(session, under_way.id):
            under_way = None
    if under_way is None:
        stale = Fault(
            "oidc.stale",
            "Inloggningen tog för lång tid eller hör till ett annat fönster. Börja om.",
            status=409,
        )
        return _said(request, stale, "/")
    try:
        if asked.text("error"):
            raise Fault(
                "oidc.declined",
                "Inloggningen hos %(name)s avbröts. Försök igen när du vill.",
                status=403,
                values={"name": provider.settings.name},
            )
        claims = await provider.who(
            msgspec.convert(under_way.facts, Errand),
            asked.text("state", longest=2000),
            asked.text("code", longest=5000),
            asked.text("iss", longest=2000),
            _back(request),
            request.app[MACHINE_CLOCK].now(),
        )
        token = await _enter(request, provider, claims)
    except Fault as fault:
        return _said(request, fault, under_way.target)
    response = go_to(under_way.target)
    door.let_in(request, response, token)
    return response


async def _enter(request: web.Request, provider: Provider, claims: dict[str, object]) -> str:
    """The token of the session. Raises `Fault` ``oidc.unknown``, ``oidc.closed`` or ``oidc.no_role``."""
    now = request.app[CLOCK].now()
    token = ""
    try:
        async with request.app[DATABASE].write() as session:
            account = await account_of(session, now, provider.settings, claims)
            if not is_open(account, now):
                raise Fault(
                    "oidc.closed",
                    "Ditt konto i Samtid är stängt. Hör av dig till den som sköter konton i din kommun.",
                    status=403,
                )
            if await take_over_roles(session, now, provider.settings, account, claims):
                token = await door.enter(request, session, account, Method.OIDC)
            else:
                # Kept all the same: what the service has taken away is gone here too.
                session.add(door.noted(request, account.id, "session:oidc", allowed=False))
    except Fault:
        async with request.app[DATABASE].write() as session:
            session.add(door.noted(request, None, "session:oidc", allowed=False))
        raise
    if not token:
        raise Fault(
            "oidc.no_role",
            "Du finns i Samtid men har inget uppdrag här just nu. Be din chef ordna din behörighet.",
            status=403,
        )
    return token


@routes.get("/utloggad", name="signed_out")
@open_to_all("says only that one is signed out")
async def signed_out(request: web.Request) -> web.StreamResponse:
    """Out of Samtid; the service itself is one step further."""
    provider = _provider(request)
    try:
        way_out = await provider.way_out(f"{_origin(request)}/logga-in")
    except Fault:
        way_out = None
    return render(request, "signed_out.html", name=provider.settings.name, way_out=way_out)


def _provider(request: web.Request) -> Provider:
    provider = request.app[OPENID].get("provider")
    if provider is None:
        raise not_found("inloggning")
    return provider


def _origin(request: web.Request) -> str:
    settings = request.app[CONFIGURATION]
    return settings.public_url or f"{'https' if settings.is_secure else 'http'}://{request.host}"


def _back(request: web.Request) -> str:
    return f"{_origin(request)}{address_of(request, 'oidc_answer')}"


def _said(request: web.Request, fault: Fault, target: str) -> web.Response:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    response = form_page(request, fault.status, target, error=fault.say(say))
    pending.take_cookie(request, response)
    return response


def setup(app: web.Application) -> None:
    app[OPENID] = {}
    settings = app[CONFIGURATION].oidc
    if settings is None:
        return

    async def connected(app: web.Application) -> AsyncIterator[None]:
        async with ClientSession() as http:
            app[OPENID]["provider"] = Provider(settings, http)
            yield
            app[OPENID].clear()

    app.cleanup_ctx.append(connected)
