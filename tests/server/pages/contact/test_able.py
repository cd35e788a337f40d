"""What a row needs somebody to be able to: the client's language, and what only a delegation allows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from care.clients import Client
from care.contacts.contact import PlannedContact
from care.ids import new_id
from care.services import Service
from care.staff import Delegation, Staff
from tests.builders import make_client, make_contact, make_staff
from tests.server.conftest import Browser, Site


@pytest.fixture
async def aino(site: Site) -> Client:
    async with site.database.write() as session:
        return await make_client(session, site.town, "Aino", "Virtanen", language="fi")


async def insulin(site: Site, client: Client, *staff: Staff, **more: Any) -> PlannedContact:
    """At 06.45; it is 06.40."""
    async with site.database.write() as session:
        service = await session.get_one(Service, site.town.services["HS-PAM"].id)
        service.name_sv, service.delegation_required = "Insulin", True
        return await make_contact(session, client, service, "2026-12-01 06:45", staff=staff, **more)


async def text(browser: Browser, path: str) -> str:
    return await (await browser.get(path)).text()


async def test_language_and_delegation_stand_where_they_matter(
    site: Site, anna: Staff, browser: Browser, aino: Client, ingrid: Client
) -> None:
    """On the row of Aino who speaks Finnish and needs insulin; not on Ingrid's, who needs neither."""
    made = await insulin(site, aino, anna)
    for path in ("/min-dag", "/min-dag/med"):
        html = await text(browser, path)
        assert "talar finska" in html
        assert "som du" not in html
        assert "delegering saknas: Insulin" in html
    card = await text(browser, f"/kontakt/{made.id}")
    assert "Talar finska" in card
    assert "Delegering saknas: Anna L." in card
    async with site.database.write() as session:
        (await session.get_one(Staff, anna.id)).languages = ["sv", "fi"]
        session.add(
            Delegation(
                id=new_id(), staff_id=anna.id, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)
            )
        )
        other = await make_contact(
            session, ingrid, site.town.services["PV-MOR"], "2026-12-01 07:30", staff=[anna]
        )
    html = await text(browser, "/min-dag")
    assert "talar finska, som du" in html
    assert "delegering saknas" not in html
    card = await text(browser, f"/kontakt/{made.id}")
    assert "Delegering saknas" not in card
    assert "Kräver delegering" in card
    plain = await text(browser, f"/kontakt/{other.id}")
    assert "Kräver delegering" not in plain


async def test_a_delegation_that_has_run_out_is_none(
    site: Site, anna: Staff, browser: Browser, aino: Client
) -> None:
    """Valid until the day before."""
    await insulin(site, aino, anna)
    async with site.database.write() as session:
        session.add(
            Delegation(
                id=new_id(), staff_id=anna.id, valid_from=date(2026, 1, 1), valid_to=date(2026, 11, 30)
            )
        )
    assert "delegering saknas: Insulin" in await text(browser, "/min-dag")


async def test_of_two_the_one_without_is_named(
    site: Site, anna: Staff, browser: Browser, aino: Client
) -> None:
    """So that they know who of them gives it."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        session.add(
            Delegation(
                id=new_id(), staff_id=anna.id, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)
            )
        )
    made = await insulin(site, aino, anna, bo)
    assert "Delegering saknas: Bo E." in await text(browser, f"/kontakt/{made.id}")
    assert "delegering saknas" not in await text(browser, "/min-dag")
