"""How a call between the two real pages ends otherwise than by "Lägg på": nobody there, or somebody gone."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, Dialog, Page, expect

from care.calls.life import Cause
from care.contacts.life import Status
from tests.e2e.running import Running, open_kiosk, sign_in, until


async def talking(running: Running, chromium: Browser) -> tuple[Page, Page]:
    """The worker's page and the kiosk, in a talk."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    return page, kiosk


async def test_nobody_answers(running: Running, chromium: Browser) -> None:
    """The ring ends by itself, and the worker reads it with the phone beside; the row waits for a person."""
    await running.kill()
    running.ring_seconds = 6
    await running.start()
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_visible(timeout=20_000)
    await expect(page.locator("#call-state")).to_have_text("Ingrid svarar inte", timeout=30_000)
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_hidden(timeout=10_000)
    await expect(page.get_by_role("link", name="Ring på telefon")).to_be_visible()
    await expect(page.get_by_role("button", name="Ring Ingrid")).to_be_visible()
    assert [one.cause for one in await running.calls()] == [Cause.NO_ANSWER]
    row = await running.row()
    assert row.status is Status.AWAITING
    assert row.owner_id == running.anna.id
    assert row.deadline is not None


async def test_a_kiosk_that_is_switched_off(running: Running, chromium: Browser) -> None:
    """Its page is closed: the worker reads at once that it cannot be reached, and may ring the phone."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await kiosk.close()
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(page.locator("#call-state")).to_have_text(
        "Ingrids skärm går inte att nå just nu", timeout=20_000
    )
    await expect(page.get_by_role("link", name="Ring på telefon")).to_be_visible()
    assert [one.cause for one in await running.calls()] == [Cause.TABLET_OFFLINE]


async def test_the_worker_leaves_by_a_link(running: Running, chromium: Browser) -> None:
    """Asked first: no stays in the talk, yes hangs up before the page goes. The kiosk is free at once."""
    page, kiosk = await talking(running, chromium)
    said: list[str] = []

    async def answer(dialog: Dialog) -> None:
        said.append(dialog.message)
        await (dialog.dismiss() if len(said) == 1 else dialog.accept())

    page.on("dialog", answer)
    home = page.get_by_role("link", name="Min dag").first
    await home.click()
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid")
    await home.click()
    await page.wait_for_url("**/min-dag", timeout=10_000)
    assert said == ["Lägga på och lämna samtalet?"] * 2
    await expect(kiosk.get_by_role("button", name="Lägg på")).to_be_hidden(timeout=5_000)
    assert [one.cause for one in await running.calls()] == [Cause.HUNG_UP]
    assert (await running.row()).status is Status.DONE


async def test_the_worker_leaves_while_it_rings(running: Running, chromium: Browser) -> None:
    """The ring stops with the page, not ten seconds later."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_visible(timeout=20_000)
    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.get_by_role("link", name="Min dag").first.click()
    await page.wait_for_url("**/min-dag", timeout=10_000)
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_hidden(timeout=5_000)
    assert [one.cause for one in await running.calls()] == [Cause.CANCELLED]


async def test_the_worker_closes_the_tab(running: Running, chromium: Browser) -> None:
    """The kiosk says calmly that Anna tries to come back; hanging up is up to Ingrid, and ends it at once."""
    page, kiosk = await talking(running, chromium)
    await page.close()
    await expect(
        kiosk.locator(".cover", has_text="Anna försöker komma tillbaka. Du kan vänta eller lägga på.")
    ).to_be_visible(timeout=20_000)
    await kiosk.get_by_role("button", name="Lägg på").click()
    await expect(kiosk.get_by_role("button", name="Nöjd", exact=True)).to_be_visible(timeout=10_000)

    async def ended() -> bool:
        return [one.cause for one in await running.calls()] == [Cause.HUNG_UP]

    await until(ended)
