"""The contact card: in and out by the server's clock, afterwards, declined, moved; never twice or lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import Client, ContactPerson, Protection
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter
from care.ids import new_id
from care.localtime import to_instant
from care.staff import Staff
from tests.builders import (
    make_client,
    make_contact,
    make_digital,
    make_group,
    make_shift,
    make_staff,
)
from tests.server.conftest import Browser, Site

NOON = datetime(2026, 12, 1, 12, 0)


@pytest.fixture
async def anna(site: Site) -> Staff:
    """On shift, at noon."""
    site.clock.set(NOON)
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        await make_shift(session, staff)
    return staff


@pytest.fixture
async def visit(site: Site, anna: Staff) -> PlannedContact:
    """A visit to Ingrid Berg at noon."""
    async with site.database.write() as session:
        client = await make_client(session, site.town, floor=3, door_note="Ring två gånger")
        return await make_contact(
            session, client, site.town.services["TI-DAG"], NOON, staff=[anna], status=Status.DUE
        )


async def row(site: Site, contact: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, contact.id)


async def post(browser: Browser, contact: PlannedContact, deed: str, **data: Any) -> tuple[int, str]:
    answer = await browser.post(f"/kontakt/{contact.id}/{deed}", data=data, allow_redirects=False)
    return answer.status, await answer.text()


async def events(site: Site, contact: PlannedContact) -> list[str]:
    async with site.database.read() as session:
        found = await session.scalars(
            select(ContactHistory.event)
            .where(ContactHistory.contact_id == contact.id)
            .order_by(ContactHistory.id)
        )
        return list(found)


async def test_the_card_says_where_and_whom_to_ring(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """Address, floor, door, phone and contact person as telephone links; the opening is logged."""
    async with site.database.write() as session:
        session.add(
            ContactPerson(
                id=new_id(), client_id=visit.client_id, name="Lena Berg", relation="dotter",
                phone="070-174 06 11",
            )
        )  # fmt: skip
    html = await (await browser.get(f"/kontakt/{visit.id}")).text()
    for text in ("Storgatan 1", "våning 3", "Ring två gånger", "Lena Berg", 'href="tel:0701740611"'):
        assert text in html
    assert "http" not in html.split("<main")[1].split("</main>")[0]
    (opened,) = await site.log()
    assert (opened.client_id, opened.action) == (visit.client_id, "contact.read")


async def test_in_and_out_by_the_servers_clock(site: Site, browser: Browser, visit: PlannedContact) -> None:
    """Times are made by the machine, and the way goes on to the receipt."""
    status, _ = await post(browser, visit, "in", version="1")
    assert status == 303
    site.clock.move(timedelta(minutes=12))
    answer = await browser.post(f"/kontakt/{visit.id}/ut", data={"version": "2"}, allow_redirects=False)
    assert answer.headers["Location"] == f"/kontakt/{visit.id}/kvittens"
    done = await row(site, visit)
    assert done.status is Status.DONE
    assert (done.actual_start, done.actual_end) == (
        to_instant(NOON), to_instant(NOON) + timedelta(minutes=12),
    )  # fmt: skip
    assert "kvittera" in await (await browser.get("/min-dag")).text()


async def test_pressing_twice_changes_nothing(site: Site, browser: Browser, visit: PlannedContact) -> None:
    """A second check-in with the old version is no conflict and no second line of history."""
    for _ in range(2):
        assert (await post(browser, visit, "in", version="1"))[0] == 303
        site.clock.move(timedelta(minutes=1))
    for _ in range(2):
        assert (await post(browser, visit, "ut", version="2"))[0] == 303
        site.clock.move(timedelta(minutes=1))
    assert await events(site, visit) == ["checked_in", "checked_out"]
    assert (await row(site, visit)).actual_start == to_instant(NOON)


async def test_a_row_that_somebody_else_changed_is_said_and_kept(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """409 in words; the change of the other stands."""
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, visit.id)
        await alter(session, own, at=site.clock.now(), hand=Hand("tests"), minutes=25)
    status, text = await post(browser, visit, "in", version="1")
    assert status == 409
    assert "Någon annan hann ändra kontakten" in text
    kept = await row(site, visit)
    assert (kept.status, kept.minutes) == (Status.DUE, 25)


async def test_out_without_in_is_refused(site: Site, browser: Browser, visit: PlannedContact) -> None:
    status, text = await post(browser, visit, "ut", version="1")
    assert status == 409
    assert "Kontakten är inte påbörjad" in text


async def test_declined_with_one_tap(site: Site, browser: Browser, visit: PlannedContact) -> None:
    """One of five reasons; it is over, and not missed."""
    assert (await post(browser, visit, "avbojd", version="1", cause="because"))[0] == 422
    assert (await post(browser, visit, "avbojd", version="1", cause="has_help"))[0] == 303
    ended = await row(site, visit)
    assert (ended.status, ended.cause) == (Status.DECLINED, "has_help")
    assert "får hjälp av någon annan" in await (await browser.get(f"/kontakt/{visit.id}")).text()


@pytest.mark.parametrize("status", [Status.PLANNED, Status.DUE, Status.AWAITING, Status.UNKNOWN])
async def test_entered_afterwards_with_its_own_times(
    site: Site, anna: Staff, browser: Browser, status: Status
) -> None:
    """From every open state; marked as entered late, for ever."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        contact = await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-12-01 08:00", staff=[anna], status=status
        )
    assert (await post(browser, contact, "efterat", version="1", start="08.05", end="8:30"))[0] == 303
    done = await row(site, contact)
    assert done.status is Status.DONE
    assert done.entered_late
    assert done.actual_start == to_instant(datetime(2026, 12, 1, 8, 5))
    assert done.actual_end == to_instant(datetime(2026, 12, 1, 8, 30))
    assert "inskriven i efterhand" in await (await browser.get(f"/kontakt/{contact.id}")).text()


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("11.00", "13.00", "Tiden har inte varit ännu"),
        ("09.00", "08.00", "längre än tolv timmar"),
        ("nio", "10.00", "Tiden ska se ut som 14.30"),
        ("9.61", "10.00", "Tiden ska se ut som 14.30"),
        ("", "10.00", "Fyll i det här fältet"),
        ("10.00", "10.00", "Sluttiden ska vara efter starttiden"),
    ],
)
async def test_impossible_times_change_nothing(
    site: Site, browser: Browser, visit: PlannedContact, start: str, end: str, sentence: str
) -> None:
    status, text = await post(browser, visit, "efterat", version="1", start=start, end=end)
    assert status == 422
    assert sentence in text
    assert await events(site, visit) == []


async def test_a_night_row_entered_over_midnight(site: Site, anna: Staff, browser: Browser) -> None:
    """A row at 23.50 that began at 00.10 began on the next day, and one at 00.10 may have begun before it."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        late, early = [
            await make_contact(
                session, client, site.town.services["PV-MOR"], start, staff=[anna], status=Status.DUE
            )
            for start in ("2026-11-30 23:50", "2026-12-01 00:10")
        ]
    await post(browser, late, "efterat", version="1", start="00.10", end="00.30")
    await post(browser, early, "efterat", version="1", start="23.50", end="00.20")
    assert (await row(site, late)).actual_start == to_instant(datetime(2026, 12, 1, 0, 10))
    done = await row(site, early)
    assert done.actual_start == to_instant(datetime(2026, 11, 30, 23, 50))
    assert done.actual_end == to_instant(datetime(2026, 12, 1, 0, 20))


class TestMoving:
    """One tap to another channel, by the rules."""

    async def test_every_rule_against_is_said(
        self, site: Site, browser: Browser, visit: PlannedContact
    ) -> None:
        """All sentences at once, and nothing has moved."""
        status, text = await post(browser, visit, "flytta", version="1", channel="video")
        assert status == 409
        assert "Det finns inget giltigt samtycke till video." in text
        assert "Det finns ingen surfplatta som fungerar." in text
        assert (await row(site, visit)).channel is Channel.PHYSICAL

    async def test_services_are_called_by_name(self, site: Site, anna: Staff, browser: Browser) -> None:
        """A worker reads Städning, not HE-STA."""
        async with site.database.write() as session:
            client = await make_client(session, site.town)
            contact = await make_contact(
                session, client, site.town.services["HE-STA"], NOON, staff=[anna], status=Status.DUE
            )
        _, text = await post(browser, contact, "flytta", version="1", channel="phone")
        assert "Städning behöver hjälp på plats." in text

    async def test_hands_are_not_offered_a_screen(self, site: Site, browser: Browser, anna: Staff) -> None:
        """Where the rules say no there is no button that would be refused, but the reason in its place."""
        async with site.database.write() as session:
            client = await make_client(session, site.town)
            await make_digital(session, client, site.clock.now())
            care = site.town.services["PV-MOR"]
            hands = await make_contact(session, client, care, NOON, staff=[anna])
        html = await (await browser.get(f"/kontakt/{hands.id}")).text()
        assert "Det kan inte flyttas till video:" in html
        assert "Morgonhjälp behöver hjälp på plats." in html
        assert "Flytta till" not in html

    async def test_to_video_and_back(self, site: Site, browser: Browser, visit: PlannedContact) -> None:
        """Allowed once everything is there; a visit is always allowed."""
        async with site.database.write() as session:
            client = await session.get_one(Client, visit.client_id)
            await make_digital(session, client, site.clock.now())
        assert (await post(browser, visit, "flytta", version="1", channel="video"))[0] == 303
        moved = await row(site, visit)
        assert moved.channel is Channel.VIDEO
        assert "Flyttad till video" in await (await browser.get(f"/kontakt/{visit.id}")).text()
        assert (await post(browser, visit, "flytta", version=moved.version, channel="physical"))[0] == 303
        assert (await row(site, visit)).channel is Channel.PHYSICAL

    async def test_only_one_s_own_rows(self, site: Site, visit: PlannedContact) -> None:
        """A colleague of the group sees the row but does not move it."""
        async with site.database.write() as session:
            bo = await make_staff(session, site.town, "Bo", "Ek")
            await make_shift(session, bo)
        colleague = await site.signed_in("bo", Role.CARE_WORKER, staff_id=bo.id)
        assert "Flytta till" not in await (await colleague.get(f"/kontakt/{visit.id}")).text()
        assert (await post(colleague, visit, "flytta", version="1", channel="phone"))[0] == 404

    async def test_what_is_not_open_yet_is_not_offered(self, site: Site) -> None:
        """Before the shift has begun the worker reads the row; there is no button that would be refused."""
        async with site.database.write() as session:
            bo = await make_staff(session, site.town, "Bo", "Ek")
            await make_shift(session, bo, start="08:00", end="16:00")
            client = await make_client(session, site.town)
            await make_digital(session, client, site.clock.now())
            later = await make_contact(
                session, client, site.town.services["TI-DAG"], "2026-12-01 09:00", staff=[bo]
            )
        early = await site.signed_in("bo", Role.CARE_WORKER, staff_id=bo.id)
        assert "Flytta till" not in await (await early.get(f"/kontakt/{later.id}")).text()
        site.clock.move(timedelta(minutes=110))
        assert "Flytta till telefon" in await (await early.get(f"/kontakt/{later.id}")).text()


async def test_a_phone_row_shows_its_number_when_rung(site: Site, anna: Staff, browser: Browser) -> None:
    """Ring begins the contact; long before its time only with a reason, which the history keeps."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        contact = await make_contact(
            session, client, site.town.services["TI-DAG"], "2026-12-01 15:00", staff=[anna],
            channel=Channel.PHONE,
        )  # fmt: skip
    status, text = await post(browser, contact, "in", version="1")
    assert status == 409
    assert "Välj varför du ringer nu" in text
    assert (await post(browser, contact, "in", version="1", anledning="asked"))[0] == 303
    html = await (await browser.get(f"/kontakt/{contact.id}")).text()
    assert 'href="tel:0701740658"' in html
    assert "Personen har bett om att vi ringer nu" in html


async def test_another_groups_row_is_not_there(site: Site, browser: Browser, anna: Staff) -> None:
    """404 for reading and for every deed, until a row assigns the client."""
    async with site.database.write() as session:
        gallo = await make_group(session, site.town.municipality, "Gällö")
        bo = await make_staff(session, site.town, "Bo", "Ek", group_id=gallo.id)
        olle = await make_client(session, site.town, "Olle", "Ödmark", group_id=gallo.id)
        contact = await make_contact(session, olle, site.town.services["TI-DAG"], NOON, staff=[bo])
        own = await make_contact(
            session, olle, site.town.services["HE-STA"], "2026-12-01 12:30", staff=[anna]
        )
    assert (await browser.get(f"/kontakt/{contact.id}")).status == 404
    for deed in ("in", "ut", "avbojd", "efterat", "flytta"):
        data = {"cause": "has_help", "channel": "phone", "start": "10.00", "end": "10.30"}
        assert (await post(browser, contact, deed, version="1", **data))[0] == 404
    assert await events(site, contact) == []
    assert (await browser.get(f"/kontakt/{own.id}")).status == 200


async def test_a_protected_identity_opens_to_named_staff_and_tells_no_address(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Who has a row there sees it, without address, phone, surname or picture; a colleague does not."""
    async with site.database.write() as session:
        maj = await make_client(
            session, site.town, "Maj", "Hemlig", protection=Protection.PROTECTED_REGISTRATION,
            door_note="Gul dörr", portrait="elder-001",
        )  # fmt: skip
        contact = await make_contact(session, maj, site.town.services["TI-DAG"], NOON, staff=[anna])
        bo = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, bo)
    html = await (await browser.get(f"/kontakt/{contact.id}")).text()
    assert "Maj" in html
    for secret in ("Hemlig", "Storgatan", "070-174", "Gul dörr", "elder-001"):
        assert secret not in html
    colleague = await site.signed_in("bo", Role.CARE_WORKER, staff_id=bo.id)
    assert (await colleague.get(f"/kontakt/{contact.id}")).status == 404


@pytest.mark.parametrize("path", ["x", "00000000-0000-0000-0000-000000000000", "%00", "1" * 300])
async def test_an_unknown_id_is_not_there(browser: Browser, path: str) -> None:
    assert (await browser.get(f"/kontakt/{path}")).status == 404
