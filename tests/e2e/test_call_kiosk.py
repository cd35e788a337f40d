"""A call between the worker's page and the real kiosk page, both in Chromium."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from care.calls.life import Cause
from care.clients import Client
from care.consent import ConsentKind
from care.contacts.life import Status
from care.outbox import announce
from tests.e2e.accessible import flaws
from tests.e2e.running import Running, accessible, decodes, open_kiosk, sign_in, until

#: How much light a picture gives: 0 is black, 1 is white, as the eye weighs the colours.
_LIGHT = """
async (picture) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const linear = (value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) {
    sum += 0.2126 * linear(data[at]) + 0.7152 * linear(data[at + 1]) + 0.0722 * linear(data[at + 2]);
  }
  return (4 * sum) / data.length;
}
"""


async def test_worker_and_kiosk_see_and_hear_each_other(running: Running, chromium: Browser) -> None:
    """Ring, Svara, talk, Lägg på at the kiosk: both browsers say that they decode picture and sound."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(kiosk.get_by_role("heading", name="Anna från hemtjänsten ringer")).to_be_visible(
        timeout=20_000
    )
    await expect(page.locator("#call-state")).to_have_text("Ringer…")
    await kiosk.get_by_role("button", name="Svara").click()
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await asyncio.gather(decodes(page), decodes(kiosk))
    await kiosk.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut")
    await expect(page.get_by_role("button", name="Spara kvittensen")).to_be_visible()
    call = (await running.calls())[0]
    assert call.cause is Cause.HUNG_UP
    assert call.setup_ms is not None
    assert (await running.row()).status is Status.DONE

    async def both() -> bool:
        return {"worker", "client"} <= (await running.figures(call.id)).keys()

    await until(both)
    # Silence is no data; the face is one tap.
    await kiosk.get_by_role("button", name="Nöjd", exact=True).click()


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_call_page_is_accessible_in_every_phase(
    running: Running, chromium: Browser, width: int
) -> None:
    """axe finds nothing while it waits, rings, talks, and when the receipt is asked for, missed and saved."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running, viewport={"width": width, "height": 844}, reduced_motion="reduce")
    await page.goto(f"{running.url}/kontakt/{running.contact_id}/samtal")
    await accessible(page)
    await page.get_by_role("button", name="Ring Ingrid").click()
    await kiosk.get_by_role("button", name="Svara").wait_for(timeout=20_000)
    await accessible(page)
    await kiosk.get_by_role("button", name="Svara").click()
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await accessible(page)
    await page.get_by_role("button", name="Lägg på").click()
    await page.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.get_by_text("Välj hur det gick.")).to_be_visible()
    await accessible(page)
    await page.locator("label", has_text="Uppnått").first.click()
    await page.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.get_by_text("Kvittensen är sparad")).to_be_visible()
    await accessible(page)


async def test_not_now_at_the_kiosk(running: Running, chromium: Browser) -> None:
    """ "Inte nu" on the screen: the worker reads that it means later."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Inte nu").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("Ingrid vill prata senare", timeout=20_000)


async def test_a_ring_at_night_is_dim_and_as_easy_to_read(running: Running, chromium: Browser) -> None:
    """Inside the hours of the night a ring gives less than half the light, at 7:1; the words after it too."""
    kiosk = await open_kiosk(chromium, running, color_scheme="light", reduced_motion="reduce")
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_visible(timeout=20_000)
    blank = await chromium.new_page()

    async def light(screen: Page) -> float:
        given: float = await blank.evaluate(_LIGHT, b64encode(await screen.screenshot()).decode())
        return given

    by_day = await light(kiosk)
    async with running.database.write() as session:
        night = update(Client).where(Client.id == running.ingrid.id)
        await session.execute(night.values(night_from="00:00", night_to="23:59"))
        await announce(
            session, datetime.now(UTC), "client.changed",
            group_id=running.ingrid.group_id, client_id=running.ingrid.id,
        )  # fmt: skip
    await expect(kiosk.locator("html[data-night]")).to_be_attached(timeout=20_000)
    assert await light(kiosk) < by_day / 2
    assert await flaws(kiosk, enhanced=True) == []
    await kiosk.get_by_role("button", name="Inte nu").click()
    await expect(kiosk.get_by_role("heading", name="Vi ringer igen strax")).to_be_visible()
    assert await light(kiosk) < 0.1
    await blank.close()


@pytest.mark.parametrize("running", [(ConsentKind.AUTO_ANSWER,)], indirect=True)
async def test_the_kiosk_answers_by_itself_and_looks_first(running: Running, chromium: Browser) -> None:
    """Agreed: after the countdown the kiosk sees the worker, and its own camera opens three seconds later."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(page.locator("#call-state")).to_have_text("Ingrid har svarat", timeout=30_000)
    assert await kiosk.evaluate("peers.flatMap(p => p.getSenders()).every(s => s.track === null)")
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await asyncio.gather(decodes(page), decodes(kiosk))


async def test_the_kiosk_is_read_again_in_the_middle(running: Running, chromium: Browser) -> None:
    """The kiosk page is reloaded during a talk: the same call goes on by itself."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await kiosk.reload()
    await asyncio.gather(decodes(page, 30), decodes(kiosk, 30))
    assert len(await running.calls()) == 1


async def test_the_server_is_killed_between_two_real_pages(running: Running, chromium: Browser) -> None:
    """kill -9 in the middle: both pages come back and the same call continues."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await running.kill()
    await asyncio.gather(decodes(page), decodes(kiosk))
    await running.start()
    await expect(page.locator("#call[data-line=open]")).to_be_visible(timeout=20_000)
    await asyncio.gather(decodes(page), decodes(kiosk))
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut", timeout=20_000)
    await expect(kiosk.get_by_role("button", name="Lägg på")).to_be_hidden(timeout=20_000)
    calls = await running.calls()
    assert [one.cause for one in calls] == [Cause.HUNG_UP]
