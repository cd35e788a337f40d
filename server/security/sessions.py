"""Sessions of signed-in people: an opaque token in a cookie, its hash in the database.

A session ends when it has been idle, at its last hour, at sign-out, or when somebody revokes it. The token
is made anew at each sign-in, so nobody can plant one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, AccountRole, Method, SignIn
from care.ids import new_id
from care.localtime import day_span, to_wall
from care.municipality import Group
from care.outbox import announce
from care.staff import Staff
from server.configuration import Configuration
from server.keys import CONFIGURATION
from server.security.actor import Actor, RoleIn

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: How often a session in use is noted as seen.
SEEN_EVERY = timedelta(minutes=5)


def cookie_name(configuration: Configuration) -> str:
    """``__Host-`` binds the cookie to this very host, without sub-domains; it demands HTTPS."""
    return "__Host-samtid" if configuration.is_secure else "samtid"


def read_token(request: web.Request) -> str | None:
    """The token of the request's cookie, when it looks like one of ours."""
    token = request.cookies.get(cookie_name(request.app[CONFIGURATION]), "")
    return token if _TOKEN.fullmatch(token) else None


def give_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    configuration = request.app[CONFIGURATION]
    response.set_cookie(
        cookie_name(configuration),
        token,
        max_age=configuration.session_hours * 3600,
        path="/",
        secure=configuration.is_secure,
        httponly=True,
        samesite="Lax",
    )


def take_cookie(request: web.Request, response: web.StreamResponse) -> None:
    configuration = request.app[CONFIGURATION]
    response.del_cookie(
        cookie_name(configuration), path="/", secure=configuration.is_secure, httponly=True, samesite="Lax"
    )


def digest(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_open(account: Account, now: datetime) -> bool:
    """True when the account may sign in: it is not closed, and its last day is not over."""
    is_over = account.last_day is not None and account.last_day < to_wall(now).date()
    return account.disabled_at is None and not is_over


async def open_session(
    session: AsyncSession,
    account: Account,
    now: datetime,
    hours: int,
    user_agent: str | None,
    *,
    method: Method = Method.PASSWORD,
) -> str:
    """A fresh session of `account`; its token, which is kept nowhere. It outlives no last day."""
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=hours)
    if account.last_day is not None:
        expires_at = min(expires_at, day_span(account.last_day)[1])
    session.add(
        SignIn(
            id=new_id(),
            account_id=account.id,
            token_hash=digest(token),
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            user_agent=_plain(user_agent or "")[:200] or None,
            method=method,
        )
    )
    await session.flush()
    return token


def _plain(header: str) -> str:
    """A header as text that any database takes: bytes that are no UTF-8 come as lone surrogates."""
    return header.replace("\0", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Found:
    """A living session and who it is."""

    actor: Actor
    seen_at: datetime


async def find(session: AsyncSession, token: str, now: datetime, idle: timedelta) -> Found | None:
    """Whose session `token` is, or None when it has ended or never was."""
    row = (
        await session.execute(
            select(SignIn, Account, Staff)
            .join(Account, Account.id == SignIn.account_id)
            .outerjoin(Staff, Staff.id == Account.staff_id)
            .where(
                SignIn.token_hash == digest(token),
                SignIn.revoked_at.is_(None),
                SignIn.expires_at > now,
                SignIn.last_seen_at > now - idle,
                Account.disabled_at.is_(None),
                or_(Account.last_day.is_(None), Account.last_day >= to_wall(now).date()),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    sign_in, account = row[0], row[1]
    staff: Staff | None = row[2]
    held = (
        await session.execute(
            select(AccountRole.role, AccountRole.group_id, Group.name)
            .outerjoin(Group, Group.id == AccountRole.group_id)
            .where(AccountRole.account_id == account.id)
            .order_by(AccountRole.id)
        )
    ).all()
    who = Actor(
        account_id=account.id,
        staff_id=account.staff_id,
        device_id=None,
        roles=tuple(RoleIn(role, group_id) for role, group_id, _ in held),
        display_name=account.display_name,
        language=account.language,
        sign_in_id=sign_in.id,
        group_names=tuple(dict.fromkeys(name for _, _, name in held if name)),
        portrait=staff.portrait if staff is not None else None,
        is_substitute=staff is not None and staff.is_substitute,
    )
    return Found(who, sign_in.last_seen_at)


async def note_seen(session: AsyncSession, sign_in_id: UUID, now: datetime) -> None:
    await session.execute(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.last_seen_at < now).values(last_seen_at=now)
    )


async def revoke(session: AsyncSession, sign_in_id: UUID, now: datetime) -> None:
    """End one session; open sockets of it are told."""
    account_id = await session.scalar(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(SignIn.account_id)
    )
    if account_id is not None:
        await announce(session, now, "account.changed", account=account_id)


async def revoke_all(session: AsyncSession, account_id: UUID, now: datetime) -> int:
    """End every session of an account; how many there were."""
    return await revoke_others(session, account_id, None, now)


async def revoke_others(session: AsyncSession, account_id: UUID, kept: UUID | None, now: datetime) -> int:
    """End every session of an account but the one to be `kept`; how many there were."""
    living = update(SignIn).where(
        SignIn.account_id == account_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now
    )
    if kept is not None:
        living = living.where(SignIn.id != kept)
    ended = (await session.scalars(living.values(revoked_at=now).returning(SignIn.id))).all()
    await announce(session, now, "account.changed", account=account_id)
    return len(ended)
