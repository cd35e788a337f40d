"""Does it ring later when 5,000 tablets are connected? And what does an idle one cost?

One server, and one home that is rung again and again: in blocks that take turns that home's tablet is alone,
or `samtid tablets simulate` has connected thousands beside it, from a process of its own on the same machine.
A call is signalling alone: from the press on Ring until the tablet has heard it, and until both sides know
that picture and sound flow, when the tablet answers at once.

    python -m bench.tablet_rings [--count 5000] [--blocks 3] [--block 30] [--idle 30]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import facts, load
from bench.medians import median, p95, ratio, table
from bench.process import memory, processor_time
from bench.served import PATIENCE, SAMTID, environment, served
from bench.tablet_calls import Phone, Row, Times, town

BUDGET = 2.0
BUDGET_MEMORY = 40
#: Per cent of a core for 10,000 idle tablets.
BUDGET_CORE = 25
#: Seconds after which what a tablet says of itself on coming in has been stored.
SETTLED = 20


@dataclass
class Arm:
    """What was measured with so many tablets connected."""

    tablets: int
    times: list[Times] = field(default_factory=list)
    #: Of the server while nobody rings: KiB, per cent of a core.
    memory: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)

    @property
    def rings(self) -> list[float]:
        return [1000 * one.rings for one in self.times]

    @property
    def stands(self) -> list[float]:
        return [1000 * one.stands for one in self.times]


@asynccontextmanager
async def beside(data: Path, url: str, count: int) -> AsyncIterator[float]:
    """So many simulated tablets, connected; the seconds that it took."""
    process = await asyncio.create_subprocess_exec(
        SAMTID, "tablets", "simulate", "--data", data, "--url", url, "--count", str(count), "--json",
        "--rate", "250", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE * 2):
            told = json.loads(await process.stdout.readline() or b"{}")
        if told.get("connected") != count:
            raise SystemExit(f"the tablets did not come: {told}")
        yield float(told["seconds"])
        process.send_signal(signal.SIGTERM)
        print(f"  simulated: {json.loads(await process.stdout.readline())}", flush=True)
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def block(arm: Arm, phone: Phone, rows: list[Row], pid: int, idle: float) -> None:
    """Nobody rings for a while, then calls one after the other."""
    await phone.leave()
    before = processor_time(pid)
    await asyncio.sleep(idle)
    arm.core.append(100 * (processor_time(pid) - before) / idle)
    arm.memory.append(memory(pid))
    for row in rows:
        arm.times.append(await phone.call(row))


async def run(count: int, blocks: int, calls: int, idle: float) -> None:
    """Blocks in turn, alone and beside `count` others."""
    print(f"Rings with one tablet and with {count} connected\n\n{facts()}\n", flush=True)
    alone, crowd = Arm(1), Arm(count)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        rows = await town(data, 1, (2 * blocks + 1) * calls)
        async with served(data) as told:
            pid = told["pid"]
            phone = Phone(told["url"], data)
            await phone.open()
            async with phone.tablet(rows[0].home):
                # The first calls of a server warm it up.
                for _ in range(calls):
                    await phone.call(rows.pop())
                for turn in range(blocks):
                    await block(alone, phone, [rows.pop() for _ in range(calls)], pid, idle)
                    print(f"block {turn + 1}, alone: {_line(alone, calls)}", flush=True)
                    async with beside(data, told["url"], count) as seconds:
                        await asyncio.sleep(SETTLED)
                        await block(crowd, phone, [rows.pop() for _ in range(calls)], pid, idle)
                        line = f"beside {count} (connected in {seconds:.0f} s): {_line(crowd, calls)}"
                        print(f"block {turn + 1}, {line}", flush=True)
                    # Their sockets are closed one by one.
                    await asyncio.sleep(3)
            await phone.close()
    _show(alone, crowd)


def _line(arm: Arm, calls: int) -> str:
    last = [1000 * one.rings for one in arm.times[-calls:]]
    return (
        f"rings after {median(last).value:.1f} ms, p95 {p95(last):.1f}; idle {arm.core[-1]:.1f} % of a core,"
        f" {arm.memory[-1] / 1024:.0f} MiB; load {load()}"
    )


def _show(alone: Arm, crowd: Arm) -> None:
    rows = []
    for what, ours, theirs in (
        ("rings", crowd.rings, alone.rings), ("stands, answered at once", crowd.stands, alone.stands)
    ):  # fmt: skip
        for name, of in (("median", statistics.median), ("p95", p95)):
            budget = f"≤ {BUDGET}" if what == "rings" and name == "p95" else ""
            figures = median(theirs, of).text(".1f"), median(ours, of).text(".1f")
            rows.append((f"{what}, {name}, ms", *figures, ratio(ours, theirs, of).text(".2f"), budget))
    print("\n" + table(("", "1 tablet", f"{crowd.tablets} tablets", "ratio", "budget"), rows))
    # The first crowd: later ones sit in memory that the first has left.
    each = (crowd.memory[0] - alone.memory[0]) / crowd.tablets
    core = median(crowd.core).value - median(alone.core).value
    print(
        "\n"
        + table(
            ("an idle tablet", "", "budget"),
            [
                ("memory of the server, KiB", f"{each:.1f}", f"≤ {BUDGET_MEMORY}"),
                ("10,000 of them, % of a core", f"{10_000 * core / crowd.tablets:.0f}", f"≤ {BUDGET_CORE}"),
            ],
        )
        + f"\n\nLoad after: {load()}"
    )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--block", type=int, default=30)
    parser.add_argument("--idle", type=float, default=30.0)
    given = parser.parse_args()
    asyncio.run(run(given.count, given.blocks, given.block, given.idle))


if __name__ == "__main__":
    main()
