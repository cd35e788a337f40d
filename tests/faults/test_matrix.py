"""The whole matrix of faults (`make test-long`): what was seen of each, as a table for docs/measured/.

Every fault is done to talks of their own; the median and the worst of them stand in the table. Nothing here
asserts a time: the targets stand beside the figures. That each talk survives without a hand is asserted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from bench.machine import facts, load
from bench.medians import table
from tests.faults import faults
from tests.faults.faults import Outcome, hang_up
from tests.faults.stage import Stage, stage

pytestmark = [pytest.mark.usefixtures("coturn"), pytest.mark.long, pytest.mark.timeout(1200)]

TIMES = 3
Fault = Callable[[Stage], Awaitable[Outcome]]
#: The fault, whether the home's line is wired, whether there is a relay, and what is hoped for.
MATRIX: dict[str, tuple[Fault, bool, bool, str]] = {
    "nothing": (lambda one: faults.loss(one, 0, 15), False, False, ""),
    "loss 5": (lambda one: faults.loss(one, 5, 15), False, False, "no freeze"),
    "loss 10": (lambda one: faults.loss(one, 10, 15), False, False, "no freeze"),
    "loss 20": (lambda one: faults.loss(one, 20, 15), False, False, "no freeze"),
    "late 300": (lambda one: faults.late(one, 150, 15), True, False, ""),
    "late 300, uneven": (lambda one: faults.late(one, 150, 15, jitter=40), True, False, ""),
    "late 300, loss 10": (lambda one: faults.late(one, 150, 15, percent=10), True, False, ""),
    "narrow 300": (lambda one: faults.narrow(one, 300, 15), True, False, ""),
    "narrow 150": (lambda one: faults.narrow(one, 150, 15), True, False, ""),
    "outage 10": (lambda one: faults.outage(one, 10), False, False, "back ≤ 5 s"),
    "outage 30": (lambda one: faults.outage(one, 30), False, False, "back ≤ 8 s"),
    "moved home": (lambda one: faults.moved(one, "home"), False, False, ""),
    "moved worker": (lambda one: faults.moved(one, "worker"), False, False, ""),
    "way closed": (faults.way_closed, False, True, ""),
    "server gone 3": (lambda one: faults.server_gone(one, 3), False, False, "picture goes on"),
    "server gone 30": (lambda one: faults.server_gone(one, 30), False, False, "picture goes on"),
    "relay only": (faults.relayed, False, True, ""),
}


@pytest.fixture(scope="module")
def lines(tables: list[str]) -> Iterator[list[tuple[str, ...]]]:
    """The rows of the table; shown when all are there."""
    before = facts()
    rows: list[tuple[str, ...]] = []
    yield rows
    head = (
        "fault", "picture back, s: worker / client", "longest still, ms: worker / client",
        "freezes", "lost, %", "kbit/s", "path", "hoped for",
    )  # fmt: skip
    title = f"Faults of the network, {TIMES} talks each: median (worst)"
    tables.append(f"{title}\n\n{before}\n\n{table(head, rows)}\n\nLoad after: {load()}")


@pytest.mark.parametrize("name", MATRIX)
async def test_a_talk_survives(name: str, tmp_path: Path, lines: list[tuple[str, ...]]) -> None:
    """The same call goes on after the fault, nobody touched anything, and it ends in order."""
    fault, is_wired, is_relayed, hoped = MATRIX[name]
    seen: list[Outcome] = []
    for turn in range(TIMES):
        folder = tmp_path / str(turn)
        folder.mkdir(mode=0o700)
        async with stage(folder, wired=is_wired, relayed=is_relayed) as made:
            if name == "relay only":
                made.network.separate(made.worker, made.home)
            await made.talk()
            outcome = await fault(made)
            await hang_up(made.page)
        seen.append(outcome)
        assert outcome.is_same_call, outcome
        assert outcome.touches == 0, outcome
    lines.append(_row(seen, hoped))


def _row(seen: list[Outcome], hoped: str) -> tuple[str, ...]:
    one = seen[0]
    sides = range(2)
    back = [_spread([each.back[side] / 1000 for each in seen], ".1f") for side in sides if one.back]
    still = [_spread([each.seen[side].longest for each in seen], ".0f") for side in sides if one.seen]
    all_seen = [each for outcome in seen for each in outcome.seen]
    return (
        one.fault,
        " / ".join(back),
        " / ".join(still),
        _spread([each.freezes for each in all_seen], ".0f") if all_seen else "",
        _spread([each.lost_percent for each in all_seen], ".0f") if all_seen else "",
        _spread([each.kilobits for each in all_seen], ".0f") if all_seen else "",
        ", ".join(sorted({path for outcome in seen for path in outcome.paths})),
        hoped,
    )


def _spread(values: list[float], form: str) -> str:
    return f"{median(values):{form}} ({max(values):{form}})"
