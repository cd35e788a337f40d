"""A room at a node: who sends what is heard from Janus, and everybody's view follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from care.errors import Fault
from server.media import description
from server.media.embedded.uplink import ceiling
from server.media.engine import Connected, Event, Line, Lost, Offer, Offered, Place, Placed
from server.media.faults import fault
from server.media.janus.home import Home, creation, mids_of
from server.media.janus.naming import name_of, secret_of
from server.media.janus.node import Handle, Node
from server.media.janus.publishing import Publishing, sender_of
from server.media.janus.refusals import NO_ROOM, ROOM_EXISTS, in_words
from server.media.janus.seat import Seat
from server.media.janus.session import Gone, Refused, Said
from server.media.janus.viewing import Viewing, Wish, places

#: Seconds until something that Janus would not do is tried again.
AGAIN = 0.5

log = logging.getLogger(__name__)


class Room:
    """One room. `tell` sends events to the server; `on_gone` is called when the node no longer has it."""

    def __init__(
        self, id: UUID, size: int, tell: Callable[[Event], None], on_gone: Callable[[Room], None]
    ) -> None:
        self.id, self.size, self._tell, self._on_gone = id, size, tell, on_gone
        self.home: Home | None = None
        self.seats: dict[UUID, Seat] = {}
        #: Held by who places it; `going` is the node it is about to stand on.
        self.placing = asyncio.Lock()
        self.going: Node | None = None
        self.placed_before = False
        self._told: dict[UUID, tuple[Place, ...]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bits = 0

    # Where it stands

    async def begin(self, node: Node) -> None:
        """Make the room at a node and listen there. Raises `Refused`, `Gone`."""
        name = name_of(node.address.secret, self.id)
        watch = await Handle.attach(node, self._watched)
        home = Home(node, name, secret_of(node.address.secret, name), watch)
        try:
            await watch.say(creation(home, node.address.secret, self.size))
        except Refused as refused:
            # It stands from before a restart of the server, or another server has it open.
            if refused.code != ROOM_EXISTS:
                await watch.detach()
                raise
        self.home = home
        try:
            joined = await watch.say({"request": "join", "ptype": "publisher", "room": name})
        except Refused:
            await watch.detach()
            raise
        self.placed_before = True
        self._heard(joined.data)

    def forget(self) -> None:
        """The node is away: nobody is anywhere."""
        self.home = None
        self.seats.clear()
        self._told.clear()

    async def close(self) -> None:
        """Everybody out, and the room away."""
        home = self.home
        for who in list(self.seats):
            await self.leave(who)
        self.home = None
        for task in list(self._tasks):
            task.cancel()
        if home is not None:
            with suppress(Refused, Gone):
                await home.watch.say({"request": "destroy", "room": home.name, "secret": home.secret})
            await home.watch.detach()

    # What people do

    async def publish(self, who: UUID, sdp: str) -> str:
        with in_words():
            read = description.published(sdp)
            home, seat = self._home(), self._seat(who)
            async with seat.turn:
                old = seat.publishing
                if old is not None and old.same(read):
                    return await old.again(sdp)
                try:
                    handle = await Handle.attach(
                        home.node, lambda said: self._publisher_told(seat, new, said)
                    )
                    new = Publishing(handle, who)
                    answer = await self._begun(home, new, sdp, read)
                    await self._stays(seat, home, new.handle)
                except BaseException:
                    self._forget_empty(seat)
                    raise
                seat.publishing = new
                if old is not None:
                    home.sources.pop(old.feed, None)
                    self._do(old.handle.detach())
                self._share()
                return answer

    async def subscribe(self, who: UUID, sources: Sequence[UUID] | None, renew: bool) -> Offer | None:
        with in_words():
            home, seat = self._home(), self._seat(who)
            async with seat.turn:
                seat.wanted = sources
                old, viewing = seat.viewing, seat.viewing
                if viewing is None or renew:
                    viewing = seat.viewing = self._new_viewing(home, seat)
                    self._told.pop(who, None)
                    if old is not None and old.handle is not None:
                        self._do(old.handle.detach())
                await self._follow(home, seat, viewing)
                await self._stays(seat, home, viewing.handle)
                if viewing.pending is not None:
                    viewing.given = viewing.pending.number
                return viewing.pending

    async def answer(self, who: UUID, number: int, sdp: str) -> None:
        seat = self._present(who)
        with in_words():
            async with seat.turn:
                if seat.viewing is None:
                    raise description.Unusable("nothing was offered")
                await seat.viewing.answer(number, sdp)
        self._due(seat)

    async def trickle(self, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        seat = self._present(who)
        handle = _handle(seat, line)
        if handle is None:
            raise fault("media.not_there")
        with in_words():
            if candidate is None or not candidate.removeprefix("candidate:"):
                await handle.trickle({"completed": True})
            else:
                await handle.trickle({"candidate": description.candidate(candidate), "sdpMid": mid})

    async def request_keyframe(self, who: UUID, source: UUID, now: float) -> None:
        seat, sender = self._present(who), self.seats.get(source)
        shown = seat.viewing is not None and any(one.who == source for one in self._places(seat))
        if not shown or sender is None or sender.publishing is None:
            raise fault("media.not_there")
        if sender.keyframes.ask(now):
            with in_words():
                await sender.publishing.send_keyframe()

    async def leave(self, who: UUID) -> None:
        seat = self.seats.pop(who, None)
        self._told.pop(who, None)
        if seat is None:
            return
        if seat.publishing is not None and self.home is not None:
            self.home.sources.pop(seat.publishing.feed, None)
        self._arrange()
        await seat.close()

    # What Janus tells

    def _watched(self, said: Said) -> None:
        if said.kind == "detached" or said.data.get("videoroom") == "destroyed":
            self._on_gone(self)
        elif said.kind == "event":
            self._heard(said.data)

    def _heard(self, data: dict[str, Any]) -> None:
        """Who sends now, and who no longer."""
        home = self.home
        if home is None:
            return
        for one in data.get("publishers", ()):
            feed, mids = str(one["id"]), mids_of(one)
            if one.get("dummy"):
                home.nothing = [(feed, mid) for mid in mids.values()]
            elif sender_of(feed) is not None:
                home.sources[feed] = mids
        for word in ("unpublished", "leaving"):
            home.sources.pop(str(data.get(word)), None)
        self._arrange()

    def _publisher_told(self, seat: Seat, publishing: Publishing, said: Said) -> None:
        if seat.publishing is not publishing:
            return
        if said.kind == "webrtcup":
            self._tell(Connected(self.id, seat.who, Line.PUBLISH))
        elif said.kind in ("hangup", "detached"):
            seat.publishing = None
            if self.home is not None:
                self.home.sources.pop(publishing.feed, None)
            self._do(publishing.handle.detach())
            self._arrange()
            self._tell(Lost(self.id, seat.who, Line.PUBLISH))

    def _viewer_told(self, seat: Seat, viewing: Viewing, said: Said) -> None:
        if seat.viewing is not viewing:
            return
        if said.kind == "webrtcup":
            self._tell(Connected(self.id, seat.who, Line.SUBSCRIBE))
        elif said.kind in ("hangup", "detached"):
            seat.viewing = None
            self._told.pop(seat.who, None)
            if viewing.handle is not None:
                self._do(viewing.handle.detach())
            self._tell(Lost(self.id, seat.who, Line.SUBSCRIBE))
        elif said.kind == "event":
            viewing.take(said)
            self._tell_places(seat)
            self._tell_offer(seat, viewing)

    # Everybody's view

    def _arrange(self) -> None:
        for seat in list(self.seats.values()):
            if seat.viewing is not None:
                self._tell_places(seat)
                self._due(seat)

    def _due(self, seat: Seat) -> None:
        if not seat.due:
            seat.due = True
            self._do(self._bring_in_step(seat))

    async def _bring_in_step(self, seat: Seat) -> None:
        async with seat.turn:
            seat.due = False
            viewing, home = seat.viewing, self.home
            if viewing is None or home is None:
                return
            try:
                await self._follow(home, seat, viewing)
            except Refused as refused:
                # Who was to be seen has left meanwhile, which will be heard; everything else is tried again.
                log.info("a view is tried again: %s", refused)
                asyncio.get_running_loop().call_later(AGAIN, self._due, seat)
                return
            except Gone:
                return
            if seat.viewing is viewing:
                self._tell_offer(seat, viewing)

    async def _follow(self, home: Home, seat: Seat, viewing: Viewing) -> None:
        await viewing.follow(_wishes(home, seat) or home.nothing, home.present)
        self._tell_places(seat)

    def _tell_offer(self, seat: Seat, viewing: Viewing) -> None:
        if viewing.pending is not None and viewing.given < viewing.pending.number:
            viewing.given = viewing.pending.number
            self._tell(Offered(self.id, seat.who, viewing.pending))

    def _tell_places(self, seat: Seat) -> None:
        shown = self._places(seat)
        if seat.viewing is not None and self._told.get(seat.who) != shown:
            self._told[seat.who] = shown
            self._tell(Placed(self.id, seat.who, shown))

    def _places(self, seat: Seat) -> tuple[Place, ...]:
        present = self.home.sources if self.home is not None else {}
        return places(seat.viewing.streams, present) if seat.viewing is not None else ()

    # Small parts

    def _home(self) -> Home:
        if self.home is None:
            raise Gone("not placed")
        return self.home

    def _seat(self, who: UUID) -> Seat:
        seat = self.seats.get(who)
        if seat is None:
            if len(self.seats) >= self.size:
                raise fault("media.full")
            seat = self.seats[who] = Seat(who)
        return seat

    def _present(self, who: UUID) -> Seat:
        seat = self.seats.get(who)
        if seat is None:
            raise fault("media.not_there")
        return seat

    async def _stays(self, seat: Seat, home: Home, made: Handle | None) -> None:
        """Raises when somebody left, or the room moved, while Janus was asked; what was `made` goes again."""
        if self.home is home and self.seats.get(seat.who) is seat:
            return
        if made is not None:
            await made.detach()
        raise Gone("moved") if self.home is not home else fault("media.not_there")

    def _forget_empty(self, seat: Seat) -> None:
        if seat.is_empty and self.seats.get(seat.who) is seat:
            self.seats.pop(seat.who)

    def _new_viewing(self, home: Home, seat: Seat) -> Viewing:
        async def attach() -> Handle:
            return await Handle.attach(home.node, lambda said: self._viewer_told(seat, made, said))

        made = Viewing(attach, home.name, seat.next_number)
        return made

    async def _begun(self, home: Home, new: Publishing, sdp: str, read: Any) -> str:
        try:
            return await new.begin(home.name, sdp, read, ceiling(len(self.seats)))
        except Refused as refused:
            await new.handle.detach()
            if refused.code == NO_ROOM:
                self._on_gone(self)
            raise
        except BaseException:
            await new.handle.detach()
            raise

    def _share(self) -> None:
        """What each may send follows how many there are."""
        bits = ceiling(len(self.seats))
        if bits == self._bits:
            return
        self._bits = bits
        for seat in self.seats.values():
            if seat.publishing is not None:
                self._do(seat.publishing.send_at_most(bits))

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        """Beside what is going on; what fails shows elsewhere."""

        async def done() -> None:
            with suppress(Refused, Gone, Fault):
                await work

        task = asyncio.create_task(done())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _wishes(home: Home, seat: Seat) -> list[Wish]:
    """The streams that somebody is to see: of each person the newest feed."""
    newest = {sender: feed for feed in home.sources if (sender := sender_of(feed)) is not None}
    return [
        (newest[who], mid)
        for who in seat.wants(list(newest))
        for _, mid in sorted(home.sources[newest[who]].items())
    ]


def _handle(seat: Seat, line: Line) -> Handle | None:
    if line is Line.PUBLISH:
        return seat.publishing.handle if seat.publishing is not None else None
    return seat.viewing.handle if seat.viewing is not None else None
