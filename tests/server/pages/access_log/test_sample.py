"""The monthly sample on the manager's page: each line judged once, and the last closes the task."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from html import unescape

import pytest
from sqlalchemy import select

from care.access.sample import LogSample
from care.accounts import Role
from care.clients import Client
from care.ids import new_id
from care.municipality import Group
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.ticks.log_sample import log_sample
from tests.builders import make_client, make_contact, make_staff
from tests.server.conftest import Browser, Site, sign_in
from tests.server.pages.access_log.test_review import add, entry


@pytest.fixture
async def manager(site: Site, ingrid: Client) -> Browser:
    """Maj, whose group has three lines drawn from November: two of Nils', and one of her own."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Nils", "Ek")
        chef = await make_staff(session, site.town, "Maj", "Chef")
        await make_contact(session, ingrid, site.town.services["TI-DAG"], "2026-11-27 10:00", staff=[staff])
    nils = await site.account("nils", Role.CARE_WORKER, staff_id=staff.id, display_name="Nils Ek")
    maj = await site.account("maj", Role.UNIT_MANAGER, staff_id=chef.id)
    await add(
        site,
        entry(nils, ingrid, "2026-11-27 09:55", relation="assigned"),
        entry(nils, ingrid, "2026-11-28 23:30"),
        entry(maj, ingrid, "2026-11-30 10:00", role="unit_manager"),
    )
    assert await log_sample(site.database, site.clock) == 3
    browser = await site.browser()
    await sign_in(browser, "maj")
    return browser


async def samples(database: Database) -> list[LogSample]:
    async with database.read() as session:
        return list(await session.scalars(select(LogSample).order_by(LogSample.number)))


async def text_of(browser: Browser, address: str, status: int = 200) -> str:
    answer = await browser.get(address)
    assert answer.status == status
    return unescape(await answer.text())


async def judge(browser: Browser, one: LogSample, **form: str) -> tuple[int, str]:
    answer = await browser.post(f"/logg/stickprov/{one.id}", data=form, allow_redirects=False)
    return answer.status, unescape(await answer.text())


async def test_from_the_task_to_the_last_line(site: Site, manager: Browser) -> None:
    """The list leads there; line by line; then the task is closed, and what was found stands."""
    listed = await text_of(manager, "/behover")
    assert "3 slumpvis valda rader från november 2026" in listed
    found = re.search(r'href="(/logg/stickprov\?[^"]+)"', listed)
    assert found is not None
    page = await text_of(manager, found[1])
    assert "3 rader kvar att granska" in page
    assert "Hade besök eller samtal där den dagen: 10.00" in " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Hade inget besök eller samtal där den dagen." in page
    assert "Du öppnade själv. Skriv varför det behövdes." in page
    for number, one in enumerate(await samples(site.database), start=1):
        async with site.database.read() as session:
            task = (await session.scalars(select(Task).where(Task.kind == TaskKind.LOG_SAMPLE))).one()
        assert task.closed_at is None, number
        assert (await judge(manager, one, finding="fine", note="Uppföljning av planen"))[0] == 303
    page = await text_of(manager, found[1])
    assert "Allt är granskat" in page
    assert page.count("Uppföljning av planen") == 3
    assert 'name="note"' not in page
    assert "stickprov ur loggen" not in await text_of(manager, "/behover")
    done = await samples(site.database)
    assert len({one.checked_by_id for one in done}) == 1
    assert all(one.checked_at == site.clock.now() for one in done)


async def test_what_is_missing_is_said_at_the_line(site: Site, manager: Browser) -> None:
    """A note to follow up, and for one's own opening; what was written stays in the field."""
    first = (await samples(site.database))[0]
    assert "Skriv vad som ska följas upp." in (await judge(manager, first, finding="follow_up"))[1]
    status, text = await judge(manager, first, finding="", note="Halvvägs")
    assert status == 422
    assert 'value="Halvvägs"' in text
    fines = [await judge(manager, one, finding="fine") for one in await samples(site.database)]
    assert sorted(status for status, _ in fines) == [303, 303, 422]


async def test_a_second_word_changes_nothing(site: Site, manager: Browser) -> None:
    """What was found is written once."""
    first = (await samples(site.database))[0]
    await judge(manager, first, finding="follow_up", note="Fråga Nils")
    status, text = await judge(manager, first, finding="fine", note="Nej")
    assert status == 409
    assert "Raden är redan granskad." in text
    kept = (await samples(site.database))[0]
    assert (str(kept.finding), kept.note) == ("follow_up", "Fråga Nils")


async def test_another_groups_sample_does_not_exist(site: Site, manager: Browser, kalarne: Group) -> None:
    """Neither its page nor its lines; the tries are logged and nothing is written."""
    other = await site.signed_in("eva", Role.UNIT_MANAGER, group_id=kalarne.id)
    await text_of(other, f"/logg/stickprov?grupp={site.town.group.id}", 404)
    first = (await samples(site.database))[0]
    assert (await judge(other, first, finding="fine"))[0] == 404
    assert (await samples(site.database))[0].finding is None
    refused = [one.group_id for one in await site.log() if not one.allowed]
    assert refused == [site.town.group.id, site.town.group.id]
    assert "Inget stickprov är draget än." in await text_of(other, "/logg/stickprov")


@pytest.mark.parametrize("month", ["2026-10", "2026-13", "i-går", "2026-11-01", "%00"])
async def test_a_month_without_a_sample(manager: Browser, month: str) -> None:
    """Does not exist, however it is written."""
    await text_of(manager, f"/logg/stickprov?manad={month}", 404 if month != "%00" else 200)


async def test_lines_that_have_gone_to_the_archive(site: Site, manager: Browser, ingrid: Client) -> None:
    """What was found of them stays, and those that are left can still be judged."""
    async with site.database.write() as session:
        session.add(
            LogSample(
                id=new_id(), group_id=site.town.group.id, month="2020-11", number=1, entry_id=new_id(),
                drawn_at=site.clock.now(),
            )
        )  # fmt: skip
    page = await text_of(manager, "/logg/stickprov")
    assert "November 2020" in page
    assert "Raden ligger i arkivet." in page
    assert "November 2026 (3)" in page


async def test_a_protected_identity_in_the_sample(site: Site, kalarne: Group) -> None:
    """The first name only, for the manager of the group, who may open it."""
    async with site.database.write() as session:
        town = replace(site.town, group=kalarne)
        hidden = await make_client(session, town, "Vera", "Hemlig", protection="confidentiality_mark")
    eva = await site.signed_in("eva", Role.UNIT_MANAGER, group_id=kalarne.id)
    nils = await site.account("nils", Role.CARE_WORKER)
    await add(site, entry(nils, hidden, "2026-11-27 09:55"))
    site.clock.set(datetime(2026, 12, 1, 7, 0))
    await log_sample(site.database, site.clock)
    page = await text_of(eva, "/logg/stickprov")
    assert "Vera" in page
    assert "Hemlig" not in page
