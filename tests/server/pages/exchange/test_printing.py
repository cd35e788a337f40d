"""Skriv ut dagen: what is needed when nothing else works, on a page each, and no protected home told of."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from care.accounts import Role
from care.clients import Client, ContactPerson, Protection
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.ids import new_id
from care.staff import Staff
from tests.builders import Town, make_client, make_contact, make_group, make_shift, make_staff
from tests.server.conftest import Browser, Site
from tests.server.pages.day.test_my_day import words


@pytest.fixture
async def anna(site: Site) -> Staff:
    """At work, with Ingrid at eight and the protected Karin at nine; a row at ten lacks somebody."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, phone="070-174 06 11")
        await make_shift(session, staff)
        ingrid = await make_client(
            session, site.town, door_note="Knacka två gånger", has_digital_lock=True, choking_risk=True
        )
        karin = await make_client(
            session, site.town, "Karin", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK,
            address="Gömda vägen 3", phone="070-174 06 99", door_note="Bakom ladan",
        )  # fmt: skip
        for client, name in ((ingrid, "Lisa Berg"), (karin, "Olle Hemlig")):
            session.add(
                ContactPerson(
                    id=new_id(), client_id=client.id, name=name, relation="barn", phone="070-174 06 22"
                )
            )
        services = site.town.services
        await make_contact(
            session, ingrid, services["PV-MOR"], "2026-12-01 08:00", staff=[staff], note="Ta med posten"
        )
        await make_contact(session, karin, services["PV-MOR"], "2026-12-01 09:00", staff=[staff])
        await make_contact(session, ingrid, services["HE-STA"], "2026-12-01 10:00")
        await make_contact(
            session, ingrid, services["SO-SAM"], "2026-12-01 11:00", staff=[staff],
            channel=Channel.VIDEO, status=Status.CANCELLED,
        )  # fmt: skip
    return staff


@pytest.fixture
async def browser(site: Site) -> Browser:
    return await site.signed_in("samordnare", Role.COORDINATOR)


async def text(browser: Browser, what: str) -> str:
    answer = await browser.get(f"/utskrift?vad={what}")
    assert answer.status == 200
    return words(await answer.text())


async def test_a_page_for_each_worker(site: Site, anna: Staff, browser: Browser) -> None:
    """Times, first name and initial, what, note; below it each home once; what lacks somebody first."""
    page = await text(browser, "personal")
    assert page.index("Utan personal") < page.index("Anna Lind")
    sheet = page[page.index("Anna Lind") :]
    assert "07.00–16.00" in sheet
    assert "Utskriven tis 1 dec 06.40" in sheet
    for told in ("Ingrid B.", "Ta med posten", "Storgatan 1, Bräcke", "Digitalt lås : Knacka två gånger",
                 "070-174 06 58", "Lisa Berg (barn) 070-174 06 22", "Risk att sätta i halsen"):  # fmt: skip
        assert told.replace(" :", ":") in sheet.replace(" :", ":")
    assert "11.00" not in page
    assert "Berg " not in sheet.replace("Lisa Berg ", "")


@pytest.mark.parametrize("what", ["personal", "brukare", "ring"])
async def test_nothing_tells_where_a_protected_identity_lives(
    site: Site, anna: Staff, browser: Browser, what: str
) -> None:
    """No surname, address, phone, door note or relative, on any of the papers."""
    page = await text(browser, what)
    assert "Karin" in page
    assert "Skyddade uppgifter. Fråga enhetschefen." in page
    for hidden in ("Hemlig", "Gömda", "06 99", "ladan", "Olle"):
        assert hidden not in page


async def test_a_page_for_each_client(site: Site, anna: Staff, browser: Browser) -> None:
    """The day of one home, with who comes and where somebody is missing."""
    page = await text(browser, "brukare")
    sheet = page[page.index("Ingrid B.") :]
    assert "Morgonhjälp" in sheet
    assert "Anna L." in sheet
    assert "någon saknas" in sheet


async def test_numbers_to_ring(site: Site, anna: Staff, browser: Browser) -> None:
    """Colleagues at work, then clients with their contact persons and times."""
    page = await text(browser, "ring")
    assert "Anna Lind 07.00–16.00 070-174 06 11" in page
    assert "070-174 06 58 Lisa Berg (barn) 070-174 06 22 08.00 , 10.00" in page


async def test_every_client_shown_is_logged(site: Site, anna: Staff, browser: Browser) -> None:
    """Both clients, once, as an opening of a list on paper."""
    await text(browser, "personal")
    rows = [one for one in await site.log() if one.action == "print.day"]
    assert len({one.client_id for one in rows if one.client_id}) == 2
    assert any(one.purpose == "paper" and one.group_id == site.town.group.id for one in rows)


async def test_own_groups_only_and_not_for_workers(site: Site, anna: Staff, browser: Browser) -> None:
    """Another group does not exist; a care worker may not print everybody's day."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        nils: Client = await make_client(
            session, Town(site.town.municipality, elsewhere, site.town.services), "Nils"
        )
        await make_contact(session, nils, site.town.services["PV-MOR"], "2026-12-01 08:00")
    assert (await browser.get(f"/utskrift?grupp={elsewhere.id}")).status == 404
    assert "Nils" not in await text(browser, "brukare")
    worker = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    assert (await worker.get("/utskrift")).status == 403


async def test_an_empty_day_and_an_odd_address(browser: Browser) -> None:
    """Said in words."""
    answer = await browser.get("/utskrift?dag=2027-01-05")
    assert "ingenting att skriva ut" in await answer.text()
    assert (await browser.get("/utskrift?vad=allt")).status == 422


@pytest.mark.parametrize("what", ["personal", "brukare", "ring"])
async def test_the_same_as_a_pdf(site: Site, anna: Staff, browser: Browser, what: str) -> None:
    """Every sheet begins on a page of its own; names, times and numbers can be read out of it."""
    answer = await browser.get(f"/utskrift.pdf?vad={what}")
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    pages = [one.extract_text() for one in PdfReader(BytesIO(await answer.read())).pages]
    whole = "\n".join(pages)
    assert len(pages) == (1 if what == "ring" else 2)
    for text in ("Ingrid B.", "08.00", "070-174 06 58", "tisdag 1 december", "Sekretess"):
        assert text in whole
    for text in ("Gömda", "Hemlig", "070-174 06 99", "Bakom ladan"):
        assert text not in whole


@pytest.mark.parametrize("what", ["personal", "brukare"])
async def test_a_note_longer_than_a_sheet_goes_on_on_the_next(
    site: Site, anna: Staff, browser: Browser, what: str
) -> None:
    """Each line of it is printed; one long row does not keep the rest of the day from paper."""
    lines = [f"Rad {number} av {'många' * (number % 30)}" for number in range(120)]
    async with site.database.write() as session:
        client = await make_client(session, site.town, "Gunnar", "Berg")
        await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-12-01 08:00", staff=[anna],
            note="\n".join(lines),
        )  # fmt: skip
    answer = await browser.get(f"/utskrift.pdf?vad={what}")
    assert answer.status == 200
    whole = "\n".join(one.extract_text() for one in PdfReader(BytesIO(await answer.read())).pages)
    missing = [number for number in range(120) if f"Rad {number} av" not in whole]
    assert not missing
    assert "Ingrid B." in whole


async def test_an_empty_day_is_a_pdf_that_says_so(browser: Browser) -> None:
    answer = await browser.get("/utskrift.pdf")
    (page,) = PdfReader(BytesIO(await answer.read())).pages
    assert "Det finns ingenting att skriva ut" in page.extract_text()


async def test_a_pdf_is_for_who_may_print(site: Site, anna: Staff) -> None:
    worker = await site.signed_in("vård", Role.CARE_WORKER)
    assert (await worker.get("/utskrift.pdf")).status == 403
