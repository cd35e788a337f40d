"""Planen in a real browser: what is moved follows on the worker's list, conflicts stay in the dialog."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.accounts import AccountRole, Role
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand, alter
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.services import Service
from care.staff import Staff, Title
from tests.builders import LONG_AGO, make_account, make_contact
from tests.e2e.accessible import flaws
from tests.e2e.running import PASSWORD, WEAK, Running, sign_in, until

WIDE = {"width": 1280, "height": 1000}


@pytest.fixture
async def contact(running: Running) -> PlannedContact:
    """A safety check by Anna at home, in a quarter of an hour; Ingrid's tablet answers."""
    now = datetime.now(UTC)
    async with running.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == "TI-DAG"))).one()
        device = Device(id=new_id(), label="Platta", paired_at=LONG_AGO, last_seen_at=now)
        session.add(device)
        await session.flush()
        session.add(
            DeviceAssignment(id=new_id(), device_id=device.id, client_id=running.ingrid.id, start=LONG_AGO)
        )
        return await make_contact(
            session, running.ingrid, service, now + timedelta(minutes=15), staff=[running.anna],
            window=90,
        )  # fmt: skip


async def coordinator(chromium: Browser, running: Running, **more: object) -> Page:
    """The browser of a coordinator who has just signed in."""
    async with running.database.write() as session:
        account = await make_account(session, username="samordnare")
        account.password_hash = WEAK.hash(PASSWORD)
        session.add(
            AccountRole(
                id=new_id(), account_id=account.id, role=Role.COORDINATOR, group_id=running.ingrid.group_id
            )
        )
    context = await chromium.new_context(locale="sv-SE", **{"viewport": WIDE, **more})  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(running.url + "/logga-in")
    await page.get_by_label("Användarnamn").fill("samordnare")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url("**/planen")
    return page


async def plan_of(page: Page, running: Running, contact: PlannedContact) -> None:
    await page.goto(f"{running.url}/planen?dag={contact.planned_date}")


async def test_moved_to_video_and_the_workers_list_follows(
    running: Running, chromium: Browser, contact: PlannedContact
) -> None:
    """One tap in the plan; Anna's open page says video within seconds, untouched."""
    worker = await sign_in(chromium, running)
    row = worker.locator(f'li[data-contact="{contact.id}"]')
    await expect(row).to_contain_text("Tillsyn dag")
    await expect(row.get_by_role("img", name="Besök", exact=True)).to_have_count(1)
    page = await coordinator(chromium, running)
    await plan_of(page, running, contact)
    await page.locator(f'li[data-contact="{contact.id}"] a').first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="Ingrid B.")).to_be_visible()
    await dialog.get_by_role("button", name="Flytta till video").click()

    async def moved() -> bool:
        async with running.database.read() as session:
            return (await session.get_one(PlannedContact, contact.id)).channel is Channel.VIDEO

    await until(moved)
    await expect(dialog).not_to_be_visible()
    mine = page.locator(f'li[data-contact="{contact.id}"]').first
    await expect(mine.get_by_role("img", name="Video", exact=True)).to_have_count(1)
    await expect(row.get_by_role("img", name="Video", exact=True)).to_have_count(1, timeout=10_000)
    await expect(row).to_contain_text("flyttad till video")


async def test_a_conflict_stays_in_the_dialog_until_it_is_weighed(
    running: Running, chromium: Browser, contact: PlannedContact
) -> None:
    """Somebody new who is not at work: said first, saved after "Spara ändå"."""
    async with running.database.write() as session:
        bo = Staff(
            id=new_id(), first_name="Bo", last_name="Ek", title=Title.CARE_ASSISTANT,
            group_id=running.anna.group_id,
        )  # fmt: skip
        session.add(bo)
    page = await coordinator(chromium, running)
    await plan_of(page, running, contact)
    await page.locator(f'li[data-contact="{contact.id}"] a').first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Vem gör det?").select_option(str(bo.id))
    await dialog.get_by_role("button", name="Spara vem och när").click()
    await expect(dialog).to_contain_text("Bo E. är ny för Ingrid.")
    await expect(dialog.get_by_label("Vem gör det?")).to_have_value(str(bo.id))
    await dialog.get_by_label("Spara ändå").check()
    await dialog.get_by_role("button", name="Spara vem och när").click()
    await expect(page.get_by_role("region", name="Bo Ek")).to_contain_text("Ingrid B.")


async def test_somebody_elses_change_is_told_and_a_stale_row_refused(
    running: Running, chromium: Browser, contact: PlannedContact
) -> None:
    """The plan says that it is old; the dialog says who was first, and shows the row as it is now."""
    page = await coordinator(chromium, running)
    await plan_of(page, running, contact)
    await page.locator(f'li[data-contact="{contact.id}"] a').first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Lås raden")).to_be_visible()
    async with running.database.write() as session:
        row = await session.get_one(PlannedContact, contact.id)
        await alter(
            session, row, at=datetime.now(UTC), hand=Hand("tests"), start=row.start + timedelta(minutes=5)
        )
    await expect(page.locator("#plan-news")).to_be_visible(timeout=10_000)
    await dialog.get_by_role("button", name="Lås raden").click()
    await expect(dialog).to_contain_text("Någon annan hann ändra kontakten")
    await dialog.get_by_role("button", name="Lås raden").click()
    await expect(page.get_by_role("img", name="låst").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(
    running: Running, chromium: Browser, contact: PlannedContact, scheme: str
) -> None:
    """The plan, a row in its dialog and on a page of its own, and the papers; nothing scrolls sideways."""
    page = await coordinator(chromium, running, color_scheme=scheme, bypass_csp=True)
    day = f"dag={contact.planned_date}"
    for width in (390, 1280, 1920):
        await page.set_viewport_size({"width": width, "height": 2400})
        for address in (f"/planen?{day}", f"/planen/rad/{contact.id}", f"/utskrift?{day}",
                        f"/utskrift?{day}&vad=brukare", f"/utskrift?{day}&vad=ring"):  # fmt: skip
            await page.goto(running.url + address)
            assert await flaws(page) == [], f"{address} at {width}"
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        await plan_of(page, running, contact)
        await page.locator(f'li[data-contact="{contact.id}"] a').first.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await flaws(page) == []
