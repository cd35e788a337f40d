"""Something has happened: who may report what, what is wrong in words, and the proposal that comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from care.accounts import Role
from care.clients import Client, Protection
from care.disruptions import Change, Disruption, DisruptionKind, Proposal
from care.municipality import Group
from care.staff import Shift, Staff
from tests.builders import make_client, make_contact, make_disruption, make_shift, make_staff
from tests.server.conftest import Browser, Site

SPAN = {"from_date": "2026-12-01", "from_time": "06:40", "to_date": "2026-12-01", "to_time": "16:00"}


@pytest.fixture
async def desk(site: Site) -> Browser:
    return await site.signed_in("karin", Role.COORDINATOR)


async def report(browser: Browser, kind: str, **data: Any) -> tuple[int, str]:
    answer = await browser.post("/hant", data={"kind": kind, **SPAN, **data}, allow_redirects=False)
    return answer.status, answer.headers.get("Location") or await answer.text()


async def reported(site: Site) -> list[Disruption]:
    async with site.database.read() as session:
        return list(await session.scalars(select(Disruption).order_by(Disruption.id)))


async def shift(site: Site, staff: Staff) -> Shift:
    async with site.database.read() as session:
        return (await session.scalars(select(Shift).where(Shift.staff_id == staff.id))).one()


async def test_every_kind_has_its_form(site: Site, desk: Browser, anna: Staff) -> None:
    """Each form has a name, its own fields and the times of today; nothing is opened but what is listed."""
    async with site.database.write() as session:
        await make_client(session, site.town)
    for kind in DisruptionKind:
        html = await (await desk.get(f"/hant?slag={kind.value}")).text()
        assert f'name="kind" value="{kind.value}"' in html
        assert 'name="from_time" type="time" value="06:40"' in html
    html = await (await desk.get("/hant?slag=staff_absent")).text()
    assert anna.name in html
    assert "Ingen orsak behövs" in html
    html = await (await desk.get("/hant?slag=strike")).text()
    assert "Vad har hänt?" in html


async def test_care_workers_report_to_their_coordinator(site: Site, anna: Staff) -> None:
    browser = await site.signed_in("vera", Role.CARE_WORKER)
    assert (await browser.get("/hant")).status == 403
    assert (await report(browser, "staff_absent", staff=str(anna.id)))[0] == 403
    assert await reported(site) == []


@pytest.mark.timeout(120)
async def test_from_the_report_to_the_proposal(site: Site, desk: Browser, anna: Staff) -> None:
    """The absence is a fact at once; the plan waits for approval; the list then says that she is away."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, bo)
        client = await make_client(session, site.town)
        contact = await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-12-01 09:00", staff=[anna]
        )
    status, where = await report(desk, "staff_absent", staff=str(anna.id))
    assert status == 303
    (disruption,) = await reported(site)
    assert (disruption.kind, disruption.scope["staff"]) == (DisruptionKind.STAFF_ABSENT, [str(anna.id)])
    assert (await shift(site, anna)).absent_from is not None
    async with site.database.read() as session:
        (proposal,) = await session.scalars(select(Proposal))
        (change,) = await session.scalars(select(Change))
    assert where == f"/forslag/{proposal.id}"
    assert (change.contact_id, change.after["staff"]) == (contact.id, [str(bo.id)])
    html = await (await desk.get(where)).text()
    assert "Anna är inte på plats då." in html
    assert "redan borta" in await (await desk.get("/hant?slag=staff_absent")).text()
    assert "Personal borta: 1 person" in await (await desk.get("/hant")).text()

    # It is over: she is at work again, and nothing is going on.
    site.clock.move(timedelta(minutes=25))
    answer = await desk.post(f"/hant/{disruption.id}/slut", allow_redirects=False)
    assert answer.status == 303
    assert (await shift(site, anna)).absent_to == site.clock.now()
    assert "Personal borta: 1 person" not in await (await desk.get("/hant")).text()
    assert (await desk.post(f"/hant/{disruption.id}/planera")).status == 404


async def test_a_note_leaves_the_plan_alone(site: Site, desk: Browser) -> None:
    status, where = await report(
        desk, "other", groups=str(site.town.group.id), note="Vattnet är avstängt till kl. 10."
    )
    assert (status, where) == (303, "/hant")
    assert "Vattnet är avstängt" in await (await desk.get("/hant")).text()
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Proposal)) == 0


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("staff_absent", {}, "Säg vilka det gäller: personal."),
        ("staff_absent", {"staff": "00000000-0000-7000-8000-000000000000"}, "Det finns ingen sådan person."),
        ("snow", {"groups": "Atlantis"}, "Det finns ingen sådan grupp."),
        ("snow", {"groups": "Bräcke", "speed": "5"}, "Skriv ett helt tal mellan 10 och 100."),
        ("snow", {"groups": "Bräcke", "to_time": "06:00"}, "Sluttiden ska vara efter starttiden."),
        ("snow", {"groups": "Bräcke", "to_date": "2027-01-15"}, "högst 14 dagar"),
        ("snow", {"groups": "Bräcke", "from_time": "kvart i"}, "Tiden ska se ut som 2026-12-01T05:30"),
        ("snow", {"groups": "Bräcke", "from_time": ""}, "Fyll i det här fältet."),
        ("snow", {"groups": "Bräcke", "from_date": "0001-01-01", "from_time": "00:00"}, "Datumet ska se ut"),
        ("snow", {"groups": "Bräcke", "from_date": "2026-11-30", "to_date": "2026-11-30"}, "redan över"),
        ("snow", {"groups": "Bräcke", "note": "x" * 501}, "Texten får ha högst 500 tecken."),
        ("car_broken", {"staff": "anna", "delay": "1"}, "Skriv ett helt tal mellan 5 och 480."),
        ("staff_added", {"staff": "anna", "to_date": "2026-12-02"}, "högst 16 timmar"),
        (
            "building_unreachable",
            {"clients": "ingrid", "access": "stairs", "stairs": "99"},
            "mellan 1 och 30",
        ),
        ("strike", {}, "Välj något av det som finns i listan."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_written(
    site: Site, desk: Browser, anna: Staff, kind: str, data: dict[str, str], words: str
) -> None:
    """422 in words; the form keeps what was written, and neither reports nor absences remain."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town)
    ids = {"anna": str(anna.id), "ingrid": str(ingrid.id)}
    status, html = await report(desk, kind, **{name: ids.get(text, text) for name, text in data.items()})
    assert status == 422
    assert words in html
    assert await reported(site) == []
    assert (await shift(site, anna)).absent_from is None


async def test_the_form_keeps_what_was_chosen(desk: Browser, anna: Staff) -> None:
    _, html = await report(desk, "car_broken", staff=str(anna.id), delay="75", to_time="06:00", note="Motorn")
    assert f'value="{anna.id}" checked' in html
    assert 'value="75"' in html
    assert "Motorn" in html


@pytest.mark.parametrize("what", ["groups", "clients", "staff"])
async def test_another_groups_matters_are_not_ones_own(
    site: Site, desk: Browser, kalarne: Group, what: str
) -> None:
    """404, logged as refused, and nothing written."""
    async with site.database.write() as session:
        greta = await make_client(session, site.town, "Greta", group_id=kalarne.id)
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
    kind, one = {
        "groups": ("snow", kalarne.id),
        "clients": ("client_away", greta.id),
        "staff": ("staff_absent", stina.id),
    }[what]
    assert (await report(desk, kind, **{what: str(one)}))[0] == 404
    assert await reported(site) == []
    assert [(log.allowed, log.group_id) for log in await site.log() if not log.allowed] == [
        (False, kalarne.id)
    ]


@pytest.mark.timeout(120)
async def test_who_is_on_loan_here_is_reported_here(site: Site, desk: Browser, kalarne: Group) -> None:
    """She belongs to Kälarne and works in Bräcke today: Bräcke's coordinator ticks her in the list."""
    async with site.database.write() as session:
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
        loan = await make_shift(session, stina)
        loan.group_id = site.town.group.id
    assert "Stina" in await (await desk.get("/hant?slag=staff_absent")).text()
    assert (await report(desk, "staff_absent", staff=str(stina.id)))[0] == 303


@pytest.mark.timeout(120)
async def test_help_comes_from_anywhere_to_ones_own_group(site: Site, desk: Browser, kalarne: Group) -> None:
    async with site.database.write() as session:
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
    group = str(site.town.group.id)
    assert (await report(desk, "staff_added", staff=str(stina.id), groups=group))[0] == 303
    assert (await shift(site, stina)).group_id == site.town.group.id
    assert (await report(desk, "staff_added", staff=str(stina.id), groups=str(kalarne.id)))[0] == 404


@pytest.mark.parametrize("deed", ["slut", "planera"])
async def test_nobody_ends_or_plans_what_is_another_groups(
    site: Site, desk: Browser, kalarne: Group, deed: str
) -> None:
    async with site.database.write() as session:
        snow = await make_disruption(session, DisruptionKind.SNOW, scope={"groups": [kalarne.id]})
    assert (await desk.post(f"/hant/{snow.id}/{deed}")).status == 404
    assert (await desk.post(f"/hant/x/{deed}")).status == 404
    assert [one.ended_at for one in await reported(site)] == [None]
    assert "Kälarne" not in await (await desk.get("/hant")).text()


async def test_a_protected_home_shows_no_building(site: Site, desk: Browser) -> None:
    """The list of clients has a first name only, and no house."""
    async with site.database.write() as session:
        await make_client(
            session,
            site.town,
            "Hemlig",
            "Person",
            building="Granen 4",
            protection=Protection.ASSUMED_IDENTITY,
        )
        await make_client(session, site.town, "Öppen", "Person", building="Tallen 2")
    html = await (await desk.get("/hant?slag=building_unreachable")).text()
    assert "Tallen 2" in html
    assert "Granen 4" not in html
    assert "Hemlig Person" not in html
    async with site.database.read() as session:
        listed = set(await session.scalars(select(Client.id)))
    seen: set[UUID | None] = {one.client_id for one in await site.log() if one.action == "client.list"}
    assert seen == listed
