"""The door: a session is opened here and nowhere else, when every step of a sign-in has been taken."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog
from care.accounts import Account, Method
from care.ids import new_id
from server.keys import CLOCK, CONFIGURATION
from server.security import pending, sessions
from server.security.actor import signed_in
from server.security.address import client_address


async def enter(request: web.Request, session: AsyncSession, account: Account, method: Method) -> str:
    """Open a session with a fresh token, and end what the browser had before; the token."""
    before, now = signed_in(request), request.app[CLOCK].now()
    if before is not None and before.sign_in_id is not None:
        await sessions.revoke(session, before.sign_in_id, now)
    token = await sessions.open_session(
        session,
        account,
        now,
        request.app[CONFIGURATION].session_hours,
        request.headers.get("User-Agent"),
        method=method,
    )
    session.add(noted(request, account.id, f"session:{method.value}", allowed=True))
    return token


def let_in(request: web.Request, response: web.StreamResponse, token: str, *, is_over: bool = True) -> None:
    """Give the browser its session; when the sign-in `is_over`, take what was only for the way there."""
    sessions.give_cookie(request, response, token)
    if is_over:
        pending.take_cookie(request, response)


def noted(request: web.Request, account_id: UUID | None, thing: str, *, allowed: bool) -> AccessLog:
    """Sign-ins stand in the access log beside what was opened; a name that nobody has is not kept."""
    return AccessLog(
        id=new_id(),
        at=request.app[CLOCK].now(),
        account_id=account_id,
        device_id=None,
        role="none",
        relation="self" if allowed else "none",
        group_id=None,
        client_id=None,
        action="sign_in",
        thing=thing,
        purpose="sign_in",
        allowed=allowed,
        where=request.match_info.route.name or "unnamed",
        address=client_address(request) or None,
    )
