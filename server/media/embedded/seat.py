"""One person in a room: what they send, what they see, and whom they want to see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from server.media.embedded.publishing import Publishing
from server.media.embedded.viewing import Sources, Viewing
from server.media.engine import PersonStats, SourceStats, ViewStats


class Seat:
    """Steps of one person follow each other (`turn`); those of different people do not wait."""

    def __init__(self, who: UUID) -> None:
        self.who = who
        self.turn = asyncio.Lock()
        self.publishing: Publishing | None = None
        self.viewing: Viewing | None = None
        self.offered = 0
        self.wanted: tuple[UUID, ...] | None = None

    @property
    def sources(self) -> Sources:
        return self.publishing.sources if self.publishing is not None else {}

    def wants(self, others: Sequence[UUID]) -> list[UUID]:
        """Whom this person sees, the most important first, of those who send something."""
        if self.wanted is None:
            return [one for one in others if one != self.who]
        return [one for one in self.wanted if one in others and one != self.who]

    def stats(self) -> PersonStats:
        """This person's streams now."""
        sources = tuple(
            SourceStats(
                kind=kind,
                packets=source.missing.received,
                lost=source.missing.lost,
                repaired=source.missing.repaired,
                bits=round(source.uplink.bits),
                keyframes_asked=source.keyframes_asked,
            )
            for kind, source in self.sources.items()
        )
        views = tuple(
            ViewStats(
                kind=slot.kind,
                who=who,
                packets=slot.packets,
                resent=slot.resent,
                refused=slot.refused,
                loss=slot.loss,
                round_trip=slot.round_trip,
            )
            for who, slot in (self.viewing.slots() if self.viewing is not None else ())
        )
        estimate = self.viewing.budget.bits if self.viewing is not None else None
        return PersonStats(self.who, sources, views, estimate)

    async def close(self) -> None:
        publishing, viewing = self.publishing, self.viewing
        self.publishing = self.viewing = None
        if publishing is not None:
            await publishing.close()
        if viewing is not None:
            await viewing.close()
