"""A real server in a process of its own, one home with a tablet to pair, and real browsers.

The server is ``samtid serve`` on a free port; it can be killed and started again on the same data.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from argon2 import PasswordHasher
from playwright.async_api import Browser, BrowserContext, Page, Playwright
from sqlalchemy import select

from care.accounts import AccountRole, Role
from care.calls.call import Call, CallQuality
from care.clients import Client
from care.consent import ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.ids import new_id
from care.pairing import invite
from care.receipts import Receipt
from care.staff import Staff
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.storage.migrations import migrate
from tests.builders import (
    make_account,
    make_client,
    make_consent,
    make_contact,
    make_known,
    make_shift,
    make_staff,
    make_town,
    make_visit_done,
    moment,
)

PASSWORD = "fyra ord som inte hör ihop"
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
)
#: A camera and a microphone that need nobody's leave; sound that needs no touch.
MEDIA_FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
#: Keeps every peer connection of a page, so that a test can ask the browser itself what was decoded.
WATCH_PEERS = """
(() => {
  const Real = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); window.peers.push(this); }
  };
})();
"""
DECODED = """
async () => {
  let video = 0, audio = 0;
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== "inbound-rtp") continue;
      if (entry.kind === "video") video += entry.framesDecoded ?? 0;
      else audio += Math.max(0, (entry.totalSamplesReceived ?? 0) - (entry.concealedSamples ?? 0));
    }
  }
  return { video, audio };
}
"""

#: The same program, with a ring that a test can wait for.
SHORT_RING = """
from datetime import timedelta
from care.calls import ring
ring.RING = timedelta(seconds={seconds})
from server.cli import main
main()
"""
#: Colours that change over a moment have reached their end.
AT_REST = """
async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const turning = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.all(turning.map((one) => one.finished.catch(() => null)));
}
"""


@dataclass
class Running:
    """The server, its data, and the people: Anna calls Ingrid, whose row is due now."""

    folder: Path
    port: int
    database: Database
    anna: Staff
    account_id: UUID
    ingrid: Client
    contact_id: UUID
    pair_url: str
    process: asyncio.subprocess.Process | None = None
    log: list[str] = field(default_factory=list)
    #: The wall time from which the server's clock runs; None: as it is.
    wall: str | None = None
    #: Seconds that a ring lasts; None: as it is.
    ring_seconds: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start the server and wait until it says that it answers."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("SAMTID_")}
        if self.wall is not None:
            env["SAMTID_NOW"] = self.wall
        self.process = await asyncio.create_subprocess_exec(
            *self._samtid(), "serve", "--data", str(self.folder), "--port", str(self.port),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=env,
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while b"127.0.0.1" not in (line := await self.process.stdout.readline()):
                if not line:
                    raise RuntimeError("the server did not start:\n" + "".join(self.log))
                self.log.append(line.decode())
        self._reader = asyncio.create_task(self._read())

    def _samtid(self) -> tuple[str, ...]:
        if self.ring_seconds is None:
            return (str(Path(sys.executable).with_name("samtid")),)
        return sys.executable, "-c", SHORT_RING.format(seconds=self.ring_seconds)

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.log.append(line.decode())

    async def kill(self) -> None:
        """kill -9: nothing is said or saved on the way."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 10)
            if self.process.returncode is None:
                await self.kill()
        await self.database.close()

    async def row(self) -> PlannedContact:
        async with self.database.read() as session:
            return await session.get_one(PlannedContact, self.contact_id)

    async def calls(self) -> list[Call]:
        async with self.database.read() as session:
            return list(
                await session.scalars(
                    select(Call).where(Call.contact_id == self.contact_id).order_by(Call.id)
                )
            )

    async def figures(self, call_id: UUID) -> dict[str, CallQuality]:
        async with self.database.read() as session:
            rows = await session.scalars(select(CallQuality).where(CallQuality.call_id == call_id))
            return {row.role.value: row for row in rows}

    async def receipts(self) -> list[Receipt]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Receipt).where(Receipt.contact_id == self.contact_id)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_tables: list[tempfile.TemporaryDirectory[str]] = []


async def tables() -> Path:
    """An empty database with every table, made once for all tests of a process."""
    if not _tables:
        made = tempfile.TemporaryDirectory(prefix="samtid-tables-")
        await migrate(sqlite_url(Path(made.name)))
        _tables.append(made)
    return Path(_tables[0].name) / SQLITE_FILE


async def build(folder: Path, *consents: ConsentKind, wall: str | None = None) -> Running:
    """One town, one worker on shift, one client with a row due now and an unpaired tablet."""
    await asyncio.to_thread(shutil.copy, await tables(), folder / SQLITE_FILE)
    database = Database(sqlite_url(folder))
    now = moment(wall) if wall is not None else datetime.now(UTC)
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        # Whatever time it is: the shift has begun and does not end soon.
        await make_shift(session, anna, now.date(), "00:01", "23:59")
        account = await make_account(session, anna)
        account.password_hash = WEAK.hash(PASSWORD)
        session.add(
            AccountRole(id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=town.group.id)
        )
        # Never night: what is agreed for the night is tested elsewhere.
        ingrid = await make_client(
            session, town, important_to_me="Kaffe klockan tre. Hunden heter Tusse.",
            night_from="00:00", night_to="00:00",
        )  # fmt: skip
        await make_known(session, ingrid, anna)
        for kind in (ConsentKind.DIGITAL_VISIT, *consents):
            await make_consent(session, ingrid, kind)
        await make_visit_done(session, ingrid, now - timedelta(days=1))
        contact = await make_contact(
            session, ingrid, town.services["TI-DAG"], now, staff=[anna], channel=Channel.VIDEO
        )
        invitation = await invite(session, ingrid.id, now, confirm=False, valid=None)
    port = free_port()
    pair_url = f"http://127.0.0.1:{port}/kiosk#{invitation.secret}"
    return Running(folder, port, database, anna, account.id, ingrid, contact.id, pair_url, wall=wall)


async def launch(playwright: Playwright, *, media: bool = True, more: tuple[str, ...] = ()) -> Browser:
    """Chromium. Without `media` it asks for leave and for a touch, as a real one does; `more` flags."""
    return await playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS, *(MEDIA_FLAGS if media else ()), *more]
    )


async def sign_in(browser: Browser, running: Running, username: str = "anna", **more: Any) -> Page:
    """The browser of Anna, or of somebody else, signed in; it keeps its peer connections for the test."""
    context = await browser.new_context(**{"locale": "sv-SE", **more})
    await context.add_init_script(WATCH_PEERS)
    page = await context.new_page()
    await page.goto(running.url + "/logga-in")
    await page.get_by_label("Användarnamn").fill(username)
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url(lambda url: "/logga-in" not in url)
    return page


async def open_kiosk(browser: Browser, running: Running, *scripts: str, **more: Any) -> Page:
    """Ingrid's tablet in a browser, paired and started; `scripts` run before the page's own."""
    screen = {"locale": "sv-SE", "viewport": {"width": 1280, "height": 800}}
    context: BrowserContext = await browser.new_context(**{**screen, **more})
    for script in (WATCH_PEERS, *scripts):
        await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(running.pair_url)
    await page.get_by_role("button", name="Starta").click()
    return page


async def decodes(page: Page, patience: float = 20.0) -> dict[str, int]:
    """Wait until the browser itself says that it decodes more and more picture and sound."""
    before: dict[str, int] = await page.evaluate(DECODED)
    async with asyncio.timeout(patience):
        while True:
            await asyncio.sleep(0.2)
            now: dict[str, int] = await page.evaluate(DECODED)
            if now["video"] > before["video"] + 3 and now["audio"] > before["audio"] + 4800:
                return now


async def accessible(page: Page) -> None:
    """axe finds nothing on the page as it stands, light and dark."""
    rules = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(
        encoding="utf-8"
    )
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate(AT_REST)
        await page.evaluate(rules)
        found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        said = [
            (one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]])
            for one in found["violations"]
        ]
        assert not said, f"{page.url} {scheme}: {said}"


async def until(check: Any, patience: float = 20.0) -> Any:
    """Ask again and again until the answer is true; that answer."""
    async with asyncio.timeout(patience):
        while not (answer := await check()):  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.1)
    return answer


async def running_server(folder: Path, *consents: ConsentKind) -> AsyncIterator[Running]:
    made = await build(folder, *consents)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
