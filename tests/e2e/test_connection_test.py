"""The page that proves the relay, in a real browser against a real coturn with one transport closed."""

from __future__ import annotations

from playwright.async_api import async_playwright, expect

from tests.coturn import Coturn
from tests.e2e.running import Running, accessible, launch, sign_in


async def with_relay(running: Running, settings: str) -> None:
    """The same server, set up with the relay."""
    await running.kill()
    (running.folder / "samtid.toml").write_text(settings)
    await running.start()


async def test_each_way_is_tried_by_sending_something(running: Running, coturn: Coturn) -> None:
    """UDP and TLS relay, TCP is closed: the page says so, and which port to open."""
    coturn.stop()
    coturn.start(without=("tcp",))
    await with_relay(running, coturn.toml)
    async with async_playwright() as playwright:
        chromium = await launch(playwright, more=(coturn.chromium_flag,))
        page = await sign_in(chromium, running)
        await page.goto(f"{running.url}/connection-test")
        await expect(page.locator("#outcome")).to_have_text(
            "Samtal fungerar härifrån, men inte alla vägar är öppna", timeout=45_000, use_inner_text=True
        )
        rows = {name: page.locator(f"li[data-transport={name}]") for name in ("stun", "udp", "tcp", "tls")}
        for name in ("stun", "udp", "tls"):
            await expect(rows[name].get_by_text("fungerar", exact=True)).to_be_visible()
        assert await rows["tcp"].get_attribute("data-found") == "silent"
        await expect(rows["tcp"]).to_contain_text(f"Öppna TCP-port {coturn.port} till TURN-servern")
        await accessible(page)
        await chromium.close()


async def test_another_secret_is_told_apart(running: Running, coturn: Coturn) -> None:
    """Nothing gets through, and it is said that the secrets differ."""
    await with_relay(running, coturn.toml.replace('secret = "', 'secret = "annan-'))
    async with async_playwright() as playwright:
        chromium = await launch(playwright)
        page = await sign_in(chromium, running)
        await page.goto(f"{running.url}/connection-test")
        await expect(page.locator("#outcome")).to_have_text(
            "Inget kommer fram genom TURN-servern härifrån", timeout=45_000, use_inner_text=True
        )
        assert await page.locator("li[data-transport=udp]").get_attribute("data-found") == "refused"
        await chromium.close()
