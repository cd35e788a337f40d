"""One person in a room at a node: what they send, what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from uuid import UUID

from server.media.embedded.limits import Throttle
from server.media.janus.publishing import Publishing
from server.media.janus.viewing import Viewing

#: Seconds between two key pictures that are asked of one publisher.
KEYFRAMES_APART = 0.5


class Seat:
    """Its two connections; `turn` is held by whoever changes one."""

    def __init__(self, who: UUID) -> None:
        self.who = who
        self.publishing: Publishing | None = None
        self.viewing: Viewing | None = None
        #: Whom they want to see, the most important first; ``None`` everybody.
        self.wanted: Sequence[UUID] | None = None
        self.turn = asyncio.Lock()
        #: Somebody is about to bring what they see in step.
        self.due = False
        self.keyframes = Throttle(KEYFRAMES_APART)
        self._numbers = count(1)

    def next_number(self) -> int:
        """The number of the next offer."""
        return next(self._numbers)

    def wants(self, sending: Sequence[UUID]) -> list[UUID]:
        """Whom of those who send they see, the most important first."""
        chosen = sending if self.wanted is None else [one for one in self.wanted if one in sending]
        return [one for one in dict.fromkeys(chosen) if one != self.who]

    @property
    def is_empty(self) -> bool:
        return self.publishing is None and self.viewing is None

    async def close(self) -> None:
        publishing, viewing = self.publishing, self.viewing
        self.publishing = self.viewing = None
        handles = [publishing.handle] if publishing is not None else []
        handles += [viewing.handle] if viewing is not None and viewing.handle is not None else []
        for handle in handles:
            await handle.detach()
