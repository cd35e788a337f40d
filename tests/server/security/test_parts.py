"""Each relation × each part of a client: exactly what the table of parts says stands on page and card."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from care.access.rights import PARTS, Part, Relation
from care.accounts import Role
from care.clients import Client, ContactPerson
from care.consent import Consent
from care.contacts.contact import ContactHistory
from care.ids import new_id
from care.suitability import Suitability, Suits
from server.security.tokens import make, offered
from tests.builders import make_contact, make_known, make_staff
from tests.server.api.conftest import Program
from tests.server.conftest import Browser, Site
from tests.server.security.side import NOW, Side
from tests.server.security.trier import Bond, Trier

#: Who opens the client's page through which relation.
READERS = {
    Relation.OWN_GROUP: (Role.CARE_WORKER, Bond.OWN_GROUP),
    Relation.OWN_CLIENT: (Role.CARE_WORKER, Bond.KNOWN),
    Relation.ASSIGNED: (Role.CARE_WORKER, Bond.ASSIGNED),
    Relation.NIGHT: (Role.CARE_WORKER, Bond.NIGHT),
    Relation.EMERGENCY: (Role.CARE_WORKER, Bond.EMERGENCY),
    Relation.EVERYWHERE: (Role.NEEDS_ASSESSOR, Bond.OTHER_GROUP),
}
PERSON = "Lena Dotterdotter"
#: What tells that a part stands on the client's page.
MARKS = {
    Part.HOME: ("Hemvägen 9", "Koden är under krukan", "070-123 45 67"),
    Part.WARNINGS: ("Risk att sätta i halsen", "Mobilen når inte fram här"),
    Part.OWN_WORDS: ("Kaffe klockan tre",),
    Part.VIDEO: ('id="video"',),
    Part.CONTACT_PERSONS: (PERSON, "070-765 43 21"),
    Part.CONSENTS: ("Dnr 17-2026",),
    Part.SUITABILITY: ("Motljus i köket",),
    Part.KNOWN_STAFF: ("Kajsa Känd",),
    Part.ABSENCES: ('id="franvaro"', "Resa"),
}


async def plant(site: Site, side: Side) -> dict[Part, tuple[str, ...]]:
    """Something to be found in each part; what tells that it is there."""
    async with site.database.write() as session:
        client = await session.get_one(Client, side.client.id)
        client.address, client.door_note, client.phone = MARKS[Part.HOME]
        client.choking_risk, client.has_mobile_cover = True, False
        client.important_to_me, client.birth_date = "Kaffe klockan tre", date(1940, 1, 7)
        (await session.get_one(Consent, side.consent.id)).document = "Dnr 17-2026"
        known = await make_staff(session, site.town, "Kajsa", "Känd")
        await make_known(session, client, known)
        await make_contact(session, client, site.town.services["TI-DAG"], "2026-12-04 10:00")
        session.add_all(
            [
                ContactPerson(
                    id=new_id(), client_id=client.id, name=PERSON, relation="dotter", phone="070-765 43 21"
                ),
                Suitability(
                    id=new_id(), client_id=client.id, suits=Suits.WITH_HELP, reasons=[],
                    note="Motljus i köket", assessed_on=NOW.date(), review_on=NOW.date() + timedelta(days=90),
                ),
                *(
                    ContactHistory(
                        id=new_id(), contact_id=row.id, at=NOW, by="page", event="note",
                        status_before=None, status_after=None, reason="Kollegans egna ord",
                    )
                    for row in (side.visit, side.underway)
                ),
            ]
        )  # fmt: skip
    return {**MARKS, Part.TODAY: (str(side.visit.id),), Part.WEEK: ("4 december",)}


async def text_of(browser: Browser, address: str) -> str:
    answer = await browser.get(address)
    assert answer.status == 200, address
    return await answer.text()


def test_every_relation_has_its_parts() -> None:
    """No relation is left out, and those that open a client are all tried here."""
    assert set(PARTS) == set(Relation)
    assert set(READERS) == {one for one in Relation if PARTS[one]} - {Relation.DELEGATED}
    narrow = {Relation.ASSIGNED, Relation.NIGHT, Relation.EMERGENCY, Relation.DELEGATED}
    too_much = {Part.WEEK, Part.CONSENTS, Part.SUITABILITY, Part.KNOWN_STAFF, Part.ABSENCES, Part.HISTORY}
    assert not any(PARTS[one] & too_much for one in narrow)


@pytest.mark.parametrize("relation", READERS)
async def test_the_page_shows_exactly_the_parts(site: Site, relation: Relation) -> None:
    """Each mark stands on the client's page when its part does, and not otherwise."""
    trier = Trier(site, *READERS[relation])
    side = await trier.begin()
    marks = await plant(site, side)
    text = await text_of(trier.browser, f"/brukare/{side.client.id}")
    shown = {part: all(mark in text for mark in found) for part, found in marks.items()}
    hidden = {part: not any(mark in text for mark in found) for part, found in marks.items()}
    parts = PARTS[relation]
    assert {part for part, is_there in shown.items() if is_there} == parts & set(marks)
    assert {part for part, is_away in hidden.items() if is_away} == set(marks) - parts
    assert "1940" not in text
    # A button that would lead nowhere is not there.
    head = text.partition('class="client-head"')[2].partition("client-split")[0]
    assert ("Planera samtal" in head) == (relation is Relation.OWN_GROUP)
    logged = [one for one in await site.log() if one.where == "client" and one.client_id == side.client.id]
    assert {one.relation for one in logged} == {relation.value}


@pytest.mark.parametrize("relation", READERS)
async def test_the_card_shows_exactly_the_parts(site: Site, relation: Relation) -> None:
    """History and contact persons by the table; whom to ring when nobody answers once the row has begun."""
    trier = Trier(site, *READERS[relation])
    side = await trier.begin()
    await plant(site, side)
    parts = PARTS[relation]
    for row in (side.visit, side.underway):
        text = await text_of(trier.browser, f"/kontakt/{row.id}")
        has_begun = row is side.underway and Part.NO_ANSWER in parts
        assert (PERSON in text) == (Part.CONTACT_PERSONS in parts or has_begun)
        assert ("Kollegans egna ord" in text) == (Part.HISTORY in parts)
        assert ("Kaffe klockan tre" in text) == (Part.OWN_WORDS in parts)
        assert "Hemvägen 9" in text


@pytest.mark.parametrize("bond", [Bond.OWN_GROUP, Bond.ASSIGNED])
async def test_the_api_gives_no_more_than_the_pages(site: Site, bond: Bond) -> None:
    """The history of a contact goes to the group's own and not to who is only sent there."""
    trier = Trier(site, Role.CARE_WORKER, bond)
    side = await trier.begin()
    await plant(site, side)
    async with site.database.write() as session:
        actions = offered(Role.CARE_WORKER, changing=True)
        _, text = await make(
            session, trier.account, Role.CARE_WORKER, actions, "Mobilen", 30, site.clock.now()
        )
    told = await Program(await site.browser(), text).get(f"/contacts/{side.visit.id}")
    assert bool(told["history"]) == (bond is Bond.OWN_GROUP)


async def test_the_rows_of_others_have_no_link_that_would_be_refused(site: Site) -> None:
    """Who is sent there sees that the others come today; only one's own card opens."""
    trier = Trier(site, Role.CARE_WORKER, Bond.ASSIGNED)
    side = await trier.begin()
    async with site.database.write() as session:
        client = await session.get_one(Client, side.client.id)
        others = await make_contact(session, client, site.town.services["TI-DAG"], "2026-12-01 15:00")
    text = await text_of(trier.browser, f"/brukare/{side.client.id}")
    assert f'href="/kontakt/{side.visit.id}"' in text
    assert str(others.id) not in text
    assert "15.00" in text
    assert (await trier.browser.get(f"/kontakt/{others.id}")).status == 404


async def test_the_most_open_relation_counts(site: Site) -> None:
    """A known worker with a row of today reads as known, not as somebody who is only sent there."""
    trier = Trier(site, Role.CARE_WORKER, Bond.ASSIGNED)
    side = await trier.begin()
    async with site.database.write() as session:
        await make_known(session, await session.get_one(Client, side.client.id), side.staff)
    await plant(site, side)
    assert PERSON in await text_of(trier.browser, f"/brukare/{side.client.id}")
    logged = [
        one.relation for one in await site.log() if one.where == "client" and one.client_id == side.client.id
    ]
    assert logged == ["own_client"]
