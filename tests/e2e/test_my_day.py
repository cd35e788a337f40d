"""Min dag in a real browser: it follows the plan by itself, works by thumb, and axe finds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter
from care.services import Service
from tests.builders import make_contact
from tests.e2e.running import Running, sign_in, until

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
#: Tall, so that nothing lies under the navigation when axe measures what can be pressed.
PHONE = {"width": 390, "height": 2400}


async def visit(running: Running, code: str = "PV-MOR", **more: Any) -> PlannedContact:
    """A visit of Anna's to Ingrid that is to begin in a quarter of an hour."""
    async with running.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == code))).one()
        start = datetime.now(UTC) + timedelta(minutes=15)
        return await make_contact(session, running.ingrid, service, start, staff=[running.anna], **more)


async def violations(page: Page) -> list[str]:
    """What axe finds, as ``rule: where``."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


async def test_the_list_follows_the_plan_by_itself(running: Running, chromium: Browser) -> None:
    """What another process changes shows without a touch, says why, and is read aloud."""
    contact = await visit(running)
    page = await sign_in(chromium, running)
    # The list is fetched once more when the stream of news is open.
    async with page.expect_response(
        lambda answer: answer.url.endswith("/min-dag") and "hx-request" in answer.request.headers
    ):
        await page.reload()
    row = page.locator(f'li[data-contact="{contact.id}"]')
    await expect(row).to_contain_text("Morgonhjälp")
    async with running.database.write() as session:
        own = await session.get_one(PlannedContact, contact.id)
        await alter(
            session, own, at=datetime.now(UTC), hand=Hand("tests"), reason="snö",
            start=own.start + timedelta(minutes=7),
        )  # fmt: skip
    await expect(row).to_contain_text("ändrad", timeout=10_000)
    await expect(row).to_contain_text("snö")
    await expect(page.locator("#day-said")).to_contain_text("Ändrat: Ingrid B.")


async def test_in_and_out_by_thumb(running: Running, chromium: Browser) -> None:
    """Check in, check out, and the receipt is there: three taps from the list."""
    async with running.database.write() as session:
        own = await session.get_one(PlannedContact, running.contact_id)
        own.status = Status.CANCELLED
    contact = await visit(running)
    page = await sign_in(chromium, running, viewport={"width": 390, "height": 844}, has_touch=True)
    button = page.get_by_role("button", name="Checka in")
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    await button.tap()
    await page.wait_for_url("**/kontakt/*")
    await page.get_by_role("button", name="Checka ut").tap()
    await page.wait_for_url("**/kvittens")

    async def done() -> bool:
        async with running.database.read() as session:
            return (await session.get_one(PlannedContact, contact.id)).status is Status.DONE

    await until(done)


async def test_a_refused_receipt_keeps_what_was_written_and_breaks_no_rule(
    running: Running, chromium: Browser
) -> None:
    """Also when the note was drawn larger: the form comes back with its error, the console is quiet."""
    async with running.database.write() as session:
        own = await session.get_one(PlannedContact, running.contact_id)
        own.status = Status.CANCELLED
    contact = await visit(running)
    page = await sign_in(chromium, running)
    await page.get_by_role("button", name="Checka in").click()
    await page.wait_for_url("**/kontakt/*")
    await page.goto(f"{running.url}/kontakt/{contact.id}/kvittens")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    await page.get_by_text("Anteckning och uppföljning").click()
    note = page.locator("textarea").first
    await note.fill("Ville vila")
    # As the corner of the field does when it is drawn.
    await note.evaluate("field => { field.style.height = '200px'; }")
    await page.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.locator("#receipt")).to_contain_text("Välj hur det gick.")
    assert await page.locator("textarea").first.input_value() == "Ville vila"
    # The refusal itself is a failed load to the browser.
    assert [text for text in said if not text.startswith("Failed to load resource")] == []


async def test_a_conflict_is_said_and_nothing_on_the_page_is_lost(
    running: Running, chromium: Browser
) -> None:
    """Somebody else was first: the sentence comes on the same page, and the times stay written."""
    contact = await visit(running)
    page = await sign_in(chromium, running)
    await page.goto(f"{running.url}/kontakt/{contact.id}")
    await page.get_by_text("Skriv in i efterhand").click()
    await page.get_by_label("Slutade").fill("10:30")
    async with running.database.write() as session:
        own = await session.get_one(PlannedContact, contact.id)
        await alter(session, own, at=datetime.now(UTC), hand=Hand("tests"), minutes=33)
    await page.get_by_role("button", name="Skriv in").click()
    await expect(page.locator("#messages")).to_contain_text("Någon annan hann ändra kontakten")
    assert await page.get_by_label("Slutade").input_value() == "10:30"


async def test_the_client_search_finds_while_one_writes(running: Running, chromium: Browser) -> None:
    """The list narrows by itself, and the name never stands in the address."""
    page = await sign_in(chromium, running)
    await page.goto(f"{running.url}/brukare")
    await page.get_by_label("Sök på namn").press_sequentially("xyz")
    await expect(page.get_by_text("Ingen med det namnet")).to_be_visible()
    await page.get_by_label("Sök på namn").fill("ber")
    await expect(page.get_by_role("link", name="Ingrid Berg")).to_be_visible()
    assert page.url == f"{running.url}/brukare"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(running: Running, chromium: Browser, scheme: str) -> None:
    """Each page of the care worker, on a phone and on a wide screen."""
    contact = await visit(running)
    page = await sign_in(chromium, running, viewport=PHONE, color_scheme=scheme, bypass_csp=True)
    addresses = ("/min-dag", f"/kontakt/{contact.id}", f"/kontakt/{running.contact_id}", "/brukare",
                 f"/brukare/{running.ingrid.id}")  # fmt: skip
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 2400})
        for address in addresses:
            await page.goto(running.url + address)
            for fold in await page.locator("main details > summary").all():
                await fold.click()
            assert await violations(page) == [], f"{address} at {width}"
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
