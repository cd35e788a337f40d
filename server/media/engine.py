"""The one interface of an engine that passes picture and sound on between up to twelve people.

Each person has two connections with the engine. On *publish* the browser offers and the engine answers; on
*subscribe* the engine always offers and the browser answers. The same side offers for as long as a connection
lives: neither aiortc nor Janus can change that.

An engine that has places in advance (embedded) offers once, and `subscribe` then answers ``None``. An engine
that makes a stream per source (Janus) offers again when people come and go: that offer comes out of
`subscribe`, or unasked as `Offered`. Whoever speaks with the browser treats the two alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct

#: As many as may be in one room, whichever the engine.
LARGEST_ROOM = 12


class Line(StrEnum):
    """Which of the two connections of a person."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"


class IceServer(Struct, frozen=True):
    """A STUN or TURN server, with credentials that may be valid for minutes only."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class Offer(Struct, frozen=True):
    """What the browser must answer. `number` grows; an answer to an older offer is refused."""

    number: int
    sdp: str


class Place(Struct, frozen=True):
    """Where a viewer sees and hears somebody: the `mid` of their m-lines in the subscribe connection.

    `held` says that the picture is left out for now because this viewer's line does not carry it; sound goes
    on.
    """

    who: UUID
    audio: str | None
    video: str | None
    held: bool = False


class Event(Struct, frozen=True, tag=True):
    """Something an engine tells unasked."""

    room: UUID


class Placed(Event, frozen=True):
    """All that `viewer` sees now, in place order."""

    viewer: UUID
    places: tuple[Place, ...]


class Offered(Event, frozen=True):
    """The subscribe connection of `viewer` needs a new answer."""

    viewer: UUID
    offer: Offer


class Connected(Event, frozen=True):
    """Media can flow on that line of `who`."""

    who: UUID
    line: Line


class Lost(Event, frozen=True):
    """That line of `who` is dead and taken away: publish or subscribe anew. The seat is kept."""

    who: UUID
    line: Line


class RoomLost(Event, frozen=True):
    """What held the room died and is being replaced: everybody publishes and subscribes anew, at once.

    The room is still open, and empty; what is asked before the new process stands waits for it.
    """


class SourceStats(Struct, frozen=True):
    """What comes in from one microphone or camera.

    `lost` counts packets that never came, `repaired` those that came when asked for. Bits are per second.
    """

    kind: str
    packets: int
    lost: int
    repaired: int
    bits: int
    keyframes_asked: int


class ViewStats(Struct, frozen=True):
    """What goes out to one place. `loss` (0–1) and `round_trip` (s) are the viewer's own latest report."""

    kind: str
    who: UUID | None
    packets: int
    resent: int
    refused: int
    loss: float
    round_trip: float | None


class PersonStats(Struct, frozen=True):
    """One person; `estimate` is what the viewer's browser believes its line carries, bit/s."""

    who: UUID
    sources: tuple[SourceStats, ...]
    views: tuple[ViewStats, ...]
    estimate: int | None


class RoomStats(Struct, frozen=True):
    """One room now. `cpu` is the process time of the whole engine so far, s; `forwarded` its packets out."""

    people: tuple[PersonStats, ...]
    cpu: float
    forwarded: int


class MediaEngine(Protocol):
    """Rooms, people in them, and who sees whom. Ids are the caller's own; no names reach an engine.

    All methods raise `care.errors.Fault`: ``media.no_room``, ``media.not_there`` (404), ``media.full`` (409),
    ``media.description`` (422: that SDP cannot be used), ``media.away`` (503: nobody answers).
    """

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Have events told on the server's loop; returns what ends it."""
        ...

    async def open_room(self, room: UUID, *, seats: int = LARGEST_ROOM) -> None:
        """Open a room for `seats` people (2–12). Opening an open room changes nothing."""
        ...

    async def close_room(self, room: UUID) -> None: ...

    async def publish(self, room: UUID, who: UUID, offer: str) -> str:
        """Take what a browser offers to send (at most one audio and one video m-line); returns the answer.

        A further offer of the same connection renegotiates it; one of another connection replaces it.
        """
        ...

    async def subscribe(
        self, room: UUID, who: UUID, sources: Sequence[UUID] | None = None, *, renew: bool = False
    ) -> Offer | None:
        """Say whom `who` sees, the most important first (``None``: everybody, as they come).

        Returns an offer when the browser must answer one. `renew` makes a new connection instead of the one
        there is, for a line that died.
        """
        ...

    async def answer(self, room: UUID, who: UUID, number: int, sdp: str) -> None:
        """The browser's answer to the offer of that number."""
        ...

    async def trickle(self, room: UUID, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        """A later ICE candidate of the browser (the ``candidate:…`` line), ``None`` after the last."""
        ...

    async def request_keyframe(self, room: UUID, who: UUID, source: UUID) -> None:
        """Have `source` send a whole picture soon, for `who`."""
        ...

    async def stats(self, room: UUID) -> RoomStats: ...

    async def leave(self, room: UUID, who: UUID) -> None:
        """Take somebody out at once. Leaving twice is no error."""
        ...
