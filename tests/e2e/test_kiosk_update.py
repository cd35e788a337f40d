"""A tablet stays open for weeks: it takes newer pages by itself, and only when nothing is about to happen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web
from playwright.async_api import Browser, Page, expect

from care.clock import SystemClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from server.application import create_app
from server.calls.hub import HUB, Hub
from server.configuration import Configuration
from server.pages.assets import ASSETS
from tests.e2e.running import Running, until

#: More than the round in which a tablet looks whether it may renew itself, milliseconds.
ROUND = 31_000


@asynccontextmanager
async def serving(running: Running, version: str) -> AsyncIterator[Hub]:
    """The same house, with the pages of another version."""
    app = create_app(Configuration(data=running.folder, port=running.port), running.database, SystemClock())
    app[ASSETS].version = version
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", running.port).start()
    try:
        yield app[HUB]
    finally:
        await runner.cleanup()


async def version_of(page: Page) -> str | None:
    return await page.locator("meta[name=version]").get_attribute("content")


async def test_newer_pages_come_when_it_is_calm(running: Running, chromium: Browser) -> None:
    """Not while a call is due; when the row has gone the page is renewed, with its day, without a touch."""
    await running.kill()
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    # The page's own clock, which runs on and can be moved.
    await context.clock.install()
    page = await context.new_page()
    async with serving(running, "first"):
        await page.goto(running.pair_url)
        await page.get_by_role("button", name="Starta").click()
        await page.get_by_role("button", name="Visa dagen").click()
        await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    async with serving(running, "second") as hub:
        await until(lambda: is_back(hub))
        # More than one round of thirty seconds, with a call that is due.
        for _ in range(3):
            await page.clock.fast_forward(ROUND)
            await quiet(page)
            assert await version_of(page) == "first"
        async with running.database.write() as session:
            row = await session.get_one(PlannedContact, running.contact_id)
            await step(session, row, Status.CANCELLED, at=datetime.now(UTC), hand=Hand(by="test"))

        async def renewed() -> bool:
            await page.clock.fast_forward(ROUND)
            return await version_of(page) == "second"

        await until(renewed, 90)
        await expect(page.locator("kiosk-day")).to_be_visible()
        kept = "async () => (await caches.keys()).filter((name) => name.startsWith('kiosk-shell'))"
        assert await page.evaluate(kept) == ["kiosk-shell-second"]
    await page.reload()
    await expect(page.locator("kiosk-day")).to_be_visible()


async def is_back(hub: Hub) -> bool:
    """The tablet has found the server again, and so knows which version it has."""
    return bool(hub.tablets)


async def quiet(page: Page) -> None:
    """What the page has set about by now is done: its requests, and a worker that takes over."""
    await page.wait_for_load_state("networkidle")
    await page.evaluate("navigator.serviceWorker.ready.then(() => fetch('/healthz')).then(() => null)")
