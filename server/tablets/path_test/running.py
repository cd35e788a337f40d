"""Path tests of this node: one after the other for each tablet, few at a time, and never beside a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid4

from aiohttp import web

from care.calls.ring import live_calls
from care.clock import Clock
from care.errors import Fault
from care.path_tests import PathResult
from server.calls.ice import ice_servers
from server.calls.message import Message
from server.configuration import Configuration, is_loopback
from server.keys import CLOCK, CONFIGURATION, DATABASE
from server.media.description import Unusable
from server.tablets.path_test import messages as said
from server.tablets.path_test.judging import figures, judge, whole
from server.tablets.path_test.measured import Came
from server.tablets.path_test.outcome import note_result

if TYPE_CHECKING:
    from server.tablets.path_test.peer import Peer

log = logging.getLogger("samtid.tablets")

#: Seconds: until the tablet has offered; for a whole pass; for our own side when the tablet is done.
OFFER_WITHIN, PASS, OURS_WITHIN = 10.0, 15.0, 3.0
#: Tests at the same time: each decodes and encodes a small picture here.
MOST = 2


class Line(Protocol):
    """The socket of a tablet, as far as a test needs it."""

    @property
    def device(self) -> UUID: ...
    @property
    def in_call(self) -> bool: ...
    def send(self, message: Message) -> None: ...


class _Broken(Exception):
    """The test ends here, with this result."""

    def __init__(self, result: PathResult) -> None:
        super().__init__(result)
        self.result = result


class _Pass:
    """One connection there and back."""

    def __init__(self, line: Line) -> None:
        self.run = uuid4()
        self.line = line
        loop = asyncio.get_running_loop()
        self.offer: asyncio.Future[str] = loop.create_future()
        self.seen: asyncio.Future[said.PathSeen] = loop.create_future()
        #: The reason why it is left before its time.
        self.left: asyncio.Future[PathResult] = loop.create_future()

    async def wait(self, what: asyncio.Future[Any], seconds: float) -> Any:
        """What comes, or None after `seconds`; raises `_Broken` when the test is left meanwhile."""
        await asyncio.wait({what, self.left}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self.left.done():
            raise _Broken(self.left.result())
        return what.result() if what.done() else None


class PathTests:
    """All tests of this node."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._clock: Clock = app[CLOCK]
        self._configuration: Configuration = app[CONFIGURATION]
        self._going: dict[UUID, _Pass] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(MOST)

    def begin(self, line: Line, test: UUID) -> bool:
        """Run the asked-for `test` on the tablet of `line`; False when one goes on there already."""
        if line.device in self._tasks:
            return False
        task = asyncio.create_task(self._run(line, test), name="path test")
        self._tasks[line.device] = task
        task.add_done_callback(lambda _: self._tasks.pop(line.device, None))
        return True

    def is_going(self, device: UUID) -> bool:
        return device in self._tasks

    async def stop(self) -> None:
        """The server stops: what goes on says nothing about any tablet."""
        for going in list(self._going.values()):
            self._leave(going, PathResult.OURS)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # What the sockets tell

    def offered(self, line: Line, message: said.PathOffer) -> None:
        """Raises `Fault` ``path.unknown``."""
        going = self._own(line, message.run)
        if not going.offer.done():
            going.offer.set_result(message.sdp)

    def told(self, line: Line, message: said.PathSeen) -> None:
        """Raises `Fault` ``path.unknown``."""
        going = self._own(line, message.run)
        if not going.seen.done():
            going.seen.set_result(message)
            if not going.offer.done() and message.problem is not None:
                self._leave(going, judge(Came(), message))

    def call_comes(self, device: UUID) -> None:
        """A call always goes first."""
        if (going := self._going.get(device)) is not None:
            self._leave(going, PathResult.CALL_FIRST)

    def line_gone(self, line: Line) -> None:
        """The socket is closed."""
        going = self._going.get(line.device)
        if going is not None and going.line is line:
            self._leave(going, PathResult.NO_CONTACT)

    @staticmethod
    def _leave(going: _Pass, why: PathResult) -> None:
        if not going.left.done():
            going.left.set_result(why)

    def _own(self, line: Line, run: UUID) -> _Pass:
        going = self._going.get(line.device)
        if going is None or going.run != run:
            raise Fault("path.unknown", "Provet är redan slut.", status=404, place="run")
        return going

    # The test

    async def _run(self, line: Line, test: UUID) -> None:
        facts: dict[str, Any] = {}
        try:
            async with self._few:
                result = await self._passes(line, facts)
        except _Broken as broken:
            result = broken.result
        except Exception:
            log.exception("a path test failed by our own fault")
            result = PathResult.OURS
        try:
            async with self._app[DATABASE].write() as session:
                await note_result(session, test, result, facts, self._clock)
        except Exception:
            log.exception("the result of a path test could not be kept")

    async def _passes(self, line: Line, facts: dict[str, Any]) -> PathResult:
        if await self._is_in_call(line):
            return PathResult.CALL_FIRST
        direct = await self._one_pass(line, facts, relay_only=False)
        relay = None
        if direct is PathResult.WELL and self._configuration.turn is not None:
            relay = await self._one_pass(line, facts, relay_only=True)
        return whole(direct, relay)

    async def _is_in_call(self, line: Line) -> bool:
        if line.in_call:
            return True
        async with self._app[DATABASE].read() as session:
            return bool(await live_calls(session, device_id=line.device))

    def _peer(self, servers: list[dict[str, Any]]) -> Peer:
        """Our side. aiortc is large, and many servers never test a way: it is read in when it is needed."""
        from server.tablets.path_test.peer import Peer, use_addresses

        media = self._configuration.media
        own = media.addresses if media is not None else ()
        use_addresses(own, is_local=is_loopback(self._configuration.host))
        return Peer(servers)

    async def _one_pass(self, line: Line, facts: dict[str, Any], *, relay_only: bool) -> PathResult:
        going = _Pass(line)
        self._going[line.device] = going
        servers = ice_servers(self._configuration.turn, going.run, self._clock.now())
        peer = self._peer(servers)
        seen: said.PathSeen | None = None
        try:
            line.send(
                said.PathTest(run=going.run, ice_servers=servers, relay_only=relay_only, seconds=int(PASS))
            )
            offer = await going.wait(going.offer, OFFER_WITHIN)
            if offer is None:
                return PathResult.NO_ANSWER
            try:
                answer = await peer.answer(offer)
            except Unusable:
                return PathResult.UNABLE
            line.send(said.PathAnswer(run=going.run, sdp=answer))
            seen = await going.wait(going.seen, PASS)
            if seen is not None and seen.problem is None and peer.came.connected_ms is not None:
                # It may have what it wants before we have ours.
                ours = asyncio.ensure_future(peer.whole.wait())
                try:
                    await going.wait(ours, OURS_WITHIN)
                finally:
                    ours.cancel()
            return judge(peer.came, seen)
        finally:
            facts["relay" if relay_only else "direct"] = figures(peer.came, seen)
            self._going.pop(line.device, None)
            line.send(said.PathEnd(run=going.run))
            await peer.close()


PATH_TESTS = web.AppKey("path_tests", PathTests)


def setup(app: web.Application) -> None:
    app[PATH_TESTS] = PathTests(app)
    app.cleanup_ctx.append(_run)


async def _run(app: web.Application) -> AsyncIterator[None]:
    yield
    await app[PATH_TESTS].stop()
