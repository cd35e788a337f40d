"""A worker opens somebody of another group in an emergency, and the manager there judges it."""

from __future__ import annotations

from playwright.async_api import Browser, expect
from sqlalchemy import select

from care.access.emergency import EmergencyOpening
from care.accounts import AccountRole, Role
from care.clients import Client
from care.ids import new_id
from care.municipality import Municipality
from care.staff import Title
from care.tasks import Task, TaskKind
from tests.builders import Town, make_account, make_client, make_group, make_staff
from tests.e2e.looking import DESK, PHONE, look, watched
from tests.e2e.running import PASSWORD, WEAK, Running, sign_in

REASON = "Larm från hemmet, jag är närmast"
VIEWS = ((PHONE, "light", True), (DESK, "dark", True))


async def nils(running: Running) -> Client:
    """A client of another group, whose manager Maj can sign in."""
    async with running.database.write() as session:
        municipality = (await session.scalars(select(Municipality))).one()
        group = await make_group(session, municipality, "Gällö")
        town = Town(municipality, group, {})
        client = await make_client(session, town, "Nils", "Åström", phone="070-174 06 31")
        maj = await make_staff(session, town, "Maj", "Chef", title=Title.UNIT_MANAGER)
        account = await make_account(session, maj, username="maj")
        account.password_hash = WEAK.hash(PASSWORD)
        session.add(
            AccountRole(id=new_id(), account_id=account.id, role=Role.UNIT_MANAGER, group_id=group.id)
        )
    return client


async def test_it_is_opened_with_a_reason_and_judged_by_the_manager(
    running: Running, chromium: Browser
) -> None:
    """An hour and what an emergency needs for the one; reason, lines and a judgement once for the other."""
    client = await nils(running)
    page = await sign_in(chromium, running)
    one = await watched(page.context)
    page = one.page
    gone = await page.goto(f"{running.url}/brukare/{client.id}")
    assert gone is not None
    assert gone.status == 404
    one.complaints.clear()
    await page.goto(f"{running.url}/nodoppning")
    wrong = await look(one, "emergency", views=VIEWS)
    await page.get_by_label("Förnamn").fill("Nils")
    await page.get_by_label("Efternamn").fill("Åström")
    await page.get_by_label("Varför måste du öppna?").fill(REASON)
    await page.get_by_role("button", name="Öppna uppgifterna").click()
    await page.wait_for_url(f"**/brukare/{client.id}")
    await expect(page.get_by_text("Nödöppnad till")).to_be_visible()
    wrong += await look(one, "client opened in an emergency", views=VIEWS)

    page = await sign_in(chromium, running, username="maj")
    one = await watched(page.context)
    page = one.page
    await page.goto(f"{running.url}/behover")
    await expect(page.get_by_text("har nödöppnat")).to_be_visible()
    assert str(client.phone) not in await page.content()
    await page.locator("a[href*='/logg/nodoppning/']").first.click()
    await page.wait_for_url("**/logg/nodoppning/*")
    await expect(page.get_by_text(REASON)).to_be_visible()
    wrong += await look(one, "emergency to judge", views=VIEWS)
    await page.get_by_label("Anteckning").fill("Larmet är bekräftat.")
    await page.get_by_role("button", name="Befogad").click()
    await expect(page.get_by_text("Larmet är bekräftat.")).to_be_visible()
    await expect(page.get_by_role("button", name="Befogad")).to_be_hidden()
    async with running.database.read() as session:
        opening = (await session.scalars(select(EmergencyOpening))).one()
        task = (await session.scalars(select(Task).where(Task.kind == TaskKind.EMERGENCY_OPENED))).one()
    assert (opening.client_id, opening.reason) == (client.id, REASON)
    assert (task.outcome, task.note) == ("fine", "Larmet är bekräftat.")
    assert task.closed_at is not None
    assert wrong == []
