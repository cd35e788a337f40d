"""Sets who is asking, once a request: from the session cookie, or from a program's token."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Handler

from server.keys import ACTOR, CLOCK, CONFIGURATION, DATABASE, LANGUAGE, THROTTLE
from server.language import LANGUAGES
from server.security import sessions, tokens
from server.security.address import client_address
from server.security.throttle import TOKEN, TOKEN_ADDRESS

#: The same for everybody: no need to ask the database who it is.
_NOBODYS = frozenset(
    {
        "fault_report",
        "fault_report_send",
        "fault_report_worker",
        "static",
        "words",
        "healthz",
        "readyz",
        "metrics",
    }
)


@web.middleware
async def asker(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the session and set the actor and the language of the account."""
    bearer = tokens.read_bearer(request)
    if bearer is not None:
        # Whoever shows a token is asked nothing else: a cookie beside it is not looked at.
        await _find_program(request, bearer)
        return await handler(request)
    token = None if request.match_info.route.name in _NOBODYS else sessions.read_token(request)
    if token is not None:
        await _find(request, token)
    return await handler(request)


async def _find(request: web.Request, token: str) -> None:
    database, now = request.app[DATABASE], request.app[CLOCK].now()
    idle = timedelta(minutes=request.app[CONFIGURATION].idle_minutes)
    async with database.read() as session:
        found = await sessions.find(session, token, now, idle)
    if found is None:
        return
    request[ACTOR] = found.actor
    if found.actor.language in LANGUAGES:
        request[LANGUAGE] = found.actor.language
    if now - found.seen_at > sessions.SEEN_EVERY and found.actor.sign_in_id is not None:
        async with database.write() as session:
            await sessions.note_seen(session, found.actor.sign_in_id, now)


async def _find_program(request: web.Request, bearer: str) -> None:
    database, now = request.app[DATABASE], request.app[CLOCK].now()
    async with database.read() as session:
        found = await tokens.find(session, bearer, now)
    throttle = request.app[THROTTLE]
    if found is None:
        await throttle.spend(TOKEN_ADDRESS, client_address(request))
        raise tokens.bad_token()
    await throttle.spend(TOKEN, str(found.token_id))
    request[ACTOR] = found.actor
    if found.is_news(now):
        async with database.write() as session:
            await tokens.note_used(session, found.token_id, now)
