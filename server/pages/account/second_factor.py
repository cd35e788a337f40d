"""The second step of a sign-in: a passkey, a code of an app, or a recovery code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from care.accounts import Account, Method, PendingSignIn, Step
from care.errors import Fault
from care.identity.vault import open_vault
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE, MACHINE_CLOCK, THROTTLE
from server.language import translations
from server.pages.form import Form, read_form
from server.pages.rendering import go_to, render
from server.security import door, one_time_code, passkeys, pending
from server.security.address import client_address
from server.security.factors import factors_of, use_code
from server.security.gate import open_to_all
from server.security.throttle import FACTOR_ACCOUNT, FACTOR_DAY, SIGN_IN_ADDRESS

routes = web.RouteTableDef()
_WHY = "asks for the second step of a sign-in whose password was right, and tries are limited"


@routes.get("/logga-in/andra-steget", name="second_factor")
@open_to_all(_WHY)
async def second_factor(request: web.Request) -> web.StreamResponse:
    """What can be used, or back to the first step when there is no sign-in under way."""
    async with request.app[DATABASE].read() as session:
        found = await pending.find_whose(request, session, Step.FACTOR)
    if found is None:
        return go_to("/logga-in")
    return await _page(request, found[0], found[1])


@routes.post("/logga-in/andra-steget", name="second_factor_try")
@open_to_all(_WHY)
async def answer(request: web.Request) -> web.StreamResponse:
    """Open the session, or say that it was wrong. After five wrong answers one begins with the password."""
    form = await read_form(request)
    async with request.app[DATABASE].read() as session:
        found = await pending.find_whose(request, session, Step.FACTOR)
    if found is None:
        return go_to("/logga-in")
    under_way, account = found
    try:
        token = await _try(request, form, under_way, account)
    except Fault as fault:
        response = await _page(request, under_way, account, fault)
        if "minutes" in fault.values:
            response.headers["Retry-After"] = str(fault.values["minutes"] * 60)
        return response
    response = go_to(under_way.target)
    door.let_in(request, response, token)
    return response


async def _try(request: web.Request, form: Form, under_way: PendingSignIn, account: Account) -> str:
    """The token of the session. Raises `Fault` ``factor.wrong``, ``factor.over`` or ``throttle.too_many``."""
    throttle, address, who = request.app[THROTTLE], client_address(request), str(account.id)
    await throttle.check(SIGN_IN_ADDRESS, address)
    await throttle.spend(FACTOR_DAY, who)
    await throttle.spend(FACTOR_ACCOUNT, who)
    async with request.app[DATABASE].write() as session:
        # Counted and kept whatever comes of it: a transaction of its own.
        if not await pending.count_try(session, under_way.id):
            raise _over()
    token = ""
    async with request.app[DATABASE].write() as session:
        method = await _right(request, session, form, account.id, under_way.challenge)
        if method is not None:
            # Used up: of two that answer at the same moment, one comes in.
            if not await pending.end(session, under_way.id):
                raise _over()
            token = await door.enter(request, session, account, method)
        else:
            session.add(door.noted(request, account.id, "factor", allowed=False))
    if method is None:
        await throttle.spend(SIGN_IN_ADDRESS, address)
        if under_way.tries + 1 >= pending.TRIES:
            raise _over()
        raise Fault("factor.wrong", "Det stämmer inte, eller så är koden redan använd. Försök igen.")
    await throttle.forgive(FACTOR_ACCOUNT, who)
    return token


async def _right(
    request: web.Request, session: Any, form: Form, account_id: UUID, challenge: bytes
) -> Method | None:
    """What the answer proves itself with, or None when it is wrong."""
    now = request.app[CLOCK].now()
    credential = form.text("credential", longest=passkeys.LONGEST)
    if credential:
        is_right = await passkeys.use(request, session, account_id, challenge, credential, now)
        return Method.PASSKEY if is_right else None
    if recovery := form.text("recovery"):
        return Method.RECOVERY_CODE if await use_code(session, account_id, recovery, now) else None
    vault = open_vault(request.app[CONFIGURATION].vault_file)
    is_right = await one_time_code.use(
        session, vault, account_id, form.text("code"), request.app[MACHINE_CLOCK].now(), now
    )
    return Method.CODE_APP if is_right else None


def _over() -> Fault:
    return Fault(
        "factor.over", "Det blev fel för många gånger. Logga in med lösenordet en gång till.", place="start"
    )


async def _page(
    request: web.Request, under_way: PendingSignIn, account: Account, fault: Fault | None = None
) -> web.Response:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    async with request.app[DATABASE].read() as session:
        owned = await factors_of(session, account.id)
        options = await passkeys.request_options(request, session, account.id, under_way.challenge)
    return render(
        request,
        "second_factor.html",
        status=fault.status if fault else 200,
        name=account.display_name,
        options=options,
        has_passkeys=bool(owned.passkeys),
        has_app=owned.code_app is not None,
        has_codes=owned.codes > 0,
        error=fault.say(say) if fault else None,
        is_over=fault is not None and fault.place == "start",
    )
