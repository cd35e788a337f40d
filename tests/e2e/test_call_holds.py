"""A talk between the two real pages holds: a dead server, a lost camera, a poor line. Nobody presses."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Browser, Page, expect

from care.calls.life import CallState, Cause
from tests.e2e.running import DECODED, Running, decodes, open_kiosk, sign_in, until

#: Lets the test say what the browser believes that the line carries, and take the camera away.
MEDDLE = """
(() => {
  const read = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function (...given) {
    const report = await read.apply(this, given);
    if (window.believes === undefined) return report;
    const changed = new Map();
    for (const [id, entry] of report) {
      const pair = entry.type === "candidate-pair";
      changed.set(id, pair ? { ...entry, availableOutgoingBitrate: window.believes } : entry);
    }
    return changed;
  };
  const open = MediaDevices.prototype.getUserMedia;
  window.opened = [];
  MediaDevices.prototype.getUserMedia = async function (wish) {
    if (wish.video && window.unplugged) throw new DOMException("unplugged", "NotFoundError");
    const stream = await open.call(this, wish);
    window.opened.push(...stream.getTracks());
    return stream;
  };
  // A browser says `ended` by itself when a device goes; a script that stops a track hears nothing.
  window.unplug = () => {
    window.unplugged = true;
    for (const track of window.opened.filter((one) => one.kind === "video" && one.readyState === "live")) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
  };
  window.plugIn = () => {
    window.unplugged = false;
    navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  };
})();
"""


async def talking(running: Running, chromium: Browser) -> tuple[Page, Page]:
    """The worker's page and the kiosk in a talk, both decoding."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await kiosk.evaluate(MEDDLE)
    # The call page is still to be opened.
    await page.context.add_init_script(MEDDLE)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await asyncio.gather(decodes(page), decodes(kiosk))
    return page, kiosk


async def hears(page: Page, patience: float = 20.0) -> None:
    """More and more sound is decoded."""
    before: dict[str, int] = await page.evaluate(DECODED)

    async def more() -> bool:
        now: dict[str, int] = await page.evaluate(DECODED)
        return now["audio"] > before["audio"] + 4800

    await until(more, patience)


async def cause(running: Running) -> Any:
    return [(one.state, one.cause) for one in await running.calls()]


async def test_the_server_is_killed_and_started_again(running: Running, chromium: Browser) -> None:
    """Both browsers go on decoding all the while; afterwards it is the same call, and it ends well."""
    page, kiosk = await talking(running, chromium)
    connections = [await side.evaluate("window.peers.length") for side in (page, kiosk)]
    await running.kill()
    await asyncio.gather(decodes(page), decodes(kiosk))
    await expect(page.locator("#hold")).to_have_text(
        "Samtalet fortsätter. Kontakten med systemet är borta en stund.", timeout=15_000
    )
    await expect(kiosk.locator(".cover")).to_be_hidden()
    await asyncio.gather(decodes(page), decodes(kiosk))
    await running.start()
    await expect(page.locator("#call[data-line=open]")).to_be_visible(timeout=15_000)
    await expect(page.locator("#hold")).to_be_hidden()
    await asyncio.gather(decodes(page), decodes(kiosk))
    assert [await side.evaluate("window.peers.length") for side in (page, kiosk)] == connections, (
        "what still flows is left alone"
    )
    assert await cause(running) == [(CallState.CONNECTED, None)]
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut", timeout=15_000)
    assert await cause(running) == [(CallState.ENDED, Cause.HUNG_UP)]


async def test_a_camera_that_vanishes_comes_back(running: Running, chromium: Browser) -> None:
    """First the worker's, then the home's: calm words meanwhile, and the picture again by itself."""
    page, kiosk = await talking(running, chromium)
    await page.evaluate("unplug()")
    await expect(page.locator("#hold")).to_have_text("Din kamera är borta en stund. Ingrid hör dig.")
    await expect(kiosk.locator(".cover")).to_contain_text("Anna visar ingen bild just nu. Ni hör varandra.")
    await hears(kiosk)
    await page.evaluate("plugIn()")
    await expect(kiosk.locator(".cover")).to_be_hidden(timeout=10_000)
    await expect(page.locator("#hold")).to_be_hidden()
    await decodes(kiosk)

    await kiosk.evaluate("unplug()")
    await expect(page.locator("#hold")).to_have_text("Bilden på Ingrid är borta en stund. Ni hör varandra.")
    await expect(kiosk.locator(".camera-state")).to_have_text("Mikrofonen är på")
    await hears(page)
    await kiosk.evaluate("plugIn()")
    await expect(page.locator("#hold")).to_be_hidden(timeout=10_000)
    await expect(kiosk.locator(".camera-state")).to_have_text("Kameran är på")
    await decodes(page)
    assert await cause(running) == [(CallState.CONNECTED, None)]


async def test_a_poor_line_keeps_the_sound(running: Running, chromium: Browser) -> None:
    """The worker's is believed to carry 100 kbit/s: sound alone is sent, and the picture comes back later."""
    page, kiosk = await talking(running, chromium)
    descriptions = await page.evaluate(
        "peers.filter((one) => one.connectionState === 'connected')"
        ".flatMap((one) => [one.localDescription.sdp, one.remoteDescription.sdp])"
    )
    assert len(descriptions) == 2
    assert all("useinbandfec=1" in sdp for sdp in descriptions), "Opus repairs what was lost by itself"
    await page.evaluate("window.believes = 100_000")
    await expect(page.locator("#hold")).to_have_text(
        "Din bild är avstängd för att ljudet ska hålla.", timeout=20_000
    )
    cover = kiosk.locator(".cover")
    await expect(cover).to_contain_text("Bilden är avstängd för att ljudet ska hålla. Ni hör varandra.")
    await hears(kiosk)
    still: dict[str, int] = await kiosk.evaluate(DECODED)
    await hears(kiosk)
    assert (await kiosk.evaluate(DECODED))["video"] <= still["video"] + 2, "no picture is sent"
    # The home's own picture, whose line is good, goes on.
    await decodes(page)
    await page.evaluate("window.believes = 2_000_000")
    await expect(cover).to_be_hidden(timeout=20_000)
    await decodes(kiosk)
    await expect(page.locator("#hold")).to_be_hidden()
    assert await cause(running) == [(CallState.CONNECTED, None)]
