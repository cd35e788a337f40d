"""Rooms that a server left behind at a node when it was killed: nobody is in them, nobody will close them."""

from __future__ import annotations

from contextlib import suppress

from server.media.janus.naming import DESCRIPTION, secret_of
from server.media.janus.session import Gone, Refused, Session

#: Every room has a stream that carries nothing; where a server is, it listens in the room as well.
ABANDONED = 1


async def sweep(session: Session, secret: str) -> int:
    """Take away the abandoned rooms; how many there were. What cannot be done is left."""
    swept = 0
    with suppress(Refused, Gone):
        handle = await session.attach()
        told = await session.message(handle, {"request": "list", "admin_key": secret})
        for room in told.data.get("list", ()):
            if room.get("description") != DESCRIPTION or int(room["num_participants"]) > ABANDONED:
                continue
            name = str(room["room"])
            with suppress(Refused):
                await session.message(
                    handle, {"request": "destroy", "room": name, "secret": secret_of(secret, name)}
                )
                swept += 1
        await session.detach(handle)
    return swept
