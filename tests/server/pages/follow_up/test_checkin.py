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
from care.municipality import Group, SmallTeam
from care.outbox import events_after
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


@pytest.mark.parametrize("do", ["note", "action"])
async def test_a_text_with_a_clients_name_is_asked_about_before_it_is_saved(
    site: Site, lead: Browser, anna: Staff, do: str
) -> None:
    """The text stands there again to be changed, or is saved as it is by a second button."""
    async with site.database.write() as session:
        await make_client(session, site.town, first_name="Ingrid")
    gathering = await opened(site, lead)
    before = await notes(site)
    given = {
        "heading": "lessons",
        "text": "Ring Ingrid <i>först</i>",
        "owner": str(anna.id),
        "due": "2026-12-04",
    }
    status, html = await change(lead, gathering, do, **given)
    assert status == 422
    assert "Det ser ut som ett namn på en brukare: Ingrid." in html
    assert "Spara ändå" in html
    assert 'value="Ring Ingrid &lt;i&gt;först&lt;/i&gt;"' in html
    if do == "action":
        assert f'value="{anna.id}" selected' in html
        assert 'value="2026-12-04"' in html
    assert (await notes(site), await actions(site)) == (before, [])
    assert (await change(lead, gathering, do, **given, sure="1"))[0] == 303
    assert len(await notes(site)) + len(await actions(site)) == len(before) + 1


async def test_the_clock_is_started_by_who_leads_and_can_be_started_again(site: Site, lead: Browser) -> None:
    """All pages reckon from one instant of the server's."""
    gathering = await opened(site, lead)
    html = await (await lead.get(f"/avstamning/{gathering.id}")).text()
    assert 'data-started=""' in html
    for minute in (0, 3):
        site.clock.move(timedelta(minutes=minute))
        assert (await change(lead, gathering, "start"))[0] == 303
        html = await (await lead.get(f"/avstamning/{gathering.id}")).text()
        assert f'data-started="{site.clock.now().isoformat()}"' in html
        assert "Började" in html
    worker = await site.signed_in("vera", Role.CARE_WORKER)
    assert (await change(worker, gathering, "start"))[0] == 403


async def test_every_deed_is_told_to_the_pages_that_are_open(site: Site, lead: Browser, anna: Staff) -> None:
    """Ids only; the pages fetch what has changed."""
    gathering = await opened(site, lead)
    for do, data in (
        ("note", {"heading": "lessons", "text": "Sand"}),
        ("action", {"text": "Sand"}),
        ("attendance", {"staff": str(anna.id)}),
        ("start", {}),
        ("hold", {}),
    ):
        await change(lead, gathering, do, **data)
    await change(lead, gathering, "note", heading="lessons")
    async with site.database.read() as session:
        told = [one for one in await events_after(session, 0) if one.topic == "gathering.changed"]
    assert [one.payload for one in told] == [{"gathering": str(gathering.id)}] * 5
    assert {one.group_id for one in told} == {site.town.group.id}


async def test_a_small_team_has_a_check_in_of_its_own(site: Site, lead: Browser, anna: Staff) -> None:
    """Beside the group's, with its own people; what the group has promised comes back in it."""
    async with site.database.write() as session:
        team = SmallTeam(id=new_id(), group_id=site.town.group.id, name="Bräcke 1")
        session.add(team)
        await session.flush()
        await make_staff(session, site.town, "Bo", small_team_id=team.id)
    whole = await opened(site, lead)
    await change(lead, whole, "action", text="Köpa sand")
    answer = await lead.post(
        "/avstamning", data={"group": str(site.town.group.id), "team": str(team.id)}, allow_redirects=False
    )
    assert answer.status == 303
    address = answer.headers["Location"]
    assert address != f"/avstamning/{whole.id}"
    html = await (await lead.get(address)).text()
    assert "Avstämning Bräcke 1" in html
    assert "Köpa sand" in html
    there = html.split("Med på avstämningen")[1]
    assert "Bo Lind" in there
    assert "Anna Lind" not in there
    again = await lead.post(
        "/avstamning", data={"group": str(site.town.group.id), "team": str(team.id)}, allow_redirects=False
    )
    assert again.headers["Location"] == address
    assert "Bräcke 1" in await (await lead.get("/avstamning")).text()
    # Somebody of another team reads, and is not let into the room.
    worker = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    html = await (await worker.get(address)).text()
    assert "Den här avstämningen är för Bräcke 1." in html
    assert "Gå med" not in html


async def test_another_groups_small_team_cannot_be_chosen(site: Site, lead: Browser, kalarne: Group) -> None:
    async with site.database.write() as session:
        team = SmallTeam(id=new_id(), group_id=kalarne.id, name="Kälarne 1")
        session.add(team)
    answer = await lead.post("/avstamning", data={"group": str(site.town.group.id), "team": str(team.id)})
    assert answer.status == 422


async def test_the_minutes_are_a_page_to_print(site: Site, lead: Browser, anna: Staff) -> None:
    """Headings, promises with owner and day, who was there; no form and no room."""
    gathering = await opened(site, lead)
    await change(lead, gathering, "note", heading="lessons", text="Ring tidigare")
    await change(lead, gathering, "action", text="Köpa sand", owner=str(anna.id), due="2026-12-04")
    await change(lead, gathering, "attendance", staff=str(anna.id))
    await change(lead, gathering, "hold")
    html = await (await lead.get(f"/avstamning/{gathering.id}/anteckningar")).text()
    main = html.split("<main")[1].split("</main>")[0]
    for words in ("Ring tidigare", "Köpa sand", "Anna Lind", "fre 4 dec", "lovat", "hölls tisdag 1 december"):
        assert words in main
    assert "<form" not in main
    assert "<video" not in main
