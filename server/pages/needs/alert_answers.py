"""Opening a page that shows what waits is the answer to every message that was sent about it."""

from __future__ import annotations

from aiohttp import web

from care.alerts import is_to_be_noted, note_seen
from server.keys import CLOCK, DATABASE
from server.security.actor import actor


async def note_opened(request: web.Request) -> None:
    """The caller has the page open. Costs a small question for those who want no messages."""
    staff_id = actor(request).staff_id
    if staff_id is None:
        return
    now = request.app[CLOCK].now()
    async with request.app[DATABASE].read() as session:
        is_new = await is_to_be_noted(session, staff_id, now)
    if is_new:
        async with request.app[DATABASE].write() as session:
            await note_seen(session, staff_id, now)
