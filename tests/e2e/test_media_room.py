"""Real browsers in a room of each engine: all decode the pictures and sounds of all."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser

from server.media.embedded.supervisor import EmbeddedEngine
from tests.e2e.in_room import Guest, both_engines, enter
from tests.server.media.conftest import Gathering, until

gathering = pytest.fixture(params=["embedded", "janus"])(both_engines)


async def decode(*guests: Guest, more: int = 10) -> None:
    """Until each decoded `more` further frames, and sound, of all others."""
    for viewer in guests:
        others = {one.who for one in guests} - {viewer.who}
        await until(lambda: {one.who for one in viewer.places} == others, "placed")  # noqa: B023 - waited for
        begun = now = await viewer.decoded()
        for _ in range(200):
            now = await viewer.decoded()
            if all(now[who][0] >= begun[who][0] + more and now[who][1] > begun[who][1] for who in others):
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"not decoded: {begun}, {now}")


async def test_three_browsers_decode_each_other_and_a_fourth_takes_a_free_place(
    chromium: Browser, gathering: Gathering
) -> None:
    """All is decoded; one leaves and another comes, and those who stay see that one instead."""
    engine, room = gathering.engine, gathering.room
    first, second, third = [await enter(chromium, engine, room) for _ in range(3)]
    await decode(first, second, third)
    before = {one.video for one in first.places}
    await engine.leave(room, second.who)
    await second.page.evaluate("leaveRoom()")
    late = await enter(chromium, engine, room)
    await decode(first, third, late)
    # The same m-lines as the one who left had: a page that stands for hours does not grow.
    assert {one.video for one in first.places} == before
    stats = await engine.stats(room)
    assert {one.who for one in stats.people} == {first.who, third.who, late.who}
    if isinstance(engine, EmbeddedEngine):
        assert all(view.refused == 0 for person in stats.people for view in person.views)
