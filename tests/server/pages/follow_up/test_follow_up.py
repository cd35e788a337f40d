"""Uppföljning: shares by group and day, small numbers hidden on the page, days in the address checked."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from care.accounts import Role
from care.clients import Client
from care.contacts.life import Status
from care.ids import new_id
from care.municipality import Group
from care.pulse import ClientPulse, Face
from care.staff import Staff
from tests.builders import Town, make_client, make_contact, make_staff, moment
from tests.server.conftest import Browser, Site

YESTERDAY = date(2026, 11, 30)


async def contacts(site: Site, client: Client, staff: Staff, count: int, done: int, town: Town) -> None:
    """`count` contacts yesterday, of which `done` came about."""
    async with site.database.write() as session:
        for number in range(count):
            start = moment(f"{YESTERDAY} 08:00") + timedelta(minutes=20 * number)
            is_done = number < done
            await make_contact(
                session, client, town.services["TI-DAG"], start, staff=[staff],
                status=Status.DONE if is_done else Status.MISSED,
                actual_start=start if is_done else None,
                actual_end=start + timedelta(minutes=15) if is_done else None,
            )  # fmt: skip


async def pulse(site: Site, group: Group, *faces: Face) -> None:
    async with site.database.write() as session:
        session.add_all(ClientPulse(group_id=group.id, date=YESTERDAY, face=face) for face in faces)


@pytest.fixture
async def busy(site: Site, kalarne: Group) -> None:
    """Bräcke had twenty contacts, of which nineteen were done; Kälarne had three, all done."""
    async with site.database.write() as session:
        anna = await make_staff(session, site.town)
        ingrid = await make_client(session, site.town)
        greta = await make_client(session, site.town, "Greta", group_id=kalarne.id)
    await contacts(site, ingrid, anna, 20, 19, site.town)
    await contacts(site, greta, anna, 3, 3, site.town)


async def seen(browser: Browser, address: str = "/uppfoljning") -> str:
    answer = await browser.get(address)
    assert answer.status == 200
    text = re.sub(r"<[^>]+>", " ", (await answer.text()).split("<main")[1])
    return re.sub(r"\s+", " ", text)


async def test_a_coordinator_sees_the_own_group(site: Site, busy: None) -> None:
    """Nineteen of twenty is 95,0 per cent, on the edge; no word of another group; opened for follow-up."""
    browser = await site.signed_in("karin", Role.COORDINATOR)
    text = await seen(browser)
    assert "Genomfört samma dag 95,0 % på gränsen" in text
    assert "På plats 95,0 % (20)" in text
    assert "Kälarne" not in text
    (opened,) = await site.log()
    assert (opened.group_id, opened.purpose, opened.client_id) == (site.town.group.id, "follow_up", None)


async def test_a_manager_sees_all_groups_and_small_ones_are_hidden(site: Site, busy: None) -> None:
    """Three contacts are too few; so is the group beside them, as long as the sum of both is shown."""
    browser = await site.signed_in("mia", Role.UNIT_MANAGER)
    text = await seen(browser)
    assert "95,7 %" in text
    assert re.search(r"Bräcke döljs –", text)
    assert re.search(r"Kälarne döljs –", text)


async def test_one_small_group_alone_is_hidden(site: Site, kalarne: Group, busy: None) -> None:
    browser = await site.signed_in("mia", Role.UNIT_MANAGER)
    text = await seen(browser, f"/uppfoljning?grupp={kalarne.id}")
    assert "Genomfört samma dag döljs för få svar" in text
    assert "100,0 %" not in text


@pytest.mark.parametrize(
    ("count", "shown"), [(4, "döljs nöjda brukare ( – )"), (5, "100,0 % nöjda brukare (5)")]
)
async def test_fewer_than_five_answers_are_never_shown(
    site: Site, busy: None, count: int, shown: str
) -> None:
    await pulse(site, site.town.group, *[Face.HAPPY] * count)
    browser = await site.signed_in("karin", Role.COORDINATOR)
    assert shown in await seen(browser)


async def test_what_is_hidden_stands_in_no_figure_of_the_page(site: Site, busy: None) -> None:
    """Neither in the drawing nor in the table of days."""
    await pulse(site, site.town.group, Face.HAPPY, Face.HAPPY, Face.UNHAPPY)
    browser = await site.signed_in("karin", Role.COORDINATOR)
    html = await (await browser.get("/uppfoljning")).text()
    for share in ("66,7", "66.7", "33,3"):
        assert share not in html


@pytest.mark.parametrize("period", ["dag", "vecka", "fyra"])
async def test_every_period_has_its_days(site: Site, busy: None, period: str) -> None:
    browser = await site.signed_in("karin", Role.COORDINATOR)
    html = await (await browser.get(f"/uppfoljning?period={period}&till={YESTERDAY}")).text()
    assert html.count("data:image/svg+xml;base64,") == 4
    assert html.count('<th scope="row">2026-11-') == 4 * {"dag": 7, "vecka": 7, "fyra": 28}[period]
    assert "95,0" in html


async def test_today_is_said_to_be_going_on_and_tomorrow_is_today(site: Site, busy: None) -> None:
    browser = await site.signed_in("karin", Role.COORDINATOR)
    for till in ("2026-12-01", "2026-12-24"):
        assert "dagen pågår" in await seen(browser, f"/uppfoljning?period=dag&till={till}")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("till=igår", "Datumet ska se ut som 2026-12-01"),
        ("till=0001-01-02", "Datumet ska se ut som 2026-12-01"),
        ("till=9999-12-31", "Datumet ska se ut som 2026-12-01"),
        ("period=år", "Välj något av det som finns i listan."),
        ("grupp=x", "Välj något av det som finns i listan."),
    ],
)
async def test_an_address_that_makes_no_sense_is_said_so(site: Site, query: str, words: str) -> None:
    browser = await site.signed_in("karin", Role.COORDINATOR)
    answer = await browser.get(f"/uppfoljning?{query}")
    assert (answer.status, words in await answer.text()) == (422, True)


async def test_another_groups_measures_do_not_exist_for_a_coordinator(site: Site, kalarne: Group) -> None:
    browser = await site.signed_in("karin", Role.COORDINATOR)
    for group in (kalarne.id, new_id()):
        assert (await browser.get(f"/uppfoljning?grupp={group}")).status == 404


async def test_care_workers_have_no_measures(site: Site) -> None:
    browser = await site.signed_in("vera", Role.CARE_WORKER)
    assert (await browser.get("/uppfoljning")).status == 403
