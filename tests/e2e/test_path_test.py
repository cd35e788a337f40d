"""The way for picture and sound to a tablet, tried by a real kiosk: nobody sees or hears anything."""

from __future__ import annotations

from playwright.async_api import Browser, Page, async_playwright, expect
from sqlalchemy import select

from care.path_tests import PathResult, PathTest
from tests.e2e.running import Running, accessible, launch, open_kiosk, sign_in, until

#: Everything that was opened, and every element and sound that came into the page meanwhile.
WATCH = """
(() => {
  window.opened = 0;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wish) => { window.opened += 1; return real(wish); };
  window.played = 0;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) window.played += 1;
    return connect.call(this, to, ...more);
  };
})();
"""
SEEN = "[opened, played, document.querySelectorAll('video, audio, canvas').length]"
#: No UDP leaves the browser, as in a home whose network stops it.
BLOCKED = ("--webrtc-ip-handling-policy=disable_non_proxied_udp",)


async def kiosk_and_worker(browser: Browser, running: Running) -> tuple[Page, Page]:
    """The tablet with its day, and Anna on the tablet's page."""
    kiosk = await open_kiosk(browser, running, WATCH)
    await kiosk.get_by_role("button", name="Visa dagen").click()
    await expect(kiosk.locator("kiosk-day .clock")).to_be_visible()
    worker = await sign_in(browser, running)
    await worker.goto(f"{running.url}/surfplattor")
    await worker.get_by_role("link", name="Ingrid").click()
    return kiosk, worker


async def results(running: Running) -> list[PathTest]:
    async with running.database.read() as session:
        found = await session.scalars(select(PathTest).where(PathTest.result.is_not(None)))
        return list(found)


async def test_a_made_up_picture_and_tone_go_there_and_back(running: Running, chromium: Browser) -> None:
    """Both sides decode the other's picture and hear its tone; nothing is opened, played or shown."""
    kiosk, worker = await kiosk_and_worker(chromium, running)
    before = await kiosk.evaluate(SEEN)
    await expect(worker.get_by_text("Vägen är inte provad än.")).to_be_visible()
    await worker.get_by_role("button", name="Prova vägen nu").click()
    await expect(worker.get_by_text("Bild och ljud går fram")).to_be_visible(timeout=30_000)
    (test,) = await results(running)
    assert test.result is PathResult.WELL
    direct = test.facts["direct"]
    assert direct["pictures_up"] >= 5
    assert direct["pictures_down"] >= 5
    assert direct["tone_up_db"] > -45
    assert direct["tone_down_db"] > -70
    assert await kiosk.evaluate(SEEN) == before
    await expect(kiosk.locator("kiosk-day .clock")).to_be_visible()
    await accessible(worker)


async def test_where_picture_and_sound_are_stopped_it_is_said_and_a_call_goes_first(running: Running) -> None:
    """The tablet has contact all the while; a ring ends the test, the next one tells what is wrong."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, more=BLOCKED)
        kiosk, worker = await kiosk_and_worker(browser, running)
        address = worker.url
        await worker.get_by_role("button", name="Prova vägen nu").click()
        await until(lambda: kiosk.evaluate("peers.some((one) => one.signalingState !== 'closed')"))
        await worker.goto(f"{running.url}/min-dag")
        await worker.get_by_role("button", name="Ring Ingrid").first.click()
        await expect(kiosk.get_by_role("button", name="Svara")).to_be_visible(timeout=20_000)

        async def ended() -> list[PathTest]:
            return await results(running)

        (test,) = await until(ended)
        assert test.result is PathResult.CALL_FIRST
        await kiosk.get_by_role("button", name="Inte nu").click()
        await expect(kiosk.locator("kiosk-day .clock")).to_be_visible(timeout=20_000)
        await worker.goto(address)
        await worker.get_by_role("button", name="Prova vägen nu").click()
        await expect(worker.get_by_text("Ingen väg för bild och ljud")).to_be_visible(timeout=40_000)
        await browser.close()
