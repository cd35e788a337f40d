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
from server.configuration import Configuration
from server.pages.assets import ASSETS
from tests.e2e.running import Running, until


@asynccontextmanager
async def serving(running: Running, version: str) -> AsyncIterator[None]:
    """The same house, with the pages of another version."""
    app = create_app(Configuration(data=running.folder, port=running.port), running.database, SystemClock())
    app[ASSETS].version = version
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", running.port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def version_of(page: Page) -> str | None:
    return await page.locator("meta[name=version]").get_attribute("content")


async def test_newer_pages_come_when_it_is_calm(running: Running, chromium: Browser) -> None:
    """Not while a call is due; when the row has gone the page is renewed, with its day, without a touch."""
    await running.kill()
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    async with serving(running, "first"):
        await page.goto(running.pair_url)
        await page.get_by_role("button", name="Starta").click()
        await page.get_by_role("button", name="Visa dagen").click()
        await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    async with serving(running, "second"):
        # More than one round of thirty seconds, with a call that is due.
        await until(lambda: waited(page, 35), 60)
        assert await version_of(page) == "first"
        async with running.database.write() as session:
            row = await session.get_one(PlannedContact, running.contact_id)
            await step(session, row, Status.CANCELLED, at=datetime.now(UTC), hand=Hand(by="test"))

        async def renewed() -> bool:
            return await version_of(page) == "second"

        await until(renewed, 90)
        await expect(page.locator("kiosk-day")).to_be_visible()
        kept = "async () => (await caches.keys()).filter((name) => name.startsWith('kiosk-shell'))"
        assert await page.evaluate(kept) == ["kiosk-shell-second"]
    await page.reload()
    await expect(page.locator("kiosk-day")).to_be_visible()


async def waited(page: Page, seconds: float) -> bool:
    """The page has stood for so long."""
    stood: float = await page.evaluate("performance.now()")
    return stood > seconds * 1000
