"""Veckans avstämning: prefilled without names, notes and actions saved, what was promised comes back."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.contacts.life import Status
from care.disruptions import DisruptionKind
from care.gatherings import Action, AgendaNote, Gathering, Heading, Participant
from care.ids import new_id
from care.localtime import to_instant
from care.municipality import Group
from care.staff import Staff
from tests.builders import make_client, make_contact, make_disruption, make_staff
from tests.server.conftest import Browser, Site


@pytest.fixture
async def anna(site: Site) -> Staff:
    async with site.database.write() as session:
        return await make_staff(session, site.town)


@pytest.fixture
async def lead(site: Site) -> Browser:
    return await site.signed_in("mia", Role.UNIT_MANAGER)


async def opened(site: Site, browser: Browser, group: Group | None = None) -> Gathering:
    answer = await browser.post(
        "/avstamning", data={"group": str((group or site.town.group).id)}, allow_redirects=False
    )
    assert answer.status == 303, await answer.text()
    async with site.database.read() as session:
        return (await session.scalars(select(Gathering).order_by(Gathering.id.desc()).limit(1))).one()


async def change(browser: Browser, gathering: Gathering, do: str, **data: Any) -> tuple[int, str]:
    answer = await browser.post(f"/avstamning/{gathering.id}", data={"do": do, **data}, allow_redirects=False)
    return answer.status, await answer.text()


async def notes(site: Site) -> list[tuple[Heading, str]]:
    async with site.database.read() as session:
        found = await session.scalars(select(AgendaNote).order_by(AgendaNote.heading, AgendaNote.seq))
        return [(one.heading, one.text) for one in found]


async def actions(site: Site) -> list[Action]:
    async with site.database.read() as session:
        return list(await session.scalars(select(Action).order_by(Action.id)))


async def test_it_begins_with_the_week_in_counts_and_no_names(site: Site, lead: Browser, anna: Staff) -> None:
    """Snow and a missed contact: obstacles; no share of so few; nobody's name anywhere."""
    async with site.database.write() as session:
        await make_disruption(session, DisruptionKind.SNOW, scope={"groups": [site.town.group.id]})
        ingrid = await make_client(session, site.town)
        await make_contact(
            session,
            ingrid,
            site.town.services["TI-DAG"],
            "2026-12-01 06:00",
            staff=[anna],
            status=Status.MISSED,
        )
    gathering = await opened(site, lead)
    assert (gathering.week, gathering.start) == ("2026-W49", to_instant(datetime(2026, 12, 7, 8, 30)))
    found = await notes(site)
    assert (Heading.OBSTACLES, "Snö eller halka: en gång.") in found
    assert (Heading.OBSTACLES, "1 kontakt blev inte av.") in found
    assert (Heading.REPLANNING, "Planen höll utan omplanering.") in found
    assert not any("%" in text or "Ingrid" in text or "Anna" in text for _, text in found)
    html = await (await lead.get(f"/avstamning/{gathering.id}")).text()
    for words in ("Hinder", "Omplanering", "Lärdomar", "Avstämning Bräcke", "Vecka 49", "Skriv inga namn"):
        assert words in html


async def test_opening_it_again_is_the_same_one(site: Site, lead: Browser) -> None:
    first = await opened(site, lead)
    count = len(await notes(site))
    assert (await opened(site, lead)).id == first.id
    assert len(await notes(site)) == count
    assert f'href="/avstamning/{first.id}"' in await (await lead.get("/avstamning")).text()


async def test_two_who_open_the_week_at_once_get_the_same_one(site: Site, lead: Browser) -> None:
    """One agenda, prefilled once."""
    group = str(site.town.group.id)
    answers = await asyncio.gather(
        *(lead.post("/avstamning", data={"group": group}, allow_redirects=False) for _ in range(3))
    )
    assert len({answer.headers["Location"] for answer in answers}) == 1
    found = await notes(site)
    assert len(found) == len(set(found))


async def test_notes_are_added_last_and_taken_away(site: Site, lead: Browser) -> None:
    gathering = await opened(site, lead)
    before = await notes(site)
    status, _ = await change(lead, gathering, "note", heading="lessons", text="Ring <b>tidigare</b>.")
    assert status == 303
    assert [one for one in await notes(site) if one not in before] == [
        (Heading.LESSONS, "Ring <b>tidigare</b>.")
    ]
    html = await (await lead.get(f"/avstamning/{gathering.id}")).text()
    assert "Ring &lt;b&gt;tidigare&lt;/b&gt;." in html
    async with site.database.read() as session:
        (note,) = await session.scalars(select(AgendaNote).where(AgendaNote.prefilled.is_(False)))
    assert (await change(lead, gathering, "remove_note", note=str(note.id)))[0] == 303
    assert await notes(site) == before


async def test_what_is_promised_comes_back_until_it_is_done(site: Site, lead: Browser, anna: Staff) -> None:
    first = await opened(site, lead)
    status, _ = await change(
        lead, first, "action", text="Prova plattan", owner=str(anna.id), due="2026-12-04"
    )
    assert status == 303
    site.clock.move(timedelta(days=7))
    lead = await site.signed_in("mats", Role.UNIT_MANAGER)
    second = await opened(site, lead)
    assert second.id != first.id
    html = await (await lead.get(f"/avstamning/{second.id}")).text()
    assert "Prova plattan" in html
    assert "från tidigare vecka" in html
    assert "Anna Lind" in html
    assert "fre 4 dec" in html
    (action,) = await actions(site)
    assert (await change(lead, second, "done", action=str(action.id)))[0] == 303
    assert (await actions(site))[0].done_at == site.clock.now()
    assert "Prova plattan" not in await (await lead.get(f"/avstamning/{second.id}")).text()
    assert "Prova plattan" in await (await lead.get(f"/avstamning/{first.id}")).text()


async def test_who_was_there_and_that_it_was_held(site: Site, lead: Browser, anna: Staff) -> None:
    """Attendance can be put right; held once."""
    gathering = await opened(site, lead)
    for staff, attended in ((str(anna.id), True), ("", False)):
        await change(lead, gathering, "attendance", staff=staff)
        async with site.database.read() as session:
            (row,) = await session.scalars(select(Participant))
        assert (row.staff_id, row.attended) == (anna.id, attended)
    assert (await change(lead, gathering, "hold"))[0] == 303
    assert "Hållen" in await (await lead.get(f"/avstamning/{gathering.id}")).text()
    status, html = await change(lead, gathering, "hold")
    assert status == 409
    assert "Någon annan hann ändra avstämningen" in html


@pytest.mark.parametrize(
    ("do", "data", "status", "words"),
    [
        ("note", {"heading": "lessons"}, 422, "Fyll i det här fältet."),
        ("note", {"heading": "lessons", "text": "x" * 501}, 422, "högst 500 tecken"),
        ("note", {"heading": "gossip", "text": "x"}, 422, "Välj något av det som finns i listan."),
        ("remove_note", {}, 422, "Fyll i det här fältet."),
        ("remove_note", {"note": str(new_id())}, 404, ""),
        ("action", {}, 422, "Fyll i det här fältet."),
        ("action", {"text": "x", "due": "fredag"}, 422, "Datumet ska se ut som 2026-12-01"),
        ("action", {"text": "x", "due": "0001-01-01"}, 422, "Datumet ska se ut som 2026-12-01"),
        ("action", {"text": "x", "owner": str(new_id())}, 422, "Välj något av det som finns i listan."),
        ("done", {"action": str(new_id())}, 404, ""),
        ("attendance", {"staff": "x"}, 422, "Välj något av det som finns i listan."),
        ("sing", {}, 422, "Välj något av det som finns i listan."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_saved(
    site: Site, lead: Browser, do: str, data: dict[str, str], status: int, words: str
) -> None:
    gathering = await opened(site, lead)
    before = await notes(site)
    got, html = await change(lead, gathering, do, **data)
    assert (got, words in html) == (status, True)
    assert await notes(site) == before
    assert await actions(site) == []


async def test_another_groups_people_notes_and_actions_are_out_of_reach(
    site: Site, lead: Browser, kalarne: Group
) -> None:
    """Through one's own check-in nothing of another group's can be named, ticked or taken away."""
    async with site.database.write() as session:
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
    theirs = await site.signed_in("stig", Role.UNIT_MANAGER, group_id=kalarne.id)
    other = await opened(site, theirs, kalarne)
    await change(theirs, other, "action", text="Deras")
    (action,) = await actions(site)
    async with site.database.read() as session:
        note = (
            await session.scalars(select(AgendaNote.id).where(AgendaNote.gathering_id == other.id))
        ).first()
    own = await opened(site, lead)
    assert (await change(lead, own, "action", text="x", owner=str(stina.id)))[0] == 422
    assert (await change(lead, own, "done", action=str(action.id)))[0] == 404
    assert (await change(lead, own, "remove_note", note=str(note)))[0] == 404
    await change(lead, own, "attendance", staff=str(stina.id))
    async with site.database.read() as session:
        assert (await session.scalars(select(Participant))).all() == []


async def test_another_groups_check_in_does_not_exist(site: Site, lead: Browser, kalarne: Group) -> None:
    """404 and logged as refused: reading, changing, opening."""
    gathering = await opened(site, lead)
    outsider = await site.signed_in("stig", Role.UNIT_MANAGER, group_id=kalarne.id)
    assert (await outsider.get(f"/avstamning/{gathering.id}")).status == 404
    assert (await change(outsider, gathering, "hold"))[0] == 404
    answer = await outsider.post("/avstamning", data={"group": str(site.town.group.id)})
    assert answer.status == 404
    refusals = [one for one in await site.log() if not one.allowed]
    assert {one.group_id for one in refusals} == {site.town.group.id}
    assert {one.action for one in refusals} == {"checkin.read", "checkin.change"}
    for key in (new_id(), "x"):
        assert (await lead.get(f"/avstamning/{key}")).status == 404
    assert (await lead.post("/avstamning", data={"group": str(new_id())})).status == 404
    assert "Bräcke" not in re.split("<main", await (await outsider.get("/avstamning")).text())[1]


async def test_care_workers_read_and_do_not_write(site: Site, lead: Browser) -> None:
    gathering = await opened(site, lead)
    worker = await site.signed_in("vera", Role.CARE_WORKER)
    html = await (await worker.get(f"/avstamning/{gathering.id}")).text()
    assert "Hinder" in html
    assert 'name="do"' not in html.split("<main")[1]
    assert (await change(worker, gathering, "note", heading="lessons", text="x"))[0] == 403
    assert (await worker.post("/avstamning", data={"group": str(site.town.group.id)})).status == 403
