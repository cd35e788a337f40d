"""Facts are told if and only if they happened, in order and without holes, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from care.clock import StandingClock
from care.ids import new_id
from care.outbox import announce, announce_many, events_after, last_number
from care.storage.database import Database


async def topics(database: Database) -> list[tuple[int, str]]:
    async with database.read() as session:
        return [(event.number, event.topic) for event in await events_after(session, 0, most=10_000)]


async def test_facts_are_numbered_in_order(database: Database, clock: StandingClock) -> None:
    """One, two, three; ids become text; who remembers a number gets the rest."""
    thing = new_id()
    async with database.write() as session:
        await announce(session, clock.now(), "a", contact=thing)
        await announce(session, clock.now(), "b", count=2)
    async with database.write() as session:
        await announce(session, clock.now(), "c")
    assert await topics(database) == [(1, "a"), (2, "b"), (3, "c")]
    async with database.read() as session:
        assert await last_number(session) == 3
        first, *_ = await events_after(session, 0, most=1)
        assert first.payload == {"contact": str(thing)}
        assert first.at == clock.now()
        assert [event.topic for event in await events_after(session, 2)] == ["c"]


async def test_nothing_told_leaves_nothing(database: Database) -> None:
    """An empty transaction takes no number."""
    async with database.write():
        pass
    async with database.read() as session:
        assert await last_number(session) == 0


async def test_what_is_rolled_back_is_not_told(database: Database, clock: StandingClock) -> None:
    """A failed transaction tells nothing and leaves no hole."""
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await announce(session, clock.now(), "never")
            raise RuntimeError
    async with database.write() as session:
        await announce(session, clock.now(), "then")
    assert await topics(database) == [(1, "then")]


async def test_savepoints_that_fail_tell_nothing(database: Database, clock: StandingClock) -> None:
    """Only what stands at the commit is told, also when a released savepoint lies in a failed one."""
    async with database.write() as session:
        await announce(session, clock.now(), "outer")
        async with session.begin_nested():
            await announce(session, clock.now(), "kept")
        with pytest.raises(RuntimeError):
            async with session.begin_nested():
                await announce(session, clock.now(), "dropped")
                async with session.begin_nested():
                    await announce(session, clock.now(), "dropped too")
                raise RuntimeError
        await announce(session, clock.now(), "last")
    assert await topics(database) == [(1, "outer"), (2, "kept"), (3, "last")]


async def test_a_session_that_goes_on_after_a_rollback(database: Database, clock: StandingClock) -> None:
    """What was announced before the rollback is forgotten."""
    async with database.read() as session:
        await announce(session, clock.now(), "lost")
        await session.rollback()
    async with database.write() as session:
        await announce(session, clock.now(), "told")
    assert await topics(database) == [(1, "told")]


async def test_writers_at_once_leave_no_holes(database: Database, clock: StandingClock) -> None:
    """Twenty writers on two nodes, some failing: numbers are 1…n, each once, also for the very first."""
    other = Database(database.url)

    async def write(node: Database, number: int) -> None:
        async with node.write() as session:
            await announce(session, clock.now(), f"{number}.1")
            await asyncio.sleep(0)
            await announce(session, clock.now(), f"{number}.2")
            if number % 5 == 0:
                raise RuntimeError

    nodes = (database, other)
    done = await asyncio.gather(*(write(nodes[n % 2], n) for n in range(20)), return_exceptions=True)
    await other.close()
    assert [type(result) for result in done if result is not None] == [RuntimeError] * 4
    found = await topics(database)
    assert [number for number, _ in found] == list(range(1, 33))
    # The two facts of one transaction stand side by side.
    assert all(a[1].split(".")[0] == b[1].split(".")[0] for a, b in zip(found[::2], found[1::2], strict=True))


async def test_a_reader_that_remembers_misses_nothing(database: Database, clock: StandingClock) -> None:
    """While others write, a reader that asks for what came after its last number sees every fact once."""
    total, seen = 40, list[int]()

    async def write(number: int) -> None:
        async with database.write() as session:
            await announce(session, clock.now(), "x")
            await asyncio.sleep(0.001 * (number % 3))

    async def read() -> None:
        while len(seen) < total:
            async with database.read() as session:
                seen.extend(event.number for event in await events_after(session, seen[-1] if seen else 0))
            await asyncio.sleep(0.001)

    await asyncio.wait_for(asyncio.gather(read(), *(write(n) for n in range(total))), 60)
    assert seen == list(range(1, total + 1))


async def test_many_at_once_take_their_place(database: Database, clock: StandingClock) -> None:
    """Told directly by several nodes at once, also as the very first facts: in order, without holes."""
    other = Database(database.url)

    async def write(node: Database, number: int) -> None:
        async with node.write() as session:
            facts = [{"group_id": None, "client_id": None, "payload": {"n": n}} for n in range(number)]
            await announce_many(session, clock.now(), "many", facts)

    await asyncio.gather(*(write((database, other)[n % 2], n) for n in range(6)))
    await other.close()
    assert [number for number, _ in await topics(database)] == list(range(1, 16))


async def test_commits_are_heard_on_postgresql(postgres_database: Database, clock: StandingClock) -> None:
    """Who listens is told the newest number when it is committed, and not before."""
    import asyncpg

    from care.outbox import NOTIFY_CHANNEL

    url = postgres_database.engine.url
    heard: asyncio.Queue[str] = asyncio.Queue()
    ear = await asyncpg.connect(host=url.query["host"], user=url.username, database=url.database)
    await ear.add_listener(NOTIFY_CHANNEL, lambda *event: heard.put_nowait(event[-1]))
    async with postgres_database.write() as session:
        await announce(session, clock.now(), "a")
        await announce(session, clock.now(), "b")
    assert await asyncio.wait_for(heard.get(), 10) == "2"
    await ear.close()
