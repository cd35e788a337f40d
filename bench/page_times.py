"""Pages over 60 and over 600 days of history: does a page get slower as the record grows?

The demo is planted twice on SQLite, once with each history, and both are served at the same time. Blocks
of requests take turns (60, 600, 60, 600 …), so that whatever else the machine does meets both alike. A time
is one whole answer over HTTP, by a client that is signed in and asks one thing at a time.

    python -m bench.page_times [--blocks 12] [--block 8] [--days 600] [--data FOLDER]

Planting 600 days takes minutes: --data keeps the two demos for the next run of the same day.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.machine import facts, load
from bench.medians import median, ratio, table
from bench.served import served, signed_in
from care.clock import SystemClock
from care.demo.planting import HISTORY
from care.storage.database import Database
from care.storage.migrations import migrate
from server.cli.ground import open_folder
from server.configuration import read_configuration
from server.demo import prepare_demo

#: Page → whose it is.
PAGES = {
    "/min-dag": "care_worker",
    "/planen": "coordinator",
    "/behover": "coordinator",
    "/brukare": "coordinator",
    "/brukare/{client}": "coordinator",
    "/uppfoljning": "unit_manager",
    "/uppfoljning?period=fyra": "unit_manager",
}
BUDGET = 1.2


@dataclass
class Arm:
    """One of the two municipalities: its clients, and the seconds of each page."""

    days: int
    #: The client of the first call, whose page is opened.
    client: str = ""
    sessions: dict[str, aiohttp.ClientSession] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def ask(self, page: str, *, count: int, counted: bool = True) -> None:
        """Open `page` so many times."""
        session, address = self.sessions[PAGES[page]], page.format(client=self.client)
        for _ in range(count):
            began = time.perf_counter()
            async with session.get(address) as answer:
                body = await answer.read()
            took = time.perf_counter() - began
            if answer.status != 200 or not body or answer.url.path != address.partition("?")[0]:
                raise SystemExit(f"{page} answers {answer.status} at {answer.url.path}")
            if counted:
                self.seconds[page].append(took)


async def planted(folder: Path, days: int) -> tuple[int, float]:
    """A demo with `days` of history in `folder`; its rows, and the seconds that planting took."""
    open_folder(folder)
    configuration = read_configuration(folder)
    await migrate(configuration.database_url)
    database = Database(configuration.database_url)
    began = time.perf_counter()
    try:
        await prepare_demo(configuration, database, SystemClock(), lambda _done, _of: None, history=days)
        async with database.read() as session:
            connection = await session.connection()
            found = await connection.exec_driver_sql("select count(*) from planned_contact")
            rows: int = found.scalar_one()
    finally:
        await database.close()
    return rows, time.perf_counter() - began


async def opened(stack: AsyncExitStack, arm: Arm, folder: Path) -> None:
    """Serve the demo in `folder` and sign in those whose pages are measured."""
    told = await stack.enter_async_context(served(folder, "demo"))
    arm.client = told["first_call"]["client_id"]
    for role in set(PAGES.values()):
        arm.sessions[role] = session = await _who_may(told, role, arm.client)
        stack.push_async_callback(session.close)


async def _who_may(told: dict[str, Any], role: str, client: str) -> aiohttp.ClientSession:
    """Somebody with `role` signed in: whoever rings first (that day is not empty), or may see `client`."""
    for account in told["accounts"]:
        if account["role"] != role:
            continue
        if role == "care_worker" and account["username"] != told["first_call"]["username"]:
            continue
        session = await signed_in(told["url"], account["username"], account["password"])
        async with session.get(f"/brukare/{client}") as answer:
            if answer.status == 200:
                return session
        await session.close()
    raise SystemExit(f"no {role} may see the client of the first call")


async def run(blocks: int, block: int, days: int, data: Path | None) -> None:
    """Plant, serve, ask in turns, print."""
    print(f"Pages over {HISTORY} and {days} days of history\n\n{facts()}\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = data or Path(temporary)
        short, long = Arm(HISTORY), Arm(days)
        async with AsyncExitStack() as stack:
            for arm in (short, long):
                rows, seconds = await planted(folder / str(arm.days), arm.days)
                print(f"{arm.days} days: {rows} planned contacts, ready after {seconds:.0f} s", flush=True)
                await opened(stack, arm, folder / str(arm.days))
            for page in PAGES:
                for arm in (short, long):
                    await arm.ask(page, count=2, counted=False)
            for _ in range(blocks):
                for page in PAGES:
                    for arm in (short, long):
                        await arm.ask(page, count=block)
    shown = []
    for page in PAGES:
        one, other = short.seconds[page], long.seconds[page]
        grown = ratio(other, one)
        shown.append(
            (
                page,
                median([1000 * t for t in one]).text(".1f"),
                median([1000 * t for t in other]).text(".1f"),
                grown.text(".2f"),
                _verdict(grown.low, grown.high),
            )
        )
    head = ("page", f"{short.days} days, ms", f"{long.days} days, ms", "ratio", f"≤ {BUDGET}")
    print(f"\n{table(head, shown)}\n")
    print(
        f"{blocks} blocks of {block} requests each in turn; medians with 95 % interval. Load after: {load()}"
    )


def _verdict(low: float, high: float) -> str:
    return "yes" if high <= BUDGET else "no" if low > BUDGET else "not decided"


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--block", type=int, default=8)
    parser.add_argument("--days", type=int, default=600)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    asyncio.run(run(options.blocks, options.block, options.days, options.data))


if __name__ == "__main__":
    main()
