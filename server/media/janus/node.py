"""One Janus: the line to it, kept up for as long as the server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiohttp import ClientSession

from server.media.janus.address import NodeAddress
from server.media.janus.leftovers import sweep
from server.media.janus.session import Gone, Refused, Said, Session

#: Seconds until the first and between the later tries to reach a node.
FIRST, SLOWEST = 0.25, 5.0

log = logging.getLogger(__name__)


class Node:
    """A node that comes and goes. `on_change` is told when it does."""

    def __init__(self, address: NodeAddress, on_change: Callable[[Node], None]) -> None:
        self.address, self._on_change = address, on_change
        self.session: Session | None = None
        #: Who hears what is told unasked, by handle.
        self.ears: dict[int, Callable[[Said], None]] = {}
        #: It answers but cannot hold our rooms: its configuration is not ours.
        self.unfit = False

    @property
    def name(self) -> str:
        return self.address.url

    @property
    def answers(self) -> bool:
        return self.session is not None and not self.unfit

    async def keep(self, client: ClientSession) -> None:
        """Reach it, follow it until it is dead, begin again; for ever."""
        pause = 0.0
        while True:
            try:
                session = await Session.open(client, self.address.url, self.address.secret, self._told)
            except (Gone, Refused) as error:
                if pause == 0.0:
                    log.warning("the media node %s cannot be reached: %s", self.name, error)
                pause = min(SLOWEST, max(FIRST, 2 * pause))
                await asyncio.sleep(pause)
                continue
            pause = 0.0
            await sweep(session, self.address.secret)
            self.session, self.unfit = session, False
            self._on_change(self)
            try:
                await session.ended()
                log.warning("the media node %s is away", self.name)
            finally:
                self.session = None
                self.ears.clear()
                self._on_change(self)
                await session.close()
            # One that dies as soon as it stands is not asked in a hurry.
            await asyncio.sleep(FIRST)

    def _told(self, said: Said) -> None:
        ear = self.ears.get(said.handle)
        if ear is not None:
            ear(said)


class Handle:
    """What one person, or a room, holds at a node: messages go out, what is told comes to `ear`."""

    def __init__(self, node: Node, session: Session, number: int) -> None:
        self._node, self.session, self.number = node, session, number

    @classmethod
    async def attach(cls, node: Node, ear: Callable[[Said], None]) -> Handle:
        """Raises `Gone`, `Refused`."""
        session = node.session
        if session is None:
            raise Gone("away")
        number = await session.attach()
        node.ears[number] = ear
        return cls(node, session, number)

    async def say(
        self, body: dict[str, object], *, offer: str | None = None, answer: str | None = None
    ) -> Said:
        return await self.session.message(self.number, body, offer=offer, answer=answer)

    async def trickle(self, candidate: dict[str, object]) -> None:
        await self.session.trickle(self.number, candidate)

    async def detach(self) -> None:
        self._node.ears.pop(self.number, None)
        await self.session.detach(self.number)
