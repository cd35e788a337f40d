"""The engines that are measured, each with a room in which everybody sends and sees."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol
from uuid import uuid4

from aiortc import RTCSessionDescription

from bench.janus_room import Janus
from bench.media_peers import Seeing, Sending
from bench.process import processor_time
from care.ids import new_id
from server.media.embedded.supervisor import EmbeddedEngine
from tests.server.media.conftest import until


class Room(Protocol):
    """An engine with a room in which everybody sends and sees; the first of them listens."""

    senders: list[Sending]
    viewers: list[Seeing]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def cpu(self) -> float:
        """Processor time of the engine's process so far, s."""
        ...


class Embedded:
    """Our own engine."""

    def __init__(self, address: str, people: int) -> None:
        self._engine, self._room = EmbeddedEngine(addresses=(address,)), new_id()
        self.senders = [Sending() for _ in range(people)]
        self.viewers = [Seeing(listens=at == 0) for at in range(people)]

    async def start(self) -> None:
        await self._engine.start()
        await self._engine.open_room(self._room, seats=len(self.senders))
        for sending, seeing in zip(self.senders, self.viewers, strict=True):
            who = uuid4()
            await sending.peer.setLocalDescription()
            answer = await self._engine.publish(self._room, who, sending.peer.localDescription.sdp)
            await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            offer = await self._engine.subscribe(self._room, who)
            assert offer is not None
            await self._engine.answer(self._room, who, offer.number, await seeing.take(offer.sdp))

    async def stop(self) -> None:
        await self._engine.stop()

    def cpu(self) -> float:
        assert self._engine.process_id is not None
        return processor_time(self._engine.process_id)


class JanusRoom:
    """Debian's Janus, with settings of its own."""

    def __init__(self, address: str, people: int) -> None:
        self._folder = TemporaryDirectory()
        self._janus = Janus(Path(self._folder.name), address=address, people=people)
        self.senders = [Sending() for _ in range(people)]
        self.viewers = [Seeing(listens=at == 0) for at in range(people)]

    async def start(self) -> None:
        await self._janus.start()
        feeds = []
        for sending in self.senders:
            await sending.peer.setLocalDescription()
            feed, answer = await self._janus.publish(sending.peer.localDescription.sdp)
            await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            feeds.append(feed)
        # Janus knows a feed only when its connection stands.
        await until(lambda: all(one.ready for one in self.senders), "everybody is connected")
        await asyncio.sleep(1)
        for feed, seeing in zip(feeds, self.viewers, strict=True):
            handle, offer = await self._janus.subscribe(feed)
            await self._janus.answer(handle, await seeing.take(offer))

    async def stop(self) -> None:
        await self._janus.stop()
        self._folder.cleanup()

    def cpu(self) -> float:
        return processor_time(self._janus.process_id)
