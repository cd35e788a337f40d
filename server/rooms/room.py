"""One room in memory: who sits in it, what they see, and how they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from server.calls.message import Message
from server.media.engine import LARGEST_ROOM, Line, Place
from server.rooms.messages import Present
from server.rooms.person import Door, Person

#: Hands a message to somebody's page; must not wait.
Deliver = Callable[[Message], None]


@dataclass(eq=False, slots=True)
class Seat:
    """A place that somebody has in the room, also while their line is broken."""

    person: Person
    door: Door | None = None
    #: None while the line is broken.
    deliver: Deliver | None = None
    #: The connections that the engine still has.
    lines: set[Line] = field(default_factory=set)
    places: tuple[Place, ...] = ()
    audio: bool = True
    video: bool = True
    #: Ends the seat of who does not come back.
    leaving: asyncio.TimerHandle | None = None

    @property
    def who(self) -> UUID:
        return self.person.who

    @property
    def present(self) -> Present:
        return Present(
            who=self.who,
            name=self.person.name,
            role=self.person.role.value,
            audio=self.audio,
            video=self.video,
            away=self.deliver is None,
        )

    def tell(self, message: Message) -> None:
        if self.deliver is not None:
            self.deliver(message)

    def stay(self) -> None:
        """Do not end the seat after all."""
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None


@dataclass(eq=False, slots=True)
class Room:
    """`turn` lets one person at a time come or go."""

    id: UUID
    size: int = LARGEST_ROOM
    seats: dict[UUID, Seat] = field(default_factory=dict)
    is_open: bool = False
    is_closed: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def seat_of(self, key: tuple[str, UUID]) -> Seat | None:
        return next((seat for seat in self.seats.values() if seat.person.key == key), None)

    @property
    def present(self) -> list[Present]:
        return [seat.present for seat in self.seats.values()]

    def away(self) -> Iterable[Seat]:
        """Those whose line is broken, the longest first."""
        gone = (seat for seat in self.seats.values() if seat.deliver is None and seat.leaving is not None)
        return sorted(gone, key=lambda seat: seat.leaving.when() if seat.leaving else 0.0)
