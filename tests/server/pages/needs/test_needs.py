"""Behöver en människa: red rows and tasks, an outcome before they close, handed over by name."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Account, Role
from care.alerts import Alert, AlertEnd, AlertKind
from care.clients import Client, ContactPerson, Protection
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter
from care.ids import new_id
from care.localtime import SWEDEN, to_instant
from care.municipality import Group
from care.services import Service
from care.staff import Staff, Title
from care.tasks import Task, TaskKind, open_task
from server.pages.needs.needs import when_done
from tests.builders import (
    make_client,
    make_contact,
    make_group,
    make_known,
    make_shift,
    make_staff,
    moment,
)
from tests.server.conftest import Browser, Site

CHOOSE = "Välj något av det som finns i listan."
NINE = datetime(2026, 12, 1, 9, 0)


@pytest.fixture
async def bo(site: Site) -> Staff:
    """A colleague at work in the group."""
    site.clock.set(datetime(2026, 12, 1, 9, 20))
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, staff)
    return staff


@pytest.fixture
async def red(site: Site, bo: Staff) -> PlannedContact:
    """Ingrid's check at nine has not come about."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        session.add(
            ContactPerson(
                id=new_id(), client_id=client.id, name="Lena Berg", relation="dotter", phone="070-174 06 11"
            )
        )
        return await make_contact(
            session, client, site.town.services["TI-DAG"], NINE, staff=[bo], status=Status.AWAITING,
            deadline=to_instant(NINE) + timedelta(minutes=10),
        )  # fmt: skip


@pytest.fixture
async def desk(site: Site, bo: Staff) -> Browser:
    return await site.signed_in("karin", Role.COORDINATOR)


async def a_task(site: Site, group: Group | None = None, **more: Any) -> Task:
    async with site.database.write() as session:
        made = await open_task(
            session, TaskKind.CALL_REQUEST, group_id=(group or site.town.group).id, at=site.clock.now(),
            deadline=site.clock.now() + timedelta(minutes=30), **more,
        )  # fmt: skip
    assert made is not None
    return made


async def settle(browser: Browser, row: PlannedContact, **data: str) -> tuple[int, str]:
    answer = await browser.post(
        f"/behover/kontakt/{row.id}", data={"version": "1", **data}, allow_redirects=False
    )
    return answer.status, await answer.text()


async def row(site: Site, contact: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, contact.id)


async def test_a_red_row_says_whom_to_ring_and_who_has_it(desk: Browser, red: PlannedContact) -> None:
    """Number, contact person, owner, deadline, what it was about."""
    html = await (await desk.get("/behover")).text()
    for text in (
        "Ingrid B.", "Kontakten kl. 09.00 har inte blivit av.", 'href="tel:0701740658"', "Lena Berg, dotter",
        "Bo E.", "skulle vara klart 09.10", "1 sak väntar", "Tillsyn dag",
    ):  # fmt: skip
        assert text in html
    assert str(red.id) in html


async def test_a_protected_identity_has_no_numbers_here(
    site: Site, desk: Browser, red: PlannedContact
) -> None:
    async with site.database.write() as session:
        contact = await session.get_one(PlannedContact, red.id)
        client = await session.get_one(Client, contact.client_id)
        client.protection = Protection.ASSUMED_IDENTITY
    html = await (await desk.get("/behover")).text()
    assert "Ingrid" in html
    for text in ("0701740658", "Lena Berg", "Ingrid B."):
        assert text not in html


async def test_what_is_entered_after_an_outage_keeps_its_time_and_says_so(
    site: Site, desk: Browser, red: PlannedContact
) -> None:
    """The time that it was done, and that it was entered late; a time to come is none."""
    status, html = await settle(
        desk, red, do="close", outcome="done", reason="Stod på papper.", done_at="09:30"
    )
    assert status == 422
    assert "Tiden har inte varit än." in html
    status, _ = await settle(desk, red, do="close", outcome="done", reason="Stod på papper.", done_at="08.55")
    assert status == 303
    closed = await row(site, red)
    assert (closed.status, closed.entered_late) == (Status.DONE, True)
    assert closed.actual_start == to_instant(datetime(2026, 12, 1, 8, 55))


@pytest.mark.parametrize(
    ("planned", "wall", "done"),
    [
        ("23:50", "00:10", "2026-12-02 00:10"),
        ("00:05", "23:55", "2026-11-30 23:55"),
        ("09:00", "09:20", "2026-12-01 09:20"),
    ],
)
def test_a_time_by_hand_is_the_nearest_to_what_was_planned(planned: str, wall: str, done: str) -> None:
    """Also across midnight."""
    start = to_instant(datetime.fromisoformat(f"2026-12-01 {planned}"))
    assert when_done(start, time.fromisoformat(wall), SWEDEN) == to_instant(datetime.fromisoformat(done))


async def test_nothing_waiting_is_said(desk: Browser) -> None:
    assert "Allt som ska ha blivit av har blivit av." in await (await desk.get("/behover")).text()


async def test_it_closes_with_an_outcome_and_why(site: Site, desk: Browser, red: PlannedContact) -> None:
    status, _ = await settle(desk, red, do="close", outcome="done_phone", reason="Hon ringde själv.")
    assert status == 303
    closed = await row(site, red)
    assert (closed.status, closed.entered_late) == (Status.DONE_PHONE, True)
    assert "Ingrid" not in await (await desk.get("/behover")).text()
    status, html = await settle(desk, red, do="close", outcome="done", reason="igen", version="2")
    assert status == 409
    assert "redan avslutad" in html


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"do": "close", "reason": "x"}, 422, CHOOSE),
        ({"do": "close", "outcome": "forgotten", "reason": "x"}, 422, CHOOSE),
        ({"do": "close", "outcome": "missed"}, 422, "Fyll i det här fältet."),
        ({"do": "close", "outcome": "missed", "reason": " "}, 422, "Fyll i det här fältet."),
        ({"do": "close", "outcome": "missed", "reason": "x" * 501}, 422, "högst 500 tecken"),
        ({"do": "close", "outcome": "missed", "reason": "x", "version": "ett"}, 422, "Skriv ett helt tal"),
        ({"do": "close", "outcome": "missed", "reason": "x", "version": "7"}, 409, "Någon annan hann ändra"),
        ({"do": "close", "outcome": "replaced_by_visit", "reason": "x"}, 422, "Fyll i det här fältet."),
        ({"do": "close", "outcome": "replaced_by_visit", "reason": "x", "visit_at": "25:00"}, 422, "14.30"),
        ({"do": "close", "outcome": "replaced_by_visit", "reason": "x", "visit_at": "07:00"}, 422, "tolv"),
        ({"do": "close", "outcome": "replaced_by_visit", "reason": "x", "visit_at": "10:00", "visit_by": "x"},
         422, CHOOSE),
        ({"do": "hand_over"}, 422, "Fyll i det här fältet."),
        ({"do": "hand_over", "to": str(new_id())}, 422, CHOOSE),
    ],
)  # fmt: skip
async def test_without_what_is_needed_it_stays_open(
    site: Site, desk: Browser, red: PlannedContact, data: dict[str, str], status: int, words: str
) -> None:
    """In words on the same page; the row is untouched."""
    got, html = await settle(desk, red, **data)
    assert (got, words in html) == (status, True)
    assert "Har inte blivit av" in html
    kept = await row(site, red)
    assert (kept.status, kept.version) == (Status.AWAITING, 1)


@pytest.mark.parametrize(
    ("now", "wall", "start"),
    [
        ("2026-12-01 09:20", "10:00", "2026-12-01 10:00"),
        ("2026-12-01 09:20", "09:05", "2026-12-01 09:20"),
        ("2026-12-01 23:50", "00:10", "2026-12-02 00:10"),
    ],
)
async def test_a_visit_takes_its_place(
    site: Site, red: PlannedContact, bo: Staff, now: str, wall: str, start: str
) -> None:
    """At the next time the clock shows that; a page that stood open a while means now."""
    site.clock.set(datetime.fromisoformat(now))
    desk = await site.signed_in("karin", Role.COORDINATOR)
    by = str(bo.id) if now < "2026-12-01 16:00" else ""
    status, _ = await settle(
        desk, red, do="close", outcome="replaced_by_visit", reason="Svarade inte.", visit_at=wall, visit_by=by
    )
    assert status == 303
    async with site.database.read() as session:
        (visit,) = await session.scalars(select(PlannedContact).where(PlannedContact.replaces_id == red.id))
    assert visit.start == to_instant(datetime.fromisoformat(start))
    assert (await row(site, red)).status is Status.REPLACED


async def test_it_is_handed_over_by_name(site: Site, desk: Browser, red: PlannedContact) -> None:
    """To somebody at work or in charge; she has a quarter of an hour, and stands as the owner."""
    async with site.database.write() as session:
        lead = await make_staff(session, site.town, "Mia", "Chef", title=Title.UNIT_MANAGER)
    assert (await settle(desk, red, do="hand_over", to=str(lead.id)))[0] == 303
    given = await row(site, red)
    assert (given.owner_id, given.deadline) == (lead.id, site.clock.now() + timedelta(minutes=15))
    assert "Mia C." in await (await desk.get("/behover")).text()


async def test_nobody_who_would_not_see_it_is_given_it(
    site: Site, desk: Browser, red: PlannedContact
) -> None:
    """Somebody of another group, and somebody who has gone home."""
    async with site.database.write() as session:
        kalarne = await make_group(session, site.town.municipality, "Kälarne")
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
        await make_shift(session, stina)
        home = await make_staff(session, site.town, "Hemma")
        await make_shift(session, home, end="09:00")
    for one in (stina, home):
        assert (await settle(desk, red, do="hand_over", to=str(one.id)))[0] == 422
    assert (await row(site, red)).version == 1


async def test_another_groups_rows_and_tasks_do_not_exist(site: Site, red: PlannedContact) -> None:
    """404 whatever the version says, logged as refused, and not on the page."""
    async with site.database.write() as session:
        kalarne = await make_group(session, site.town.municipality, "Kälarne")
    task = await a_task(site)
    browser = await site.signed_in("gun", Role.COORDINATOR, group_id=kalarne.id)
    for version in ("1", "7"):
        data = {"do": "close", "outcome": "done", "reason": "x", "version": version}
        assert (await settle(browser, red, **data))[0] == 404
    answer = await browser.post(f"/behover/uppgift/{task.id}", data={"outcome": "called"})
    assert answer.status == 404
    assert {(one.allowed, one.group_id) for one in await site.log()} == {(False, site.town.group.id)}
    assert "Ingrid" not in await (await browser.get("/behover")).text()
    assert (await row(site, red)).status is Status.AWAITING
    assert (await browser.post("/behover/uppgift/x")).status == 404


async def test_a_conflict_keeps_the_others_change(site: Site, desk: Browser, red: PlannedContact) -> None:
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, red.id)
        await alter(session, own, at=site.clock.now(), hand=Hand("tests"), minutes=25)
    status, html = await settle(desk, red, do="close", outcome="missed", reason="x")
    assert status == 409
    assert "Någon annan hann ändra kontakten" in html
    assert (await row(site, red)).minutes == 25


async def test_a_task_closes_with_one_of_its_outcomes(site: Site, desk: Browser, bo: Staff) -> None:
    """Only what the kind may end with; handed over by name; closed once."""
    task = await a_task(site)
    path = f"/behover/uppgift/{task.id}"
    assert "Vill bli uppringd" in await (await desk.get("/behover")).text()
    for outcome, words in (("", "Fyll i det här fältet."), ("told", CHOOSE)):
        answer = await desk.post(path, data={"outcome": outcome})
        assert (answer.status, words in await answer.text()) == (422, True)
    answer = await desk.post(path, data={"do": "hand_over", "to": str(bo.id)}, allow_redirects=False)
    assert answer.status == 303
    answer = await desk.post(
        path, data={"outcome": "called", "note": "Hon ville ha kaffe."}, allow_redirects=False
    )
    assert answer.status == 303
    async with site.database.read() as session:
        closed = await session.get_one(Task, task.id)
    assert (closed.outcome, closed.owner_id, closed.note) == ("called", bo.id, "Hon ville ha kaffe.")
    assert (await desk.post(path, data={"outcome": "called"})).status == 409


async def test_every_kind_of_task_has_words_and_outcomes(site: Site, desk: Browser) -> None:
    """None stands there without a heading, a sentence's language and a button."""
    for kind in TaskKind:
        async with site.database.write() as session:
            await open_task(
                session, kind, group_id=site.town.group.id, at=site.clock.now(), deadline=site.clock.now(),
                facts={"since": "nonsense", "contacts": ["x"]},
            )  # fmt: skip
    answer = await desk.get("/behover")
    html = await answer.text()
    assert answer.status == 200
    assert html.count('name="outcome"') >= len(TaskKind)
    assert "okänd tid" in html


async def test_services_are_said_in_the_readers_language_where_the_municipality_has_given_a_name(
    site: Site, desk: Browser, red: PlannedContact
) -> None:
    """The catalogue is the municipality's own: without an English name the Swedish one stands."""
    async with site.database.write() as session:
        account = await session.scalar(select(Account).where(Account.username == "karin"))
        assert account is not None
        account.language = "en"
    html = await (await desk.get("/behover")).text()
    assert "Tillsyn dag" in html
    async with site.database.write() as session:
        service = await session.scalar(select(Service).where(Service.code == "TI-DAG"))
        assert service is not None
        service.name_en = "Safety check"
    html = await (await desk.get("/behover")).text()
    assert "Safety check" in html
    assert "Tillsyn dag" not in html


async def test_a_protected_identity_has_no_name_for_those_whom_it_does_not_know(
    site: Site, red: PlannedContact
) -> None:
    """That it waits is seen by all; who it is, and closing it, is for those who may open it."""
    async with site.database.write() as session:
        client = await session.get_one(Client, red.client_id)
        client.protection, client.first_name = Protection.ASSUMED_IDENTITY, "Hemlig"
        stranger = await make_staff(session, site.town, "Siv", "Ek")
        friend = await make_staff(session, site.town, "Ulla", "Ek")
        await make_known(session, client, friend)
        await make_contact(session, client, site.town.services["TI-DAG"], "2026-12-01 15:00")
    await a_task(site, client_id=red.client_id, contact_id=red.id)
    page = await site.signed_in("siv", Role.CARE_WORKER, staff_id=stranger.id)
    html = await (await page.get("/behover")).text()
    assert "Hemlig" not in html
    assert html.count("Skyddade uppgifter") == 3
    assert f"/kontakt/{red.id}" not in html
    assert str(red.client_id) not in html
    assert red.client_id not in {row.client_id for row in await site.log()}
    assert (await settle(page, red, outcome="missed", reason="x"))[0] == 404
    known = await site.signed_in("ulla", Role.CARE_WORKER, staff_id=friend.id)
    html = await (await known.get("/behover")).text()
    assert html.count("Hemlig") >= 3
    assert f"/kontakt/{red.id}" in html


async def test_who_was_told_stands_on_the_task_and_one_can_take_it(site: Site) -> None:
    """ "Anna L. fick besked 06.31, svarade inte; …": then Karin takes it, and that stands there too."""
    async with site.database.write() as session:
        anna = await make_staff(session, site.town)
        karin = await make_staff(session, site.town, "Karin", "Ek", title=Title.COORDINATOR)
        client = await make_client(session, site.town)
        row = await make_contact(
            session, client, site.town.services["TI-DAG"], "2026-12-01 06:00", status=Status.AWAITING,
            staff=[anna],
        )  # fmt: skip
        task = await open_task(
            session, TaskKind.TELL_CLIENT, group_id=site.town.group.id, client_id=client.id,
            at=site.clock.now(), deadline=site.clock.now() + timedelta(minutes=30), owner_id=anna.id,
        )  # fmt: skip
        assert task is not None
        for thing in ({"task_id": task.id}, {"contact_id": row.id}):
            session.add(
                Alert(
                    id=new_id(), once_key=str(thing), staff_id=anna.id, group_id=site.town.group.id,
                    kind=AlertKind.TASK if "task_id" in thing else AlertKind.RED, facts={},
                    made_at=moment("2026-12-01 06:31"), sent_at=moment("2026-12-01 06:31"),
                    until=site.clock.now(), ended_at=moment("2026-12-01 06:36"), end=AlertEnd.UNANSWERED,
                    **thing,
                )
            )  # fmt: skip
    boss = await site.signed_in("karin", Role.COORDINATOR, staff_id=karin.id)
    html = await (await boss.get("/behover")).text()
    assert html.count("Anna L. fick besked 06.31, svarade inte.") == 2
    assert html.count('value="take"') == 2
    await boss.post(f"/behover/uppgift/{task.id}", data={"do": "take"})
    await boss.post(f"/behover/kontakt/{row.id}", data={"do": "take", "version": row.version})
    html = await (await boss.get("/behover")).text()
    assert html.count("svarade inte; Karin E. tar det sedan 06.40.") == 2
    assert 'value="take"' not in html
    async with site.database.read() as session:
        assert (await session.get_one(Task, task.id)).owner_id == karin.id
        assert (await session.get_one(PlannedContact, row.id)).owner_id == karin.id
