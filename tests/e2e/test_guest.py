"""A guest by link in real browsers, through a real relay: waits, is let in, sees and hears, is put out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from care.approved import approve
from care.calls.call import Call
from care.clients import Client
from care.consent import ConsentKind
from care.guests.invitation import Invitation
from tests.coturn import Coturn
from tests.e2e.looking import DESK, PHONE, PICTURES
from tests.e2e.running import (
    WATCH_PEERS,
    Running,
    accessible,
    build,
    decodes,
    open_kiosk,
    sign_in,
    until,
)

#: Counts how often the page was painted without a new frame of the other side, wherever that is shown just
#: then, and without a connection that stands, and keeps the longest such runs. A busy machine paints less
#: often too.
WATCH_FRAMES = """
(role) => {
  const last = new Map();
  window.longest = 0;
  window.alone = 0;
  let still = 0;
  let cut = 0;
  const look = () => {
    const gallery = document.querySelector(".gallery:not([hidden])");
    const video = gallery?.querySelector(`.seen[data-role="${role}"] video`)
      ?? document.querySelector("#remote") ?? document.querySelector("kiosk-call > video");
    const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    still = last.get(video) !== undefined && frames > last.get(video) ? 0 : still + 1;
    last.set(video, frames);
    window.longest = Math.max(window.longest, still);
    cut = window.peers.some((peer) => peer.connectionState === "connected") ? 0 : cut + 1;
    window.alone = Math.max(window.alone, cut);
    requestAnimationFrame(look);
  };
  look();
}
"""
#: Of each relayed or direct pair that carries something, how this browser's own side reaches out.
PATHS = """
async () => {
  const found = [];
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    const stats = await peer.getStats();
    for (const one of stats.values()) {
      if (one.type !== "transport" || !one.selectedCandidatePairId) continue;
      found.push(stats.get(stats.get(one.selectedCandidatePairId).localCandidateId).candidateType);
    }
  }
  return found;
}
"""
#: A new frame comes with every fourth painting, and on a busy machine none for two seconds: it is the
#: connections that tell whether somebody was cut off on the way from one to the other.
STILL, CUT = 600, 5
SAMPLES = """
() => [...document.querySelectorAll(".gallery .seen")].map((one) => {
  const video = one.querySelector("video");
  return [one.dataset.role, video.getVideoPlaybackQuality().totalVideoFrames, video.muted];
})
"""


@dataclass
class Story:
    running: Running
    lisa: str


@pytest.fixture
async def story(tmp_path: Path, coturn: Coturn) -> AsyncIterator[Story]:
    """The server with a relay; Lisa is on Ingrid's list, and Ingrid has agreed to calls with relatives."""
    made = await build(tmp_path, ConsentKind.RELATIVE_CALLS)
    (tmp_path / "samtid.toml").write_text(
        f'{coturn.toml}\n[media]\naddresses = ["127.0.0.1"]\n', encoding="utf-8"
    )
    async with made.database.write() as session:
        ingrid = await session.get_one(Client, made.ingrid.id)
        lisa = await approve(
            session, ingrid, name="Lisa", relation="dotter", given_by="Ingrid", now=datetime.now(UTC),
            account_id=made.account_id,
        )  # fmt: skip
    try:
        await made.start()
        yield Story(made, str(lisa.id))
    finally:
        await made.stop()


def shape(size: tuple[int, int]) -> ViewportSize:
    return {"width": size[0], "height": size[1]}


async def talk(browser: Browser, running: Running) -> tuple[Page, Page]:
    """Anna's page and Ingrid's tablet, in a call."""
    kiosk = await open_kiosk(browser, running)
    await expect(kiosk.locator("kiosk-day, kiosk-start")).to_be_visible()
    page = await sign_in(browser, running, viewport=shape(DESK))
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await asyncio.gather(decodes(page, 60), decodes(kiosk, 60))
    return page, kiosk


async def make_link(page: Page, name: str = "Lisa") -> str:
    """Anna makes a link on the call page; the address that she would send."""
    await page.get_by_text("Bjud in någon till samtalet").click()
    await page.get_by_label(name).check()
    await page.get_by_role("button", name="Gör en länk").click()
    field = page.locator(".guest-address")
    await expect(field).to_be_visible()
    return await field.input_value()


async def open_guest(browser: Browser, address: str, **more: Any) -> Page:
    """The link in a phone of its own."""
    context = await browser.new_context(
        **{"locale": "sv-SE", "viewport": shape(PHONE), "has_touch": True, "is_mobile": True, **more}
    )
    await context.add_init_script(WATCH_PEERS)
    page = await context.new_page()
    await page.goto(address)
    return page


async def moves(page: Page, *roles: str) -> None:
    """Until the picture of each of `roles` has moved on by some frames in the gallery, and is to be heard."""
    begun = {role: frames for role, frames, _ in await page.evaluate(SAMPLES)}

    async def on() -> bool:
        now = {role: (frames, muted) for role, frames, muted in await page.evaluate(SAMPLES)}
        return all(
            role in now and now[role][0] > begun.get(role, 0) + 5 and not now[role][1] for role in roles
        )

    await until(on, 60)


async def test_three_see_and_hear_each_other_and_nobody_is_interrupted(
    story: Story, chromium: Browser
) -> None:
    """From two to three while frames keep coming on both sides, by the relay; then the guest is put out."""
    running = story.running
    page, kiosk = await talk(chromium, running)
    await page.evaluate(WATCH_FRAMES, "client")
    await kiosk.evaluate(WATCH_FRAMES, "worker")
    address = await make_link(page)
    guest = await open_guest(chromium, address)
    await expect(guest.get_by_role("heading", name="Anna bjuder in dig till ett samtal")).to_be_visible()
    assert address.split("#")[1] not in guest.url
    await accessible(guest)
    await guest.get_by_role("button", name="Gå med").click()
    await expect(guest.get_by_text("Vänta lite. Anna släpper in dig.")).to_be_visible()
    lobby = page.locator("#lobby")
    await expect(lobby).to_contain_text("Lisa (dotter) väntar")
    await picture(guest, "guest-waiting")
    await picture(page, "call-lobby")
    await lobby.get_by_role("button", name="Släpp in Lisa").click()

    await asyncio.gather(moves(page, "client", "relative"), moves(kiosk, "worker", "relative"))
    await moves(guest, "client", "worker")
    await asyncio.gather(decodes(page, 60), decodes(kiosk, 60), decodes(guest, 60))
    for shown in (page, kiosk):
        assert await shown.evaluate("window.alone") < CUT
        assert await shown.evaluate("window.longest") < STILL
    await expect(page.locator("#call")).to_have_attribute("data-phase", "talking")
    assert set(await guest.evaluate(PATHS)) == {"relay"}
    await expect(kiosk.locator(".seen figcaption")).to_have_text(["Annahemtjänsten", "Lisaanhörig"])
    for shown, name in ((guest, "guest-call"), (page, "call-three"), (kiosk, "kiosk-three")):
        await picture(shown, name)
    await picture(page, "call-three-phone", shape(PHONE))
    await picture(kiosk, "kiosk-three-portrait", {"width": 800, "height": 1280})
    await page.set_viewport_size(shape(DESK))
    await accessible(page)
    await accessible(kiosk)

    # A guest's phone that is read again is let in again without anybody's doing.
    await guest.reload()
    await guest.get_by_role("button", name="Gå med").click()
    await moves(guest, "client", "worker")

    await page.get_by_role("button", name="Avsluta för Lisa").click()
    await expect(guest.get_by_role("heading")).to_contain_text("Inbjudan gäller inte längre")
    await expect(page.locator(".seen")).to_have_count(1)
    await asyncio.gather(moves(page, "client"), moves(kiosk, "worker"))
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut")

    async def is_over() -> bool:
        async with running.database.read() as session:
            call = (await session.scalars(select(Call))).one()
            made = (await session.scalars(select(Invitation))).one()
        return call.ended_at is not None and made.joined_at is not None and made.left_at is not None

    await until(is_over)


async def picture(page: Page, name: str, size: ViewportSize | None = None) -> None:
    """A picture to be looked at, where pictures are kept."""
    if size is not None:
        await page.set_viewport_size(size)
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png")
