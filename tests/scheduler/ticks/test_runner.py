"""The runner runs the ticks, survives their faults, and says when one of them is late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from care.clock import Clock, StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.storage.database import Database
from care.ticks import Tick
from scheduler.ticks import runner
from scheduler.ticks.runner import EVERY, Ticker
from tests.builders import make_client, make_contact, make_town


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what is to happen; the test's own timeout is the limit."""
    while not condition():  # noqa: ASYNC110 - the runner has no event to wait for
        await asyncio.sleep(0.01)


async def test_a_row_becomes_due_by_itself(database: Database, clock: StandingClock) -> None:
    """With every real tick running: started, and the plan lives."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        row = await make_contact(
            session, client, town.services["TI-DAG"], "2026-12-01 06:45", channel=Channel.VIDEO
        )
    ticker = Ticker(database, clock)
    assert ticker.health() == []
    await ticker.start()
    await until(lambda: all(one.runs for one in ticker.health()))
    assert ticker.late() is None
    await ticker.stop()
    async with database.read() as session:
        assert (await session.get_one(PlannedContact, row.id)).status is Status.DUE
        marks = {tick.name: tick.last_run_at for tick in await session.scalars(select(Tick))}
    assert set(marks) == set(EVERY)
    assert set(marks.values()) == {clock.now()}
    assert not any(one.failing for one in ticker.health())


async def test_presence_comes_before_everything(sqlite_database: Database, clock: StandingClock) -> None:
    """An absence is found out before any tick can act on it."""
    order: list[str] = []

    def named(name: str) -> runner.Work:
        async def work(_database: Database, _clock: Clock) -> int:
            order.append(name)
            return 0

        return work

    every = {name: (named(name), 0.05) for name in ("due", "presence")}
    ticker = Ticker(sqlite_database, clock, every)
    await ticker.start()
    assert order == ["presence"]
    await until(lambda: "due" in order)
    await ticker.stop()


async def test_a_failing_tick_stops_nobody_and_is_tried_again(
    sqlite_database: Database, clock: StandingClock
) -> None:
    """It is counted and told of; the others go on, and so does it."""
    calls = {"bad": 0, "good": 0}

    async def bad(_database: Database, _clock: Clock) -> int:
        calls["bad"] += 1
        if calls["bad"] < 3:
            raise RuntimeError
        return 1

    async def good(_database: Database, _clock: Clock) -> int:
        calls["good"] += 1
        return 0

    ticker = Ticker(sqlite_database, clock, {"bad": (bad, 0.02), "good": (good, 0.02)})
    await ticker.start()
    await until(lambda: calls["bad"] >= 1 and calls["good"] >= 1)
    await until(lambda: calls["bad"] >= 4 and calls["good"] >= 4)
    health = {one.name: one for one in ticker.health()}
    await ticker.stop()
    assert health["bad"].failures == 2
    assert not health["bad"].failing
    assert health["good"].failures == 0


async def test_a_tick_that_never_succeeds_makes_the_node_unready(
    sqlite_database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a minute late, and the reason is named."""

    async def bad(_database: Database, _clock: Clock) -> int:
        raise RuntimeError

    ticker = Ticker(sqlite_database, clock, {"bad": (bad, 0.02)})
    await ticker.start()
    await until(lambda: ticker.health()[0].failures > 0)
    assert ticker.late() is None
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 61)
    assert ticker.late() == "bad"
    monkeypatch.undo()
    await ticker.stop()


async def test_stopping_lets_a_running_tick_end(sqlite_database: Database, clock: StandingClock) -> None:
    """What has begun is finished, and nothing begins after it."""
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), []

    async def slow(_database: Database, _clock: Clock) -> int:
        begun.set()
        await go_on.wait()
        ended.append(True)
        return 0

    ticker = Ticker(sqlite_database, clock, {"slow": (slow, 0.01)})
    await ticker.start()
    await begun.wait()
    stopping = asyncio.create_task(ticker.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert ended == [True]


async def test_stopping_before_starting_is_no_fault(sqlite_database: Database, clock: StandingClock) -> None:
    """A server that fails half way up comes down again."""
    await Ticker(sqlite_database, clock).stop()
