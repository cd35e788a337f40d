"""One's own second factors: setting them up, at the first sign-in or later, removing them, recovery codes.

Whoever changes them has just given the password: a session left open, or stolen, is not enough.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, Method, PendingSignIn, Step
from care.errors import Fault, not_found
from care.factors import CodeApp, Passkey, RecoveryCode
from care.identity.vault import Vault, open_vault
from care.ids import new_id
from server.keys import CLOCK, CONFIGURATION, DATABASE, FRAME, LANGUAGE, MACHINE_CLOCK, PASSWORDS, THROTTLE
from server.language import translations
from server.pages.account.sign_in_words import browser
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to, render
from server.security import door, one_time_code, passkeys, pending
from server.security.actor import actor, signed_in
from server.security.factors import factors_of, is_owed, make_codes
from server.security.gate import open_to_all
from server.security.sessions import revoke_others
from server.security.throttle import SIGN_IN_ACCOUNT

routes = web.RouteTableDef()
_WHY = "changes nothing but the caller's own second factors, and only just after the right password"


@routes.post("/konto/andra-steget/oppna", name="own_factors_open")
@open_to_all(_WHY)
async def open_page(request: web.Request) -> web.StreamResponse:
    """The password once more, and then ten minutes to change the second factors."""
    who = actor(request)
    form = await read_form(request)
    if who.account_id is None:  # a tablet has no account
        raise not_found("konto")
    app = request.app
    async with app[DATABASE].read() as session:
        account = await session.get_one(Account, who.account_id)
    await app[THROTTLE].spend(SIGN_IN_ACCOUNT, account.username)
    password = form.text("password", longest=10_000, trim=False)
    if not await app[PASSWORDS].verify(account.password_hash, password):
        raise Fault(
            "password.not_yours", "Lösenordet stämmer inte. Gå tillbaka och försök igen.", place="password"
        )
    await app[THROTTLE].forgive(SIGN_IN_ACCOUNT, account.username)
    async with app[DATABASE].write() as session:
        token = await pending.begin(
            request, session, Step.ENROL, account.id, address_of(request, "own_account")
        )
    response = go_to(address_of(request, "own_factors"))
    pending.give_cookie(request, response, token)
    return response


@routes.get("/konto/andra-steget", name="own_factors")
@open_to_all(_WHY)
async def own_factors(request: web.Request) -> web.StreamResponse:
    """What there is, and ways to set up more."""
    async with request.app[DATABASE].read() as session:
        found = await _find(request, session)
    if found is None:
        return _begin_anew(request)
    return await _page(request, found[0].id)


@routes.post("/konto/andra-steget", name="own_factors_change")
@open_to_all(_WHY)
async def change(request: web.Request) -> web.StreamResponse:
    """Add or remove one, or make new recovery codes."""
    form = await read_form(request)
    deed = form.text("do")
    async with request.app[DATABASE].read() as session:
        found = await _find(request, session)
    if found is None:
        return _begin_anew(request)
    under_way_id = found[0].id
    try:
        async with request.app[DATABASE].write() as session:
            # Counted first: who guesses codes for a secret that is being set up gains nothing, but loses it.
            if not await pending.count_try(session, under_way_id):
                return _begin_anew(request)
        if deed == "app":
            return await _add(request, form, Method.CODE_APP)
        if deed == "passkey":
            return await _add(request, form, Method.PASSKEY)
        if deed == "codes":
            return await _new_codes(request)
        return await _remove(request, form)
    except Fault as fault:
        return await _page(request, under_way_id, fault)


async def _find(request: web.Request, session: AsyncSession) -> tuple[PendingSignIn, Account] | None:
    """Whose factors may be changed now: of who is signed in, or of who has none and has to make one."""
    found = await pending.find_whose(request, session, Step.ENROL)
    if found is None:
        return None
    under_way, account = found
    who = signed_in(request)
    if who is not None:
        return (under_way, account) if who.account_id == account.id else None
    # Set up in the meantime, perhaps by the right person: then the password alone is not enough any more.
    return None if await factors_of(session, account.id) else (under_way, account)


async def _still(request: web.Request, session: AsyncSession) -> tuple[PendingSignIn, Account]:
    """As `_find`, inside the transaction that changes something. Raises `Fault` ``factor.begin_anew``."""
    found = await _find(request, session)
    if found is None:
        raise Fault("factor.begin_anew", "Det gick för lång tid. Börja om.", place="start", status=409)
    return found


async def _add(request: web.Request, form: Form, method: Method) -> web.StreamResponse:
    """Keep a new factor. With the first one come recovery codes, and every other device is signed out."""
    now = request.app[CLOCK].now()
    codes: list[str] = []
    async with request.app[DATABASE].write() as session:
        under_way, account = await _still(request, session)
        is_first = not await factors_of(session, account.id)
        if method is Method.CODE_APP:
            await _keep_app(request, session, under_way, account, form.text("code"))
        else:
            answer = form.text("credential", longest=passkeys.LONGEST)
            name = browser(request.headers.get("User-Agent", ""), _say(request))
            await passkeys.register(request, session, account.id, under_way.challenge, answer, name, now)
        session.add(door.noted(request, account.id, f"factor:{method.value}:added", allowed=True))
        await pending.end_all(session, account.id, but=under_way.id)
        if is_first:
            codes = await make_codes(session, account.id, now)
            await revoke_others(session, account.id, None, now)
        # The token changes whenever what its holder has proved changes.
        token = await door.enter(request, session, account, method)
        pending.renew(under_way, now)
        under_way.sealed = None
        target = under_way.target
    response = _codes_page(request, codes, target) if codes else go_to(address_of(request, "own_factors"))
    door.let_in(request, response, token, is_over=False)
    return response


async def _keep_app(
    request: web.Request, session: AsyncSession, under_way: PendingSignIn, account: Account, code: str
) -> None:
    """Keep the code app when it shows the right code. Raises `Fault` ``factor.bad_code``."""
    step = None
    if under_way.sealed is not None:
        secret = _vault(request).unseal(under_way.sealed, about=str(account.id))
        step = one_time_code.step_of(secret, code, request.app[MACHINE_CLOCK].now())
    if step is None or under_way.sealed is None:
        raise Fault(
            "factor.bad_code",
            "Koden stämmer inte. Vänta på nästa kod i appen, och se att telefonens klocka går rätt.",
            place="code",
        )
    await session.execute(delete(CodeApp).where(CodeApp.account_id == account.id))
    session.add(
        CodeApp(
            id=new_id(),
            account_id=account.id,
            sealed=under_way.sealed,
            # The code that proved it is used up.
            last_step=step,
            created_at=request.app[CLOCK].now(),
        )
    )
    await session.flush()


async def _new_codes(request: web.Request) -> web.StreamResponse:
    async with request.app[DATABASE].write() as session:
        under_way, account = await _still(request, session)
        if not await factors_of(session, account.id):
            raise not_found("reservkoder")
        codes = await make_codes(session, account.id, request.app[CLOCK].now())
        session.add(door.noted(request, account.id, "factor:recovery_code:made", allowed=True))
        pending.renew(under_way, request.app[CLOCK].now())
        target = under_way.target
    return _codes_page(request, codes, target)


async def _remove(request: web.Request, form: Form) -> web.StreamResponse:
    """Take one away; the last one only where nobody has to have one."""
    passkey_id = form.id("passkey", needed=False)
    async with request.app[DATABASE].write() as session:
        under_way, account = await _still(request, session)
        owned = await factors_of(session, account.id)
        is_there = any(one.id == passkey_id for one in owned.passkeys) or (
            passkey_id is None and owned.code_app is not None
        )
        if not is_there:
            raise not_found("steg")
        if len(owned.passkeys) + (owned.code_app is not None) == 1:
            if is_owed(request.app[CONFIGURATION]):
                raise Fault(
                    "factor.last",
                    "Du behöver ett andra steg för att logga in. Lägg till ett nytt, och ta sedan bort det "
                    "här.",
                    status=409,
                )
            await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
        gone = (
            delete(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == account.id)
            if passkey_id is not None
            else delete(CodeApp).where(CodeApp.account_id == account.id)
        )
        await session.execute(gone)
        kind = Method.PASSKEY if passkey_id is not None else Method.CODE_APP
        session.add(door.noted(request, account.id, f"factor:{kind.value}:removed", allowed=True))
        pending.renew(under_way, request.app[CLOCK].now())
    return go_to(address_of(request, "own_factors"))


def _begin_anew(request: web.Request) -> web.StreamResponse:
    return go_to(address_of(request, "own_account" if signed_in(request) is not None else "sign_in"))


def _vault(request: web.Request) -> Vault:
    return open_vault(request.app[CONFIGURATION].vault_file)


def _say(request: web.Request) -> Any:
    return translations(request.get(LANGUAGE, "sv")).gettext


def _codes_page(request: web.Request, codes: list[str], target: str) -> web.Response:
    return render(request, "recovery_codes.html", codes=codes, target=target)


async def _page(request: web.Request, under_way_id: UUID, fault: Fault | None = None) -> web.Response:
    async with request.app[DATABASE].write() as session:
        under_way = await session.get_one(PendingSignIn, under_way_id)
        account = await session.get_one(Account, under_way.account_id)
        owned = await factors_of(session, account.id)
        options = await passkeys.creation_options(request, session, account, under_way.challenge)
        secret = _secret(request, under_way, account) if owned.code_app is None else None
    name = request.app[FRAME].name
    address = one_time_code.address(secret, account.username, f"Samtid {name}".strip()) if secret else None
    return render(
        request,
        "own_factors.html",
        status=fault.status if fault else 200,
        owned=owned,
        is_first_time=signed_in(request) is None,
        options=options,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else None,
        picture=one_time_code.picture(address) if address else None,
        errors={fault.place or "": fault.say(_say(request))} if fault else {},
        target=under_way.target,
    )


def _secret(request: web.Request, under_way: PendingSignIn, account: Account) -> str:
    """The secret that is being set up: the same for as long as the page is open, however often it is read."""
    vault = _vault(request)
    if under_way.sealed is None:
        secret = one_time_code.make_secret()
        under_way.sealed = vault.seal(secret, about=str(account.id))
        return secret
    return vault.unseal(under_way.sealed, about=str(account.id))
