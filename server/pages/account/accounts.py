"""Accounts: an administrator makes them, gives roles, resets passwords, closes them and signs them out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.accounts import Account, AccountRole, Role, SignIn
from care.errors import Fault, not_found
from care.ids import read_id
from care.municipality import Group
from care.sorting import swedish
from care.staff import Staff
from server.accounts import (
    IN_A_GROUP,
    OFFERED,
    check_username,
    disable,
    give_role,
    leave_on,
    make_account,
    take_role,
)
from server.keys import CLOCK, DATABASE, LANGUAGE, PASSWORDS
from server.language import translations
from server.pages.account.sign_in_words import METHODS, browser
from server.pages.form import query, read_form
from server.pages.navigation import ROLE_WORDS
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.factors import factors_of
from server.security.factors import reset as reset_factors
from server.security.gate import allow, right
from server.security.passwords import make_password
from server.security.pending import shut_out
from server.security.sessions import is_open

routes = web.RouteTableDef()
_PURPOSE = "administration"


@routes.get("/konton", name="accounts")
@right(Action.ACCOUNT_MANAGE)
async def accounts(request: web.Request) -> web.StreamResponse:
    """Every account, with its roles and how many devices it is signed in on."""
    wanted = query(request).text("sok", longest=2000)[:80].casefold()
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        await allow(request, session, Action.ACCOUNT_MANAGE, thing="accounts", purpose=_PURPOSE)
        found = list(await session.scalars(select(Account)))
        held: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for role, group in (await session.execute(_roles())).all():
            held[role.account_id].append({"id": role.id, "role": role.role, "group": group})
        living = (
            select(SignIn.account_id, func.count())
            .where(SignIn.revoked_at.is_(None), SignIn.expires_at > now)
            .group_by(SignIn.account_id)
        )
        devices: dict[UUID, int] = {row[0]: row[1] for row in (await session.execute(living)).all()}
    say = _say(request)
    rows = [
        {
            "account": account,
            "roles": [_role_words(one["role"], one["group"], say) for one in held[account.id]],
            "devices": devices.get(account.id, 0),
            "is_open": is_open(account, now),
        }
        for account in sorted(found, key=lambda one: (not is_open(one, now), swedish(one.display_name)))
    ]
    if wanted:
        rows = [row for row in rows if _matches(row, wanted)]
    return render(request, "accounts.html", rows=rows, wanted=query(request).text("sok", longest=2000)[:80])


@routes.get("/konton/nytt", name="account_new")
@right(Action.ACCOUNT_MANAGE)
async def new(request: web.Request) -> web.StreamResponse:
    """The form for a new account."""
    return await _new_page(request, {}, {}, status=200)


@routes.post("/konton", name="account_make")
@right(Action.ACCOUNT_MANAGE)
async def make(request: web.Request) -> web.StreamResponse:
    """Make an account with one role; its password is shown once."""
    form = await read_form(request)
    given = {name: form.text(name, longest=2000) for name in ("username", "name", "staff", "role", "group")}
    password = make_password()
    password_hash = await request.app[PASSWORDS].hash(password)
    now = request.app[CLOCK].now()
    try:
        username = check_username(given["username"])
        staff_id, role = form.id("staff", needed=False), form.one_of("role", Role)
        group_id = form.id("group", needed=False)
        async with request.app[DATABASE].write() as session:
            staff = await session.get(Staff, staff_id) if staff_id is not None else None
            name = form.text("name") or (staff.name if staff is not None else username)
            account = await make_account(session, now, username, name, password_hash, staff_id)
            await give_role(session, now, account, role, group_id)
            await _note(request, session, account, "made")
    except Fault as fault:
        say = _say(request)
        return await _new_page(request, given, {fault.place or "": fault.say(say)}, status=fault.status)
    return await _one_page(request, account.id, password=password)


@routes.get("/konton/{id}", name="account")
@right(Action.ACCOUNT_MANAGE)
async def one(request: web.Request) -> web.StreamResponse:
    """One account: roles, devices, and what can be done with it."""
    async with request.app[DATABASE].read() as session:
        account = await _account(request, session)
        await _note(request, session, account, "read")
    return await _one_page(request, account.id)


@routes.post("/konton/{id}/roller", name="account_give_role")
@right(Action.ACCOUNT_MANAGE)
async def add_role(request: web.Request) -> web.StreamResponse:
    """Give the account a role."""
    form = await read_form(request)
    role, group_id = form.one_of("role", Role), form.id("group", needed=False)
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        await give_role(session, request.app[CLOCK].now(), account, role, group_id)
        await _note(request, session, account, f"role {role.value} given")
    return _back(request, account)


@routes.post("/konton/{id}/roller/{role}/bort", name="account_take_role")
@right(Action.ACCOUNT_MANAGE)
async def remove_role(request: web.Request) -> web.StreamResponse:
    """Take a role away."""
    role_id = read_id(request.match_info["role"])
    if role_id is None:
        raise not_found("roll")
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        role = await take_role(session, request.app[CLOCK].now(), account, role_id)
        await _note(request, session, account, f"role {role.value} taken")
    return _back(request, account)


@routes.post("/konton/{id}/losenord", name="account_reset")
@right(Action.ACCOUNT_MANAGE)
async def reset(request: web.Request) -> web.StreamResponse:
    """A new password, shown once; whoever was signed in with the old one is signed out."""
    password = make_password()
    password_hash = await request.app[PASSWORDS].hash(password)
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        account.password_hash = password_hash
        await shut_out(session, account.id, request.app[CLOCK].now())
        await _note(request, session, account, "password reset")
    return await _one_page(request, account.id, password=password)


@routes.post("/konton/{id}/logga-ut", name="account_sign_out")
@right(Action.ACCOUNT_MANAGE)
async def sign_out_everywhere(request: web.Request) -> web.StreamResponse:
    """End every session of the account."""
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        await shut_out(session, account.id, request.app[CLOCK].now())
        await _note(request, session, account, "signed out everywhere")
    return _back(request, account)


@routes.post("/konton/{id}/stang", name="account_disable")
@right(Action.ACCOUNT_MANAGE)
async def close(request: web.Request) -> web.StreamResponse:
    """Close the account. One's own stays open, so that nobody locks the door from outside."""
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        if account.id == actor(request).account_id:
            raise Fault("account.own", "Du kan inte stänga ditt eget konto.", status=409)
        await disable(session, request.app[CLOCK].now(), account)
        await _note(request, session, account, "disabled")
    return _back(request, account)


@routes.post("/konton/{id}/nollstall", name="account_reset_factors")
@right(Action.ACCOUNT_MANAGE)
async def lost_phone(request: web.Request) -> web.StreamResponse:
    """Take every second factor away: the person is signed out, and enrols anew at the next sign-in."""
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        await reset_factors(session, account.id, request.app[CLOCK].now())
        await _note(request, session, account, "second factor reset")
    return _back(request, account)


@routes.post("/konton/{id}/sista-dag", name="account_leave")
@right(Action.ACCOUNT_MANAGE)
async def leaves(request: web.Request) -> web.StreamResponse:
    """The last day of somebody who leaves; empty takes it back. Sessions end with that day."""
    form = await read_form(request)
    last_day = form.day("last_day", needed=False)
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        if last_day is not None and account.id == actor(request).account_id:
            raise Fault("account.own", "Du kan inte stänga ditt eget konto.", status=409)
        await leave_on(session, request.app[CLOCK].now(), account, last_day)
        await _note(request, session, account, "last day set" if last_day else "last day taken back")
    return _back(request, account)


@routes.post("/konton/{id}/oppna", name="account_enable")
@right(Action.ACCOUNT_MANAGE)
async def reopen(request: web.Request) -> web.StreamResponse:
    """Open a closed account again, with the password and roles it had."""
    async with request.app[DATABASE].write() as session:
        account = await _account(request, session)
        account.disabled_at = None
        if not is_open(account, request.app[CLOCK].now()):
            account.last_day = None
        await _note(request, session, account, "enabled")
    return _back(request, account)


def _say(request: web.Request) -> Any:
    return translations(request.get(LANGUAGE, "sv")).gettext


def _roles() -> Any:
    return (
        select(AccountRole, Group.name)
        .outerjoin(Group, Group.id == AccountRole.group_id)
        .order_by(AccountRole.id)
    )


def _role_words(role: Role, group: str | None, say: Any) -> str:
    if role not in IN_A_GROUP:
        return str(say(ROLE_WORDS[role]))
    return f"{say(ROLE_WORDS[role])}, {group or say('alla grupper')}"


def _matches(row: dict[str, Any], wanted: str) -> bool:
    texts = [row["account"].display_name, row["account"].username, *row["roles"]]
    return any(wanted in text.casefold() for text in texts)


async def _account(request: web.Request, session: AsyncSession) -> Account:
    known = read_id(request.match_info["id"])
    found = await session.get(Account, known) if known is not None else None
    if found is None:
        raise not_found("konto")
    return found


async def _note(request: web.Request, session: AsyncSession, account: Account, what: str) -> None:
    await allow(
        request, session, Action.ACCOUNT_MANAGE, thing=f"account:{account.id}:{what}", purpose=_PURPOSE
    )


def _back(request: web.Request, account: Account) -> web.StreamResponse:
    return go_to(address_of(request, "account", id=account.id))


async def _choices(request: web.Request, session: AsyncSession) -> dict[str, Any]:
    say = _say(request)
    groups = sorted(await session.scalars(select(Group)), key=lambda group: swedish(group.name))
    return {
        "role_choices": [(role.value, say(ROLE_WORDS[role])) for role in OFFERED],
        "group_choices": [("", say("alla grupper")), *((str(group.id), group.name) for group in groups)],
    }


async def _new_page(
    request: web.Request, given: dict[str, str], errors: dict[str, str], *, status: int
) -> web.Response:
    async with request.app[DATABASE].read() as session:
        free = (
            select(Staff)
            .outerjoin(Account, Account.staff_id == Staff.id)
            .where(Staff.active.is_(True), Account.id.is_(None))
        )
        staff = sorted(await session.scalars(free), key=lambda one: swedish(one.name))
        choices = await _choices(request, session)
    people = [("", _say(request)("Ingen av dem")), *((str(one.id), one.name) for one in staff)]
    return render(
        request,
        "accounts_new.html",
        status=status,
        given=given,
        errors=errors,
        staff_choices=people,
        **choices,
    )


async def _one_page(request: web.Request, account_id: UUID, password: str | None = None) -> web.Response:
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        account = await session.get_one(Account, account_id)
        held = (await session.execute(_roles().where(AccountRole.account_id == account_id))).all()
        sessions = list(
            await session.scalars(
                select(SignIn)
                .where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
                .order_by(SignIn.last_seen_at.desc())
            )
        )
        owned = await factors_of(session, account_id)
        choices = await _choices(request, session)
    say = _say(request)
    return render(
        request,
        "accounts_one.html",
        shown=account,
        is_open=is_open(account, now),
        owned=owned,
        roles=[{"id": role.id, "words": _role_words(role.role, group, say)} for role, group in held],
        sessions=[
            {
                "sign_in": one,
                "browser": browser(one.user_agent or "", say),
                "method": say(METHODS[one.method]),
            }
            for one in sessions
        ],
        password=password,
        is_own=account_id == actor(request).account_id,
        **choices,
    )
