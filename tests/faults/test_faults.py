"""One fault of each kind, done to a talk between the two real pages over real networks.

The bounds are at least three times what is hoped for (`tests/faults/test_matrix.py` measures that): these
tests say that a talk survives without anybody's hand, not how fast the machine is today.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from care.calls.life import CallState, Cause
from care.contacts.life import Status
from tests.faults import faults
from tests.faults.faults import Outcome
from tests.faults.stage import stage

#: Two browsers, a server and a fault that takes its time, beside whatever else the machine does.
pytestmark = [pytest.mark.usefixtures("coturn"), pytest.mark.timeout(300)]

#: No longer than this without a new frame where the line holds, ms.
STILL = 6_000
#: ... and where it was broken, until the picture is back, ms.
BACK = 24_000


def survived(outcome: Outcome) -> None:
    """The same call goes on, and no hand had to do anything."""
    assert outcome.is_same_call, outcome
    assert outcome.touches == 0, outcome
    assert all(one < BACK for one in outcome.back), outcome


async def test_packets_are_lost(tmp_path: Path) -> None:
    """With 20 of 100 packets lost each way the picture goes on, on both sides."""
    async with stage(tmp_path) as made:
        await made.talk()
        seen = await faults.loss(made, 20, 8)
        survived(seen)
        assert all(one.lost_percent > 8 for one in seen.seen), "the fault was there"
        assert all(one.longest < STILL and one.frames > 10 for one in seen.seen), seen


async def test_late_and_narrow_lines(tmp_path: Path) -> None:
    """300 ms there and back, then 300 kbit/s: picture on both sides, within what the line carries."""
    async with stage(tmp_path, wired=True) as made:
        await made.talk()
        seen = await faults.late(made, 150, 5)
        survived(seen)
        assert all(one.round_trip >= 290 for one in seen.seen), "the fault was there"
        assert all(one.longest < STILL and one.frames > 5 for one in seen.seen), seen
        seen = await faults.narrow(made, 300, 6)
        survived(seen)
        assert all(one.kilobits < 330 for one in seen.seen), "the fault was there"
        assert all(one.longest < STILL and one.frames > 5 for one in seen.seen), seen


async def test_an_outage_and_a_new_address(tmp_path: Path) -> None:
    """After 10 s of nothing the same call shows its picture again; so it does when an address changes."""
    async with stage(tmp_path) as made:
        await made.talk()
        seen = await faults.outage(made, 10)
        survived(seen)
        assert all(one.longest > 8_000 for one in seen.seen), "the fault was there"
        survived(await faults.moved(made, "worker"))
        await faults.hang_up(made.page)
        assert [(one.state, one.cause) for one in await made.server.calls()] == [
            (CallState.ENDED, Cause.HUNG_UP)
        ]


async def test_the_server_is_killed(tmp_path: Path) -> None:
    """Picture goes on without the server; the same call is taken up by the new one and ends in order."""
    async with stage(tmp_path) as made:
        await made.talk()
        seen = await faults.server_gone(made, 3)
        survived(seen)
        assert all(one.longest < STILL for one in seen.seen), seen
        await faults.hang_up(made.page)
        assert [(one.state, one.cause) for one in await made.server.calls()] == [
            (CallState.ENDED, Cause.HUNG_UP)
        ]
        assert (await made.server.row()).status is Status.DONE


async def test_only_the_relay_is_left(tmp_path: Path) -> None:
    """With no direct way between home and worker the picture comes through our own coturn."""
    async with stage(tmp_path, relayed=True) as made:
        made.network.separate(made.worker, made.home)
        await made.talk()
        seen = await faults.relayed(made)
        survived(seen)
        assert "relay" in seen.paths, seen
        assert all(one.longest < STILL and one.frames > 10 for one in seen.seen), seen
