"""Path tests over a tablet's socket: asked for by a person, ended by a call, unanswered by an old page."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care.device_history import DeviceEvent, DeviceEventKind
from care.devices import Device
from care.path_tests import PathResult, PathTest
from care.tasks import Task, TaskKind, open_task
from scheduler.ticks.device_watch import device_watch
from server.tablets.path_test import running
from server.tablets.path_test.asking import ask_for_path_test
from server.tablets.path_test.measured import Came
from server.tablets.path_test.running import PATH_TESTS
from tests.server.calls.conftest import House


async def asked(house: House) -> None:
    """Somebody has pressed "Prova vägen nu"."""
    async with house.database.write() as session:
        device = await session.get_one(Device, house.device.id)
        await ask_for_path_test(session, device, house.clock.now(), account_id=house.account_id)


async def result(house: House) -> PathResult:
    """What comes of the test."""
    async with asyncio.timeout(10):
        while True:
            async with house.database.read() as session:
                (test,) = await session.scalars(select(PathTest))
            if test.result is not None:
                return PathResult(test.result)
            await asyncio.sleep(0.02)


async def test_a_call_ends_a_path_test_at_once(small_house: House) -> None:
    """It says nothing about the tablet, and what comes of it later is refused in words."""
    house = small_house
    tablet = await house.tablet()
    await asked(house)
    begun: dict[str, Any] = await tablet.hear("path_test")
    assert (begun["ice_servers"], begun["relay_only"]) == ([], False)
    house.server.app[PATH_TESTS].call_comes(house.device.id)
    assert (await tablet.hear("path_end"))["run"] == begun["run"]
    assert await result(house) is PathResult.CALL_FIRST
    late = await tablet.ask("path_seen", run=begun["run"], problem="sound")
    assert late["code"] == "path.unknown"


async def test_a_tablet_may_say_that_it_cannot(small_house: House) -> None:
    """The reason is kept; a run that is not its own does not exist."""
    house = small_house
    tablet = await house.tablet()
    await asked(house)
    begun = await tablet.hear("path_test")
    other = await tablet.ask("path_offer", run=str(UUID(int=7)), sdp="v=0")
    assert other["code"] == "path.unknown"
    assert (await tablet.ask("path_seen", run=begun["run"], problem="sound"))["type"] == "ok"
    assert await result(house) is PathResult.UNABLE


async def test_a_description_that_is_none_is_no_fault_of_ours(small_house: House) -> None:
    house = small_house
    tablet = await house.tablet()
    await asked(house)
    begun = await tablet.hear("path_test")
    assert (await tablet.ask("path_offer", run=begun["run"], sdp="nonsense"))["type"] == "ok"
    assert await result(house) is PathResult.UNABLE


async def test_a_page_that_knows_of_no_such_test_has_not_answered(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "OFFER_WITHIN", 0.05)
    house = small_house
    tablet = await house.tablet()
    await asked(house)
    await tablet.hear("path_test")
    assert await result(house) is PathResult.NO_ANSWER


class HalfCome:
    """Our side of a test: connected, and what the tablet sends never comes whole."""

    def __init__(self) -> None:
        self.came = Came(connected_ms=5)
        self.whole = self
        self.left = asyncio.Event()

    async def answer(self, offer: str) -> str:
        return offer

    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()

    async def close(self) -> None:
        pass


async def test_nothing_waits_on_for_what_never_came_whole(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tablet is done, our own side is not in time: the test ends, and its waiting with it."""
    house, peer = small_house, HalfCome()
    monkeypatch.setattr(running, "OURS_WITHIN", 0.05)
    monkeypatch.setattr(house.server.app[PATH_TESTS], "_peer", lambda _: peer)
    tablet = await house.tablet()
    await asked(house)
    begun = await tablet.hear("path_test")
    await tablet.ask("path_offer", run=begun["run"], sdp="v=0")
    await tablet.ask("path_seen", run=begun["run"], right_pictures=9, tone_heard=True)
    assert not (await result(house)).is_well
    async with asyncio.timeout(10):
        await peer.left.wait()


async def test_a_tablet_that_comes_back_closes_the_task_of_its_silence(small_house: House) -> None:
    """By its hello alone; the silence and its end stay in its history."""
    house, now = small_house, small_house.clock.now()
    async with house.database.write() as session:
        device = await session.get_one(Device, house.device.id)
        device.silent_since = device.last_seen_at = now.replace(hour=3)
        await open_task(
            session, TaskKind.TABLET_SILENT, group_id=house.ingrid.group_id, at=now, deadline=now,
            once_key=f"{TaskKind.TABLET_SILENT.value}:{device.id}", device_id=device.id, facts={},
        )  # fmt: skip
    await house.tablet()
    await device_watch(house.database, house.clock)
    async with house.database.read() as session:
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.TABLET_SILENT))
        kinds = list(await session.scalars(select(DeviceEvent.kind)))
    assert task.outcome == "came_back"
    assert DeviceEventKind.HEARD in kinds
