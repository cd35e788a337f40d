"""The subscribe connection of one person at a node: it offers, again and again, as people come and go.

Only one offer is unanswered at a time. What changes meanwhile waits for the answer, and goes into one offer
then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from server.media import description
from server.media.engine import Offer, Place
from server.media.janus.node import Handle
from server.media.janus.publishing import sender_of
from server.media.janus.session import Said

#: One stream of a source: the feed, and the m-line on its publisher's side.
Wish = tuple[str, str]


class Shown(Struct, frozen=True):
    """An m-line of the subscribe connection, and what goes out on it."""

    mid: str
    kind: str
    feed: str
    feed_mid: str


def shown(streams: Sequence[dict[str, Any]]) -> tuple[Shown, ...]:
    """What Janus says goes out, in the order of the m-lines; parked ones are left out."""
    return tuple(
        Shown(str(one["mid"]), str(one["type"]), str(one["feed_id"]), str(one["feed_mid"]))
        for one in sorted(streams, key=lambda one: int(one["mindex"]))
        if one.get("active", True) and "feed_id" in one
    )


def difference(
    now: Collection[Wish], wanted: Sequence[Wish], present: Collection[str]
) -> tuple[list[Wish], list[Wish]]:
    """What to subscribe to and what to give up. What left the room Janus takes away by itself."""
    more = [one for one in wanted if one not in now]
    less = [one for one in now if one not in wanted and one[0] in present]
    return more, less


def places(streams: Sequence[Shown], present: Collection[str]) -> tuple[Place, ...]:
    """Who is seen where, in the order of the m-lines."""
    found: dict[UUID, dict[str, str]] = {}
    for one in streams:
        who = sender_of(one.feed)
        if who is not None and one.feed in present:
            # Two feeds of one person are an old and a new connection; the new one has later m-lines.
            found.setdefault(who, {})[one.kind] = one.mid
    return tuple(Place(who, mids.get("audio"), mids.get("video")) for who, mids in found.items())


class Viewing:
    """What somebody sees. `number` names the next offer; it grows over all connections of a seat."""

    def __init__(self, attach: Callable[[], Any], room: str, number: Callable[[], int]) -> None:
        self._attach, self._room, self._number = attach, room, number
        self.handle: Handle | None = None
        self.streams: tuple[Shown, ...] = ()
        self.pending: Offer | None = None
        self._answered = 0
        #: The latest offer that somebody was given.
        self.given = 0

    async def follow(self, wanted: Sequence[Wish], present: Collection[str]) -> None:
        """See what is wanted, unless an answer is waited for. Raises `Refused`, `Gone`."""
        if self.pending is not None:
            return
        if self.handle is None:
            if not wanted:
                return
            handle: Handle = await self._attach()
            joining = {"request": "join", "ptype": "subscriber", "room": self._room}
            try:
                said = await handle.say({**joining, "streams": _named(wanted)})
            except BaseException:
                await handle.detach()
                raise
            self.handle = handle
            self.take(said)
            return
        now = [(one.feed, one.feed_mid) for one in self.streams]
        more, less = difference(now, wanted, present)
        changes: dict[str, object] = {"request": "update"}
        if more:
            changes["subscribe"] = _named(more)
        if less:
            changes["unsubscribe"] = _named(less)
        if more or less:
            self.take(await self.handle.say(changes))

    def take(self, said: Said) -> None:
        """What Janus said about this connection, asked or not."""
        if "streams" in said.data:
            self.streams = shown(said.data["streams"])
        if said.sdp is not None:
            self.pending = Offer(self._number(), said.sdp)

    async def answer(self, number: int, sdp: str) -> None:
        """Raises `Unusable` for an offer that is not the latest; the same answer twice is no error."""
        if number == self._answered:
            return
        if self.handle is None or self.pending is None or number != self.pending.number:
            raise description.Unusable("old offer")
        read = description.answered(sdp)
        # Before it is sent: the next offer may come together with the word that this one is done.
        waited, self.pending = self.pending, None
        try:
            await self.handle.say({"request": "start"}, answer=read)
        except BaseException:
            self.pending = waited
            raise
        self._answered = number


def _named(wishes: Sequence[Wish]) -> list[dict[str, str]]:
    return [{"feed": feed, "mid": mid} for feed, mid in wishes]
