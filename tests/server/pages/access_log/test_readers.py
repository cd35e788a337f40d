""" "Vem har läst om mig": by day, name, role and unit, in plain words; on paper with a purpose."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from care.accounts import Account, Role
from care.clients import Client, Protection
from care.municipality import Group
from tests.builders import make_client, make_staff
from tests.server.conftest import Browser, Site
from tests.server.pages.access_log.test_review import add, entry


@pytest.fixture
async def nils(site: Site) -> Account:
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Nils", "Ek")
    return await site.account("nils", Role.CARE_WORKER, staff_id=staff.id, display_name="Nils Ek")


@pytest.fixture
async def manager(site: Site) -> Browser:
    return await site.signed_in("maj", Role.UNIT_MANAGER, display_name="Maj Chef")


async def sheet(browser: Browser, client: Client, query: str = "") -> list[str]:
    """The days and rows of the list, in words."""
    answer = await browser.get(f"/brukare/{client.id}/vem-har-last{query}")
    assert answer.status == 200
    return rows_of(await answer.text())


def rows_of(text: str) -> list[str]:
    found = re.findall(r"<h3>.*?</h3>|<tr><th scope=\"row\">.*?</tr>", unescape(text), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


async def test_each_reader_of_a_day_once_in_plain_words(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """The newest day first; the wall clock's days, also over midnight; no words of the table."""
    await add(
        site,
        entry(nils, ingrid, "2026-11-29 23:59"),
        entry(nils, ingrid, "2026-11-30 00:00", relation="night"),
        entry(nils, ingrid, "2026-11-30 10:00", relation="assigned", action="contact.read"),
        entry(nils, ingrid, "2026-11-30 10:05", relation="assigned", action="contact.read"),
    )
    assert await sheet(manager, ingrid) == [
        "Måndag 30 november 2026",
        (
            "Nils Ek Omsorgspersonal, Bräcke Läste om ett besök eller samtal. Läste om dig. "
            "Skulle besöka eller ringa dig. Arbetade den natten."
        ),
        "Söndag 29 november 2026",
        "Nils Ek Omsorgspersonal, Bräcke Läste om dig. Arbetar i din hemtjänstgrupp.",
    ]


async def test_only_those_who_saw_something(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """Who was refused saw nothing, others' lines are theirs; the one who minds the system is said so."""
    async with site.database.write() as session:
        karin = await make_client(session, site.town, "Karin")
    await add(
        site,
        entry(nils, ingrid, "2026-11-30 10:00", allowed=False, relation="none"),
        entry(nils, karin, "2026-11-30 10:00"),
        entry(None, ingrid, "2026-11-30 11:00", role="command_line", relation="everywhere"),
    )
    assert await sheet(manager, ingrid) == [
        "Måndag 30 november 2026",
        "Den som sköter systemet Läste om dig. Ser till att systemet fungerar.",
    ]
    assert (await sheet(manager, ingrid))[:2] == [
        "Tisdag 1 december 2026",
        "Maj Chef Enhetschef Kontrollerade vem som har läst om dig. Ansvarar för att ingen läser i onödan.",
    ]


async def test_the_reason_of_an_emergency_is_not_copied_to_the_client(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """It may speak of others; that it was one is said."""
    await add(site, entry(nils, ingrid, "2026-11-30 10:00", relation="emergency", purpose="emergency"))
    text = " ".join(await sheet(manager, ingrid))
    assert "Behövde hjälpa dig fast det inte är den egna gruppen" in text


async def test_paper_is_logged_with_what_for_and_may_leave_a_name_out(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """The sheet has a button for the printer; of a worker who needs shelter role, unit and day stand."""
    await add(site, entry(nils, ingrid, "2026-11-30 10:00"))
    path = f"/brukare/{ingrid.id}/vem-har-last"
    form = {"purpose": "client", "fran": "2026-11-30", "till": "2026-11-30", "utan": str(nils.id)}
    answer = await manager.post(path, data=form)
    text = await answer.text()
    assert answer.status == 200
    assert "data-print" in text
    assert "Nils" not in text
    assert rows_of(text)[1].startswith("En medarbetare Omsorgspersonal, Bräcke")
    logged = [
        (one.thing, one.purpose, one.client_id)
        for one in await site.log()
        if one.where[:14] == "client_readers"
    ]
    assert logged == [("readers:print", "own_log:client", ingrid.id)]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"purpose": "fun"},
        {"purpose": "client", "fran": "igår"},
        {"purpose": "client", "till": "2026-02-30"},
    ],
    ids=["nothing", "odd purpose", "odd day", "no day"],
)
async def test_no_paper_without_a_purpose(
    site: Site, manager: Browser, nils: Account, ingrid: Client, form: dict[str, str]
) -> None:
    """Or for days that do not exist: nothing is shown."""
    await add(site, entry(nils, ingrid, "2026-11-30 10:00"))
    answer = await manager.post(f"/brukare/{ingrid.id}/vem-har-last", data=form)
    assert answer.status == 422
    assert "Nils" not in await answer.text()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?fran=2026-12-02&till=2026-12-01", "Första dagen ligger efter den sista."),
        ("?fran=1990-01-01", "Välj högst 1830 dagar åt gången."),
        ("?till=31/12", "Datumet ska se ut som 2026-12-01"),
    ],
)
async def test_odd_days_are_said_in_words(manager: Browser, ingrid: Client, query: str, words: str) -> None:
    """And the usual days are shown."""
    answer = await manager.get(f"/brukare/{ingrid.id}/vem-har-last{query}")
    assert answer.status == 422
    assert words in unescape(await answer.text())


async def test_days_are_chosen_also_one_of_25_hours(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """All of 25 October 2026, and nothing of the days beside it."""
    await add(
        site,
        *(
            entry(nils, ingrid, f"2026-10-{day}", action=action)
            for day, action in (
                ("24 23:59", "call.make"), ("25 00:00", "client.read"), ("25 23:59", "contact.read"),
                ("26 00:00", "call.make"),
            )
        ),
    )  # fmt: skip
    day, row = await sheet(manager, ingrid, "?fran=2026-10-25&till=2026-10-25")
    assert day == "Söndag 25 oktober 2026"
    assert "Läste om ett besök eller samtal. Läste om dig." in row
    assert "Ringde" not in row


async def test_a_protected_identity(site: Site, manager: Browser, nils: Account) -> None:
    """The first name only, on the screen and on paper."""
    async with site.database.write() as session:
        hidden = await make_client(
            session, site.town, "Vera", "Hemlig", protection=Protection.PROTECTED_REGISTRATION
        )
    await add(site, entry(nils, hidden, "2026-11-30 10:00"))
    path = f"/brukare/{hidden.id}/vem-har-last"
    shown = await (await manager.get(path)).text()
    paper = await (await manager.post(path, data={"purpose": "representative"})).text()
    for text in (shown, paper):
        assert "Vera" in text
        assert "Hemlig" not in text


async def test_it_is_the_managers_of_the_own_group(site: Site, kalarne: Group, ingrid: Client) -> None:
    """Another group's manager finds nobody, other roles have no such page; the client's page leads there."""
    path = f"/brukare/{ingrid.id}/vem-har-last"
    other = await site.signed_in("eva", Role.UNIT_MANAGER, group_id=kalarne.id)
    assert (await other.get(path)).status == 404
    assert (await other.post(path, data={"purpose": "client"})).status == 404
    karin = await site.signed_in("karin", Role.COORDINATOR)
    assert (await karin.get(path)).status == 403
    assert path not in await (await karin.get(f"/brukare/{ingrid.id}")).text()
    maj = await site.signed_in("maj", Role.UNIT_MANAGER)
    assert path in await (await maj.get(f"/brukare/{ingrid.id}")).text()


async def test_units_of_readers_from_elsewhere(
    site: Site, manager: Browser, kalarne: Group, ingrid: Client
) -> None:
    """Where the reader works, not where the client lives."""
    async with site.database.write() as session:
        staff = await make_staff(session, replace(site.town, group=kalarne), "Olle", "Ask")
    olle = await site.account("olle", Role.CARE_WORKER, staff_id=staff.id, display_name="Olle Ask")
    await add(site, entry(olle, ingrid, "2026-11-30 10:00", relation="assigned"))
    assert (await sheet(manager, ingrid))[1].startswith("Olle Ask Omsorgspersonal, Kälarne")
