"""The guide: from the card in one tap, what to do now, what came of it, and why afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import Client, ContactPerson, Protection, Risk
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.municipality import Group
from care.no_answer.case import NoAnswerCase, NoAnswerPlan
from care.no_answer.step import Step, WhyNoAnswer
from care.staff import Staff, Title
from scheduler.ticks.no_answer import no_answer
from tests.builders import make_contact, make_shift, make_staff, moment
from tests.server.conftest import Browser, Site

EIGHT = moment("2026-12-01 08:00")


@pytest.fixture
async def row(site: Site, anna: Staff, ingrid: Client) -> PlannedContact:
    """Ingrid's check at eight, two minutes ago."""
    site.clock.set(datetime(2026, 12, 1, 8, 2))
    async with site.database.write() as session:
        session.add(
            ContactPerson(
                id=new_id(), client_id=ingrid.id, name="Lena Berg", relation="dotter", phone="070-174 06 11"
            )
        )
        return await make_contact(
            session, ingrid, site.town.services["TI-DAG"], EIGHT, channel=Channel.VIDEO, staff=[anna],
            status=Status.DUE, deadline=EIGHT + timedelta(minutes=10),
        )  # fmt: skip


async def html(browser: Browser, row: PlannedContact, status: int = 200) -> str:
    answer = await browser.get(f"/kontakt/{row.id}/inget-svar")
    assert answer.status == status
    return await answer.text()


async def say(browser: Browser, row: PlannedContact, step: str, outcome: str, **more: str) -> int:
    answer = await browser.post(
        f"/kontakt/{row.id}/inget-svar",
        data={"do": "say", "step": step, "outcome": outcome, **more},
        allow_redirects=False,
    )
    return answer.status


async def fresh(site: Site, row: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, row.id)


async def the_case(site: Site) -> NoAnswerCase:
    async with site.database.read() as session:
        return (await session.scalars(select(NoAnswerCase))).one()


async def test_the_card_leads_there_with_one_tap(worker: Browser, row: PlannedContact) -> None:
    """Before anything is said, and as the first thing once somebody has."""
    card = await (await worker.get(f"/kontakt/{row.id}")).text()
    assert f"/kontakt/{row.id}/inget-svar" in card
    assert "Vad gör jag nu?" not in card
    assert await say(worker, row, "ring", "no_answer") == 303
    card = await (await worker.get(f"/kontakt/{row.id}")).text()
    assert "Vad gör jag nu?" in card
    assert "Ring en gång till" in card


async def test_each_step_shows_whom_to_ring(site: Site, worker: Browser, row: PlannedContact) -> None:
    """The tablet, the telephone, colleagues near by, the daughter, somebody to send."""
    assert "Låt det ringa i en minut." in await html(worker, row)
    await say(worker, row, "ring", "no_answer")
    await say(worker, row, "ring_again", "no_answer")
    assert 'href="tel:0701740658"' in await html(worker, row)
    await say(worker, row, "phone", "no_answer")
    assert "Ingen av oss är i närheten just nu" in await html(worker, row)
    await say(worker, row, "neighbours", "no_answer")
    assert "Lena Berg, dotter" in await html(worker, row)
    await say(worker, row, "contact_person", "no_answer")
    page = await html(worker, row)
    assert "Någon åker dit" in page
    assert "Anna L. är skickad dit." in page, "nobody leads at work: the nearest is sent"
    assert (await the_case(site)).step is Step.CHECK_VISIT


async def test_sent_from_the_guide(site: Site, worker: Browser, row: PlannedContact, anna: Staff) -> None:
    """The one who is chosen has the visit; somebody who is not at work cannot be chosen."""
    await say(worker, row, "ring", "wrong")
    address = f"/kontakt/{row.id}/inget-svar"
    answer = await worker.post(address, data={"do": "send", "to": str(anna.id)}, allow_redirects=False)
    assert answer.status == 303
    assert "Anna L. är skickad dit." in await html(worker, row)
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        visit = (
            await session.scalars(select(PlannedContact).where(PlannedContact.replaces_id == row.id))
        ).one()
    assert visit.owner_id == anna.id
    answer = await worker.post(address, data={"do": "send", "to": str(bo.id)}, allow_redirects=False)
    assert answer.status == 422


async def test_who_drives_is_chosen_while_others_are_rung(
    site: Site, worker: Browser, row: PlannedContact, ingrid: Client
) -> None:
    """High risk: the visit is made at ten minutes, and is given to somebody at the step that is now."""
    async with site.database.write() as session:
        (await session.get_one(Client, ingrid.id)).risk = Risk.HIGH
        await make_staff(session, site.town, "Karin", "Holm", title=Title.COORDINATOR)
    await say(worker, row, "ring", "no_answer")
    await say(worker, row, "ring_again", "no_answer")
    assert "Skicka Anna L." not in await html(worker, row)
    site.clock.move(timedelta(minutes=11))
    await no_answer(site.database, site.clock)
    page = await html(worker, row)
    assert (await the_case(site)).step is Step.PHONE
    assert "Ingen är vald än." in page
    assert "Skicka Anna L." in page


async def test_answered_by_telephone_and_why(site: Site, worker: Browser, row: PlannedContact) -> None:
    await say(worker, row, "ring", "no_answer")
    await say(worker, row, "ring_again", "no_answer")
    assert await say(worker, row, "phone", "answered") == 303
    assert (await fresh(site, row)).status is Status.DONE_PHONE
    assert "Hörde inte" in await html(worker, row)
    tasks = await (await worker.get("/behover")).text()
    assert "Säg varför" in tasks
    await worker.post(f"/kontakt/{row.id}/inget-svar", data={"do": "why", "why": "did_not_hear"})
    assert (await the_case(site)).why is WhyNoAnswer.DID_NOT_HEAR
    assert "Säg varför" not in await (await worker.get("/behover")).text()


async def test_somebody_was_faster(worker: Browser, row: PlannedContact) -> None:
    await say(worker, row, "ring", "no_answer")
    assert await say(worker, row, "ring", "no_answer") == 409


async def test_what_cannot_come_of_a_step_is_refused(worker: Browser, row: PlannedContact) -> None:
    assert await say(worker, row, "ring", "inside_ok") == 409
    assert await say(worker, row, "ring", "gone fishing") == 422


async def test_a_social_call_becomes_a_visit_by_day_and_by_night_the_next_morning(
    site: Site, ingrid: Client, anna: Staff
) -> None:
    """In the evening there is no "i dag" to choose, and none is made."""
    for wall, day, expected in (
        ("2026-12-01 14:30", "today", "2026-12-01 14:47"),
        ("2026-12-01 21:30", "today", "2026-12-02 09:00"),
    ):
        start = moment(wall)
        site.clock.set(start + timedelta(minutes=2))
        boss = await site.signed_in(f"karin{start:%H}", Role.COORDINATOR)
        async with site.database.write() as session:
            social = await make_contact(
                session, ingrid, site.town.services["SO-SAM"], start, channel=Channel.VIDEO, staff=[anna],
                status=Status.DUE, deadline=start + timedelta(minutes=10),
            )  # fmt: skip
        for step in ("ring", "ring_again", "phone"):
            await say(boss, social, step, "no_answer")
        page = await html(boss, social)
        assert ("I dag" in page) is ("14" in wall)
        assert await say(boss, social, "decide", "visit", day=day) == 303
        async with site.database.read() as session:
            visit = (
                await session.scalars(select(PlannedContact).where(PlannedContact.replaces_id == social.id))
            ).one()
        assert visit.start == moment(expected)
        assert (await fresh(site, social)).status is Status.REPLACED


async def test_the_door_that_nobody_opens(site: Site, worker: Browser, ingrid: Client, anna: Staff) -> None:
    """What to do in order, 112, and the manager has it until somebody is inside."""
    site.clock.set(datetime(2026, 12, 1, 8, 2))
    async with site.database.write() as session:
        manager = await make_staff(session, site.town, "Maj", "Dahl", title=Title.UNIT_MANAGER)
        await make_shift(session, manager)
        visit = await make_contact(
            session, ingrid, site.town.services["PV-MOR"], EIGHT, staff=[anna], status=Status.DUE,
            deadline=EIGHT + timedelta(minutes=40),
        )  # fmt: skip
    page = await html(worker, visit)
    for text in ("tel:112", "tillsammans med en kollega", "Nyckel"):
        assert text in page
    await say(worker, visit, "on_site", "no_answer")
    assert (await fresh(site, visit)).owner_id == manager.id
    await say(worker, visit, "on_site", "inside_ok")
    assert (await fresh(site, visit)).status is Status.UNDERWAY


async def test_a_protected_identity_has_no_numbers_in_the_guide(
    site: Site, worker: Browser, row: PlannedContact, ingrid: Client, anna: Staff
) -> None:
    async with site.database.write() as session:
        client = await session.get_one(Client, ingrid.id)
        client.protection = Protection.ASSUMED_IDENTITY
        client.named_care_worker_id = anna.id
    for step in ("ring", "ring_again", "phone", "neighbours"):
        page = await html(worker, row)
        assert "0701740658" not in page
        assert "Lena Berg" not in page
        await say(worker, row, step, "no_answer")
    assert "Lena Berg" not in await html(worker, row)


async def test_a_row_that_has_not_begun_or_has_ended_begins_no_case(
    site: Site, worker: Browser, row: PlannedContact
) -> None:
    site.clock.set(datetime(2026, 12, 1, 7, 30))
    assert await say(worker, row, "ring", "no_answer") == 409
    site.clock.set(datetime(2026, 12, 1, 8, 2))
    async with site.database.write() as session:
        (await session.get_one(PlannedContact, row.id)).status = Status.DONE
    assert await say(worker, row, "ring", "no_answer") == 409
    async with site.database.read() as session:
        assert await session.scalar(select(NoAnswerCase.id)) is None


async def test_another_group_sees_nothing_of_it(site: Site, row: PlannedContact, kalarne: Group) -> None:
    stranger = await site.signed_in("eva", Role.COORDINATOR, group_id=kalarne.id)
    await html(stranger, row, 404)
    assert await say(stranger, row, "ring", "no_answer") == 404


async def test_the_queue_says_the_step_and_leads_there(
    site: Site, boss: Browser, worker: Browser, row: PlannedContact
) -> None:
    """A coordinator sees what is to be done now, and gets there with one tap."""
    await say(worker, row, "ring", "no_answer")
    await no_answer(site.database, site.clock)
    page = await (await boss.get("/behover")).text()
    assert "Nu: Ring en gång till" in page
    assert f"/kontakt/{row.id}/inget-svar" in page


async def test_the_plan_of_a_client(
    site: Site, boss: Browser, ingrid: Client, row: PlannedContact, worker: Browser
) -> None:
    """Risk, own minutes and a word of advice; what somebody else wrote meanwhile is not overwritten."""
    page = await (await boss.get(f"/brukare/{ingrid.id}/inget-svar")).text()
    assert "När Ingrid inte svarar" in page
    assert "utan svar de senaste två veckorna" not in page, "it has not happened"
    seen = page.split('name="seen" value="')[1].split('"')[0]
    data = {"seen": seen, "risk": "high", "ring_again": "2", "phone": "4", "advice": "Ofta på balkongen."}
    answer = await boss.post(f"/brukare/{ingrid.id}/inget-svar", data=data, allow_redirects=False)
    assert answer.status == 303
    async with site.database.read() as session:
        plan = (await session.scalars(select(NoAnswerPlan))).one()
        assert plan.minutes == {"ring_again": 2, "phone": 4}
        assert (await session.get_one(Client, ingrid.id)).risk is Risk.HIGH
    assert "Ofta på balkongen." in await html(worker, row)
    await say(worker, row, "ring", "no_answer")
    assert (await the_case(site)).level is Risk.HIGH
    assert (await boss.post(f"/brukare/{ingrid.id}/inget-svar", data=data)).status == 409


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "1"), ("check_visit", "500"), ("neighbours", "strax")],
    ids=["order", "late", "word"],
)  # fmt: skip
async def test_minutes_that_make_no_sense(boss: Browser, ingrid: Client, field: str, value: str) -> None:
    page = await (await boss.get(f"/brukare/{ingrid.id}/inget-svar")).text()
    seen = page.split('name="seen" value="')[1].split('"')[0]
    data = {"seen": seen, "risk": "normal", "ring_again": "5", field: value}
    answer = await boss.post(f"/brukare/{ingrid.id}/inget-svar", data=data, allow_redirects=False)
    assert answer.status == 422


async def test_whom_to_ring_first(site: Site, boss: Browser, ingrid: Client, row: PlannedContact) -> None:
    """One tap puts somebody first; somebody else's contact person cannot be."""
    assert row.client_id == ingrid.id
    async with site.database.write() as session:
        per = ContactPerson(
            id=new_id(), client_id=ingrid.id, name="Per Berg", relation="son", phone="1", rank=1
        )
        session.add(per)
    address = f"/brukare/{ingrid.id}/kontaktperson"
    assert (await boss.post(address, data={"person": str(per.id)}, allow_redirects=False)).status == 303
    page = await (await boss.get(f"/brukare/{ingrid.id}/inget-svar")).text()
    assert page.index("Per Berg") < page.index("Lena Berg")
    assert (await boss.post(address, data={"person": str(new_id())}, allow_redirects=False)).status == 404


async def test_a_worker_does_not_change_the_plan(worker: Browser, ingrid: Client) -> None:
    assert (await worker.get(f"/brukare/{ingrid.id}/inget-svar")).status == 403


async def test_it_is_answered_when_somebody_is_on_the_way(
    site: Site, worker: Browser, row: PlannedContact
) -> None:
    """The visit is called off, and the guide asks why."""
    for step in ("ring", "ring_again", "phone", "neighbours", "contact_person"):
        await say(worker, row, step, "no_answer")
    assert await say(worker, row, "check_visit", "answered") == 303
    async with site.database.read() as session:
        visit = (
            await session.scalars(select(PlannedContact).where(PlannedContact.replaces_id == row.id))
        ).one()
    assert visit.status is Status.CANCELLED
    assert "Varför blev det inget svar?" in await html(worker, row)
    assert (await worker.get(f"/kontakt/{visit.id}")).status == 200
