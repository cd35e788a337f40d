"""Import in the browser: preview, all or the good lines, bad lines to mend, own maps; no file stays."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy import func, select

from care.accounts import Role
from care.clients import Client, Protection
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand, alter
from care.imports import ImportRun
from care.staff import Shift
from server.pages.exchange import upload as import_upload
from server.pages.exchange.upload import UPLOADS
from tests.builders import make_client, make_contact, make_group, make_staff, moment
from tests.server.conftest import Browser, Site

HEADING = "extern_id;brukare_id;datum;start;minuter;kanal;insatser"


@pytest.fixture
async def ingrid(site: Site) -> Client:
    async with site.database.write() as session:
        return await make_client(session, site.town, source="import", extern_id="B1")


@pytest.fixture
async def browser(site: Site) -> Browser:
    return await site.signed_in("samordnare", Role.COORDINATOR)


def lines(*more: str) -> bytes:
    return "\r\n".join((HEADING, *more)).encode("utf-8-sig")


GOOD = ("K1;B1;2026-12-03;10.00;15;fysisk;TI-DAG", "K2;B1;2026-12-03;14.00;15;fysisk;TI-DAG")
BAD = ("K3;B1;2026-13-01;10.00;15;fysisk;TI-DAG", "K4;B1;2026-12-03;18.00;15;video;PV-MOR")


async def send(browser: Browser, data: bytes, kind: str = "contacts", **more: str) -> tuple[int, str]:
    form = FormData()
    for name, value in {"kind": kind, "map": "standard", **more}.items():
        form.add_field(name, value)
    form.add_field("file", data, filename="Brukare Ingrid Berg.csv", content_type="text/csv")
    answer = await browser.post("/import/granska", data=form)
    return answer.status, await answer.text()


async def apply(browser: Browser, page: str, do: str) -> tuple[int, str]:
    answer = await browser.post("/import/las-in", data={"token": token(page), "do": do})
    return answer.status, await answer.text()


def token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


async def count(site: Site, table: Any = PlannedContact) -> int:
    async with site.database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def left(site: Site, tmp_path: Path) -> list[Path]:
    return [one for one in (tmp_path / "uploads").iterdir() if one.suffix != ".fel"]


async def test_preview_changes_nothing_and_then_all_of_it_is_read(
    site: Site, browser: Browser, ingrid: Client, tmp_path: Path
) -> None:
    """The rows as they are read, the counts, and the file is gone when it is in."""
    status, page = await send(browser, lines(*GOOD))
    assert status == 200
    assert "Granska innan du läser in" in page
    assert "<td>K2</td>" in page
    assert await count(site) == 0
    kept = left(site, tmp_path)
    assert [oct(one.stat().st_mode & 0o777) for one in kept] == ["0o600"]
    status, page = await apply(browser, page, "all")
    assert status == 200
    assert "2 rader är inlästa." in page
    assert await count(site) == 2
    assert left(site, tmp_path) == []


async def test_with_bad_lines_nothing_or_the_good_ones(site: Site, browser: Browser, ingrid: Client) -> None:
    """Line, column, code and sentence for each; the bad lines come back as a file with a nameless name."""
    status, page = await send(browser, lines(*GOOD, *BAD))
    assert status == 422
    assert "Läs in allt" not in page
    for told in ("import.no_such_date", "import.hands_needed", "PV-MOR behöver någon på plats"):
        assert told in page
    assert (await apply(browser, page, "all"))[0] == 422
    assert await count(site) == 0
    status, done = await apply(browser, page, "good")
    assert status == 200
    assert "2 rader är inlästa. 2 rader togs inte med." in done
    assert await count(site) == 2
    answer = await browser.get(f"/import/fel/{token(page)}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts-fel.csv"'
    text = await answer.text()
    assert "K3" in text
    assert "K1" not in text
    async with site.database.read() as session:
        run = (await session.scalars(select(ImportRun))).one()
    assert (run.imported, run.refused) == (2, 2)
    assert run.account_id is not None


async def test_the_same_file_is_not_read_twice(site: Site, browser: Browser, ingrid: Client) -> None:
    """A second press says that it is done."""
    _, page = await send(browser, lines(*GOOD))
    await apply(browser, page, "all")
    status, again = await apply(browser, page, "all")
    assert status == 409
    assert "Filen är redan inläst." in again
    assert await count(site, ImportRun) == 1


async def test_what_a_person_here_has_changed_is_told(site: Site, browser: Browser, ingrid: Client) -> None:
    """ "… säger …, här gäller …", and ours stands."""
    _, page = await send(browser, lines(*GOOD), source="lifecare")
    await apply(browser, page, "all")
    async with site.database.write() as session:
        row = (await session.scalars(select(PlannedContact).where(PlannedContact.extern_id == "K1"))).one()
        await alter(
            session, row, at=site.clock.now(), hand=Hand("page"), touched=True,
            start=moment("2026-12-03 10:20"),
        )  # fmt: skip
    changed = GOOD[0].replace("10.00", "09.00"), GOOD[1]
    _, page = await send(browser, lines(*changed), source="lifecare")
    assert "Lifecare säger att starttiden är" in page
    _, page = await apply(browser, page, "all")
    assert "här gäller" in page
    async with site.database.read() as session:
        row = await session.get_one(PlannedContact, row.id)
    assert row.start == moment("2026-12-03 10:20")


async def test_a_file_is_the_senders_own_and_is_forgotten(
    site: Site, browser: Browser, ingrid: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account cannot read it in or fetch its bad lines; it goes when told to, and with time."""
    _, page = await send(browser, lines(*GOOD, *BAD))
    other = await site.signed_in("bo", Role.COORDINATOR)
    assert (await apply(other, page, "good"))[0] == 409
    assert (await other.get(f"/import/fel/{token(page)}")).status == 409
    assert (await browser.get(f"/import/fel/{token(page)}")).status == 200
    await apply(browser, page, "forget")
    assert list((tmp_path / "uploads").iterdir()) == []
    monkeypatch.setattr(import_upload, "LIFE", -1.0)
    await send(browser, lines(*GOOD))
    site.app[UPLOADS].sweep()
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [
        (b"", "contacts", "Välj en fil"),
        (b"\x00\x01\x02" * 500, "contacts", "import."),
        (b"PK\x03\x04" + b"x" * 900, "contacts", "import.not_workbook"),
        ("färg;form\r\nröd;rund".encode(), "contacts", "import.unknown_column"),
        (b"extern_id\r\n1", "odd", "Välj något av det som finns i listan."),
    ],
)
async def test_a_file_that_cannot_be_read_is_said_in_words(
    site: Site, browser: Browser, tmp_path: Path, data: bytes, kind: str, told: str
) -> None:
    """No 500, nothing written, nothing kept."""
    status, page = await send(browser, data, kind)
    assert status == 422
    assert told in page
    assert left(site, tmp_path) == []


async def test_a_file_that_is_too_large_stops_on_the_way_in(
    site: Site, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Larger than the page takes: said in words, and what had come is removed."""
    monkeypatch.setattr(import_upload, "MOST_BYTES", 100_000)
    status, page = await send(browser, lines(*GOOD * 4000))
    assert status == 413
    assert "Filen är större än 20 MB." in page
    assert left(site, tmp_path) == []


async def test_a_form_that_is_none(browser: Browser) -> None:
    """Not multipart at all."""
    answer = await browser.post("/import/granska", data={"kind": "contacts"})
    assert answer.status == 400


async def test_real_people_never_come_into_a_demo(site: Site, browser: Browser) -> None:
    """Said in words, already at the preview."""
    data = "extern_id;förnamn;efternamn;grupp\r\nB9;Karin;Ek;Bräcke".encode()
    status, page = await send(browser, data, "clients")
    assert status == 409
    assert "Riktiga personer får aldrig importeras hit." in page
    assert await count(site, Client) == 0


async def test_personal_numbers_are_not_shown_in_full(site: Site, browser: Browser) -> None:
    """The preview ends them with dots."""
    async with site.database.write() as session:
        town = await session.merge(site.town.municipality)
        town.is_demo = False
    data = "extern_id;förnamn;efternamn;grupp;personnummer\r\nB9;Karin;Ek;Bräcke;19400107-D001".encode()
    _, page = await send(browser, data, "clients")
    assert "••••" in page
    assert "D001" not in page


async def test_maps_are_edited_and_saved(site: Site, browser: Browser, ingrid: Client) -> None:
    """Headings and words of another system; a map that is wrong is refused and stays on the page."""
    page = await (await browser.get("/import/kartor?slag=contacts&karta=lifecare")).text()
    assert 'value="Besöksdatum"' in page
    form = [
        ("kind", "contacts"), ("name", "egen"), ("theirs", "Kontakt"), ("ours", "extern_id"),
        ("theirs", "Vem"), ("ours", "brukare_id"), ("ignored", "Rum\r\nPlats"),
        ("value_field", "kanal"), ("value_theirs", "Hemma"), ("value_ours", "fysisk"),
    ]  # fmt: skip
    answer = await browser.post("/import/kartor", data=FormData(form), allow_redirects=False)
    assert answer.status == 303
    data = "Kontakt;Vem;datum;start;minuter;kanal;insatser;Rum\r\nK1;B1;2026-12-03;10.00;15;Hemma;TI-DAG;4"
    status, page = await send(browser, data.encode(), map="egen")
    assert status == 200, page
    assert "<td>fysisk</td>" in page
    broken = [*form, ("theirs", "Odd"), ("ours", "finns_inte")]
    answer = await browser.post("/import/kartor", data=FormData(broken))
    assert answer.status == 422
    page = await answer.text()
    assert "Kolumnkartan pekar på" in page
    assert 'value="Odd"' in page
    assert (
        await browser.post("/import/kartor", data=FormData([*form[:1], ("name", "standard")]))
    ).status == 422


async def test_who_may_import(site: Site) -> None:
    """Coordinators and administrators; a care worker sees no such page."""
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    for path in ("/import", "/import/kartor", "/import/fel/abc"):
        assert (await worker.get(path)).status == 403
    admin = await site.signed_in("admin", Role.ADMINISTRATOR)
    assert (await admin.get("/import?slag=clients")).status == 200


async def test_another_groups_rows_are_refused_and_logged(site: Site, browser: Browser) -> None:
    """The coordinator sees which line; the good ones can be taken, and the try stands in the log."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        await make_client(session, site.town, source="import", extern_id="B1")
        theirs = await make_client(
            session, replace(site.town, group=elsewhere), "Stina", source="import", extern_id="S1"
        )
    status, page = await send(browser, lines(GOOD[0], "K9;S1;2026-12-03;10.00;15;fysisk;TI-DAG"))
    assert status == 422
    assert "import.other_group" in page
    assert "Stina" not in page
    await apply(browser, page, "good")
    async with site.database.read() as session:
        assert [row.client_id for row in await session.scalars(select(PlannedContact))] != [theirs.id]
    refused = [one for one in await site.log() if not one.allowed]
    assert {(one.action, one.where, one.client_id, one.group_id) for one in refused} == {
        ("import.run", where, theirs.id, elsewhere.id) for where in ("import_preview", "import_apply")
    }


async def test_a_night_shift_of_ones_own_opens_nobody(site: Site) -> None:
    """A coordinator who reads herself into the night roster reaches no other group's clients by that."""
    async with site.database.write() as session:
        elsewhere = replace(site.town, group=await make_group(session, site.town.municipality, "Gällö"))
        theirs = await make_client(session, elsewhere, "Stina")
        hidden = await make_client(session, elsewhere, "Siv", protection=Protection.PROTECTED_REGISTRATION)
        row = await make_contact(session, theirs, site.town.services["TI-DAG"], "2026-12-01 08:00")
        mine = await make_staff(session, site.town, source="import", extern_id="P1")
    coordinator = await site.signed_in("sam", Role.COORDINATOR, staff_id=mine.id)
    night = b"personal_id;datum;start;slut\r\nP1;2026-11-30;21.00;07.00"
    status, page = await send(coordinator, night, kind="shifts")
    assert status == 200, page
    assert (await apply(coordinator, page, "all"))[0] == 200
    async with site.database.read() as session:
        assert (await session.scalars(select(Shift.kind).where(Shift.staff_id == mine.id))).all() == ["night"]
    for address in (f"/brukare/{theirs.id}", f"/brukare/{hidden.id}", f"/kontakt/{row.id}"):
        assert (await coordinator.get(address)).status == 404, address


async def test_services_are_read_in_by_administrators(site: Site, browser: Browser) -> None:
    """A coordinator is not offered them, and is refused who asks anyway."""
    assert 'value="services"' not in await (await browser.get("/import")).text()
    assert (await send(browser, b"kod;namn\r\nX;Y\r\n", kind="services"))[0] == 403
    assert [one.thing for one in await site.log() if not one.allowed] == ["import:services"]
    admin = await site.signed_in("admin", Role.ADMINISTRATOR)
    assert 'value="services"' in await (await admin.get("/import")).text()
    assert (await send(admin, b"kod;namn;minuter\r\nX;Y;15\r\n", kind="services"))[0] == 200


async def test_channel_of_the_imported_row(site: Site, browser: Browser, ingrid: Client) -> None:
    """The same reading as the command line's: a visit is a visit, and its client stands in the access log."""
    _, page = await send(browser, lines(GOOD[0]))
    await apply(browser, page, "all")
    async with site.database.read() as session:
        row = (await session.scalars(select(PlannedContact))).one()
    assert (row.channel, row.client_id, row.start) == (
        Channel.PHYSICAL, ingrid.id, moment("2026-12-03 10:00"),
    )  # fmt: skip
    logged = [one for one in await site.log() if one.client_id == ingrid.id]
    assert [(one.action, one.where, one.purpose) for one in logged] == [("import.run", "import", "import")]


async def test_a_file_may_be_called_anything(browser: Browser) -> None:
    """Bytes that are no text, folders and line breaks in its name are left out; the rest is shown."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nstaff\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="C:/hemligt/\xff\xfepersonal.csv"'
        b"\r\n\r\nextern_id;oj\r\n--x--\r\n"
    )
    answer = await browser.post(
        "/import/granska", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status == 422
    html = await answer.text()
    assert "personal.csv" in html
    assert "hemligt" not in html
