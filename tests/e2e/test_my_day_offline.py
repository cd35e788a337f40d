"""Min dag without cover in a real browser: read and written in the phone, told once, erased in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import func, select

from care.accounts import SignIn
from care.carried import CarriedDeed, Outcome
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.performing import check_in
from care.contacts.step import Hand, fetch
from care.receipts import Given, Receipt, Result, give_receipts
from care.services import Service
from care.staff import Staff, Title
from tests.builders import make_account, make_contact
from tests.e2e.running import Running, sign_in, until
from tests.e2e.test_my_day import violations

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 2400}}
#: How much the phone holds of people.
CARRIED = """
async () => {
  const request = indexedDB.open("samtid-day", 1);
  const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const count = (name) => new Promise((resolve) => {
    const asked = database.transaction(name).objectStore(name).count();
    asked.onsuccess = () => resolve(asked.result);
  });
  const found = { things: await count("things"), deeds: await count("deeds") };
  database.close();
  return found;
}
"""


async def visit(running: Running) -> PlannedContact:
    """A visit of Anna's to Ingrid that began a quarter of an hour ago by the plan."""
    async with running.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == "PV-MOR"))).one()
        start = datetime.now(UTC) - timedelta(minutes=15)
        return await make_contact(session, running.ingrid, service, start, staff=[running.anna])


async def with_day(chromium: Browser, running: Running, **more: Any) -> Page:
    """Anna's phone once it carries the day and the pages for it."""
    page = await sign_in(chromium, running, **{**PHONE, **more})
    await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    await until(
        lambda: page.evaluate(
            """async () => {
              const found = await navigator.serviceWorker.getRegistrations();
              const active = found.filter((one) => one.active).map((one) => new URL(one.scope).pathname);
              return ["/min-dag", "/kontakt/"].every((scope) => active.includes(scope));
            }"""
        )
    )

    async def is_carried() -> bool:
        return bool((await page.evaluate(CARRIED))["things"])

    await until(is_carried)
    return page


async def work_without_cover(page: Page, contact: PlannedContact, result: str = "Delvis") -> None:
    """In, out and receipt, all in the cellar."""
    row = page.locator(f'li[data-contact="{contact.id}"]')
    await row.locator("summary").first.click()
    await row.get_by_role("button", name="Checka in").click()
    await expect(row).to_contain_text("sparas när du har täckning")
    await row.get_by_role("button", name="Checka ut").click()
    await row.get_by_label(result, exact=True).check()
    await row.get_by_text("Anteckning och uppföljning").click()
    await row.get_by_label("Anteckning", exact=True).fill("Åt halva")
    await row.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.locator("#offline-waiting")).to_contain_text("3 saker sparas när du har täckning.")


async def deeds(running: Running) -> list[CarriedDeed]:
    async with running.database.read() as session:
        return list(await session.scalars(select(CarriedDeed).order_by(CarriedDeed.at, CarriedDeed.id)))


async def test_the_day_is_read_and_written_without_cover_and_told_once(
    running: Running, chromium: Browser
) -> None:
    """A page opened in the cellar shows the list; what is done there is in the record when there is cover."""
    contact = await visit(running)
    page = await with_day(chromium, running)
    await page.context.set_offline(True)
    await page.goto(f"{running.url}/min-dag")
    await expect(page.get_by_text("Ingen täckning")).to_be_visible()
    await expect(page.locator("#offline-rows")).to_contain_text("Ingrid B.")
    await work_without_cover(page, contact)
    # Closed and opened anew, by the card's own address: it is all there still.
    await page.goto(f"{running.url}/kontakt/{contact.id}")
    await expect(page.locator("#offline-rows")).to_contain_text("Kvitterad")
    assert await deeds(running) == []
    await page.context.set_offline(False)

    async def done() -> bool:
        async with running.database.read() as session:
            return (await session.get_one(PlannedContact, contact.id)).status is Status.DONE

    await until(done)
    await expect(page.get_by_role("heading", name="Vad som har hänt")).to_be_visible(timeout=15_000)
    await expect(page.get_by_text("utan täckning, telefonens klocka").first).to_be_visible()
    await page.goto(f"{running.url}/min-dag")
    await page.reload()
    assert [one.outcome for one in await deeds(running)] == [Outcome.DONE] * 3
    async with running.database.read() as session:
        [receipt] = await session.scalars(select(Receipt).where(Receipt.contact_id == contact.id))
    assert (receipt.result, receipt.note) == (Result.PARTLY, "Åt halva")
    assert receipt.phone_at is not None
    assert (await page.evaluate(CARRIED))["deeds"] == 0


async def test_two_who_receipted_are_both_shown_and_a_person_decides(
    running: Running, chromium: Browser
) -> None:
    """Bo was there too and had cover: Anna is told in words, sees both, and chooses."""
    contact = await visit(running)
    page = await with_day(chromium, running)
    await page.context.set_offline(True)
    await page.goto(f"{running.url}/min-dag")
    await work_without_cover(page, contact)
    now = datetime.now(UTC)
    async with running.database.write() as session:
        group_id = running.anna.group_id
        bo = Staff(first_name="Bo", last_name="Ek", title=Title.ASSISTANT_NURSE, group_id=group_id)
        session.add(bo)
        await session.flush()
        account = await make_account(session, bo, "bo")
        own = await fetch(session, contact.id)
        await check_in(
            session, own, at=now, hand=Hand("page", account.id), staff_id=bo.id, began=contact.start
        )
        line = (
            await session.scalars(select(ContactLine.id).where(ContactLine.contact_id == contact.id))
        ).one()
        await give_receipts(
            session, contact.id, {line: Given(Result.REACHED)}, at=now, staff_id=bo.id, account_id=account.id
        )
    await page.context.set_offline(False)
    await expect(page.locator("#day-carried")).to_contain_text(
        "Någon annan har redan kvitterat", timeout=15_000
    )
    await page.get_by_role("link", name="Se vad som gäller").click()
    card = page.locator(".contact-carried")
    await expect(card).to_contain_text("Åt halva")
    await expect(card).to_contain_text("Det som gäller nu")
    await expect(card).to_contain_text("Uppnått")
    await card.get_by_role("button", name="Låt kvittensen från").click()
    await expect(card).to_have_count(0)
    async with running.database.read() as session:
        found = {
            one.result: one
            for one in await session.scalars(select(Receipt).where(Receipt.contact_id == contact.id))
        }
    assert found[Result.REACHED].superseded_by_id == found[Result.PARTLY].id
    assert found[Result.PARTLY].superseded_by_id is None


async def test_a_button_pressed_as_cover_goes_is_kept(running: Running, chromium: Browser) -> None:
    """Checking in from the card when the network has just gone: kept, and shown in the list without cover."""
    contact = await visit(running)
    page = await with_day(chromium, running)
    await page.goto(f"{running.url}/kontakt/{contact.id}")
    await expect(page.get_by_role("button", name="Checka in")).to_be_visible()
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Checka in").click()
    await expect(page.locator("#offline-rows")).to_contain_text("Incheckad")
    await page.context.set_offline(False)

    async def begun() -> bool:
        async with running.database.read() as session:
            return (await session.get_one(PlannedContact, contact.id)).status is Status.UNDERWAY

    await until(begun)


async def test_sign_out_erases_what_the_phone_carries(running: Running, chromium: Browser) -> None:
    """Nothing of the day is left in the phone, and what waited is told first."""
    await visit(running)
    page = await with_day(chromium, running)
    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Logga ut").click()
    await page.wait_for_url("**/logga-in")
    assert await page.evaluate(CARRIED) == {"things": 0, "deeds": 0}


async def test_an_ended_sign_in_erases_at_the_next_contact(running: Running, chromium: Browser) -> None:
    """A lost phone: revoked while it is without cover, it holds nothing once it meets the server."""
    contact = await visit(running)
    page = await with_day(chromium, running)
    await page.context.set_offline(True)
    await page.goto(f"{running.url}/min-dag")
    await work_without_cover(page, contact)
    async with running.database.write() as session:
        for one in await session.scalars(select(SignIn)):
            one.revoked_at = datetime.now(UTC)
    await page.context.set_offline(False)
    await page.wait_for_url("**/logga-in**", timeout=15_000)
    assert await page.evaluate(CARRIED) == {"things": 0, "deeds": 0}
    async with running.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(CarriedDeed)) == 0


async def test_after_twelve_hours_the_phone_holds_nothing(running: Running, chromium: Browser) -> None:
    """Its own clock says so; that something was not told in time is said, not what."""
    contact = await visit(running)
    page = await with_day(chromium, running)
    await page.context.set_offline(True)
    await page.goto(f"{running.url}/min-dag")
    await work_without_cover(page, contact)
    await page.clock.install(time=datetime.now(UTC) + timedelta(hours=13))
    await page.goto(f"{running.url}/min-dag")
    await expect(page.locator("#offline-none")).to_be_visible()
    await expect(page.locator("#offline-waiting")).to_contain_text("hann inte skickas inom tolv timmar")
    assert await page.evaluate(CARRIED) == {"things": 0, "deeds": 0}


async def test_the_worker_never_stands_for_the_tablets_pages(running: Running, chromium: Browser) -> None:
    """The kiosk's page in the same browser is not answered by it, nor kept."""
    page = await with_day(chromium, running)
    scopes = await page.evaluate(
        """async () => {
          const found = await navigator.serviceWorker.getRegistrations();
          return found.map((one) => new URL(one.scope).pathname);
        }"""
    )
    # The third keeps the page that tells what to do when the system does not work.
    assert sorted(scopes) == ["/fel", "/kontakt/", "/min-dag"]
    kept = await page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys()) {
            for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
          }
          return found;
        }"""
    )
    pages = {"/min-dag/utan-tackning", "/fel"}
    assert all(one.startswith(("/static/", "/ord/")) or one in pages for one in kept), kept


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_without_cover(running: Running, chromium: Browser, scheme: str) -> None:
    """The list without cover, opened, on a phone and on a wide screen."""
    contact = await visit(running)
    page = await with_day(chromium, running, color_scheme=scheme, bypass_csp=True)
    await page.context.set_offline(True)
    await page.goto(f"{running.url}/min-dag")
    row = page.locator(f'li[data-contact="{contact.id}"]')
    await row.locator("summary").first.click()
    await row.get_by_role("button", name="Checka in").click()
    await expect(row.get_by_role("button", name="Spara kvittensen")).to_be_visible()
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 2400})
        await page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        assert await violations(page) == [], f"at {width}"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
