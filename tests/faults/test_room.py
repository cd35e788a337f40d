"""The process that forwards picture and sound of a room is killed: everybody is back without a hand."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bench.machine import facts, load
from tests.faults.meeting import meeting
from tests.faults.seen import back, now, touches

pytestmark = [pytest.mark.usefixtures("browsers"), pytest.mark.timeout(300)]

#: What was on its way when it died, ms.
UNDER_WAY = 500
HOPELESS = 90
#: At least three times what is hoped for, ms.
BACK = 30_000


async def killed(folder: Path, *, nodes: int = 0) -> tuple[float, ...]:
    """Milliseconds from the kill until the picture of the other one goes on, on both sides."""
    async with meeting(folder, nodes=nodes) as made:
        began = now()
        await asyncio.gather(*(back(side, began, HOPELESS) for side in made.sides))
        if nodes:
            (carries,) = (one for one in made.nodes if one.carries)
            victim = carries.process.pid
        else:
            victim = made.engine()
        dead = now()
        os.kill(victim, signal.SIGKILL)
        took = await asyncio.gather(*(back(side, dead, HOPELESS, UNDER_WAY) for side in made.sides))
        if nodes:
            assert [one.carries for one in made.nodes if one.process.pid != victim] == [True]
        else:
            assert made.engine() != victim
        assert sum([await touches(side, dead) for side in made.sides]) == 0
    return tuple(took)


async def test_the_engine_is_killed(tmp_path: Path) -> None:
    """A new engine is started, both connect to it by themselves and see each other again."""
    assert all(one < BACK for one in await killed(tmp_path))


@pytest.mark.usefixtures("janus")
async def test_a_janus_node_is_killed(tmp_path: Path) -> None:
    """The room goes on at the other node, and both see each other there without a hand."""
    assert all(one < BACK for one in await killed(tmp_path, nodes=2))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("janus")
@pytest.mark.parametrize("nodes", [0, 2])
async def test_killed_again_and_again(tmp_path: Path, tables: list[str], nodes: int) -> None:
    """The times, for docs/measured/."""
    before, times = facts(), []
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir(mode=0o700)
        times += [one / 1000 for one in await killed(folder, nodes=nodes)]
    said = ", ".join(f"{one:.1f}" for one in times)
    what = f"The one of {nodes} Janus nodes that carries a room" if nodes else "The engine of a room"
    tables.append(f"{what} is killed: picture back after {said} s\n\n{before}; after: {load()}")
