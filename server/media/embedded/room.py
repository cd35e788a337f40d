"""A room: people come and go, and everybody's places follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from server.media import description
from server.media.embedded.publishing import Publishing
from server.media.embedded.seat import Seat
from server.media.embedded.source import Source
from server.media.embedded.uplink import share
from server.media.embedded.viewing import Viewing
from server.media.engine import Connected, Event, IceServer, Line, Lost, Offer, Place, Placed


class Refusal(Exception):
    """Why something was not done; `code` is the word of a Fault."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Room:
    """One room of the process. `tell` sends events to the server."""

    def __init__(self, id: UUID, seats: int, tell: Callable[[Event], None]) -> None:
        self.id, self._size, self._tell = id, seats, tell
        self.seats: dict[UUID, Seat] = {}
        self._told: dict[UUID, tuple[Place, ...]] = {}
        self._weighed = 0.0
        self._closing: set[asyncio.Future[None]] = set()
        #: Packets sent on by people who left or connected anew.
        self._forwarded_before = 0

    @property
    def forwarded(self) -> int:
        """Packets sent on since the room was opened."""
        return self._forwarded_before + sum(
            source.forwarded for seat in self.seats.values() for source in seat.sources.values()
        )

    def _seat(self, who: UUID) -> Seat:
        seat = self.seats.get(who)
        if seat is None:
            if len(self.seats) >= self._size:
                raise Refusal("media.full")
            seat = self.seats[who] = Seat(who)
        return seat

    def _present(self, who: UUID) -> Seat:
        seat = self.seats.get(who)
        if seat is None:
            raise Refusal("media.not_there")
        return seat

    async def publish(self, who: UUID, sdp: str, ice: Sequence[IceServer]) -> str:
        """Answer a publish offer."""
        read = description.published(sdp)
        seat = self._seat(who)
        async with seat.turn:
            old = seat.publishing
            if old is not None and old.same(read):
                answer = await old.answer(sdp, read)
                self.arrange()
                return answer
            new = Publishing(ice, lambda state: self._changed(seat, Line.PUBLISH, new, state))
            try:
                answer = await new.answer(sdp, read)
            except BaseException:
                await new.close()
                self._forget_empty(seat)
                raise
            if self.seats.get(who) is not seat:
                await new.close()
                raise Refusal("media.not_there")
            seat.publishing = new
            self.arrange()
            if old is not None:
                self._keep_count(old)
                await old.close()
            return answer

    async def subscribe(
        self, who: UUID, sources: tuple[UUID, ...] | None, renew: bool, ice: Sequence[IceServer]
    ) -> Offer | None:
        """Say whom somebody sees; an offer when there is none yet, or `renew`."""
        seat = self._seat(who)
        async with seat.turn:
            seat.wanted = sources
            old = seat.viewing
            if old is not None and not renew:
                self.arrange()
                return None
            new = Viewing(self._size - 1, ice, lambda state: self._changed(seat, Line.SUBSCRIBE, new, state))
            try:
                sdp = await new.offer()
            except BaseException:
                await new.close()
                self._forget_empty(seat)
                raise
            if self.seats.get(who) is not seat:
                await new.close()
                raise Refusal("media.not_there")
            seat.viewing = new
            seat.offered += 1
            self._told.pop(who, None)
            self.arrange()
            if old is not None:
                await old.close()
            return Offer(seat.offered, sdp)

    async def answer(self, who: UUID, number: int, sdp: str) -> None:
        """The answer to the latest offer."""
        seat = self._present(who)
        async with seat.turn:
            if seat.viewing is None or number != seat.offered:
                raise Refusal("media.description")
            await seat.viewing.answer(sdp)

    async def trickle(self, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        """A later candidate of one of the two lines."""
        seat = self._present(who)
        async with seat.turn:
            connection = seat.publishing if line is Line.PUBLISH else seat.viewing
            if connection is None:
                raise Refusal("media.not_there")
            await connection.trickle(candidate, mid)

    def request_keyframe(self, who: UUID, source: UUID, now: float) -> None:
        """As if the viewer's browser had asked, with the same limits."""
        viewing = self._present(who).viewing
        slot = viewing.slot_of(source) if viewing is not None else None
        if slot is None:
            raise Refusal("media.not_there")
        slot.ask_keyframe(now)

    async def leave(self, who: UUID) -> None:
        """Take somebody out; their places are free at once."""
        seat = self.seats.pop(who, None)
        self._told.pop(who, None)
        if seat is None:
            return
        if seat.publishing is not None:
            self._keep_count(seat.publishing)
        self.arrange()
        await seat.close()

    async def close(self) -> None:
        for who in list(self.seats):
            await self.leave(who)

    def arrange(self) -> None:
        """Bring everybody's places in step with who is there, and tell whose changed."""
        sending = {who: seat.sources for who, seat in self.seats.items() if seat.sources}
        for seat in self.seats.values():
            if seat.viewing is not None:
                seat.viewing.show(seat.wants(list(sending)), sending)
                self._tell_places(seat)

    def tick(self, now: float) -> None:
        """Twenty times a second: what is missing; once a second: reports, budgets, shares."""
        for seat in self.seats.values():
            for source in seat.sources.values():
                source.ask_missing(now)
        if now - self._weighed < 1:
            return
        self._weighed = now
        sending = [who for who, seat in self.seats.items() if seat.sources]
        for seat in self.seats.values():
            if seat.viewing is not None and seat.viewing.weigh(seat.wants(sending), now):
                self._tell_places(seat)
        for seat in self.seats.values():
            if seat.publishing is not None:
                seat.publishing.remember(now, self._share)

    def _share(self, source: Source) -> int:
        viewers = [
            (seat.viewing.budget.bits, seat.viewing.pictures)
            for seat in self.seats.values()
            if seat.viewing is not None and any(slot.source is source for _, slot in seat.viewing.slots())
        ]
        return share(len(self.seats), viewers)

    def _tell_places(self, seat: Seat) -> None:
        places = seat.viewing.shown() if seat.viewing is not None else ()
        if self._told.get(seat.who) != places:
            self._told[seat.who] = places
            self._tell(Placed(self.id, seat.who, places))

    def _changed(self, seat: Seat, line: Line, connection: Publishing | Viewing, state: str) -> None:
        """A connection of a seat changed its state; one that was replaced concerns nobody."""
        if connection is not (seat.publishing if line is Line.PUBLISH else seat.viewing):
            return
        if state == "connected":
            self._tell(Connected(self.id, seat.who, line))
        elif state in ("failed", "closed"):
            # A dead line has nothing to show, and the next subscribe must bring an offer.
            if isinstance(connection, Publishing):
                self._keep_count(connection)
                seat.publishing = None
            else:
                self._told.pop(seat.who, None)
                seat.viewing = None
            closing = asyncio.ensure_future(connection.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self.arrange()
            self._tell(Lost(self.id, seat.who, line))

    def _keep_count(self, publishing: Publishing) -> None:
        self._forwarded_before += sum(source.forwarded for source in publishing.sources.values())

    def _forget_empty(self, seat: Seat) -> None:
        if seat.publishing is None and seat.viewing is None:
            self.seats.pop(seat.who, None)
