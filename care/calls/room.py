"""A call of two that goes on in a room, because somebody more is let in.

It stays there until it ends, also when the third has left: changing back would be one more break.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import Call
from care.calls.course import contact_of
from care.calls.life import CallState
from care.calls.ring import tell


async def gather(session: AsyncSession, call: Call, now: datetime) -> bool:
    """Let `call`, fetched by the caller, go on in the room of its id. False when it is there already."""
    if call.room_at is not None or call.state in (CallState.RINGING, CallState.ENDED):
        return False
    call.room_at = now
    await session.flush()
    await tell(session, call, await contact_of(session, call), now)
    return True
