"""A town of tablets that comes back at once waits outside; calls, pages and timers go on meanwhile."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from aiohttp import ClientSession

from server.calls.hub import MOST_COMING
from server.calls.tablet import TabletSocket
from server.tablets.simulated.fleet import fleet
from server.tablets.simulated.homes import furnish, read_or_make_key
from server.tablets.simulated.tablet import Manner
from tests.server.calls.conftest import House
from tests.server.calls.lines import open_tablet


async def test_a_page_does_not_wait_for_tablets(small_house: House) -> None:
    """With the tablets' door full, a worker comes in and a tablet waits until there is a place."""
    door = small_house.hub.door(TabletSocket)
    for _ in range(MOST_COMING):
        await door.acquire()
    session = ClientSession()
    tablet = await open_tablet(session, small_house.origin, small_house.device.id, small_house.key)
    await small_house.page()
    assert not small_house.hub.tablets
    door.release()
    await tablet.hear("welcome")
    await session.close()


async def test_who_gives_up_takes_no_place(small_house: House) -> None:
    """A tablet that has gone while it waited is forgotten; the next one comes in."""
    door = small_house.hub.door(TabletSocket)
    for _ in range(MOST_COMING):
        await door.acquire()
    session = ClientSession()
    gone = await open_tablet(session, small_house.origin, small_house.device.id, small_house.key)
    connection = gone.socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    await session.close()
    for _ in range(MOST_COMING):
        door.release()
    await small_house.tablet()
    assert len(small_house.hub.tablets) == 1


async def test_health_delays_nothing_that_is_said_after_it(small_house: House) -> None:
    """What a tablet tells of itself may wait; what it says in a call may not."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.ring(page, tablet)
    door = small_house.hub.door(TabletSocket)
    for _ in range(MOST_COMING):
        await door.acquire()
    await tablet.say(
        "health", camera="granted", microphone="granted", sound="ok", wake_lock="ok", voice=True,
        touch_needed=False,
    )  # fmt: skip
    await tablet.say("answer", call=call, by="touch")
    await page.hear("state", call=call, state="connecting")
    for _ in range(MOST_COMING):
        door.release()
    await tablet.settle()


async def test_a_storm(small_house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A hundred at once: all come in, and a call rings meanwhile; nothing is an error."""
    house = small_house
    key = read_or_make_key(tmp_path)
    homes = await furnish(house.database, house.clock, key, 100)
    page, tablet = await house.page(), await house.tablet()
    async with fleet(house.origin, homes, key, manner=Manner(), rate=100_000) as counts:
        await asyncio.wait_for(house.talk(page, tablet), 30)
        async with asyncio.timeout(60):
            while counts["connected"] < len(homes):  # noqa: ASYNC110 - counted elsewhere
                await asyncio.sleep(0.05)
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
