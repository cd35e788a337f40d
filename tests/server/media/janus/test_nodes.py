"""Two real Janus nodes: rooms are spread over them, and when one dies its rooms go on at the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aioice.ice
import pytest
from aiohttp import ClientSession

from care.errors import Fault
from care.ids import new_id
from server.media.engine import RoomLost
from server.media.janus import engine as janus_engine
from server.media.janus import session
from server.media.janus.address import NodeAddress
from server.media.janus.engine import JanusEngine
from tests.server.media.conftest import Gathering, meeting, need_janus, until
from tests.server.media.janus_process import JanusProcess, free_port
from tests.server.media.peer import Person


@pytest.fixture
def nodes(far: str) -> Iterator[tuple[JanusProcess, JanusProcess]]:
    """Two nodes of one's own, which may be killed."""
    need_janus()
    made = JanusProcess(far), JanusProcess(far)
    try:
        for one in made:
            one.start()
        yield made
    finally:
        for one in made:
            one.stop()


@pytest.fixture
async def gathering(
    nodes: tuple[JanusProcess, JanusProcess], far: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gathering]:
    """A room on one of the two."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [far])
    async with meeting(JanusEngine([one.node for one in nodes])) as made:
        assert isinstance(made.engine, JanusEngine)
        # Both must be there before one is killed.
        await until(lambda: all_answer(made), "both answer")
        yield made


def all_answer(gathering: Gathering) -> bool:
    assert isinstance(gathering.engine, JanusEngine)
    return all(node.answers for node in gathering.engine._nodes)


def node_of(gathering: Gathering) -> str | None:
    assert isinstance(gathering.engine, JanusEngine)
    return gathering.engine.node_of(gathering.room)


async def rejoin(gathering: Gathering) -> None:
    """What browsers do when they are told: everything anew, at once."""
    for person in gathering.people:
        await person.close()
    gathering.people = [Person(person.who) for person in gathering.people]
    await asyncio.gather(*(person.join(gathering.engine, gathering.room) for person in gathering.people))
    await gathering.all_see()


async def test_the_rooms_of_a_killed_node_go_on_at_the_other(
    gathering: Gathering, nodes: tuple[JanusProcess, JanusProcess]
) -> None:
    """kill -9 of the node: the room is told lost, the same people meet again at the other node."""
    for _ in range(3):
        await gathering.enter()
    await gathering.all_see()
    before = node_of(gathering)
    dead = next(one for one in nodes if one.node.url == before)
    dead.kill()
    await until(lambda: RoomLost(gathering.room) in gathering.told, "the room is told lost")
    await rejoin(gathering)
    assert node_of(gathering) not in (None, before)
    assert gathering.told.count(RoomLost(gathering.room)) == 1


async def test_a_node_that_comes_back_takes_rooms_again(
    gathering: Gathering, nodes: tuple[JanusProcess, JanusProcess]
) -> None:
    """Rooms that moved stay where they are; new ones go to the node that came back, being empty."""
    engine = gathering.engine
    assert isinstance(engine, JanusEngine)
    before = node_of(gathering)
    dead = next(one for one in nodes if one.node.url == before)
    dead.kill()
    await until(lambda: node_of(gathering) not in (None, before), "placed anew")
    moved = node_of(gathering)
    dead.start()
    await until(lambda: all_answer(gathering), "both answer again")
    new = new_id()
    await engine.open_room(new)
    assert engine.node_of(new) == before
    assert node_of(gathering) == moved


async def test_without_any_node_what_is_asked_waits_for_one(
    gathering: Gathering, nodes: tuple[JanusProcess, JanusProcess]
) -> None:
    """Both die, one comes back: who joined in between is answered then."""
    for one in nodes:
        one.kill()
    await until(lambda: RoomLost(gathering.room) in gathering.told, "the room is told lost")
    joining = asyncio.create_task(gathering.enter())
    await asyncio.sleep(0.3)
    assert not joining.done()
    nodes[1].start()
    person = await joining
    await gathering.enter()
    await gathering.all_see()
    assert person in gathering.people
    assert node_of(gathering) == nodes[1].node.url


async def test_a_node_that_hangs_counts_as_dead(
    gathering: Gathering, nodes: tuple[JanusProcess, JanusProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that keeps its connections and answers nothing is left after seconds."""
    monkeypatch.setattr(session, "PING", 0.1)
    monkeypatch.setattr(session, "HUNG", 0.5)
    before = node_of(gathering)
    hanging = next(one for one in nodes if one.node.url == before)
    hanging.pause()
    try:
        await until(lambda: node_of(gathering) not in (None, before), "placed anew")
        assert RoomLost(gathering.room) in gathering.told
    finally:
        hanging.resume()


async def test_rooms_are_spread_over_the_nodes(gathering: Gathering) -> None:
    engine = gathering.engine
    assert isinstance(engine, JanusEngine)
    rooms = [new_id() for _ in range(5)]
    await asyncio.gather(*(engine.open_room(room) for room in rooms))
    stand = [engine.node_of(room) for room in [gathering.room, *rooms]]
    assert {stand.count(node) for node in set(stand)} == {3}


async def test_nodes_that_are_full_take_no_new_room(janus: JanusProcess) -> None:
    """And the sentence says so, instead of blaming a fault."""
    address = NodeAddress(url=janus.node.url, secret=janus.node.secret, most_people=4)
    engine = JanusEngine([address])
    await engine.start()
    try:
        await engine.open_room(new_id())
        with pytest.raises(Fault, match=r"media\.busy"):
            await engine.open_room(new_id())
    finally:
        await engine.stop()


async def test_a_room_that_stands_from_before_is_used(janus: JanusProcess) -> None:
    """The server was killed and opens its rooms anew: that they exist is no error."""
    room = new_id()
    old, new = JanusEngine([janus.node]), JanusEngine([janus.node])
    await old.start()
    await new.start()
    try:
        await old.open_room(room)
        await new.open_room(room)
        assert new.node_of(room) == janus.node.url
    finally:
        await new.stop()
        await old.stop()


async def rooms_at(process: JanusProcess) -> int:
    """How many rooms the node has."""
    async with ClientSession() as client:
        line = await session.Session.open(client, process.node.url, process.node.secret, lambda _: None)
        handle = await line.attach()
        told = await line.message(handle, {"request": "list", "admin_key": process.node.secret})
        await line.close()
    return len(told.data["list"])


async def test_what_a_killed_server_left_behind_is_taken_away(far: str) -> None:
    """Its rooms stand at the node with nobody in them; those of a server that lives are left alone."""
    need_janus()
    process = JanusProcess(far)
    process.start()
    killed, living, new = (JanusEngine([process.node]) for _ in range(3))
    try:
        for engine in (killed, living):
            await engine.start()
            await engine.open_room(new_id())
        await killed.open_room(new_id())
        assert await rooms_at(process) == 3
        # As when the process is gone: the line ends, and nobody closes the rooms.
        line = killed._nodes[0].session
        assert line is not None
        killed._rooms.clear()
        for task in killed._tasks:
            task.cancel()
        await line.close()
        assert await rooms_at(process) == 3
        await new.start()
        assert await rooms_at(process) == 1
        await living.open_room(new_id())
    finally:
        for engine in (killed, living, new):
            await engine.stop()
        process.stop()


async def test_nobody_gets_in_without_the_secret(
    janus: JanusProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node with another secret is as good as none, and the start says so."""
    monkeypatch.setattr(janus_engine, "START", 1.0)
    engine = JanusEngine([NodeAddress(url=janus.node.url, secret="guessed")])
    with pytest.raises(Fault, match=r"media\.away"):
        await engine.start()
    await engine.stop()


async def test_a_server_without_its_node_starts_when_one_answers(far: str) -> None:
    """Of two nodes one that nobody listens at does not keep the other from being used."""
    need_janus()
    process = JanusProcess(far)
    process.start()
    nowhere = NodeAddress(url=f"ws://127.0.0.1:{free_port()}", secret="x")
    engine = JanusEngine([nowhere, process.node])
    try:
        await engine.start()
        room = new_id()
        await engine.open_room(room)
        assert engine.node_of(room) == process.node.url
    finally:
        await engine.stop()
        process.stop()


def test_our_configuration_starts_what_is_needed_and_nothing_else(janus: JanusProcess) -> None:
    """One plugin, one way in, files for their owner alone, no demo rooms."""
    assert {file.name for file in janus.folder.glob("*.jcfg")} == {
        "janus.jcfg", "janus.transport.websockets.jcfg", "janus.plugin.videoroom.jcfg",
    }  # fmt: skip
    assert all(file.stat().st_mode & 0o077 == 0 for file in janus.folder.glob("*.jcfg"))
    assert "room-" not in Path(janus.folder / "janus.plugin.videoroom.jcfg").read_text()
    said = janus.said_all()
    assert "libjanus_http" not in said.replace("'libjanus_http.so' has been disabled", "")
