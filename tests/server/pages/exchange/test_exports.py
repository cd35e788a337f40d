"""Export in the browser: a file for a written purpose, of one's own groups, and every client in the log."""

from __future__ import annotations

import pytest

from care.accounts import Role
from care.clients import Client, Protection
from tests.builders import Town, make_client, make_contact, make_group, make_staff
from tests.server.conftest import Browser, Site

WISH = {
    "what": "contacts", "format": "csv", "first": "2026-12-01", "last": "2026-12-02",
    "purpose": "avstämning mot planeringen",
}  # fmt: skip


@pytest.fixture
async def ingrid(site: Site) -> Client:
    """With a row; in Gällö Nils has one too. Anna works in her group."""
    async with site.database.write() as session:
        await make_staff(session, site.town)
        client = await make_client(session, site.town)
        await make_contact(session, client, site.town.services["TI-DAG"], "2026-12-01 10:00")
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        there = Town(site.town.municipality, elsewhere, site.town.services)
        nils = await make_client(session, there, "Nils", "Ek")
        await make_contact(session, nils, site.town.services["TI-DAG"], "2026-12-01 11:00")
    return client


@pytest.fixture
async def browser(site: Site) -> Browser:
    return await site.signed_in("samordnare", Role.COORDINATOR)


async def test_contacts_of_own_groups_as_csv(site: Site, browser: Browser, ingrid: Client) -> None:
    """The import's columns; the name of the file says what and when; the log says who and what for."""
    answer = await browser.post("/export", data=WISH)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="samtid-contacts-2026-12-01--2026-12-02.csv"'
    )
    text = await answer.text()
    assert "extern_id;brukare_id;datum" in text
    assert str(ingrid.id) in text
    assert len(text.strip().splitlines()) == 2
    logged = [one for one in await site.log() if one.client_id == ingrid.id]
    assert [(one.purpose, one.relation, one.action) for one in logged] == [
        ("avstämning mot planeringen", "own_group", "export.run")
    ]


@pytest.mark.parametrize("what", ["contacts", "clients", "staff", "measures"])
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "json"])
async def test_every_kind_in_every_form(
    site: Site, browser: Browser, ingrid: Client, what: str, file_format: str
) -> None:
    """A file with something in it, never kept by the browser's cache."""
    answer = await browser.post("/export", data={**WISH, "what": what, "format": file_format})
    assert answer.status == 200
    assert len(await answer.read()) > 10
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Nils" not in (await answer.read()).decode("utf-8", "ignore")


async def test_clients_without_numbers_and_without_what_is_protected(site: Site, browser: Browser) -> None:
    """A protected identity goes out by first name."""
    async with site.database.write() as session:
        await make_client(
            session, site.town, "Karin", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK,
            address="Gömda vägen 3",
        )  # fmt: skip
    text = await (await browser.post("/export", data={**WISH, "what": "clients"})).text()
    assert "Karin" in text
    assert "Hemlig" not in text
    assert "Gömda" not in text


@pytest.mark.parametrize(
    "more",
    [{"purpose": ""}, {"purpose": "x"}, {"what": "allt"}, {"format": "pdf"}, {"first": "2026-13-01"},
     {"first": "2026-12-05", "last": "2026-12-01"}, {"first": "2020-01-01", "last": "2026-12-01"},
     {"purpose": "x" * 300}],
)  # fmt: skip
async def test_what_is_wrong_is_said_beside_the_form(
    site: Site, browser: Browser, ingrid: Client, more: dict[str, str]
) -> None:
    """422, what was filled in stays, and no client is logged."""
    answer = await browser.post("/export", data={**WISH, **more})
    assert answer.status == 422
    assert "Hämta filen" in await answer.text()
    assert not [one for one in await site.log() if one.client_id]


async def test_another_groups_data_does_not_exist(site: Site, browser: Browser, ingrid: Client) -> None:
    """A group that is not one's own is 404, and a care worker may not at all."""
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Kälarne")
    assert (await browser.post("/export", data={**WISH, "group": str(other.id)})).status == 404
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    assert (await worker.post("/export", data=WISH)).status == 403


async def test_an_administrator_gets_everything(site: Site, ingrid: Client) -> None:
    """Both groups."""
    admin = await site.signed_in("admin", Role.ADMINISTRATOR)
    text = await (await admin.post("/export", data=WISH)).text()
    assert len(text.strip().splitlines()) == 3
    everywhere = [one.relation for one in await site.log() if one.client_id]
    assert everywhere == ["everywhere", "everywhere"]
