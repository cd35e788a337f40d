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


async def killed(folder: Path) -> tuple[float, ...]:
    """Milliseconds from the kill until the picture of the other one goes on, on both sides."""
    async with meeting(folder) as made:
        began = now()
        await asyncio.gather(*(back(side, began, HOPELESS) for side in made.sides))
        dead = now()
        os.kill(made.engine(), signal.SIGKILL)
        took = await asyncio.gather(*(back(side, dead, HOPELESS, UNDER_WAY) for side in made.sides))
        assert sum([await touches(side, dead) for side in made.sides]) == 0
    return tuple(took)


async def test_the_engine_is_killed(tmp_path: Path) -> None:
    """A new engine is started, both connect to it by themselves and see each other again."""
    assert all(one < BACK for one in await killed(tmp_path))


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_the_engine_is_killed_again_and_again(tmp_path: Path, tables: list[str]) -> None:
    """The times, for docs/measured/."""
    before, times = facts(), []
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir(mode=0o700)
        times += [one / 1000 for one in await killed(folder)]
    said = ", ".join(f"{one:.1f}" for one in times)
    tables.append(f"The engine of a room is killed: picture back after {said} s\n\n{before}; after: {load()}")
