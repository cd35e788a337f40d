"""Access tokens of programs: made for one account, in one of its roles, for some of its actions.

A token has 256 random bits and is kept as a hash, as a session is; it is shown once, ends on its day, and can
be revoked. It travels in ``Authorization: Bearer`` alone, opens ``/api/`` alone, and lends nothing that the
account has lost since.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action, relations
from care.accounts import Account, AccountRole, Role
from care.errors import Fault, not_found
from care.ids import new_id
from care.localtime import to_wall
from care.programs import AccessToken
from care.staff import Staff
from server.security.actor import Actor, RoleIn
from server.security.sessions import SEEN_EVERY, digest, is_open

#: Where tokens are taken. Pages and sockets know sessions only.
API = "/api/"
#: Scanners for secrets that were left in a file know it by its beginning.
PREFIX = "samtid_"
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
LONGEST_DAYS = 366

#: What the API offers, told apart: reading, and what changes something.
READING = (
    Action.PLAN_READ,
    Action.CONTACT_READ,
    Action.CLIENT_READ,
    Action.CLIENT_LIST,
    Action.DEVICE_READ,
    Action.PROPOSAL_READ,
    Action.MEASURES_READ,
)
CHANGING = (
    Action.CONTACT_PERFORM,
    Action.CONTACT_MOVE,
    Action.DISRUPTION_REPORT,
    Action.PROPOSAL_APPROVE,
)

_OF_A_CONTACT = {Action.CONTACT_READ, Action.CONTACT_PERFORM, Action.CONTACT_MOVE}


def offered(role: Role, *, changing: bool) -> tuple[Action, ...]:
    """What a token in `role` may do: everything that the API reads, with `changing` also what it changes."""
    wanted = (*READING, *CHANGING) if changing else READING
    return tuple(action for action in wanted if relations(action, role))


def read_bearer(request: web.Request) -> str | None:
    """What ``Authorization`` says, where tokens are taken; None when it says nothing.

    Raises `Fault` ``token.bad`` (401) when it says something else than a token of ours.
    """
    said = request.headers.get("Authorization")
    if said is None or not request.path.startswith(API):
        return None
    scheme, _, token = said.partition(" ")
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token.strip()):
        raise bad_token()
    return token.strip()


def bad_token() -> Fault:
    return Fault(
        "token.bad",
        "Nyckeln gäller inte. Den kan vara återkallad, för gammal eller felskriven.",
        status=401,
        place="Authorization",
    )


async def make(  # noqa: PLR0917
    session: AsyncSession,
    account: Account,
    role: Role,
    actions: Collection[Action],
    name: str,
    days: int,
    now: datetime,
) -> tuple[AccessToken, str]:
    """A fresh token of `account`, and its text, which is kept nowhere.

    Raises `Fault` ``token.role`` when the account does not have the role, ``token.actions`` when the role
    may not do what is asked for, and ``token.days``.
    """
    if role not in await _roles(session, account.id):
        raise Fault("token.role", "Kontot har inte den rollen.", place="role")
    if not actions or any(not relations(action, role) for action in actions):
        raise Fault("token.actions", "Rollen får inte göra något av det här genom API:et.", place="role")
    if not 1 <= days <= LONGEST_DAYS:
        raise Fault(
            "token.days", "Nyckeln kan gälla mellan 1 och %(most)s dagar.", place="days",
            values={"most": LONGEST_DAYS},
        )  # fmt: skip
    text = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken(
        id=new_id(),
        account_id=account.id,
        name=name,
        token_hash=digest(text),
        role=role,
        actions=sorted(action.value for action in actions),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    await session.flush()
    return token, text


async def _roles(session: AsyncSession, account_id: UUID) -> set[Role]:
    held = select(AccountRole.role).where(AccountRole.account_id == account_id)
    return set(await session.scalars(held))


async def revoke(session: AsyncSession, account_id: UUID, token_id: UUID | None, now: datetime) -> None:
    """End a token of the account. Raises `Fault` ``not_found``; one that has ended already stays so."""
    token = await session.get(AccessToken, token_id) if token_id is not None else None
    if token is None or token.account_id != account_id:
        raise not_found("nyckel")
    if token.revoked_at is None:
        token.revoked_at = now


async def living(session: AsyncSession, account_id: UUID, now: datetime) -> list[AccessToken]:
    """The account's tokens that are still good, newest first."""
    found = await session.scalars(
        select(AccessToken)
        .where(
            AccessToken.account_id == account_id,
            AccessToken.revoked_at.is_(None),
            AccessToken.expires_at > now,
        )
        .order_by(AccessToken.id.desc())
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class Found:
    """A living token and who it speaks for."""

    actor: Actor
    token_id: UUID
    used_at: datetime | None

    def is_news(self, now: datetime) -> bool:
        """True when its use has not been noted for a while."""
        return self.used_at is None or now - self.used_at > SEEN_EVERY


async def find(session: AsyncSession, text: str, now: datetime) -> Found | None:
    """Whose token `text` is, or None when it has ended, was revoked, or its account is closed."""
    row = (
        await session.execute(
            select(AccessToken, Account)
            .join(Account, Account.id == AccessToken.account_id)
            .where(
                AccessToken.token_hash == digest(text),
                AccessToken.revoked_at.is_(None),
                AccessToken.expires_at > now,
                Account.disabled_at.is_(None),
                or_(Account.last_day.is_(None), Account.last_day >= to_wall(now).date()),
            )
        )
    ).one_or_none()
    if row is None or not is_open(row[1], now):
        return None
    token, account = row[0], row[1]
    groups = await session.scalars(
        select(AccountRole.group_id)
        .where(AccountRole.account_id == account.id, AccountRole.role == token.role)
        .order_by(AccountRole.id)
    )
    staff = await session.get(Staff, account.staff_id) if account.staff_id is not None else None
    known = {action.value: action for action in Action}
    only = {known[word] for word in token.actions if word in known}
    if only & _OF_A_CONTACT:
        # What it is for belongs to it, under the law that the role may read.
        only |= {Action.SOL_LINE_READ, Action.HSL_LINE_READ}
    who = Actor(
        account_id=account.id,
        staff_id=account.staff_id,
        device_id=None,
        roles=tuple(RoleIn(token.role, group_id) for group_id in groups),
        display_name=account.display_name,
        language=account.language,
        is_substitute=staff is not None and staff.is_substitute,
        only=frozenset(only),
    )
    return Found(who, token.id, token.last_used_at)


async def note_used(session: AsyncSession, token_id: UUID, now: datetime) -> None:
    await session.execute(update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now))
