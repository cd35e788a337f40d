"""The forwarder's process: watched, replaced, and never outliving the server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import aioice.ice
import pytest

from care.errors import Fault
from care.ids import new_id
from server.media.embedded import supervisor
from server.media.embedded.network import PortRange
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import RoomLost
from tests.server.media.conftest import LOOPBACK, Gathering, until
from tests.server.media.peer import Person

ROOT = Path(__file__).resolve().parents[3]


def alive(process: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def process_of(forwarder: Gathering) -> int | None:
    """The forwarder's process now."""
    assert isinstance(forwarder.engine, EmbeddedEngine)
    return forwarder.engine.process_id


async def test_a_killed_process_is_reported_and_replaced_and_people_come_back(forwarder: Gathering) -> None:
    """kill -9 in a call: the room is told lost, a new process stands, the same people meet again."""
    people = [await forwarder.enter() for _ in range(3)]
    await forwarder.beat(10)
    first = process_of(forwarder)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: RoomLost(forwarder.room) in forwarder.told, "the room is told lost")
    for person in people:
        await person.close()
    forwarder.people = [Person(person.who) for person in people]
    # At once: what is asked before the new process stands waits for it.
    await asyncio.gather(*(person.join(forwarder.engine, forwarder.room) for person in forwarder.people))
    assert process_of(forwarder) not in (None, first)
    await until(lambda: all(len(forwarder.sees(one)) == 2 for one in forwarder.people), "placed again")
    await until(
        lambda: all(one.viewer.states[-1:] == ["connected"] for one in forwarder.people), "connected again"
    )
    await forwarder.beat(15)
    for viewer in forwarder.people:
        for sender in forwarder.people:
            if sender is not viewer:
                assert viewer.viewer.seen(sender.who, "video")
                assert viewer.viewer.seen(sender.who, "audio")
    assert not alive(first)


async def test_a_question_that_was_under_way_when_it_died_is_answered_by_a_fault(
    forwarder: Gathering,
) -> None:
    """Nobody waits for ever for an answer of a dead process."""
    pid = process_of(forwarder)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(forwarder.engine.stats(forwarder.room))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Fault, match=r"media\.away"):
        await asked


async def test_a_process_that_hangs_is_replaced(
    forwarder: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that lives but no longer answers is worse than a dead one: it is killed."""
    monkeypatch.setattr(supervisor, "PING", 0.05)
    monkeypatch.setattr(supervisor, "HUNG", 0.5)
    monkeypatch.setattr(supervisor, "END", 0.2)
    first = process_of(forwarder)
    assert first is not None
    # The ping that sleeps now still has the old pause.
    await asyncio.sleep(2.1)
    os.kill(first, signal.SIGSTOP)
    await until(lambda: RoomLost(forwarder.room) in forwarder.told, "the room is told lost")
    await forwarder.engine.stats(forwarder.room)
    assert not alive(first)


async def test_stopping_ends_the_process() -> None:
    engine = EmbeddedEngine(addresses=(LOOPBACK,))
    await engine.start()
    pid = engine.process_id
    assert pid is not None
    assert alive(pid)
    await engine.stop()
    assert not alive(pid)
    assert engine.process_id is None


async def test_the_process_dies_with_a_server_that_was_killed(tmp_path: Path) -> None:
    """kill -9 of the server leaves no forwarder behind."""
    script = tmp_path / "host.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio
            from server.media.embedded.supervisor import EmbeddedEngine

            async def main():
                engine = EmbeddedEngine()
                await engine.start()
                print(engine.process_id, flush=True)
                await asyncio.sleep(600)

            asyncio.run(main())
            """
        ),
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    assert alive(child)
    process.kill()
    await process.wait()
    await until(lambda: not alive(child), "the forwarder is gone")


async def test_a_room_that_nobody_opened_is_not_there(forwarder: Gathering) -> None:
    """Leaving one is no error: whoever cleans up need not know."""
    with pytest.raises(Fault, match=r"media\.no_room"):
        await forwarder.engine.stats(new_id())
    await forwarder.engine.leave(new_id(), new_id())
    await forwarder.engine.close_room(forwarder.room)
    with pytest.raises(Fault, match=r"media\.no_room"):
        await forwarder.engine.subscribe(forwarder.room, new_id())


async def test_media_stays_within_the_ports_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall opens a range; every candidate of ours lies in it, and a full range is a refusal."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [LOOPBACK])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        low = taken.getsockname()[1] - 1
        engine = EmbeddedEngine(addresses=(LOOPBACK,), ports=(low, low + 2))
        await engine.start()
        try:
            room = new_id()
            await engine.open_room(room, seats=2)
            offer = await engine.subscribe(room, new_id())
            assert offer is not None
            ports = {int(line.split()[5]) for line in offer.sdp.splitlines() if "a=candidate" in line}
            assert ports
            assert ports <= {low, low + 2}
        finally:
            await engine.stop()


async def test_relay_only_offers_no_address_of_ours() -> None:
    """Without a TURN server that is no address at all: nothing goes another way in silence."""
    engine = EmbeddedEngine(relay_only=True)
    await engine.start()
    try:
        room = new_id()
        await engine.open_room(room, seats=2)
        offer = await engine.subscribe(room, new_id())
        assert offer is not None
        assert "a=candidate" not in offer.sdp
    finally:
        await engine.stop()


def test_a_range_of_one_taken_port_raises() -> None:
    """What cannot be had is said, not replaced by another port."""

    async def bind(port: int) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(LOOPBACK, 0))
        raise AssertionError(f"bound although {port} is taken")

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        port = taken.getsockname()[1]
        with (
            asyncio.Runner(loop_factory=lambda: PortRange((port, port))) as runner,
            pytest.raises(OSError, match="in use"),
        ):
            runner.run(bind(port))
