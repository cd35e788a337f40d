"""The engines that are measured, each with a room in which everybody sends and sees."""

from __future__ import annotations

import asyncio
import os
import time
from abc import ABC, abstractmethod
from pathlib import Path
from uuid import UUID, uuid4

from aiortc import RTCSessionDescription

from bench.media_peers import Seeing, Sending, beat
from care.ids import new_id
from server.media.embedded.connection import closed
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import Event, MediaEngine, Offered
from server.media.janus.engine import JanusEngine
from tests.server.media.conftest import until
from tests.server.media.janus_process import JanusProcess


def processor_time(process: int) -> float:
    """What a process used so far, s, to a hundredth."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Room(ABC):
    """An engine with a room in which everybody sends and sees; the first of them listens."""

    engine: MediaEngine

    def __init__(self, people: int) -> None:
        self._room = new_id()
        self.senders = [Sending() for _ in range(people)]
        self.viewers = [Seeing(listens=at == 0) for at in range(people)]
        self._seeing: dict[UUID, Seeing] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the engine and seat everybody."""
        self.engine.listen(self._hear)
        await self.engine.start()
        # One more than there are: who joins while it is measured.
        await self.engine.open_room(self._room, seats=min(12, len(self.senders) + 1))
        for sending, seeing in zip(self.senders, self.viewers, strict=True):
            await self._seat(uuid4(), sending, seeing)

    async def stop(self) -> None:
        """Everybody out, the engine away."""
        self._seeing.clear()
        for one in self._answering:
            one.cancel()
        for peer in [one.peer for one in self.senders] + [one.peer for one in self.viewers]:
            await closed(peer)
        await self.engine.stop()

    async def join(self) -> float:
        """How long it takes somebody who comes until the first packet of another is there, s."""
        who, sending, seeing = uuid4(), Sending(), Seeing(listens=False)
        begun = time.perf_counter()
        everybody = asyncio.create_task(beat(self.senders, 3600))
        try:
            await self._seat(who, sending, seeing)
            await until(lambda: seeing.first is not None, "the first packet", each=0.002)
        finally:
            everybody.cancel()
        await self.engine.leave(self._room, who)
        self._seeing.pop(who)
        await closed(sending.peer)
        await closed(seeing.peer)
        assert seeing.first is not None
        return seeing.first - begun

    @property
    @abstractmethod
    def process(self) -> int:
        """The process that forwards."""

    def cpu(self) -> float:
        """Processor time of the engine's process so far, s."""
        return processor_time(self.process)

    async def _seat(self, who: UUID, sending: Sending, seeing: Seeing) -> None:
        self._seeing[who] = seeing
        await sending.peer.setLocalDescription()
        answer = await self.engine.publish(self._room, who, sending.peer.localDescription.sdp)
        await sending.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        offer = await self.engine.subscribe(self._room, who)
        if offer is not None:
            await seeing.take(self.engine, self._room, who, offer)

    def _hear(self, event: Event) -> None:
        if isinstance(event, Offered) and event.viewer in self._seeing:
            seeing = self._seeing[event.viewer]
            task = asyncio.create_task(seeing.take(self.engine, self._room, event.viewer, event.offer))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)


class Embedded(Room):
    """Our own engine."""

    def __init__(self, address: str, people: int) -> None:
        super().__init__(people)
        self.engine: EmbeddedEngine = EmbeddedEngine(addresses=(address,))

    @property
    def process(self) -> int:
        assert self.engine.process_id is not None
        return self.engine.process_id


class Janus(Room):
    """Debian's Janus, with our configuration."""

    def __init__(self, address: str, people: int) -> None:
        super().__init__(people)
        self._janus = JanusProcess(address)
        self.engine = JanusEngine([self._janus.node])

    async def start(self) -> None:
        await asyncio.to_thread(self._janus.start)
        await super().start()

    async def stop(self) -> None:
        await super().stop()
        self._janus.stop()

    @property
    def process(self) -> int:
        return self._janus.process_id
