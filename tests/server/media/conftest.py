"""Both engines in processes of their own, and rooms with people in them.

``gathering``   a `Gathering` for each engine: the engine, what it told, and who is in its room
``forwarder``   the same with the embedded engine alone
``janus``       a Janus with our configuration, shared by the tests of a process
``far``         an address that is not the loopback, which Janus needs
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import aioice.ice
import pytest

from care.ids import new_id
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import Event, MediaEngine, Offered, Placed
from server.media.janus.engine import JanusEngine
from tests.server.media.addresses import LOOPBACK, beyond_loopback
from tests.server.media.content import Content
from tests.server.media.janus_process import MISSING, NO_ADDRESS, JanusProcess, cannot, there
from tests.server.media.peer import Person

__all__ = ["LOOPBACK", "Gathering", "until"]


async def until(true: Callable[[], object], what: str, *, seconds: float = 30, each: float = 0.02) -> None:
    """Wait until something holds; fail in words when it does not."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not true():
        assert loop.time() < end, f"never happened: {what}"
        await asyncio.sleep(each)


@dataclass
class Gathering:
    """One room of an engine."""

    engine: MediaEngine
    room: UUID = field(default_factory=new_id)
    told: list[Event] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    answering: list[asyncio.Task[None]] = field(default_factory=list)
    is_over: bool = False

    def hear(self, event: Event) -> None:
        """Note what is told, and have who is offered something answer it."""
        self.told.append(event)
        if isinstance(event, Offered) and not self.is_over:
            for person in self.people:
                if person.who == event.viewer:
                    taking = person.viewer.take(self.engine, self.room, event.offer)
                    self.answering.append(asyncio.create_task(taking))

    async def close(self) -> None:
        """Everybody out; an answer that could not be given fails the test."""
        self.is_over = True
        for one in self.answering:
            one.cancel()
        results = await asyncio.gather(*self.answering, return_exceptions=True)
        for person in self.people:
            await person.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def enter(self, *, loss: float = 0.0, parts: int = 2, content: Content | None = None) -> Person:
        """Somebody new, who sends and sees."""
        person = Person(uuid4(), loss=loss, parts=parts, content=content)
        self.people.append(person)
        await person.join(self.engine, self.room)
        await self.connected(person)
        return person

    async def connected(self, *people: Person) -> None:
        """Until their lines stand. Who sees nobody may have no line for it yet."""
        await until(
            lambda: all(
                one.publisher.states[-1:] == ["connected"]
                and (not one.viewer.answered or one.viewer.states[-1:] == ["connected"])
                for one in people
            ),
            "connected",
        )

    @property
    def repairs_sound(self) -> bool:
        """Only our own engine sends sound again; browsers conceal what is missing."""
        return isinstance(self.engine, EmbeddedEngine)

    def placed(self, viewer: UUID) -> Placed | None:
        """What somebody was told last about their places."""
        return next(
            (one for one in reversed(self.told) if isinstance(one, Placed) and one.viewer == viewer), None
        )

    def sees(self, viewer: Person) -> set[UUID]:
        placed = self.placed(viewer.who)
        return {one.who for one in placed.places} if placed else set()

    async def all_see(self, *, each: float = 0.04) -> None:
        """Everybody sends until all got picture and sound of all."""

        def came() -> bool:
            return all(
                viewer.viewer.seen(sender.who, kind)
                for viewer in self.people
                for sender in self.people
                for kind in ("audio", "video")
                if viewer is not sender
            )

        await self.until(came, "all see all", each=each)
        self.begin()

    def begin(self) -> None:
        """Have the proof begin now, for everybody."""
        for viewer in self.people:
            for line in () if self.repairs_sound else viewer.viewer.lines.values():
                line.got.clear()

    async def seen(self, viewer: Person, sender: Person, *, more: int = 6) -> None:
        """Everybody sends until `viewer` got some further pictures and sound of `sender`."""
        had = {kind: len(viewer.viewer.seen(sender.who, kind)) for kind in ("audio", "video")}

        def came() -> bool:
            return all(len(viewer.viewer.seen(sender.who, kind)) >= had[kind] + more for kind in had)

        await self.until(came, "what somebody sends is seen")
        self._begin(viewer, sender.who)

    def _begin(self, viewer: Person, *senders: UUID) -> None:
        """Have the proof begin now. In its first second Janus keeps nothing that could be sent again."""
        if not self.repairs_sound:
            for line in viewer.viewer.lines.values():
                if line.got and line.got[max(line.got)].who in senders:
                    line.got.clear()

    async def until(self, true: Callable[[], object], what: str, *, each: float = 0.04) -> None:
        """Everybody sends until something holds."""
        for _ in range(round(30 / each)):
            if true():
                return
            await self.beat(1, each=each)
        raise AssertionError(f"never happened: {what}")

    async def beat(self, times: int, *, each: float = 0.04) -> None:
        """Everybody sends, and asks again for what did not come."""
        for _ in range(times):
            for person in self.people:
                person.publisher.beat(each)
                person.viewer.ask_missing()
            await asyncio.sleep(each)

    async def settle(self, *viewers: Person) -> None:
        """Nobody sends, everybody asks, until nothing is missing anywhere (or at some viewers)."""

        def whole() -> bool:
            for person in viewers or self.people:
                person.viewer.ask_missing()
            return not any(
                line.missing()
                for person in viewers or self.people
                for line in person.viewer.lines.values()
                if line.kind == "video" or self.repairs_sound
            )

        try:
            await until(whole, "all that was lost came again", each=0.06)
        except AssertionError as never:
            lines = [
                f"{line.kind} {line.mid}: {len(line.missing())} of {len(line.got)}, {line.missing()[:5]}"
                for person in viewers or self.people
                for line in person.viewer.lines.values()
                if line.missing()
            ]
            raise AssertionError("; ".join(lines)) from never


@pytest.fixture(scope="session")
def far() -> Iterator[str]:
    """An address of this machine that is not the loopback."""
    with beyond_loopback() as address:
        if address is None:
            cannot(NO_ADDRESS)
        yield address


def need_janus() -> None:
    """Skip by name where it is not installed; CI must have it."""
    if not there():
        cannot(MISSING)


@pytest.fixture(scope="session")
def janus(far: str) -> Iterator[JanusProcess]:
    """One Janus for all tests of this process; each test has its own rooms."""
    need_janus()
    process = JanusProcess(far)
    try:
        process.start()
        yield process
    finally:
        process.stop()


@pytest.fixture
async def forwarder(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gathering]:
    """A room for twelve on the loopback, in the embedded engine."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [LOOPBACK])
    async with meeting(EmbeddedEngine(addresses=(LOOPBACK,))) as made:
        yield made


@pytest.fixture(params=["embedded", "janus"])
async def gathering(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gathering]:
    """A room for twelve in each engine."""
    engine: MediaEngine
    if request.param == "janus":
        process: JanusProcess = request.getfixturevalue("janus")
        engine, address = JanusEngine([process.node]), process.settings.addresses[0]
    else:
        engine, address = EmbeddedEngine(addresses=(LOOPBACK,)), LOOPBACK
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [address])
    async with meeting(engine) as made:
        yield made


@asynccontextmanager
async def meeting(engine: MediaEngine) -> AsyncIterator[Gathering]:
    """An engine that runs, with a room for twelve."""
    made = Gathering(engine)
    engine.listen(made.hear)
    try:
        await engine.start()
        await engine.open_room(made.room)
        yield made
        await made.close()
    finally:
        for person in made.people:
            await person.close()
        await engine.stop()
