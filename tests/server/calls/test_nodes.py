"""Signalling between sockets: in one process, and between two nodes through Redis."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.test_utils import TestServer

from server.application import create_app
from server.calls.messages import Candidate, IceCandidate
from server.calls.notes import Here, Note, Passed, decode_note, encode_note
from server.calls.relay import ManyNodes, OneNode, Relay
from server.configuration import Configuration
from tests.server.calls.conftest import House
from tests.server.calls.lines import open_page

CALL = UUID("01a20025-94c3-73e9-b7f5-5f2a502b9be1")
HERE = Here(call=CALL, present=True, connection="w1", asks=True)


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    """A private Redis on a free port that keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Redis is missing: apt-get install redis-server")
        pytest.skip("Redis is missing: apt-get install redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.02)
    yield f"redis://127.0.0.1:{port}"
    process.terminate()
    await process.wait()


async def heard(relay: Relay, address: str) -> tuple[list[Note], asyncio.Event]:
    notes: list[Note] = []
    event = asyncio.Event()

    def deliver(note: Note) -> None:
        notes.append(note)
        event.set()

    await relay.listen(address, deliver)
    return notes, event


async def test_one_node_hands_notes_to_who_listens() -> None:
    """A note reaches who listens at its address, and nobody when nobody does."""
    relay = OneNode()
    notes, _ = await heard(relay, "worker/a")
    assert await relay.publish("worker/a", HERE) == 1
    assert await relay.publish("worker/b", HERE) == 0
    assert notes == [HERE]
    assert await relay.is_there("worker/a")
    assert not await relay.is_there("worker/b")


async def test_one_that_fails_keeps_nobody_else_from_hearing() -> None:
    """Nor does it end who hands notes over."""
    relay = OneNode()

    def fails(note: Note) -> None:
        raise RuntimeError(type(note).__name__)

    await relay.listen("worker/a", fails)
    notes, _ = await heard(relay, "worker/a")
    assert await relay.publish("worker/a", HERE) == 2
    assert notes == [HERE]


async def test_notes_survive_the_way_between_nodes() -> None:
    """What is encoded is decoded as it was, messages within included."""
    candidate = Candidate(call=CALL, from_="a", to="b", candidate=IceCandidate(candidate="x", sdp_mid="0"))
    note = Passed(candidate=candidate)
    assert decode_note(encode_note(note)) == note


async def test_two_nodes_reach_each_other(redis_url: str) -> None:
    """Published on one node, heard on the other; who has left is not there any more."""
    near, far = ManyNodes(redis_url), ManyNodes(redis_url)
    await near.start()
    await far.start()
    notes, event = await heard(far, "device/x")

    async def there() -> None:
        while not await near.is_there("device/x"):  # noqa: ASYNC110 - Redis knows when
            await asyncio.sleep(0.01)

    await asyncio.wait_for(there(), 5)
    assert await near.publish("device/x", HERE) == 1
    await asyncio.wait_for(event.wait(), 5)
    assert notes == [HERE]
    assert await near.publish("device/y", HERE) == 0
    await near.stop()
    await far.stop()


async def test_a_call_over_two_nodes(small_house: House, redis_url: str) -> None:
    """The tablet's socket is on one node and the worker's page on another: they talk and hang up."""
    house = small_house
    await house.server.close()
    configuration = Configuration(redis=redis_url)
    house.server = TestServer(create_app(configuration, house.database, house.clock))
    await house.server.start_server()
    other = TestServer(create_app(configuration, house.database, house.clock))
    await other.start_server()
    try:
        tablet = await house.tablet()
        origin = str(other.make_url("")).rstrip("/")
        page = await open_page(house.browser(), origin, contact=house.contact_id)
        await page.hear("welcome")
        call = await house.talk(page, tablet)
        await page.say("candidate", call=call, **{"from": "w1"}, to="t1", candidate=None)
        assert (await tablet.hear("candidate"))["from"] == "w1"
        await tablet.say("hang_up", call=call)
        assert (await page.hear("state", state="ended"))["cause"] == "hung_up"
    finally:
        await other.close()
