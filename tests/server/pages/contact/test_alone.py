"""Before a ring from another client's home: in whose home one is, and two ways on; never a name too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from care.clients import Client, Protection
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.municipality import Group
from care.staff import Staff
from tests.builders import make_client, make_contact, make_staff
from tests.server.conftest import Browser, Site

HERE = "Du är hos Gunnar. Ring när du är ensam."
PLANNED = "Enligt planen är du hos Gunnar. Ring när du är ensam."


@pytest.fixture
async def gunnar(site: Site) -> Client:
    async with site.database.write() as session:
        return await make_client(session, site.town, "Gunnar", "Hemlig")


async def make_row(
    site: Site, client: Client, *staff: Staff, channel: Channel = Channel.PHYSICAL, **more: Any
) -> PlannedContact:
    """At 06.38; it is 06.40."""
    code = "PV-MOR" if channel is Channel.PHYSICAL else "SO-SAM"
    async with site.database.write() as session:
        more = {"status": Status.DUE, **more}
        return await make_contact(
            session,
            client,
            site.town.services[code],
            "2026-12-01 06:38",
            staff=staff,
            channel=channel,
            **more,
        )


async def arrive(browser: Browser, visit: PlannedContact) -> None:
    answer = await browser.post(f"/kontakt/{visit.id}/in", data={"version": "1"}, allow_redirects=False)
    assert answer.status == 303


async def text(browser: Browser, path: str) -> str:
    return await (await browser.get(path)).text()


async def test_every_way_to_a_ring_asks_who_is_in_another_home(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """Min dag, the card and the call page say it and offer both ways; alone, the call page rings."""
    visit, call = (
        await make_row(site, gunnar, anna),
        await make_row(site, ingrid, anna, channel=Channel.VIDEO),
    )
    pages = ("/min-dag", f"/kontakt/{call.id}", f"/kontakt/{call.id}/samtal")
    for page in pages:
        assert "Ring när du är ensam" not in await text(browser, page)
    await arrive(browser, visit)
    for page in pages:
        html = await text(browser, page)
        assert HERE in html
        assert "Jag är ensam, ring" in html
        assert "Vänta" in html
    waiting = await text(browser, f"/kontakt/{call.id}/samtal")
    assert 'data-may-ring=""' in waiting
    assert 'id="ring"' not in waiting
    alone = await text(browser, f"/kontakt/{call.id}/samtal?ensam=1")
    assert 'data-may-ring="yes"' in alone
    assert HERE not in alone
    await browser.post(f"/kontakt/{visit.id}/ut", data={"version": "2"})
    for page in pages:
        assert "Ring när du är ensam" not in await text(browser, page)


async def test_who_rings_the_one_who_is_there_is_not_asked(
    site: Site, anna: Staff, browser: Browser, ingrid: Client
) -> None:
    """Beside Ingrid, her own call disturbs nobody else."""
    visit, call = (
        await make_row(site, ingrid, anna),
        await make_row(site, ingrid, anna, channel=Channel.VIDEO),
    )
    await arrive(browser, visit)
    assert "Ring när du är ensam" not in await text(browser, f"/kontakt/{call.id}/samtal")


async def test_a_call_by_telephone_asks_too(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """The number comes after the answer; a page from before is refused and asks when it is read again."""
    visit, call = (
        await make_row(site, gunnar, anna),
        await make_row(site, ingrid, anna, channel=Channel.PHONE),
    )
    await arrive(browser, visit)
    assert HERE in await text(browser, f"/kontakt/{call.id}")
    old = await browser.post(f"/kontakt/{call.id}/in", data={"version": "1"}, allow_redirects=False)
    assert old.status == 409
    assert HERE in await old.text()
    alone = {"version": "1", "ensam": "1"}
    answer = await browser.post(f"/kontakt/{call.id}/in", data=alone, allow_redirects=False)
    assert answer.status == 303


async def test_before_its_time_both_are_asked(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """Alone and why: neither question loses the other's answer."""
    visit = await make_row(site, gunnar, anna)
    async with site.database.write() as session:
        call = await make_contact(
            session, ingrid, site.town.services["SO-SAM"], "2026-12-01 09:00",
            staff=[anna], channel=Channel.VIDEO,
        )  # fmt: skip
    await arrive(browser, visit)
    card = await text(browser, f"/kontakt/{call.id}")
    assert HERE in card
    assert 'name="anledning"' in card
    asked = await text(browser, f"/kontakt/{call.id}/samtal?anledning=worried")
    assert HERE in asked
    assert '<input type="hidden" name="anledning" value="worried">' in asked
    why = await text(browser, f"/kontakt/{call.id}/samtal?ensam=1")
    assert 'name="ensam" value="1"' in why
    both = await text(browser, f"/kontakt/{call.id}/samtal?ensam=1&anledning=worried")
    assert 'data-may-ring="yes"' in both


class TestByThePlan:
    @pytest.fixture(autouse=True)
    async def phoniro(self, site: Site) -> None:
        async with site.database.write() as session:
            (await session.get_one(Group, site.town.group.id)).visits_in = "Phoniro"

    async def test_where_visits_are_registered_elsewhere_the_plan_is_said(
        self, site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
    ) -> None:
        """While the visit is planned to go on, and not one minute longer."""
        await make_row(site, gunnar, anna)
        call = await make_row(site, ingrid, anna, channel=Channel.VIDEO)
        assert PLANNED in await text(browser, f"/kontakt/{call.id}/samtal")
        site.clock.move(timedelta(minutes=13))
        assert "Enligt planen" not in await text(browser, f"/kontakt/{call.id}/samtal")

    async def test_a_receipted_visit_is_over(
        self, site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
    ) -> None:
        """Who has receipted the goals has left."""
        visit = await make_row(site, gunnar, anna)
        call = await make_row(site, ingrid, anna, channel=Channel.VIDEO)
        html = await text(browser, f"/kontakt/{visit.id}/kvittens")
        line = html.split('name="result-')[1].split('"')[0]
        await browser.post(f"/kontakt/{visit.id}/kvittens", data={f"result-{line}": "reached"})
        assert "Enligt planen" not in await text(browser, f"/kontakt/{call.id}/samtal")


async def test_of_a_protected_identity_no_more_than_a_first_name_stands_there(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """Anna is sent there, so the first name is hers to read; the surname stands nowhere."""
    site.clock.move(timedelta(minutes=22))  # the shift has begun
    async with site.database.write() as session:
        (await session.get_one(Client, gunnar.id)).protection = Protection.CONFIDENTIALITY_MARK
    visit, call = (
        await make_row(site, gunnar, anna),
        await make_row(site, ingrid, anna, channel=Channel.VIDEO),
    )
    await arrive(browser, visit)
    html = await text(browser, f"/kontakt/{call.id}/samtal")
    assert HERE in html
    assert "Hemlig" not in html


async def test_a_name_that_is_not_the_readers_is_not_said(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """The visit was given to somebody else while Anna was there: still asked, without the protected name."""
    site.clock.move(timedelta(minutes=22))  # the shift has begun
    visit, call = (
        await make_row(site, gunnar, anna),
        await make_row(site, ingrid, anna, channel=Channel.VIDEO),
    )
    await arrive(browser, visit)
    async with site.database.write() as session:
        (await session.get_one(Client, gunnar.id)).protection = Protection.CONFIDENTIALITY_MARK
        row = await session.get_one(PlannedContact, visit.id)
        await session.refresh(row, ["assignments"])
        row.assignments.clear()
    html = await text(browser, f"/kontakt/{call.id}/samtal")
    assert "Du är hemma hos någon annan. Ring när du är ensam." in html
    assert "Gunnar" not in html


async def test_a_visit_that_a_colleague_makes_is_not_mine(
    site: Site, anna: Staff, browser: Browser, ingrid: Client, gunnar: Client
) -> None:
    """Bo checked in to the row that Anna had; with two on the row both are there."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
    now = site.clock.now()
    begun: dict[str, Any] = {"status": Status.UNDERWAY, "actual_start": now, "owner_id": bo.id}
    call = await make_row(site, ingrid, anna, channel=Channel.VIDEO)
    await make_row(site, gunnar, anna, **begun)
    assert "Ring när du är ensam" not in await text(browser, f"/kontakt/{call.id}/samtal")
    await make_row(site, gunnar, anna, bo, **begun)
    assert HERE in await text(browser, f"/kontakt/{call.id}/samtal")
