"""A forwarder in its own process on the loopback, and rooms with people in them.

``gathering``   a `Gathering`: the engine, what it told, and who is in its room
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import aioice.ice
import pytest

from care.ids import new_id
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import Event, Placed
from tests.server.media.peer import Person

LOOPBACK = "127.0.0.1"


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

    engine: EmbeddedEngine
    room: UUID = field(default_factory=new_id)
    told: list[Event] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    async def enter(self, *, loss: float = 0.0, parts: int = 2) -> Person:
        """Somebody new, who sends and sees."""
        person = Person(uuid4(), loss=loss, parts=parts)
        self.people.append(person)
        await person.join(self.engine, self.room)
        await until(
            lambda: person.publisher.states[-1:] == person.viewer.states[-1:] == ["connected"], "connected"
        )
        return person

    def placed(self, viewer: UUID) -> Placed | None:
        """What somebody was told last about their places."""
        return next(
            (one for one in reversed(self.told) if isinstance(one, Placed) and one.viewer == viewer), None
        )

    def sees(self, viewer: Person) -> set[UUID]:
        placed = self.placed(viewer.who)
        return {one.who for one in placed.places} if placed else set()

    async def beat(self, times: int, *, each: float = 0.04) -> None:
        """Everybody sends, and asks again for what did not come."""
        for _ in range(times):
            for person in self.people:
                person.publisher.beat(each)
                person.viewer.ask_missing()
            await asyncio.sleep(each)

    async def settle(self) -> None:
        """Nobody sends, everybody asks, until nothing is missing anywhere."""

        def whole() -> bool:
            for person in self.people:
                person.viewer.ask_missing()
            return not any(line.missing() for person in self.people for line in person.viewer.lines.values())

        await until(whole, "all that was lost came again", each=0.06)


@pytest.fixture
async def gathering(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gathering]:
    """A room for twelve on the loopback."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [LOOPBACK])
    engine = EmbeddedEngine(addresses=(LOOPBACK,))
    await engine.start()
    made = Gathering(engine)
    engine.listen(made.told.append)
    await engine.open_room(made.room)
    try:
        yield made
    finally:
        for person in made.people:
            await person.close()
        await engine.stop()
