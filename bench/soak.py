"""A long day in short: calls one after the other, tablets that come and go, and the memory of the server.

Several pages ring several homes at the same time, without browsers. Every third call loses its page in the
middle and is taken up again by a new one; after every call the tablet goes and comes back. What is told is
the slope of the server's memory, by Theil and Sen (the median of the slopes between any two samples), after
the first fifth of the time, in which caches fill; and what the server called an error. Picture and sound are
not in it: between two people they do not pass the server.

    python -m bench.soak [--minutes 45] [--workers 4] [--rate 1.0]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from bench.machine import facts, load
from bench.medians import Estimate, table
from bench.process import memory
from bench.served import served
from bench.tablet_calls import Phone, Row, town

#: Seconds between two samples of the memory.
EVERY = 5.0
#: The first part of the time, in which caches fill, does not count.
WARM = 0.2
#: More slopes than this are not looked at: a fair draw of them says the same.
MOST_SLOPES = 50_000


@dataclass
class Course:
    """What has happened so far."""

    calls: int = 0
    resumed: int = 0
    #: Did not come to an end in time, or lost their line otherwise.
    failed: int = 0
    #: Tablets that came, and that went.
    came: int = 0
    went: int = 0
    #: (seconds, KiB, calls)
    samples: list[tuple[float, float, int]] = field(default_factory=list)


async def work(phone: Phone, rows: list[Row], course: Course, end: float, pause: float) -> None:
    """One page: a call, the tablet goes and comes, the next call."""
    while time.monotonic() < end and rows:
        row = rows.pop()
        began = time.monotonic()
        async with phone.tablet(row.home):
            course.came += 1
            broken = course.calls % 3 == 2
            try:
                await phone.call(row, broken=broken)
            except (TimeoutError, ConnectionError):
                course.failed += 1
                await phone.leave()
            else:
                course.calls += 1
                course.resumed += broken
        course.went += 1
        await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))


async def watch(pid: int, course: Course, began: float, end: float) -> None:
    """A sample every now and then."""
    while time.monotonic() < end:
        course.samples.append((time.monotonic() - began, memory(pid), course.calls))
        await asyncio.sleep(EVERY)


def slope(points: Sequence[tuple[float, float]]) -> Estimate:
    """Theil and Sen: the median of the slopes of all pairs, with the middle half of them as interval."""
    pairs = list(combinations(points, 2))
    if len(pairs) > MOST_SLOPES:
        pairs = random.Random(1).sample(pairs, MOST_SLOPES)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs if b[0] != a[0]]
    low, middle, high = statistics.quantiles(slopes, n=4)
    return Estimate(middle, low, high)


async def run(minutes: float, workers: int, rate: float) -> None:
    """`workers` pages, together `rate` calls a second at most."""
    print(f"Soak: {minutes:.0f} minutes\n\n{facts()}\n", flush=True)
    course = Course()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        # One home for each page: a tablet has one call at a time.
        each = int(minutes * 60 * rate / workers) + 20
        rows = await town(data, workers, workers * each)
        async with served(data) as told, AsyncExitStack() as stack:
            phones = []
            for _ in range(workers):
                phone = Phone(told["url"], data)
                await phone.open()
                stack.push_async_callback(phone.close)
                phones.append(phone)
            began = time.monotonic()
            end = began + minutes * 60
            async with asyncio.TaskGroup() as group:
                group.create_task(watch(told["pid"], course, began, end))
                group.create_task(_tell(course, end))
                for number, phone in enumerate(phones):
                    group.create_task(work(phone, rows[number::workers], course, end, workers / rate))
            errors = [line for line in (data / "bench.log").read_text().splitlines() if " ERROR " in line]
    _show(course, errors, minutes)


async def _tell(course: Course, end: float) -> None:
    while time.monotonic() < end:
        await asyncio.sleep(min(60.0, max(0.1, end - time.monotonic())))
        at, kib, _ = course.samples[-1]
        print(f"{at / 60:.0f} min: {course.calls} calls, {kib / 1024:.1f} MiB; load {load()}", flush=True)


def _show(course: Course, errors: list[str], minutes: float) -> None:
    late = [one for one in course.samples if one[0] >= WARM * minutes * 60]
    by_minute = slope([(at / 60, kib) for at, kib, _ in late])
    by_call = slope([(float(calls), kib) for _, kib, calls in late])
    print(
        "\n"
        + table(
            ("soak", ""),
            [
                ("calls", str(course.calls)),
                ("... lost and taken up again in the middle", str(course.resumed)),
                ("calls that did not come to their end", str(course.failed)),
                ("tablets came / went", f"{course.came} / {course.went}"),
                ("errors in the server's log", str(len(errors))),
                ("memory at the first fifth, MiB", f"{late[0][1] / 1024:.1f}"),
                ("memory at the end, MiB", f"{late[-1][1] / 1024:.1f}"),
                ("slope, KiB a minute", by_minute.text(".1f")),
                ("slope, KiB a call", by_call.text(".2f")),
            ],
        )
        + f"\n\nLoad after: {load()}"
    )
    for line in errors[:5]:
        print(line)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=1.0, help="calls a second, all workers together")
    given = parser.parse_args()
    asyncio.run(run(given.minutes, given.workers, given.rate))


if __name__ == "__main__":
    main()
