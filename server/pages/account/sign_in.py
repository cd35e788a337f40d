"""Signing in and out, and the choice of language."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from aiohttp import web
from sqlalchemy import select

from care.accounts import Account, Method, SignIn, Step
from care.errors import Fault
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE, PASSWORDS, THROTTLE
from server.language import COOKIE, LANGUAGES, translations
from server.pages.form import query, read_form
from server.pages.rendering import address_of, go_to, render
from server.security import door, pending, sessions
from server.security.actor import signed_in
from server.security.address import client_address
from server.security.factors import factors_of, is_owed
from server.security.gate import open_to_all
from server.security.pending import begin
from server.security.throttle import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS

routes = web.RouteTableDef()
_A_YEAR = 365 * 24 * 3600


def safe_target(text: str) -> str:
    """A path of our own to go on to; ``/`` for anything else."""
    if len(text) > 500 or any(ord(letter) < 33 or ord(letter) > 126 for letter in text) or "\\" in text:
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not text.startswith("/") or text.startswith("//"):
        return "/"
    return "/" if parts.path.startswith(("/logga-in", "/logga-ut")) else text


@routes.get("/logga-in", name="sign_in")
@open_to_all("the page where one signs in; it shows nothing else")
async def sign_in_page(request: web.Request) -> web.StreamResponse:
    """The form, or straight on when somebody is signed in already."""
    target = safe_target(query(request).text("vidare", longest=2000))
    if signed_in(request) is not None:
        return go_to(target)
    return form_page(request, 200, target)


@routes.post("/logga-in", name="sign_in_try")
@open_to_all("the answer is the same for unknown users and wrong passwords, and tries are limited")
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Open a session, or say that it did not work without saying why."""
    form = await read_form(request)
    username = form.text("username", longest=10_000).lower()[:200]
    password = form.text("password", longest=10_000, trim=False)
    target = safe_target(form.text("vidare", longest=2000))
    try:
        account = await _try(request, username, password)
    except Fault as fault:
        say = translations(request.get(LANGUAGE, "sv")).gettext
        response = form_page(request, fault.status, target, username, fault.say(say))
        if "minutes" in fault.values:
            response.headers["Retry-After"] = str(fault.values["minutes"] * 60)
        return response
    return await _onward(request, account, target)


def form_page(
    request: web.Request, status: int, target: str, username: str = "", error: str | None = None
) -> web.Response:
    """The page where one signs in, with what went wrong if anything did."""
    elsewhere = request.app[CONFIGURATION].oidc
    return render(
        request,
        "sign_in.html",
        status=status,
        target=target,
        username=username,
        error=error,
        elsewhere=elsewhere.name if elsewhere is not None else None,
    )


async def _onward(request: web.Request, account: Account, target: str) -> web.StreamResponse:
    """After the right password: the second factor, setting one up, or in."""
    app = request.app
    async with app[DATABASE].write() as session:
        owned = await factors_of(session, account.id)
        if not owned and not is_owed(app[CONFIGURATION]):
            token = await door.enter(request, session, account, Method.PASSWORD)
            response = go_to(target)
            door.let_in(request, response, token)
            return response
        step = Step.FACTOR if owned else Step.ENROL
        session.add(door.noted(request, account.id, "password", allowed=True))
        token = await begin(request, session, step, account.id, target)
    response = go_to(address_of(request, "second_factor" if owned else "own_factors"))
    pending.give_cookie(request, response, token)
    return response


async def _try(request: web.Request, username: str, password: str) -> Account:
    """Whose password it is. Raises `Fault` ``sign_in.wrong`` or ``throttle.too_many``."""
    app, throttle, address = request.app, request.app[THROTTLE], client_address(request)
    await throttle.check(SIGN_IN_ADDRESS, address)
    await throttle.spend(SIGN_IN_ACCOUNT, username)
    async with app[DATABASE].read() as session:
        account = await session.scalar(select(Account).where(Account.username == username))
    password_hash = account.password_hash if account is not None else None
    # Asked again when the turn comes: a thousand at once would all have been let into the line.
    is_right = await app[PASSWORDS].verify(
        password_hash, password, first=partial(throttle.check, SIGN_IN_ADDRESS, address)
    )
    now = app[CLOCK].now()
    if not is_right or account is None or not sessions.is_open(account, now):
        await throttle.spend(SIGN_IN_ADDRESS, address)
        async with app[DATABASE].write() as session:
            session.add(door.noted(request, account.id if account else None, "password", allowed=False))
        raise Fault("sign_in.wrong", "Användarnamnet eller lösenordet stämmer inte. Försök igen.", status=422)
    await throttle.forgive(SIGN_IN_ACCOUNT, username)
    if password_hash is not None and app[PASSWORDS].is_old(password_hash):
        fresh = await app[PASSWORDS].hash(password)
        async with app[DATABASE].write() as session:
            (await session.get_one(Account, account.id)).password_hash = fresh
    return account


@routes.post("/logga-ut", name="sign_out")
@open_to_all("ends nothing but the caller's own session")
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session here. Who came through another service hears that it may still be open there."""
    who = signed_in(request)
    response = go_to("/logga-in")
    if who is not None and who.sign_in_id is not None:
        async with request.app[DATABASE].write() as session:
            await sessions.revoke(session, who.sign_in_id, request.app[CLOCK].now())
            sign_in = await session.get_one(SignIn, who.sign_in_id)
        if sign_in.method is Method.OIDC and request.app[CONFIGURATION].oidc is not None:
            response = go_to(address_of(request, "signed_out"))
    sessions.take_cookie(request, response)
    pending.take_cookie(request, response)
    return response


@routes.post("/sprak", name="language")
@open_to_all("changes nothing but the caller's own language")
async def change_language(request: web.Request) -> web.StreamResponse:
    """Keep the language in the account, or in a cookie before sign-in."""
    form = await read_form(request)
    language = form.text("language")
    if language not in LANGUAGES:
        raise Fault("language.unknown", "Det språket finns inte i Samtid ännu.", place="language")
    who = signed_in(request)
    if who is not None and who.account_id is not None:
        async with request.app[DATABASE].write() as session:
            (await session.get_one(Account, who.account_id)).language = language
    response = go_to(safe_target(form.text("vidare", longest=2000)))
    response.set_cookie(
        COOKIE, language, max_age=_A_YEAR, path="/", samesite="Lax",
        httponly=True, secure=request.app[CONFIGURATION].is_secure,
    )  # fmt: skip
    return response
