"""The log for the unit manager: one's own group, by filters, in words, and whoever looks is logged."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from care.access.log import AccessLog
from care.access.rights import Action
from care.accounts import Account, Role
from care.clients import Client, Protection
from care.ids import new_id
from care.municipality import Group
from server.pages.access_log.words import ACTIONS
from tests.builders import make_client, make_staff, moment
from tests.server.conftest import Browser, Site


def entry(account: Account | None, client: Client | None, when: str, **more: Any) -> AccessLog:
    return AccessLog(
        **{
            "id": new_id(), "at": moment(when), "account_id": account.id if account else None,
            "role": "care_worker", "relation": "own_group", "group_id": client.group_id if client else None,
            "client_id": client.id if client else None, "action": "client.read", "thing": "client",
            "where": "client", **more,
        }
    )  # fmt: skip


async def add(site: Site, *entries: AccessLog) -> None:
    async with site.database.write() as session:
        session.add_all(entries)


@pytest.fixture
async def nils(site: Site) -> Account:
    """Nils Ek, who works in the group."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Nils", "Ek")
    return await site.account("nils", Role.CARE_WORKER, staff_id=staff.id, display_name="Nils Ek")


@pytest.fixture
async def manager(site: Site) -> Browser:
    return await site.signed_in("maj", Role.UNIT_MANAGER, display_name="Maj Chef")


async def text_of(browser: Browser, address: str, status: int = 200) -> str:
    answer = await browser.get(address)
    text = await answer.text()
    assert answer.status == status, text
    return unescape(text)


def lines(text: str) -> list[str]:
    """The words of each line of the log."""
    found = re.findall(r'<li class="log-line".*?</li>', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


async def test_a_line_says_who_did_what_with_whom_through_what(
    site: Site, manager: Browser, nils: Account, ingrid: Client
) -> None:
    """In words, with role and unit; no route names and no words of the table."""
    await add(site, entry(nils, ingrid, "2026-11-30 10:05", relation="assigned"))
    (line,) = lines(await text_of(manager, "/logg"))
    assert line == (
        "mån 30 nov 10.05 Nils Ek Omsorgspersonal, Bräcke Läste uppgifterna: Ingrid B. "
        "Eget besök eller samtal · för omsorgen"
    )


async def test_to_look_is_logged(site: Site, manager: Browser, nils: Account, ingrid: Client) -> None:
    """The group, the client that is filtered by, and everybody who stood on the page."""
    await add(site, entry(nils, ingrid, "2026-11-30 10:05"))
    await text_of(manager, f"/logg?brukare={ingrid.id}")
    looked = [one for one in await site.log() if one.action == "log.read"]
    assert {(one.client_id, one.group_id, one.purpose) for one in looked} == {
        (None, site.town.group.id, "log_review"),
        (ingrid.id, site.town.group.id, "log_review"),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["refused", "emergency", "changed", "printed", "read"]),
        ("slag=allt", ["refused", "emergency", "changed", "printed", "listed", "read"]),
        ("slag=lista", ["listed"]),
        ("slag=last", ["refused", "emergency", "read"]),
        ("slag=andrat", ["changed"]),
        ("slag=ut", ["printed"]),
        ("bara=nodoppning", ["emergency"]),
        ("bara=nekat", ["refused"]),
        ("fran=2026-11-28&till=2026-11-28", ["changed", "printed"]),
        ("till=2026-11-27&fran=2026-11-27", ["read"]),
        ("fran=2025-11-01&till=2026-11-01", ["old"]),
    ],
)
async def test_filters(
    site: Site, manager: Browser, nils: Account, ingrid: Client, query: str, expected: list[str]
) -> None:
    """Each shows its lines, the newest first; the days are the wall clock's."""
    many = {
        "old": entry(nils, ingrid, "2026-10-25 02:30"),
        "read": entry(nils, ingrid, "2026-11-27 23:59"),
        "listed": entry(nils, ingrid, "2026-11-27 12:00", thing="list"),
        "printed": entry(nils, ingrid, "2026-11-28 00:00", action="print.day"),
        "changed": entry(nils, ingrid, "2026-11-28 23:59", action="client.change"),
        "emergency": entry(nils, ingrid, "2026-11-29 00:00", relation="emergency", purpose="emergency"),
        "refused": entry(nils, ingrid, "2026-11-30 10:00", allowed=False, relation="none"),
    }
    await add(site, *many.values())
    log = {one.id: one.seq for one in await site.log()}
    names = {log[one.id]: name for name, one in many.items()}
    if "slag=lista" in query or "slag=allt" in query:
        query += "&till=2026-11-30"
    text = await text_of(manager, f"/logg?{query}")
    shown = [int(seq) for seq in re.findall(r'id="rad-(\d+)"', text)]
    assert sorted(names[seq] for seq in shown if seq in names) == sorted(expected)
    assert shown == sorted(shown, reverse=True)


async def test_one_worker_and_one_client(site: Site, manager: Browser, nils: Account, ingrid: Client) -> None:
    """Chosen by name, sent as an id; nobody's name stands in an address of the page."""
    siv = await site.account("siv", Role.CARE_WORKER, display_name="Siv Ask")
    async with site.database.write() as session:
        karin = await make_client(session, site.town, "Karin", "Dahl")
    await add(
        site,
        entry(nils, ingrid, "2026-11-30 10:00"),
        entry(siv, ingrid, "2026-11-30 11:00"),
        entry(siv, karin, "2026-11-30 12:00"),
    )
    by = await text_of(manager, f"/logg?konto={siv.id}")
    assert ["Siv Ask" in line for line in lines(by)] == [True, True]
    both = lines(await text_of(manager, f"/logg?konto={siv.id}&brukare={karin.id}"))
    assert len(both) == 1
    assert "Karin D." in both[0]
    assert f'<option value="{karin.id}">Karin Dahl</option>' in by
    assert not re.search(r'(href|action)="[^"]*(Karin|Ingrid|Siv|Nils)', by)


async def test_pages_of_fifty(site: Site, manager: Browser, nils: Account, ingrid: Client) -> None:
    """Every line stands on one page, none on two, also when something is written meanwhile."""
    await add(site, *(entry(nils, ingrid, f"2026-11-30 10:{number % 60:02}") for number in range(120)))
    address, seen = f"/logg?konto={nils.id}", list[str]()
    sizes = []
    while address:
        text = await text_of(manager, address)
        found = re.findall(r'id="rad-(\d+)"', text)
        seen += found
        sizes.append(len(found))
        older = re.search(r'href="(/logg\?[^"]*fore=\d+)"', text)
        address = older[1] if older else ""
        await add(site, entry(nils, ingrid, "2026-11-30 11:00"))
    assert sizes == [50, 50, 20]
    assert len(set(seen)) == 120


async def test_another_groups_log_does_not_exist(
    site: Site, manager: Browser, nils: Account, kalarne: Group
) -> None:
    """Neither the group nor a client of it, and no line of it on one's own page; the tries are logged."""
    async with site.database.write() as session:
        theirs = await make_client(session, replace(site.town, group=kalarne), "Stina")
    await add(site, entry(nils, theirs, "2026-11-30 10:00"))
    assert lines(await text_of(manager, "/logg")) == []
    await text_of(manager, f"/logg?grupp={kalarne.id}", 404)
    text = await text_of(manager, f"/logg?brukare={theirs.id}", 404)
    assert "Stina" not in text
    refused = [one.group_id for one in await site.log() if not one.allowed]
    assert refused == [kalarne.id, kalarne.id]
    await text_of(manager, f"/logg?brukare={new_id()}", 404)


@pytest.mark.parametrize("role", [one for one in Role if one not in (Role.UNIT_MANAGER, Role.DEVICE)])
async def test_the_log_is_the_managers(site: Site, role: Role) -> None:
    """No other role reads it."""
    browser = await site.signed_in("nils", role)
    for address in ("/logg", "/logg/stickprov"):
        await text_of(browser, address, 403)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("fran=2026-13-01", "Datumet ska se ut som 2026-12-01"),
        ("fran=i+går", "Datumet ska se ut som 2026-12-01"),
        ("fran=2026-12-02&till=2026-12-01", "Första dagen ligger efter den sista."),
        ("fran=2020-01-01&till=2026-12-01", "Välj högst 400 dagar åt gången."),
        ("fran=0001-01-01", "Datumet ska se ut som 2026-12-01"),
        ("slag=nonsens", "Välj något av det som finns i listan."),
        ("fore=-3", "Skriv ett helt tal"),
        ("konto=7", "Välj något av det som finns i listan."),
    ],
)
async def test_odd_choices_are_said_in_words(site: Site, manager: Browser, query: str, words: str) -> None:
    """The page stands, with what is wrong, and shows the last days."""
    assert words in await text_of(manager, f"/logg?{query}", 422)


@pytest.mark.parametrize(
    "query", ["till=1900-01-01", "fran=2199-12-31&till=2199-12-31", "fran=2027-10-31&till=2027-10-31"]
)
async def test_days_at_the_edges(site: Site, manager: Browser, query: str) -> None:
    """The first and last day there are, and one of 25 hours, are days like others or said in words."""
    assert (await manager.get(f"/logg?{query}")).status in (200, 422)


async def test_a_refusal_of_ones_own_worker_that_reached_nobody(
    site: Site, manager: Browser, nils: Account, kalarne: Group
) -> None:
    """Nils tried what his role never may: his manager sees it; a stranger's try is somebody else's matter."""
    async with site.database.write() as session:
        there = await make_staff(session, replace(site.town, group=kalarne), "Olle", "Ask")
    olle = await site.account("olle", Role.CARE_WORKER, group_id=kalarne.id, staff_id=there.id)
    await add(
        site,
        entry(nils, None, "2026-11-30 10:00", action="account.manage", allowed=False, relation="none"),
        entry(olle, None, "2026-11-30 10:00", action="account.manage", allowed=False, relation="none"),
        entry(nils, None, "2026-11-30 10:00", action="own_day.read", relation="self"),
    )
    (line,) = lines(await text_of(manager, "/logg"))
    assert "Nils Ek" in line
    assert "Skötte konton Nekat" in line


async def test_a_protected_identity_and_one_that_is_erased(
    site: Site, manager: Browser, nils: Account
) -> None:
    """The first name only; and somebody who is no more has words in place of a name."""
    async with site.database.write() as session:
        hidden = await make_client(
            session, site.town, "Vera", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK
        )
        gone = await make_client(session, site.town, "", "")
    await add(site, entry(nils, hidden, "2026-11-30 10:00"), entry(nils, gone, "2026-11-30 11:00"))
    text = await text_of(manager, "/logg")
    assert "Hemlig" not in text
    found = lines(text)
    assert "Läste uppgifterna: Borttagen person" in found[0]
    assert "Läste uppgifterna: Vera Egen grupp" in found[1]


async def test_what_somebody_wrote_is_text(site: Site, manager: Browser, ingrid: Client) -> None:
    """A purpose of an export, or a name, is never markup."""
    bad = "<script>alert(1)</script>"
    evil = await site.account("evil", Role.COORDINATOR, display_name=bad)
    await add(site, entry(evil, ingrid, "2026-11-30 10:00", action="export.run", purpose=bad))
    raw = await (await manager.get("/logg")).text()
    assert bad not in raw
    assert raw.count("&lt;script&gt;alert(1)") >= 2


async def test_the_menu_leads_there_for_managers_alone(site: Site, manager: Browser) -> None:
    """A manager finds it; a coordinator has no such word."""
    assert 'href="/logg"' in await text_of(manager, "/behover")
    coordinator = await site.signed_in("karin", Role.COORDINATOR)
    assert 'href="/logg"' not in await text_of(coordinator, "/behover")


def test_every_action_has_words() -> None:
    """A new action says what it is here too."""
    assert {one.value for one in Action} <= set(ACTIONS)
