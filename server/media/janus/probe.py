"""Whether a node is what Samtid needs: really connects, and opens and closes a room there."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import ClientError, ClientSession

from server.media.janus.address import NodeAddress
from server.media.janus.session import CONNECT, PLUGIN, Gone, Refused, Session

#: What Janus says to a wrong secret.
_SECRET = 403


class Finding(StrEnum):
    """What is wrong with a node, or nothing."""

    GOOD = "good"
    #: Rooms work, but it does not tell what it counted.
    NO_FIGURES = "no_figures"
    AWAY = "away"
    NOT_LET_IN = "not_let_in"
    PLUGIN = "plugin"
    ROOMS = "rooms"


@dataclass(frozen=True, slots=True)
class Probed:
    """A finding and, where it said so, the version of Janus."""

    finding: Finding
    version: str = ""


async def probe(address: NodeAddress) -> Probed:
    """Try one node. Never raises; whatever was made there is taken away again."""
    async with ClientSession() as client:
        try:
            session = await Session.open(client, address.url, address.secret, lambda _: None)
        except Gone:
            return Probed(Finding.AWAY)
        except Refused as refused:
            return Probed(Finding.NOT_LET_IN if refused.code == _SECRET else Finding.AWAY)
        version = ""
        try:
            told = await session.information()
            version = str(told.get("version_string", ""))
            if PLUGIN not in told.get("plugins", {}):
                return Probed(Finding.PLUGIN, version)
            await _room(session, address.secret)
        except Refused:
            return Probed(Finding.ROOMS, version)
        except Gone:
            return Probed(Finding.AWAY)
        finally:
            await session.close()
        counts = not address.admin_url or await _figures(client, address)
        return Probed(Finding.GOOD if counts else Finding.NO_FIGURES, version)


async def _room(session: Session, secret: str) -> None:
    """A room with a name, made and taken away. Raises `Refused`, `Gone`."""
    handle = await session.attach()
    room = {"room": f"samtid-{secrets.token_hex(8)}", "secret": secrets.token_hex(8)}
    await session.message(
        handle, {"request": "create", **room, "admin_key": secret, "is_private": True, "permanent": False}
    )
    await session.message(handle, {"request": "destroy", **room})


async def _figures(client: ClientSession, address: NodeAddress) -> bool:
    try:
        async with (
            asyncio.timeout(CONNECT),
            client.ws_connect(address.admin_url, protocols=("janus-admin-protocol",)) as socket,
        ):
            asked = {"janus": "list_sessions", "transaction": "doctor", "admin_secret": address.secret}
            await socket.send_json(asked)
            said = await socket.receive_json()
    except (OSError, ClientError, TimeoutError, TypeError, ValueError):
        return False
    return bool(said.get("janus") == "success")
