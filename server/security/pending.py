"""Sign-ins that are not finished: a cookie of their own, ten minutes, and nothing opens but the next step.

They stand in a table of their own, and what finds sessions never looks there: somebody whose password was
right but who still owes the second factor is nobody, wherever they go.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, PendingSignIn, Step
from care.ids import new_id
from care.programs import end_tokens
from server.configuration import Configuration
from server.keys import CLOCK, CONFIGURATION
from server.security.sessions import digest, is_open, revoke_all

PATIENCE = timedelta(minutes=10)
#: Wrong answers before one has to begin anew with the password.
TRIES = 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(configuration: Configuration) -> str:
    return "__Host-samtid-steg" if configuration.is_secure else "samtid-steg"


async def begin(
    request: web.Request,
    session: AsyncSession,
    step: Step,
    account_id: UUID | None,
    target: str,
    **more: Any,
) -> str:
    """An unfinished sign-in that waits for `step`; its token, which is kept nowhere."""
    now = request.app[CLOCK].now()
    await session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        PendingSignIn(
            id=new_id(),
            step=step,
            account_id=account_id,
            token_hash=digest(token),
            created_at=now,
            expires_at=now + PATIENCE,
            target=target,
            challenge=secrets.token_bytes(32),
            **more,
        )
    )
    await session.flush()
    return token


async def find(request: web.Request, session: AsyncSession, step: Step) -> PendingSignIn | None:
    """The browser's unfinished sign-in that waits for `step`; None when there is none, or no more."""
    token = request.cookies.get(cookie_name(request.app[CONFIGURATION]), "")
    if not _TOKEN.fullmatch(token):
        return None
    found: PendingSignIn | None = await session.scalar(
        select(PendingSignIn).where(
            PendingSignIn.token_hash == digest(token),
            PendingSignIn.step == step,
            PendingSignIn.expires_at > request.app[CLOCK].now(),
            PendingSignIn.tries < TRIES,
        )
    )
    return found


async def find_whose(
    request: web.Request, session: AsyncSession, step: Step
) -> tuple[PendingSignIn, Account] | None:
    """As `find`, with the account whose password was right; None also when it has been closed since."""
    under_way = await find(request, session, step)
    if under_way is None or under_way.account_id is None:
        return None
    account = await session.get_one(Account, under_way.account_id)
    return (under_way, account) if is_open(account, request.app[CLOCK].now()) else None


async def count_try(session: AsyncSession, pending_id: UUID) -> bool:
    """Count one try before it is made: many at once are as few as many in turn. False when none is left."""
    counted = await session.scalar(
        update(PendingSignIn)
        .where(PendingSignIn.id == pending_id, PendingSignIn.tries < TRIES)
        .values(tries=PendingSignIn.tries + 1)
        .returning(PendingSignIn.tries)
    )
    return counted is not None


async def end(session: AsyncSession, pending_id: UUID) -> bool:
    """Use it up. False when somebody else did in the meantime."""
    gone = await session.scalar(
        delete(PendingSignIn).where(PendingSignIn.id == pending_id).returning(PendingSignIn.id)
    )
    return gone is not None


async def end_all(session: AsyncSession, account_id: UUID, *, but: UUID | None = None) -> None:
    """End every unfinished sign-in of an account, but the one given."""
    others = delete(PendingSignIn).where(PendingSignIn.account_id == account_id)
    if but is not None:
        others = others.where(PendingSignIn.id != but)
    await session.execute(others)


async def shut_out(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """End every session of an account, every sign-in under way, and the tokens of its programs."""
    await end_all(session, account_id)
    await end_tokens(session, account_id, now)
    await revoke_all(session, account_id, now)


def renew(pending: PendingSignIn, now: datetime) -> None:
    """After a step that went well: fresh random bytes and fresh patience for the next."""
    pending.challenge = secrets.token_bytes(32)
    pending.expires_at = now + PATIENCE
    pending.tries = 0


def give_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    configuration = request.app[CONFIGURATION]
    response.set_cookie(
        cookie_name(configuration),
        token,
        max_age=int(PATIENCE.total_seconds()),
        path="/",
        secure=configuration.is_secure,
        httponly=True,
        # Lax: the way back from another sign-in service begins at a foreign page.
        samesite="Lax",
    )


def take_cookie(request: web.Request, response: web.StreamResponse) -> None:
    configuration = request.app[CONFIGURATION]
    response.del_cookie(
        cookie_name(configuration), path="/", secure=configuration.is_secure, httponly=True, samesite="Lax"
    )
