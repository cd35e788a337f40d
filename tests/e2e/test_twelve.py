"""Six and twelve in one room, on both engines: browsers decode all, every packet arrives or is repaired.

Real browsers and peers of the library. Pictures are 320 by 180, ten a second. The peers send what a
real encoder made, in packets that say whose they are and how many came before, and prove by that what came.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from playwright.async_api import Browser

from server.media.engine import LARGEST_ROOM
from tests.e2e.in_room import Guest, both_engines, enter
from tests.server.media.conftest import Gathering, until
from tests.server.media.content import EACH, content
from tests.server.media.peer import Person, unbroken

gathering = pytest.fixture(params=["embedded", "janus"])(both_engines)

#: Pictures of each that every browser must decode after everybody is there.
MORE = 30


async def decodes(guest: Guest, everybody: set[UUID]) -> None:
    """Until a page decoded `MORE` further pictures, and sound, of all others."""
    others = everybody - {guest.who}
    await until(lambda: {place.who for place in guest.places} == others, "everybody is placed")
    begun, now = await guest.decoded(), await guest.decoded()

    def behind() -> set[UUID]:
        return {who for who in others if now[who][0] < begun[who][0] + MORE or now[who][1] <= begun[who][1]}

    for _ in range(300):
        if not behind():
            return
        await asyncio.sleep(0.1)
        now = await guest.decoded()
    raise AssertionError(f"of {len(others)} not decoded: {[(begun[who], now[who]) for who in behind()]}")


async def all_see_all(gathering: Gathering, chromium: Browser, *, browsers: int, peers: int) -> None:
    """So many come into one room, and what each sends reaches all others whole."""
    guests = [await enter(chromium, gathering.engine, gathering.room) for _ in range(browsers)]
    for _ in range(peers):
        await gathering.enter(content=content())
    everybody = {one.who for one in guests} | {one.who for one in gathering.people}
    sending = asyncio.create_task(forever(gathering))
    try:
        await until(
            lambda: sending.done() or all(sees_peers(one, gathering.people) for one in gathering.people),
            "all see all",
        )
        gathering.begin()
        await asyncio.gather(*(decodes(guest, everybody) for guest in guests))
    finally:
        sending.cancel()
        if sending.done():
            sending.result()
    await gathering.beat(2, each=EACH)
    await gathering.settle()
    for viewer in gathering.people:
        for sender in gathering.people:
            if sender is not viewer:
                got = viewer.viewer.seen(sender.who, "video")
                assert len(got) >= MORE
                assert unbroken(got)
                assert unbroken(viewer.viewer.seen(sender.who, "audio"))
        placed = gathering.placed(viewer.who)
        assert placed is not None
        assert {place.who for place in placed.places} == everybody - {viewer.who}
        for place in placed.places:
            # What browsers sent says no name: its numbers have no gap.
            assert len(viewer.viewer.line(place.video).got) >= MORE
            assert not viewer.viewer.line(place.video).missing()
    stats = await gathering.engine.stats(gathering.room)
    assert {one.who for one in stats.people} == everybody


def sees_peers(viewer: Person, people: list[Person]) -> bool:
    return all(
        viewer.viewer.seen(sender.who, kind)
        for sender in people
        if sender is not viewer
        for kind in ("audio", "video")
    )


async def forever(gathering: Gathering) -> None:
    while True:
        await gathering.beat(1, each=EACH)


async def test_six_see_each_other(chromium: Browser, gathering: Gathering) -> None:
    """One browser and five peers: as many as a small machine carries beside other tests."""
    await all_see_all(gathering, chromium, browsers=1, peers=5)


@pytest.mark.long
async def test_twelve_see_each_other(chromium: Browser, gathering: Gathering) -> None:
    """Two browsers and ten peers: a full room. Peers, forwarder and browsers share one machine here."""
    await all_see_all(gathering, chromium, browsers=2, peers=LARGEST_ROOM - 2)
