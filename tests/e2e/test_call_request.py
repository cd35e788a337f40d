"""\"Be någon ringa mig\" in real Chromium: who rings and when, once, without contact, by night."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.devices import Device
from care.localtime import SWEDEN
from care.municipality import Group, Municipality
from care.tasks import Task, TaskKind
from server.tablets.home import move_in
from tests.builders import Town, make_client
from tests.e2e.accessible import WELL, bigness, flaws
from tests.e2e.running import Running, sign_in, until
from tests.e2e.test_kiosk import SIZES, device, started

ASK = "Be någon ringa mig"


async def requests(running: Running) -> list[Task]:
    async with running.database.read() as session:
        return list(await session.scalars(select(Task).where(Task.kind == TaskKind.CALL_REQUEST)))


async def test_the_screen_says_who_rings_and_the_worker_rings(running: Running, chromium: Browser) -> None:
    """Pressed many times it is one task of Anna's; Min dag has the number; the outcome frees the button."""
    page = await started(chromium, running)
    button = page.get_by_role("button", name=ASK)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await expect(button).to_be_in_viewport(ratio=1)
        assert await bigness(page) == WELL, width
    await page.set_viewport_size({"width": 1280, "height": 800})
    worker = await sign_in(chromium, running)
    await button.dblclick()
    answer = page.locator(".call-request.promised")
    (task,) = await until(lambda: requests(running))
    assert (task.owner_id, task.client_id) == (running.anna.id, running.ingrid.id)
    at = task.deadline.astimezone(SWEDEN).strftime("%H.%M")
    await expect(answer).to_contain_text(f"Anna ringer dig före {at}")
    await expect(answer).to_contain_text("Bråttom? Tryck på larmet.")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL, width
        assert await flaws(page, enhanced=True) == [], width
    await page.screenshot(path="test-results/pages/kiosk-call-request.png")
    await page.reload()
    await expect(answer).to_contain_text(f"Anna ringer dig före {at}")

    # It comes to the worker's open page by itself.
    wish = worker.locator(".my-day-wish")
    await expect(wish).to_contain_text("vill bli uppringd")
    await expect(wish.get_by_role("link", name="Ring")).to_have_attribute("href", "tel:0701740658")
    assert await flaws(worker) == []
    await worker.screenshot(path="test-results/pages/my-day-call-request.png", full_page=True)
    await wish.get_by_role("button", name="Har ringt").click()
    await expect(worker.locator(".my-day-wish")).to_have_count(0)
    await expect(button).to_be_visible()
    (closed,) = await requests(running)
    assert closed.outcome == "called"
    await button.click()
    await expect(answer).to_be_visible()
    assert len(await requests(running)) == 2


async def test_of_two_who_live_there_the_screen_asks_who(running: Running, chromium: Browser) -> None:
    """Karl by keyboard alone, then the button is Ingrid's; what is answered is announced once."""
    page = await started(chromium, running)
    async with running.database.write() as session:
        group = await session.get_one(Group, running.ingrid.group_id)
        town = Town(await session.get_one(Municipality, group.municipality_id), group, {})
        karl = await make_client(session, town, "Karl", night_from="00:00", night_to="00:00")
        tablet = await session.get_one(Device, (await device(running)).id)
        await move_in(session, tablet, karl, datetime.now(UTC))
    await expect(page.locator(".next .who")).to_have_text("Anna ringer Ingrid")
    await page.get_by_role("button", name=ASK).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Vem vill bli uppringd?")).to_be_visible()
    await expect(page.get_by_role("button")).to_have_text(["Ingrid", "Karl", "Vi båda", "Inte nu"])
    await expect(page.get_by_role("button", name="Ingrid")).to_be_focused()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL, width
    assert await flaws(page, enhanced=True) == []
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    answer = page.locator(".call-request.promised")
    await expect(answer).to_contain_text("Anna ringer Karl före")
    await expect(page.locator("#said")).to_contain_text("Anna ringer Karl före")
    await expect(page.locator(".answer[role=status], .answer [role=status]")).to_have_count(0)
    assert [task.client_id for task in await requests(running)] == [karl.id]
    await page.get_by_role("button", name="Be någon ringa Ingrid").click()
    # In the same minute one sentence says it of both.
    await expect(answer).to_contain_text(re.compile("Anna ringer (er|Ingrid) före"))
    await expect(answer.get_by_role("button")).to_have_count(0)
    assert await bigness(page) == WELL
    assert {task.client_id for task in await requests(running)} == {karl.id, running.ingrid.id}


async def test_without_contact_it_says_so_and_is_never_told_later(
    running: Running, chromium: Browser
) -> None:
    """The server is gone: whom to ring and the alarm, in words; when it is back nobody is asked."""
    page = await started(chromium, running)
    await running.kill()
    await page.get_by_role("button", name=ASK).click()
    failed = page.locator(".call-request.failed")
    await expect(failed).to_contain_text("Det gick inte att nå personalen", timeout=15_000)
    await expect(failed).to_contain_text("0693-161 00")
    await expect(failed).to_contain_text("Bråttom? Tryck på larmet.")
    assert await flaws(page, enhanced=True) == []
    assert await bigness(page) == WELL
    # Every try to come back fails; that there is no contact is said all the same, also near a row.
    await expect(page.locator(".no-contact")).to_be_visible(timeout=20_000)
    assert await bigness(page) == WELL
    await running.start()
    await expect(page.locator(".no-contact")).to_be_hidden(timeout=30_000)
    assert await requests(running) == []
    await page.get_by_role("button", name=ASK).click(timeout=35_000)
    await expect(page.locator(".call-request.promised")).to_be_visible()
    assert len(await requests(running)) == 1


async def test_at_night_it_is_there_and_dim(running: Running, chromium: Browser) -> None:
    """Who wakes and is alone may ask; nothing lights up, and the answer stands in the dark."""
    async with running.database.write() as session:
        ingrid = await session.merge(running.ingrid)
        ingrid.night_from, ingrid.night_to = "00:00", "23:59"
    page = await started_at_night(chromium, running)
    await page.get_by_role("button", name=ASK).click()
    answer = page.locator("kiosk-night .call-request.promised")
    await expect(answer).to_contain_text("Anna ringer dig")
    await expect(answer).to_contain_text("Bråttom? Tryck på larmet.")
    assert await flaws(page, enhanced=True) == []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL, width
    await page.screenshot(path="test-results/pages/kiosk-night-call-request.png")


async def started_at_night(browser: Browser, running: Running) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.goto(running.pair_url)
    await page.get_by_role("button", name="Starta").click()
    await page.get_by_role("button", name="Visa dagen").click()
    await expect(page.get_by_role("heading", name="Det är natt")).to_be_visible()
    return page
