"""The embedded engine as the server holds it: one child process, watched, and replaced when it dies."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import UUID

from care.errors import Fault
from server.media.embedded import messages as said
from server.media.engine import LARGEST_ROOM, Event, IceServer, Line, Offer, RoomLost, RoomStats
from server.media.faults import fault

#: Seconds: a question may take, a process may take to start, questions wait for a new process.
ANSWER, START, REPLACEMENT = 15.0, 30.0, 20.0
#: Seconds between two pings, and of silence before a process counts as hung.
PING, HUNG = 2.0, 10.0
#: A process that lived shorter than this, s, is followed ever more slowly, by at most `SLOWEST` s.
LIVED, SLOWEST = 10.0, 10.0
#: Seconds that a process has for ending by itself.
END = 3.0

_ROOT = Path(__file__).resolve().parents[3]

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Child:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    waiting: dict[int, asyncio.Future[said.Done]] = field(default_factory=dict)


class EmbeddedEngine:
    """A `MediaEngine` in a process of its own.

    Parameters
    ----------
    addresses
        The machine's addresses that media uses; none means all.
    ports
        Lowest and highest UDP port; ``None`` means any.
    ice
        Mints the STUN and TURN servers of a new connection, with credentials that are valid now.
    relay_only
        Everything goes through the TURN server, so that the firewall needs to know no other port.
    """

    name = "embedded"

    def __init__(
        self,
        *,
        addresses: Sequence[str] = (),
        ports: tuple[int, int] | None = None,
        ice: Callable[[], Sequence[IceServer]] = tuple,
        relay_only: bool = False,
    ) -> None:
        self._addresses, self._ports, self._ice = tuple(addresses), ports, ice
        self._relay_only = relay_only
        self._numbers = count(1)
        self._rooms: dict[UUID, int] = {}
        self._listeners: list[Callable[[Event], None]] = []
        self._child: _Child | None = None
        self._ready = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def process_id(self) -> int | None:
        """The child that answers now; ``None`` while there is none."""
        return self._child.process.pid if self._child is not None and self._ready.is_set() else None

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises `Fault` ``media.away``."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        await self._stands()

    async def stop(self) -> None:
        """End the process in order, or by force when it does not."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
        self._rooms.clear()

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    async def open_room(self, room: UUID, *, seats: int = LARGEST_ROOM) -> None:
        if not 2 <= seats <= LARGEST_ROOM:
            raise ValueError("a room has 2 to 12 seats")
        await self._ask(said.OpenRoom(room=room, seats=seats))
        self._rooms.setdefault(room, seats)

    async def close_room(self, room: UUID) -> None:
        self._rooms.pop(room, None)
        await self._ask(said.CloseRoom(room=room))

    async def publish(self, room: UUID, who: UUID, offer: str) -> str:
        done = await self._ask(said.Publish(room=room, who=who, offer=offer, ice=tuple(self._ice())))
        if done.sdp is None:
            raise fault("media.away")
        return done.sdp

    async def subscribe(
        self, room: UUID, who: UUID, sources: Sequence[UUID] | None = None, *, renew: bool = False
    ) -> Offer | None:
        wanted = None if sources is None else tuple(sources)
        done = await self._ask(
            said.Subscribe(room=room, who=who, sources=wanted, renew=renew, ice=tuple(self._ice()))
        )
        return done.offer

    async def answer(self, room: UUID, who: UUID, number: int, sdp: str) -> None:
        await self._ask(said.TakeAnswer(room=room, who=who, number=number, sdp=sdp))

    async def trickle(self, room: UUID, who: UUID, line: Line, candidate: str | None, mid: str) -> None:
        await self._ask(said.Trickle(room=room, who=who, line=line, candidate=candidate, mid=mid))

    async def request_keyframe(self, room: UUID, who: UUID, source: UUID) -> None:
        await self._ask(said.RequestKeyframe(room=room, who=who, source=source))

    async def stats(self, room: UUID) -> RoomStats:
        done = await self._ask(said.AskStats(room=room))
        if done.stats is None:
            raise fault("media.away")
        return done.stats

    async def leave(self, room: UUID, who: UUID) -> None:
        try:
            await self._ask(said.Leave(room=room, who=who))
        except Fault as refused:
            if refused.code != "media.no_room":
                raise

    # One question

    async def _stands(self) -> None:
        try:
            async with asyncio.timeout(REPLACEMENT):
                await self._ready.wait()
        except TimeoutError:
            raise fault("media.away") from None

    async def _ask(self, question: said.Question) -> said.Done:
        await self._stands()
        if self._child is None:
            raise fault("media.away")
        try:
            async with asyncio.timeout(ANSWER):
                return await self._send(self._child, question)
        except TimeoutError:
            raise fault("media.away") from None

    async def _send(self, child: _Child, question: said.Question) -> said.Done:
        question.n = next(self._numbers)
        answer: asyncio.Future[said.Done] = asyncio.get_running_loop().create_future()
        child.waiting[question.n] = answer
        try:
            child.writer.write(said.framed(question))
            return await answer
        finally:
            child.waiting.pop(question.n, None)

    # The process

    async def _keep(self) -> None:
        """Start a process, follow it to its end, begin again."""
        loop, pause = asyncio.get_running_loop(), 0.0
        while True:
            begun = loop.time()
            try:
                await self._live()
            except (OSError, TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
                log.warning("the forwarder ended: %s", type(error).__name__)
            for room in self._rooms:
                self._tell(RoomLost(room))
            pause = 0.0 if loop.time() - begun > LIVED else min(SLOWEST, max(0.25, 2 * pause))
            await asyncio.sleep(pause)

    async def _live(self) -> None:
        """One process, from its start until it no longer answers."""
        child = await self._spawn()
        self._child = child
        try:
            reading = asyncio.create_task(self._read(child))
            try:
                # The process is ready when it answers, and has the rooms that were open.
                async with asyncio.timeout(START):
                    await self._send(child, said.Ping())
                for room, seats in list(self._rooms.items()):
                    await self._send(child, said.OpenRoom(room=room, seats=seats))
                self._ready.set()
                pinging = asyncio.create_task(self._ping(child))
                try:
                    await asyncio.wait((reading, pinging), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    pinging.cancel()
            finally:
                self._ready.clear()
                reading.cancel()
        finally:
            self._child = None
            for answer in list(child.waiting.values()):
                if not answer.done():
                    answer.set_exception(fault("media.away"))
            await self._end(child)

    async def _spawn(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
            given = [f"--address={one}" for one in self._addresses]
            given += ["--relay-only"] if self._relay_only else []
            if self._ports is not None:
                given += ["--ports", str(self._ports[0]), str(self._ports[1])]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server.media.embedded", "--socket", str(theirs.fileno()), *given),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": path},
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=said.LARGEST)
        return _Child(process, reader, writer)

    async def _read(self, child: _Child) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                reply = said.read_reply(await said.frame(child.reader))
                if isinstance(reply, said.Told):
                    self._tell(reply.event)
                    continue
                answer = child.waiting.get(reply.n)
                if answer is None or answer.done():
                    continue
                if isinstance(reply, said.Refused):
                    answer.set_exception(fault(reply.code))
                else:
                    answer.set_result(reply)

    async def _ping(self, child: _Child) -> None:
        while True:
            await asyncio.sleep(PING)
            try:
                async with asyncio.timeout(HUNG):
                    await self._send(child, said.Ping())
            except TimeoutError:
                log.warning("the forwarder hangs and is replaced")
                return

    async def _end(self, child: _Child) -> None:
        """Let it end by itself, which it does when the socket closes; else kill it."""
        child.writer.close()
        try:
            async with asyncio.timeout(END):
                await child.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                child.process.kill()
            await child.process.wait()

    def _tell(self, event: Event) -> None:
        for callback in list(self._listeners):
            try:
                callback(event)
            except Exception:
                log.exception("a listener failed at %s", type(event).__name__)
