"""The Janus engine as the server holds it: rooms on nodes, and what is done when a node dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from aiohttp import ClientSession

from server.media.engine import LARGEST_ROOM, Event, Line, Offer, RoomLost, RoomStats
from server.media.faults import fault
from server.media.janus.address import NodeAddress
from server.media.janus.figures import figures
from server.media.janus.node import Node
from server.media.janus.placing import Load, place
from server.media.janus.refusals import NO_ROOM, in_words
from server.media.janus.room import Room
from server.media.janus.session import Gone, Refused

#: Seconds: until some node answers at the start, that all have to answer before the first room is placed, and
#: that questions wait for a room's new node.
START, OTHERS, REPLACEMENT = 10.0, 2.0, 20.0

log = logging.getLogger(__name__)


class JanusEngine:
    """A `MediaEngine` on one or several Janus nodes; `nodes` says where they are."""

    name = "janus"

    def __init__(self, nodes: Sequence[NodeAddress]) -> None:
        if not nodes:
            raise ValueError("no nodes")
        self._nodes = [Node(one, self._changed) for one in nodes]
        self._rooms: dict[UUID, Room] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._client: ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        #: Until when, by the loop's clock, the first rooms wait for the nodes that do not answer yet.
        self._others_by = 0.0

    async def start(self) -> None:
        """Reach the nodes; returns when one answers, and at first when the others have had their time too.

        Raises `Fault` ``media.away``.
        """
        loop = asyncio.get_running_loop()
        if self._client is None:
            self._client = ClientSession()
            self._others_by = loop.time() + OTHERS
            for node in self._nodes:
                self._do(node.keep(self._client))
        try:
            async with asyncio.timeout(START):
                while not any(node.answers for node in self._nodes):
                    await self._something_new()
        except TimeoutError:
            raise fault("media.away") from None
        # Otherwise the first rooms would all go to whichever was quickest to answer. Once only: everybody who
        # comes into a room passes here, and a node that is dead later on holds nobody up.
        if loop.time() < self._others_by:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._others_by):
                    while not all(node.answers for node in self._nodes):
                        await self._something_new()

    async def stop(self) -> None:
        """Close every room and let go of the nodes."""
        for room in list(self._rooms):
            await self.close_room(room)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def node_of(self, room: UUID) -> str | None:
        """The address of the node that a room stands on; ``None`` while it has none."""
        found = self._rooms.get(room)
        return found.home.node.name if found is not None and found.home is not None else None

    async def open_room(self, room: UUID, *, seats: int = LARGEST_ROOM) -> None:
        if not 2 <= seats <= LARGEST_ROOM:
            raise ValueError("a room has 2 to 12 seats")
        is_new = room not in self._rooms
        if is_new:
            self._rooms[room] = Room(room, seats, self._tell, self._room_gone)
        try:
            await self._standing(room)
        except BaseException:
            if is_new:
                self._rooms.pop(room, None)
            raise

    async def close_room(self, room: UUID) -> None:
        closing = self._rooms.pop(room, None)
        if closing is not None:
            await closing.close()

    async def publish(self, room: UUID, who: UUID, offer: str) -> str:
        return await (await self._standing(room)).publish(who, offer)

    async def subscribe(
        self, room: UUID, who: UUID, sources: Sequence[UUID] | None = None, *, renew: bool = False
    ) -> Offer | None:
        wanted = None if sources is None else tuple(sources)
        return await (await self._standing(room)).subscribe(who, wanted, renew)

    async def answer(self, room: UUID, who: UUID, number: int, sdp: str) -> None:
        await (await self._standing(room)).answer(who, number, sdp)

    async def trickle(self, room: UUID, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        await (await self._standing(room)).trickle(who, line, candidate, mid)

    async def request_keyframe(self, room: UUID, who: UUID, source: UUID) -> None:
        now = asyncio.get_running_loop().time()
        await (await self._standing(room)).request_keyframe(who, source, now)

    async def stats(self, room: UUID) -> RoomStats:
        standing = await self._standing(room)
        if self._client is None:
            raise fault("media.away")
        with in_words():
            return await figures(self._client, standing)

    async def leave(self, room: UUID, who: UUID) -> None:
        found = self._rooms.get(room)
        if found is not None:
            await found.leave(who)

    # Where rooms stand

    async def _standing(self, id: UUID) -> Room:
        """The room, on a node that answers; waits while it is being placed."""
        room = self._rooms.get(id)
        if room is None:
            raise fault("media.no_room")
        try:
            async with asyncio.timeout(REPLACEMENT), room.placing:
                while room.home is None:
                    await self._place(room)
        except TimeoutError:
            raise fault("media.away") from None
        if self._rooms.get(id) is not room:
            raise fault("media.no_room")
        return room

    async def _place(self, room: Room) -> None:
        loads = [self._load(node) for node in self._nodes]
        chosen = place(loads, len(room.seats), pressing=room.placed_before)
        if chosen is None:
            if not room.placed_before and any(load.answers for load in loads):
                raise fault("media.busy")
            await self._something_new()
            return
        node = room.going = next(one for one in self._nodes if one.name == chosen)
        try:
            await room.begin(node)
        except Gone:
            room.home = None
            await asyncio.sleep(0.05)
        except Refused as refused:
            room.home = None
            if refused.code == NO_ROOM:
                # Another server took it for abandoned in this very moment.
                return
            log.warning("the media node %s holds no rooms; is its configuration ours? %s", chosen, refused)
            node.unfit = True
        finally:
            room.going = None

    def _load(self, node: Node) -> Load:
        rooms = tuple(
            len(room.seats)
            for room in self._rooms.values()
            if node is (room.home.node if room.home is not None else room.going)
        )
        return Load(node.name, node.answers, node.address.most_people, rooms)

    def _changed(self, node: Node) -> None:
        """A node came or went. The rooms of one that went are placed anew at once."""
        self._news.set()
        if node.session is None:
            for room in list(self._rooms.values()):
                if room.home is not None and room.home.node is node:
                    self._room_gone(room)

    def _room_gone(self, room: Room) -> None:
        """Its node no longer has it: everybody publishes and subscribes anew, wherever it stands then."""
        if self._rooms.get(room.id) is not room:
            return
        room.forget()
        self._tell(RoomLost(room.id))
        self._do(self._again(room.id))

    async def _again(self, room: UUID) -> None:
        # Nobody waits for this; who asks for something in the room waits for the same, and is told.
        with suppress(Exception):
            await self._standing(room)

    async def _something_new(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _do(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, event: Event) -> None:
        for callback in list(self._listeners):
            try:
                callback(event)
            except Exception:
                log.exception("a listener failed at %s", type(event).__name__)
