"""The publish connection of one person at a node."""

from __future__ import annotations

import secrets
from uuid import UUID

from aiortc.sdp import SessionDescription

from server.media import description
from server.media.janus.node import Handle


def feed_of(who: UUID) -> str:
    """A new name for what somebody sends: whose it is, and which of their connections."""
    return f"{who.hex}.{secrets.token_hex(4)}"


def sender_of(feed: str) -> UUID | None:
    """Whose feed that is; ``None`` for one that is not of ours."""
    who, _, mark = feed.partition(".")
    try:
        return UUID(hex=who) if mark else None
    except ValueError:
        return None


class Publishing:
    """Answers a browser's offers; the first joins the room, later ones renegotiate."""

    def __init__(self, handle: Handle, who: UUID) -> None:
        self.handle, self.feed = handle, feed_of(who)
        self._fingerprints: tuple[str, ...] = ()

    def same(self, read: SessionDescription) -> bool:
        """Whether an offer is one more of this connection."""
        return description.fingerprints(read) == self._fingerprints

    async def begin(self, room: str, sdp: str, read: SessionDescription, bits: int) -> str:
        """Join and publish; returns the answer. Raises `Refused`, `Gone`."""
        self._fingerprints = description.fingerprints(read)
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": self.feed}
        return self._answer((await self.handle.say({**body, "bitrate": bits}, offer=sdp)).sdp)

    async def again(self, sdp: str) -> str:
        """A camera that came later, or another network."""
        return self._answer((await self.handle.say({"request": "configure"}, offer=sdp)).sdp)

    async def send_at_most(self, bits: int) -> None:
        await self.handle.say({"request": "configure", "bitrate": bits})

    async def send_keyframe(self) -> None:
        await self.handle.say({"request": "configure", "keyframe": True})

    @staticmethod
    def _answer(sdp: str | None) -> str:
        if sdp is None:
            raise description.Unusable("no answer")
        return sdp
