"""Systemet fungerar inte, in real Chromium: the page stands without a server, and the report follows."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from server.operations.fault_reports import FILE
from tests.e2e.accessible import flaws
from tests.e2e.running import Running, sign_in, until

KEPT = "caches.keys().then((names) => names.some((name) => name.startsWith('fault-report-')))"
ACTIVE = "navigator.serviceWorker.getRegistration('/fel').then((one) => one?.active?.state === 'activated')"


async def test_it_is_there_when_the_server_is_not(running: Running, chromium: Browser) -> None:
    """Opened for the first time when everything is down; told when the server is back, once."""
    page = await sign_in(chromium, running)
    await until(lambda: page.evaluate(ACTIVE))
    assert await page.evaluate(KEPT)
    await running.kill()
    await page.goto(running.url + "/fel")
    await expect(page.get_by_role("heading", name="Gör så här på papper")).to_be_visible()
    await page.get_by_label("Vad fungerar inte?").fill("Sidan öppnas inte.")
    await page.get_by_role("button", name="Spara och skicka").click()
    await expect(page.get_by_text("sparad här och skickas när det går")).to_be_visible()
    assert await flaws(page) == []
    await running.start()
    await page.reload()
    await expect(page.get_by_text("Rapporten är skickad.")).to_be_visible()
    assert (running.folder / FILE).read_text(encoding="utf-8").count("Sidan öppnas inte.") == 1
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.screenshot(path="test-results/pages/fault-report.png", full_page=True)
