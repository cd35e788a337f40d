"""Calls between a worker's page and a simulated tablet, without browsers: signalling alone.

The worker is a plain websocket that says what a page says; the tablet is that of `samtid tablets simulate`,
in this process, so that both are timed by the same clock.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
from sqlalchemy import select

from bench.served import signed_in
from care.contacts.channel import Channel
from care.municipality import Group, Municipality
from care.services import Service
from server.tablets.simulated.homes import Home, read_or_make_key
from server.tablets.simulated.tablet import Manner, Message, SimulatedTablet
from tests.builders import Town, make_client, make_contact, make_digital, make_known
from tests.e2e.running import PASSWORD, build
from tests.server.calls import lines
from tests.server.calls.lines import Line, open_page

#: Seconds for an answer: what takes long is what is measured.
lines.PATIENCE = 120.0


@dataclass(frozen=True)
class Row:
    """A contact that may be rung once, and whose tablet rings."""

    contact_id: UUID
    home: Home


async def town(folder: Path, homes: int, rows: int) -> list[Row]:
    """A record in `folder` with `homes` to ring, and `rows` contacts due now that they share in turn."""
    made = await build(folder)
    key = read_or_make_key(folder)
    now = datetime.now(UTC)
    async with made.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == "SO-SAM"))).one()
        group = (await session.scalars(select(Group))).one()
        there = Town((await session.scalars(select(Municipality))).one(), group, {})
        people = []
        for number in range(homes):
            client = await make_client(session, there, f"Prov{number}", night_from="00:00", night_to="00:00")
            await make_known(session, client, made.anna)
            device = await make_digital(session, client, now)
            device.public_key = key.public
            people.append((client, Home(device.id, client.id)))
        due = []
        for number in range(rows):
            client, home = people[number % homes]
            contact = await make_contact(
                session, client, service, now + timedelta(seconds=number // homes),
                staff=[made.anna], channel=Channel.VIDEO,
            )  # fmt: skip
            due.append(Row(contact.id, home))
    await made.database.close()
    return due


@dataclass
class Times:
    """Of one call, seconds from the press on Ring."""

    #: ... until the tablet has heard that it rings.
    rings: float
    #: ... until both sides know that picture and sound flow, the tablet having answered at once.
    stands: float


class Phone:
    """A worker's page, and a tablet that answers at once."""

    def __init__(self, url: str, folder: Path) -> None:
        self._origin = url.rstrip("/")
        self._folder = folder
        self.counts: Counter[str] = Counter()
        self._rang: dict[str, float] = {}
        self._session: aiohttp.ClientSession
        self._line: Line | None = None

    async def open(self) -> None:
        """Sign the worker in; the page is opened by the first call."""
        self._session = await signed_in(self._origin, "anna", PASSWORD)

    async def close(self) -> None:
        await self.leave()
        await self._session.close()

    async def leave(self) -> None:
        """The page is closed."""
        if self._line is not None:
            await self._line.close()
            self._line = None

    async def page(self) -> Line:
        """The page as it is, or a new one."""
        if self._line is None:
            self._line = await open_page(self._session, self._origin, near=True)
            await self._line.hear("welcome")
        return self._line

    @asynccontextmanager
    async def tablet(self, home: Home) -> AsyncIterator[None]:
        """The tablet of `home` is connected."""
        before = self.counts["connected"]
        one = SimulatedTablet(
            self._origin, home.device_id, read_or_make_key(self._folder),
            manner=Manner("touch", after=0), counts=self.counts, heard=self._hear,
        )  # fmt: skip
        async with aiohttp.ClientSession() as session:
            task = asyncio.create_task(one.run(session))
            async with asyncio.timeout(60):
                while self.counts["connected"] <= before:  # noqa: ASYNC110 - counted elsewhere
                    await asyncio.sleep(0.01)
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _hear(self, message: Message) -> None:
        if message["type"] == "ring":
            self._rang.setdefault(message["call"], time.perf_counter())

    async def call(self, row: Row, *, broken: bool = False) -> Times:
        """One call, from the press on Ring to the end. `broken`: the page is lost in it and comes back."""
        page = await self.page()
        began = time.perf_counter()
        calling = await page.ask("call", contact=row.contact_id, connection="w1", reason="mätning")
        if calling["type"] != "calling":
            raise SystemExit(f"the server does not ring: {calling}")
        call = calling["call"]
        await page.hear("state", call=call, state="connecting")
        await page.say("media", call=call, state="flowing", first_ms=100)
        await page.hear("state", call=call, state="connected")
        times = Times(self._rang.pop(call) - began, time.perf_counter() - began)
        if broken:
            await self.leave()
            page = await self.page()
            resumed = await page.ask("resume", call=call, connection="w1")
            if resumed["type"] != "resumed":
                raise SystemExit(f"the call cannot be resumed: {resumed}")
        await page.say("hang_up", call=call)
        await page.hear("state", call=call, state="ended")
        page.heard.clear()
        return times
