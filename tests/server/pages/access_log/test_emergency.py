"""An emergency opening is judged once, where its reason stands, by a manager who did not open it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from care.access.emergency import EmergencyOpening
from care.accounts import Account, Role
from care.clients import Client
from care.tasks import Task, TaskKind
from tests.server.conftest import Browser, Site, sign_in
from tests.server.security.test_emergency import REASON, nils, opened


@pytest.fixture
async def client(site: Site) -> Client:
    """Nils, of another group, whom Anna has opened; Maj manages the group."""
    found = await nils(site)
    anna = await site.signed_in("anna", Role.CARE_WORKER)
    assert (await opened(anna))[0] == 303
    await anna.get(f"/brukare/{found.id}")
    return found


@pytest.fixture
async def manager(site: Site, client: Client) -> Browser:
    browser = await site.browser()
    await sign_in(browser, "maj")
    return browser


async def the_opening(site: Site) -> EmergencyOpening:
    async with site.database.read() as session:
        return (await session.scalars(select(EmergencyOpening))).one()


async def the_task(site: Site) -> Task:
    async with site.database.read() as session:
        return (await session.scalars(select(Task).where(Task.kind == TaskKind.EMERGENCY_OPENED))).one()


async def text_of(browser: Browser, address: str, status: int = 200) -> str:
    answer = await browser.get(address)
    assert answer.status == status
    return unescape(await answer.text())


async def judged(browser: Browser, site: Site, **form: str) -> tuple[int, str]:
    address = f"/logg/nodoppning/{(await the_opening(site)).id}"
    answer = await browser.post(address, data=form, allow_redirects=False)
    return answer.status, unescape(await answer.text())


async def test_the_task_leads_to_the_reason_and_is_closed_there(site: Site, manager: Browser) -> None:
    """From the list to the opening with its reason and lines; a judgement closes the task, and stays."""
    found = re.search(r'href="(/logg/nodoppning/[^"#]+)#bedomning"', await text_of(manager, "/behover"))
    assert found is not None
    page = await text_of(manager, found[1])
    assert REASON in page
    assert "Gjorde en nödöppning" in page
    assert "Läste uppgifterna" in page
    site.clock.set(site.clock.now() + timedelta(minutes=5))
    assert (await judged(manager, site, finding="fine", note="Larmet stämmer"))[0] == 303
    task = await the_task(site)
    async with site.database.read() as session:
        maj = await session.scalar(select(Account.id).where(Account.username == "maj"))
    assert (task.outcome, task.note, task.closed_by_id) == ("fine", "Larmet stämmer", maj)
    page = await text_of(manager, found[1])
    assert "Befogad" in page
    assert "Larmet stämmer" in page
    assert "Maj" in page
    assert 'name="note"' not in page
    assert "Nödöppning att granska" not in await text_of(manager, "/behover")


async def test_it_is_judged_once(site: Site, manager: Browser) -> None:
    """A second word changes nothing."""
    assert (await judged(manager, site, finding="fine"))[0] == 303
    status, text = await judged(manager, site, finding="follow_up", note="Jo, ändå")
    assert status == 409
    assert "Öppningen är redan bedömd." in text
    assert (await the_task(site)).outcome == "fine"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"finding": "follow_up"}, "Skriv vad som ska följas upp."),
        ({"finding": "perhaps"}, "Välj något av det som finns i listan."),
        ({}, "Välj något av det som finns i listan."),
        ({"finding": "fine", "note": "x" * 501}, "Texten får ha högst 500 tecken."),
    ],
    ids=["no note", "odd word", "nothing", "too long"],
)
async def test_what_is_missing_is_said_in_words(
    site: Site, manager: Browser, form: dict[str, str], words: str
) -> None:
    """And nothing is closed."""
    status, text = await judged(manager, site, **form)
    assert status == 422
    assert words in text
    assert (await the_task(site)).closed_at is None


async def test_another_groups_manager_finds_nothing(site: Site, manager: Browser) -> None:
    """404 for reading and judging, logged; and nobody closes the task from the list."""
    other = await site.signed_in("eva", Role.UNIT_MANAGER)
    address = f"/logg/nodoppning/{(await the_opening(site)).id}"
    assert REASON not in await text_of(other, address, 404)
    assert (await judged(other, site, finding="fine"))[0] == 404
    assert (await the_task(site)).closed_at is None
    refused = [one.where for one in await site.log() if not one.allowed and one.account_id is not None]
    assert {"log_emergency", "log_emergency_judge"} <= set(refused)
    path = f"/behover/uppgift/{(await the_task(site)).id}"
    answer = await manager.post(path, data={"outcome": "fine"}, allow_redirects=False)
    assert answer.status == 409
    assert "Bedömningen skrivs i loggen" in await answer.text()
    assert (await the_task(site)).closed_at is None
    assert (await manager.get("/logg/nodoppning/nonsens")).status == 404


async def test_nobody_judges_their_own_opening(site: Site, manager: Browser, client: Client) -> None:
    """Anna has become manager of that group since: somebody else has to look at what she did."""
    async with site.database.write() as session:
        opening = (await session.scalars(select(EmergencyOpening))).one()
        opening.account_id = (
            await session.scalars(select(Account.id).where(Account.username == "maj"))
        ).one()
    page = await text_of(manager, f"/logg/nodoppning/{opening.id}")
    assert "Du öppnade själv. Någon annan behöver bedöma." in page
    assert 'name="note"' not in page
    assert (await judged(manager, site, finding="fine"))[0] == 409
    assert (await the_task(site)).closed_at is None


async def test_another_account_of_ones_own_judges_nothing(
    site: Site, manager: Browser, client: Client
) -> None:
    """The manager opened it from a second account of hers: it is her own all the same."""
    async with site.database.write() as session:
        opening = (await session.scalars(select(EmergencyOpening))).one()
        mine = await session.scalar(select(Account.staff_id).where(Account.username == "maj"))
        (await session.get_one(Account, opening.account_id)).staff_id = mine
    page = await text_of(manager, f"/logg/nodoppning/{opening.id}")
    assert "Du öppnade själv. Någon annan behöver bedöma." in page
    assert (await judged(manager, site, finding="fine"))[0] == 409
    assert (await the_task(site)).closed_at is None


async def test_the_reason_stands_in_the_log_with_a_way_to_the_opening(site: Site, manager: Browser) -> None:
    """Each line that was opened through it, and the filter finds them all."""
    text = await text_of(manager, "/logg?bara=nodoppning")
    assert text.count(REASON) == len(re.findall(r'<li class="log-line"', text)) >= 2
    assert f'href="/logg/nodoppning/{(await the_opening(site)).id}"' in text


async def test_a_colleague_sees_that_it_waits_and_no_way_in(site: Site, client: Client) -> None:
    """A care worker of the group has the task in the list without its page."""
    siv = await site.signed_in("siv", Role.CARE_WORKER, group_id=client.group_id)
    assert "/logg/" not in await text_of(siv, "/behover")
