"""Accounts wherever they are changed, on the page or the command line: names, roles, disabling, the log."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog, by_command
from care.access.rights import Action
from care.accounts import Account, AccountRole, Role, SignIn
from care.errors import Fault, not_found
from care.ids import new_id
from care.localtime import day_span
from care.municipality import Group
from care.outbox import announce
from care.staff import Staff
from server.security.pending import shut_out
from server.security.sessions import is_open

_USERNAME = re.compile(r"[a-zåäö0-9][a-zåäö0-9._@-]{1,63}")

#: Roles that people hold, in the order they are offered; tablets and guests have no account.
OFFERED = (
    Role.CARE_WORKER,
    Role.COORDINATOR,
    Role.UNIT_MANAGER,
    Role.NEEDS_ASSESSOR,
    Role.LICENSED_PROFESSIONAL,
    Role.ADMINISTRATOR,
)
#: Roles that are held in a group; the others serve the whole municipality.
IN_A_GROUP = frozenset({Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER})


def check_username(text: str) -> str:
    """The user name in lower case. Raises `Fault` ``account.bad_username``."""
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise Fault(
            "account.bad_username",
            "Användarnamnet ska ha 2 till 64 tecken: bokstäver, siffror, punkt, bindestreck och @.",
            place="username",
        )
    return username


async def make_account(  # noqa: PLR0917
    session: AsyncSession,
    now: datetime,
    username: str,
    display_name: str,
    password_hash: str | None,
    staff_id: UUID | None = None,
) -> Account:
    """A new account without roles. Raises `Fault` ``account.taken`` or ``account.bad_staff``."""
    if await session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise _taken(username)
    if staff_id is not None and await session.get(Staff, staff_id) is None:
        raise Fault("account.bad_staff", "Den personen finns inte bland personalen.", place="staff")
    account = Account(
        id=new_id(),
        username=username,
        password_hash=password_hash,
        display_name=display_name,
        staff_id=staff_id,
        created_at=now,
    )
    session.add(account)
    try:
        await session.flush()
    except IntegrityError:  # somebody else made it at the same moment
        raise _taken(username) from None
    return account


async def give_role(
    session: AsyncSession, now: datetime, account: Account, role: Role, group_id: UUID | None
) -> None:
    """Give a role in one group, or in all with None. Having it already changes nothing.

    Raises `Fault` ``account.bad_role`` or ``account.bad_group``.
    """
    if role not in OFFERED:
        raise Fault("account.bad_role", "Den rollen kan ett konto inte ha.", place="role")
    if role not in IN_A_GROUP:
        group_id = None
    if group_id is not None and await session.get(Group, group_id) is None:
        raise Fault("account.bad_group", "Den gruppen finns inte.", place="group")
    held = await session.scalars(
        select(AccountRole).where(AccountRole.account_id == account.id, AccountRole.role == role)
    )
    if any(one.group_id in {None, group_id} for one in held):
        return
    session.add(AccountRole(id=new_id(), account_id=account.id, role=role, group_id=group_id))
    await session.flush()
    await announce(session, now, "account.changed", account=account.id)


async def take_role(session: AsyncSession, now: datetime, account: Account, role_id: UUID) -> Role:
    """Take a role away; which one. Raises `Fault` ``not_found`` or ``account.last_administrator``."""
    held = await session.get(AccountRole, role_id)
    if held is None or held.account_id != account.id:
        raise not_found("roll")
    if held.role is Role.ADMINISTRATOR:
        await _another_administrator(session, account.id)
    await session.execute(delete(AccountRole).where(AccountRole.id == role_id))
    await announce(session, now, "account.changed", account=account.id)
    return held.role


async def disable(session: AsyncSession, now: datetime, account: Account) -> None:
    """Close an account and end its sessions. Raises `Fault` ``account.last_administrator``."""
    if account.disabled_at is not None:
        return
    if await _is_administrator(session, account.id):
        await _another_administrator(session, account.id)
    account.disabled_at = now
    await shut_out(session, account.id, now)


async def leave_on(session: AsyncSession, now: datetime, account: Account, last_day: date | None) -> None:
    """Set the last day on which somebody who leaves may sign in, or take it back with None.

    Sessions that are open end with that day. Raises `Fault` ``account.last_administrator``.
    """
    if last_day is not None and await _is_administrator(session, account.id):
        await _another_administrator(session, account.id)
    account.last_day = last_day
    if last_day is not None:
        await session.execute(
            update(SignIn)
            .where(SignIn.account_id == account.id, SignIn.expires_at > day_span(last_day)[1])
            .values(expires_at=day_span(last_day)[1])
        )
    if not is_open(account, now):
        await shut_out(session, account.id, now)


async def _is_administrator(session: AsyncSession, account_id: UUID) -> bool:
    found = await session.scalar(
        select(AccountRole.id)
        .where(AccountRole.account_id == account_id, AccountRole.role == Role.ADMINISTRATOR)
        .limit(1)
    )
    return found is not None


async def _another_administrator(session: AsyncSession, account_id: UUID) -> None:
    other = await session.scalar(
        select(Account.id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(
            AccountRole.role == Role.ADMINISTRATOR,
            Account.disabled_at.is_(None),
            Account.last_day.is_(None),
            Account.id != account_id,
        )
        .limit(1)
    )
    if other is None:
        raise Fault(
            "account.last_administrator",
            "Det måste finnas minst en administratör kvar. Gör någon annan till administratör först.",
            status=409,
        )


def note_change(at: datetime, account_id: UUID, what: str, *, where: str) -> AccessLog:
    """A row of the access log for a change that no request made (the command line)."""
    thing = f"account:{account_id}:{what}"
    return by_command(at, Action.ACCOUNT_MANAGE, thing, where=where, purpose="administration")


def _taken(username: str) -> Fault:
    return Fault(
        "account.taken",
        "Det finns redan ett konto som heter %(username)s.",
        status=409,
        place="username",
        values={"username": username},
    )
