"""Nobody answers, in a real browser: the worker's guide from the day in two taps, step by step to the end."""

from __future__ import annotations

from datetime import timedelta

from playwright.async_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from care.clients import ContactPerson
from care.contacts.life import Status
from care.contacts.step import Hand, fetch, step
from care.ids import new_id
from care.no_answer.case import NoAnswerCase
from care.no_answer.step import WhyNoAnswer
from tests.e2e.running import AT_REST, Running, accessible, sign_in, until

PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)


async def due(running: Running) -> None:
    """Ingrid's row is due since a few minutes, and her daughter can be rung."""
    async with running.database.write() as session:
        session.add(
            ContactPerson(
                id=new_id(), client_id=running.ingrid.id, name="Lena Berg", relation="dotter",
                phone="070-174 06 11",
            )
        )  # fmt: skip
        row = await fetch(session, running.contact_id)
        if row.status is Status.PLANNED:
            await step(
                session, row, Status.DUE, at=row.start, hand=Hand("test"),
                deadline=row.start + timedelta(minutes=10),
            )  # fmt: skip


async def look(page: Page, name: str) -> None:
    """A picture on a phone and on a desk, light and dark; nothing wider than the screen, nothing for axe."""
    for size, kind in ((PHONE, "phone"), (DESK, "desk")):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, kind)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(AT_REST)
            await page.screenshot(
                path=f"test-results/pages/no-answer-{name}-{kind}-{scheme}.png", full_page=True
            )
    await accessible(page)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(PHONE)


async def test_the_guide_from_the_day_to_the_end(running: Running, chromium: Browser) -> None:
    """Two taps from Min dag; each step with one tap; why is asked once it is over."""
    await due(running)
    page = await sign_in(chromium, running, viewport=PHONE)
    await page.goto(f"{running.url}/min-dag")
    await page.locator(f'a[href="/kontakt/{running.contact_id}"]').first.click()
    await page.get_by_role("link", name="Svarar inte").click()
    heading = page.locator(".no-answer-now h2")
    await expect(heading).to_have_text("Ring på skärmen")
    for now, following in (
        ("Ring på skärmen", "Ring en gång till"),
        ("Ring en gång till", "Ring telefonen"),
        ("Ring telefonen", "Fråga den som är nära"),
    ):
        await expect(heading).to_have_text(now)
        await page.get_by_role("button", name="Svarade inte").click()
        await expect(heading).to_have_text(following)
    await page.get_by_role("button", name="Ingen vet").click()
    await expect(heading).to_have_text("Ring kontaktpersonen")
    await expect(page.get_by_role("link", name="Lena Berg, dotter")).to_be_visible()
    await page.get_by_role("button", name="Ingen svarade").click()
    await expect(heading).to_have_text("Någon åker dit")
    await look(page, "visit")
    await page.get_by_role("link", name="Till kontakten").first.click()
    await expect(page.get_by_role("link", name="Vad gör jag nu?")).to_be_visible()
    await look(page, "card")
    await page.get_by_role("link", name="Vad gör jag nu?").click()
    await page.get_by_role("button", name="Har svarat nu").click()
    await expect(page.get_by_text("Varför blev det inget svar?")).to_be_visible()
    await look(page, "why")
    await page.get_by_role("button", name="Hörde inte").click()

    async def said() -> bool:
        async with running.database.read() as session:
            case = (await session.scalars(select(NoAnswerCase))).one()
            return case.why is WhyNoAnswer.DID_NOT_HEAR and not case.is_open

    assert await until(said)
    assert (await running.row()).status is Status.DONE_PHONE
