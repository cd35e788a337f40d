"""Writes the access log: everything a request opened, changed or was refused, before its answer leaves."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from care.access.log import AccessLog
from care.ids import new_id
from server.keys import CLOCK, DATABASE
from server.security.actor import signed_in
from server.security.address import client_address
from server.security.gate import OPENINGS, Openings


@web.middleware
async def access_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Collect what the gate notes and write it in one short transaction."""
    request[OPENINGS] = Openings()
    try:
        return await handler(request)
    finally:
        # Also when refused. If it cannot be written nothing is shown: the exception replaces the answer.
        await write_openings(request)


async def write_openings(request: web.Request) -> None:
    """Write what has been opened so far. Sockets and streams call this before they send anything."""
    opened = request[OPENINGS].take()
    if not opened:
        return
    who = signed_in(request)
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].write() as session:
        session.add_all(
            AccessLog(
                id=new_id(),
                at=now,
                account_id=who.account_id if who else None,
                device_id=who.device_id if who else None,
                role=one.role[:200],
                relation=one.relation,
                group_id=one.group_id,
                client_id=one.client_id,
                action=one.action.value,
                thing=one.thing[:200],
                purpose=one.purpose[:200],
                allowed=one.allowed,
                where=request.match_info.route.name or "unnamed",
                address=client_address(request) or None,
            )
            for one in opened
        )
