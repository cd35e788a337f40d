"""A proposal: what the page says, all, some or none of it, undone; nobody decides for another group."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care.accounts import Account, Role
from care.clients import Client
from care.consent import Consent
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.step import Hand, alter
from care.disruptions import Change, ChangeKind, ChangeState, DisruptionKind, Proposal, ProposalState
from care.ids import new_id
from care.municipality import Group
from care.staff import Staff
from tests.builders import (
    make_change,
    make_client,
    make_contact,
    make_digital,
    make_disruption,
    make_group,
    make_proposal,
    make_staff,
)
from tests.server.conftest import Browser, Site


@dataclass
class Broken:
    """Anna is sick: her rows at Ingrid's (07.10), Karl's (10.00), and in Kälarne at Greta's (11.00)."""

    proposal: Proposal
    kalarne: Group
    anna: Staff
    bo: Staff
    ingrid: Change
    karl: Change
    greta: Change

    @property
    def path(self) -> str:
        return f"/forslag/{self.proposal.id}"


@pytest.fixture
async def broken(site: Site) -> Broken:
    town = site.town
    async with site.database.write() as session:
        kalarne = await make_group(session, town.municipality, "Kälarne")
        anna, bo = await make_staff(session, town), await make_staff(session, town, "Bo", "Ek")
        disruption = await make_disruption(
            session, DisruptionKind.STAFF_ABSENT, scope={"staff": [anna.id]}, note="Ring Bo om bilen."
        )
        contacts = []
        for name, group, start in (
            ("Ingrid", town.group, "2026-12-01 07:10"),
            ("Karl", town.group, "2026-12-01 10:00"),
            ("Greta", kalarne, "2026-12-01 11:00"),
        ):
            client = await make_client(session, town, name, group_id=group.id)
            contacts.append(await make_contact(session, client, town.services["TI-DAG"], start, staff=[anna]))
        # Karl can be called; for one more in Kälarne there is no time at all.
        karl = contacts[1]
        await make_digital(session, await session.get_one(Client, karl.client_id), site.clock.now())
        greta = await session.get_one(Client, contacts[2].client_id)
        fourth = await make_contact(session, greta, town.services["PV-MOR"], "2026-12-01 12:00", staff=[anna])
        proposal = await make_proposal(
            session, disruption,
            unsolved=[
                {"contact_id": str(fourth.id), "rule": "overlap",
                 "reason": {"sv": "Alla som kan är upptagna då.", "en": "Everybody is busy then."}}
            ],
            effect={"unchanged": {str(town.group.id): 2, str(kalarne.id): 5}},
        )  # fmt: skip
        return Broken(
            proposal, kalarne, anna, bo,
            await make_change(session, proposal, contacts[0], ChangeKind.REASSIGN, staff=[anna], to=[bo]),
            await make_change(
                session, proposal, karl, ChangeKind.MOVE, staff=[anna], to=[bo], channel=Channel.VIDEO, seq=2
            ),
            await make_change(
                session, proposal, contacts[2], ChangeKind.REASSIGN, staff=[anna], to=[bo], seq=3
            ),
        )  # fmt: skip


@pytest.fixture
async def desk(site: Site, broken: Broken) -> Browser:
    return await site.signed_in("karin", Role.COORDINATOR)


async def settle(browser: Browser, broken: Broken, deed: str, *changes: Change) -> tuple[int, str]:
    data = [("do", deed), *(("change", str(one.id)) for one in changes)]
    answer = await browser.post(broken.path, data=data)
    return answer.status, await answer.text()


async def state(site: Site, *changes: Change) -> list[ChangeState]:
    async with site.database.read() as session:
        return [(await session.get_one(Change, one.id)).state for one in changes]


async def staff(site: Site, change: Change) -> list[UUID]:
    async with site.database.read() as session:
        return list(
            await session.scalars(
                select(Assignment.staff_id).where(Assignment.contact_id == change.contact_id)
            )
        )


def figures(html: str) -> dict[str, int]:
    """The tiles: label → figure."""
    tiles = re.findall(
        r'class="tile[^"]*"[^>]*><span class="figure">(\d+)</span> <span class="label">([^<]+)', html
    )
    return {label: int(figure) for figure, label in tiles}


async def test_the_page_shows_ones_own_part_and_its_sums_add_up(
    site: Site, desk: Browser, broken: Broken
) -> None:
    """Names and figures of one's own group only; nobody else was opened, says the log."""
    html = await (await desk.get(broken.path)).text()
    for text in ("Ingrid B.", "Karl B.", "Nästa timme", "Ger plats åt någon annan.", "Ring Bo om bilen."):
        assert text in html
    assert "Greta" not in html
    assert "Alla som kan är upptagna" not in html
    shown = figures(html)
    assert shown.pop("berörs") == sum(shown.values()) == 4
    assert (shown["till video"], shown["annan personal"], shown["oförändrade"]) == (1, 1, 2)
    opened = {one.client_id for one in await site.log() if one.client_id}
    assert opened == {broken.ingrid.client_id, broken.karl.client_id}
    assert all(one.allowed for one in await site.log())


async def test_the_reader_of_both_groups_sees_both(site: Site, broken: Broken) -> None:
    browser = await site.signed_in("karin", Role.COORDINATOR)
    other = await site.signed_in("kim", Role.COORDINATOR, group_id=broken.kalarne.id)
    html = await (await other.get(broken.path)).text()
    assert "Greta B." in html
    assert "Alla som kan är upptagna då." in html
    assert "Ingrid" not in html
    assert figures(html)["behöver ditt beslut"] == 1
    assert "Ingrid" in await (await browser.get(broken.path)).text()


@pytest.mark.parametrize("part", ["", "/lista", "/lista.csv"])
async def test_another_groups_proposal_does_not_exist(site: Site, broken: Broken, part: str) -> None:
    """404, and the refusal stands in the log."""
    async with site.database.write() as session:
        gallo = await make_group(session, site.town.municipality, "Gällö")
    browser = await site.signed_in("gun", Role.COORDINATOR, group_id=gallo.id)
    assert (await browser.get(broken.path + part)).status == 404
    log = await site.log()
    assert log
    assert {one.allowed for one in log} == {False}
    for path in (f"/forslag/{new_id()}", "/forslag/x"):
        assert (await browser.get(path)).status == 404
    assert (await settle(browser, broken, "all"))[0] == 404
    assert await state(site, broken.ingrid) == [ChangeState.PROPOSED]


async def test_care_workers_have_no_say(site: Site, broken: Broken) -> None:
    browser = await site.signed_in("vera", Role.CARE_WORKER)
    assert (await browser.get(broken.path)).status == 403
    assert (await settle(browser, broken, "all"))[0] == 403


async def test_the_next_hour_is_approved_alone_and_then_the_rest(
    site: Site, desk: Browser, broken: Broken
) -> None:
    status, html = await settle(desk, broken, "hour")
    assert status == 200
    assert "1 ändring är godkänd." in html
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.APPLIED, ChangeState.PROPOSED]
    assert await staff(site, broken.ingrid) == [broken.bo.id]
    await settle(desk, broken, "all")
    assert await state(site, broken.karl, broken.greta) == [ChangeState.APPLIED, ChangeState.PROPOSED]
    async with site.database.read() as session:
        assert (await session.get_one(PlannedContact, broken.karl.contact_id)).channel is Channel.VIDEO


async def test_nothing_left_is_said(desk: Browser, broken: Broken) -> None:
    await settle(desk, broken, "all")
    for deed in ("all", "hour"):
        status, html = await settle(desk, broken, deed)
        assert status == 409
        assert "Det finns inget kvar att avgöra här." in html


async def test_a_second_coordinator_is_told_by_name(site: Site, desk: Browser, broken: Broken) -> None:
    """The page of the second is old: what is decided is named, the rest of what was ticked goes through."""
    await settle(desk, broken, "hour")
    second = await site.signed_in("kim", Role.UNIT_MANAGER)
    status, html = await settle(second, broken, "chosen", broken.ingrid, broken.karl)
    assert status == 200
    assert "Ingrid B.: inte ändrad. Någon har redan avgjort den." in html
    assert "1 ändring är godkänd." in html
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.APPLIED, ChangeState.APPLIED]


async def test_a_row_that_changed_meanwhile_is_refused_by_name(
    site: Site, desk: Browser, broken: Broken
) -> None:
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, broken.ingrid.contact_id)
        await alter(session, own, at=site.clock.now(), hand=Hand("tests"), minutes=25)
    _, html = await settle(desk, broken, "all")
    assert "Ingrid B.: inte ändrad." in html
    assert "Någon annan hann ändra kontakten" in html
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.STALE, ChangeState.APPLIED]
    assert await staff(site, broken.ingrid) == [broken.anna.id]


async def test_a_consent_withdrawn_meanwhile_is_refused_by_name(
    site: Site, desk: Browser, broken: Broken
) -> None:
    async with site.database.write() as session:
        (consent,) = await session.scalars(select(Consent).where(Consent.client_id == broken.karl.client_id))
        consent.withdrawn_at = site.clock.now()
    _, html = await settle(desk, broken, "all")
    assert "Karl B.: inte ändrad. Det finns inget giltigt samtycke till video." in html
    assert await state(site, broken.karl) == [ChangeState.STALE]


async def test_some_are_refused_and_some_undone(site: Site, desk: Browser, broken: Broken) -> None:
    _, html = await settle(desk, broken, "refuse", broken.karl)
    assert "1 ändring avstås." in html
    await settle(desk, broken, "all")
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.APPLIED, ChangeState.REFUSED]
    _, html = await settle(desk, broken, "undo", broken.ingrid)
    assert "1 ändring är ångrad." in html
    assert await staff(site, broken.ingrid) == [broken.anna.id]
    assert (await settle(desk, broken, "undo_all"))[0] == 409


async def test_another_groups_change_is_nobody_elses(site: Site, desk: Browser, broken: Broken) -> None:
    """Ticked by hand: 404, logged as refused, and nothing of the rest is done."""
    status, _ = await settle(desk, broken, "chosen", broken.ingrid, broken.greta)
    assert status == 404
    assert await state(site, broken.ingrid, broken.greta) == [ChangeState.PROPOSED, ChangeState.PROPOSED]
    assert [one.group_id for one in await site.log() if not one.allowed] == [broken.kalarne.id]


async def test_who_has_moved_to_another_group_since_is_not_ones_own(
    site: Site, desk: Browser, broken: Broken
) -> None:
    """An import moves Karl to Kälarne: the page, the list and the file show the rest, "all" leaves him."""
    async with site.database.write() as session:
        for thing in (
            await session.get_one(Client, broken.karl.client_id),
            await session.get_one(PlannedContact, broken.karl.contact_id),
        ):
            thing.group_id = broken.kalarne.id
    for part in ("", "/lista", "/lista.csv"):
        answer = await desk.get(broken.path + part)
        assert (answer.status, "Karl" in await answer.text()) == (200, False)
    shown = figures(await (await desk.get(broken.path)).text())
    assert (shown["till video"], shown["annan personal"]) == (0, 1)
    status, _ = await settle(desk, broken, "chosen", broken.karl)
    assert status == 404
    assert (await settle(desk, broken, "all"))[0] == 200
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.APPLIED, ChangeState.PROPOSED]
    other = await site.signed_in("kim", Role.COORDINATOR, group_id=broken.kalarne.id)
    answer = await other.get(broken.path)
    assert (answer.status, "Greta B." in await answer.text()) == (200, True)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"do": "chosen"}, 422, "Kryssa i minst en ändring."),
        ({"do": "undo"}, 422, "Kryssa i minst en ändring."),
        ({"do": "allt"}, 422, "Välj något av det som finns i listan."),
        ({}, 422, "Välj något av det som finns i listan."),
        ({"do": "chosen", "change": "x"}, 422, "Välj något av det som finns i listan."),
        ({"do": "chosen", "change": str(new_id())}, 404, "<h1"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_happens(
    site: Site, desk: Browser, broken: Broken, data: dict[str, Any], status: int, words: str
) -> None:
    answer = await desk.post(broken.path, data=data)
    assert (answer.status, words in await answer.text()) == (status, True)
    assert await state(site, broken.ingrid, broken.karl) == [ChangeState.PROPOSED] * 2


async def test_a_newer_proposal_takes_its_place(site: Site, desk: Browser, broken: Broken) -> None:
    """The older one leads on and cannot be approved any more; what was approved can still be undone."""
    await settle(desk, broken, "hour")
    async with site.database.write() as session:
        (await session.get_one(Proposal, broken.proposal.id)).state = ProposalState.SUPERSEDED
        gallo = await make_group(session, site.town.municipality, "Gällö")
        foreign = await make_disruption(session, DisruptionKind.SNOW, scope={"groups": [gallo.id]})
        own = await make_disruption(session, DisruptionKind.SNOW, scope={"groups": [site.town.group.id]})
        newer = await make_proposal(session, own)
        theirs = await make_proposal(session, foreign)
    html = await (await desk.get(broken.path)).text()
    assert f'href="/forslag/{newer.id}"' in html
    assert str(theirs.id) not in html
    assert 'value="all"' not in html
    status, html = await settle(desk, broken, "all")
    assert status == 409
    assert "Det finns ett nyare förslag." in html
    _, html = await settle(desk, broken, "undo", broken.ingrid)
    assert "1 ändring är ångrad." in html


async def test_the_list_holds_what_is_approved_and_no_formulas(
    site: Site, desk: Browser, broken: Broken
) -> None:
    """On paper and as a file: the approved rows of one's own group, harmless in a spreadsheet."""
    assert "Inget är godkänt än" in await (await desk.get(broken.path + "/lista")).text()
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, broken.ingrid.contact_id)
        own.extern_id = "=1+1"
    async with site.database.write() as session:
        (await session.get_one(Change, broken.ingrid.id)).base_version += 1
    await settle(desk, broken, "all")
    html = await (await desk.get(broken.path + "/lista")).text()
    assert "Ingrid B." in html
    assert "Greta" not in html
    answer = await desk.get(broken.path + "/lista.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO((await answer.read()).decode("utf-8-sig")), delimiter=";"))
    assert [(row["brukare"], row["kanal_nu"], row["kanal"], row["start"]) for row in rows] == [
        ("Ingrid B.", "physical", "physical", "07.10"), ("Karl B.", "physical", "video", "10.00"),
    ]  # fmt: skip
    assert rows[0]["extern_id"] == "'=1+1"
    assert (rows[0]["personal_nu"], rows[0]["personal"]) == ("Anna", "Bo")


async def test_in_english_the_reasons_are_english(site: Site, desk: Browser, broken: Broken) -> None:
    async with site.database.write() as session:
        (account,) = await session.scalars(select(Account))
        account.language = "en"
    html = await (await desk.get(broken.path)).text()
    assert "Makes room for somebody." in html
    assert "Ger plats" not in html
