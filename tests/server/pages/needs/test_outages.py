""" "Systemet var borta": every contact of that time gets an answer or an owner; nothing leaves by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import Client, Protection
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.devices import Device
from care.ids import new_id
from care.localtime import SWEDEN
from care.staff import Staff
from care.tasks import Task, TaskKind
from scheduler.ticks.device_watch import device_watch
from scheduler.ticks.presence import presence
from tests.builders import make_client, make_contact, make_group, make_shift, make_staff, make_tablet, moment
from tests.server.conftest import Browser, Site

PATH = "/systemet-var-borta"


@pytest.fixture
async def bo(site: Site) -> Staff:
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, staff)
    return staff


@pytest.fixture
async def rows(site: Site, bo: Staff) -> list[PlannedContact]:
    """Two contacts at 06.45 and 06.50; the system was away 06.40 to 07.20."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        made = [
            await make_contact(session, client, site.town.services["TI-DAG"], start, staff=[bo], minutes=15)
            for start in ("2026-12-01 06:45", "2026-12-01 06:50")
        ]
    await presence(site.database, site.clock)
    site.clock.move(timedelta(minutes=40))
    assert await presence(site.database, site.clock) == 1
    return made


@pytest.fixture
async def desk(site: Site, bo: Staff) -> Browser:
    return await site.signed_in("karin", Role.COORDINATOR)


async def the_task(site: Site) -> Task:
    async with site.database.read() as session:
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.SYSTEM_WAS_AWAY))
    return task


async def kept(site: Site, row: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, row.id)


def answers(*given: tuple[PlannedContact, dict[str, str]], to: str = "") -> list[tuple[str, str]]:
    """A form as the page would send it."""
    fields = [("to", to)]
    for row, answer in given:
        fields += [("row", str(row.id)), (f"version-{row.id}", "1")]
        fields += [(f"{name}-{row.id}", value) for name, value in answer.items()]
    return fields


DONE = {"do": "done", "start": "06:47", "end": "07:01"}


async def test_the_task_leads_to_the_page_and_offers_no_easy_way_out(
    site: Site, desk: Browser, rows: list[PlannedContact]
) -> None:
    """In "Behöver en människa" there is no button for it, and none can be made up."""
    html = await (await desk.get("/behover")).text()
    assert "Samtid var borta 06.40–07.20." in html
    assert f'href="{PATH}"' in html
    assert 'value="checked"' not in html
    task = await the_task(site)
    answer = await desk.post(f"/behover/uppgift/{task.id}", data={"do": "close", "outcome": "checked"})
    assert answer.status == 409
    assert "2 kontakter har inte fått något svar än." in await answer.text()
    html = await (await desk.get(PATH)).text()
    for text in ("Bräcke tis 1 dec 06.40–07.20", "2 kontakter saknar svar", "06.45", "Ingrid B.", "Bo E."):
        assert text in html


async def test_what_was_done_keeps_its_own_times_and_is_marked(
    site: Site, desk: Browser, rows: list[PlannedContact]
) -> None:
    """One save for many; what nobody knows goes to a named person; then it can be closed, and only then."""
    first, second = rows
    bo = (await (await desk.get(PATH)).text()).split('">Bo Ek')[0][-36:]
    form = answers((first, {**DONE, "phone": "1"}), (second, {"do": "follow"}), to=bo)
    task = await the_task(site)
    answer = await desk.post(f"{PATH}/{task.id}", data=form, allow_redirects=False)
    assert answer.status == 303
    entered, left = await kept(site, first), await kept(site, second)
    assert (entered.status, entered.entered_late) == (Status.DONE_PHONE, True)
    assert entered.actual_start == moment("2026-12-01 06:47")
    assert entered.actual_end == moment("2026-12-01 07:01")
    assert (left.status, str(left.owner_id)) == (Status.UNKNOWN, bo)
    html = await (await desk.get(PATH)).text()
    assert "inskriven i efterhand" in html
    assert "Följs upp" in html
    assert "Alla kontakter under den tiden har fått svar." in html
    needs = await (await desk.get("/behover")).text()
    assert "Det är okänt om kontakten kl. 06.50 blev av." in needs
    answer = await desk.post(
        f"/behover/uppgift/{task.id}", data={"do": "close", "outcome": "checked"}, allow_redirects=False
    )
    assert answer.status == 303
    assert "genomgånget" in await (await desk.get(PATH)).text()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({**DONE, "end": "06:40"}, "tolv timmar"),
        ({**DONE, "end": "08:00"}, "Tiden har inte varit ännu."),
        ({**DONE, "start": "kvart i"}, "14.30"),
        ({**DONE, "version": "7"}, "Någon annan hann ändra"),
        ({"do": "follow"}, "Fyll i det här fältet."),
        ({"do": "gone"}, "Välj något av det som finns i listan."),
    ],
    ids=["ends-before", "to-come", "no-time", "stale", "no-owner", "no-answer"],
)
async def test_what_is_wrong_stands_at_its_row_and_the_others_are_saved(
    site: Site, desk: Browser, rows: list[PlannedContact], answer: dict[str, str], words: str
) -> None:
    first, second = rows
    task = await the_task(site)
    form = answers((first, answer), (second, {**DONE, "start": "06:50"}))
    if "version" in answer:
        form = [(name, "7" if name == f"version-{first.id}" else value) for name, value in form]
    got = await desk.post(f"{PATH}/{task.id}", data=form)
    html = await got.text()
    assert (got.status, words in html) == (422, True)
    assert "1 kontakt kunde inte sparas. Se vad som står vid den. 1 är sparad." in html
    assert (await kept(site, first)).version == 1
    assert (await kept(site, second)).entered_late


async def test_nobody_of_another_group_is_given_a_row_or_sees_one(
    site: Site, desk: Browser, rows: list[PlannedContact]
) -> None:
    async with site.database.write() as session:
        kalarne = await make_group(session, site.town.municipality, "Kälarne")
        stina = await make_staff(session, site.town, "Stina", group_id=kalarne.id)
        await make_shift(session, stina)
        karin = await make_client(session, site.town, "Karin", group_id=kalarne.id)
        theirs = await make_contact(session, karin, site.town.services["TI-DAG"], "2026-12-01 06:45")
    task = await the_task(site)
    refused = await desk.post(
        f"{PATH}/{task.id}", data=answers((rows[0], {"do": "follow"}), to=str(stina.id))
    )
    assert refused.status == 422
    assert (await desk.post(f"{PATH}/{task.id}", data=answers((theirs, DONE)))).status == 404
    assert (await desk.post(f"{PATH}/{new_id()}", data={})).status == 404
    other = await site.signed_in("gun", Role.COORDINATOR, group_id=kalarne.id)
    assert "Ingrid" not in await (await other.get(PATH)).text()
    assert (await other.post(f"{PATH}/{task.id}", data=answers((rows[0], DONE)))).status == 404
    assert (await kept(site, rows[0])).status is Status.PLANNED


async def test_a_protected_identity_has_no_name_for_strangers(site: Site, rows: list[PlannedContact]) -> None:
    async with site.database.write() as session:
        client = await session.get_one(Client, rows[0].client_id)
        client.protection, client.first_name = Protection.ASSUMED_IDENTITY, "Hemlig"
        stranger = await make_staff(session, site.town, "Siv", "Ek")
    page = await site.signed_in("siv", Role.CARE_WORKER, staff_id=stranger.id)
    html = await (await page.get(PATH)).text()
    assert "Hemlig" not in html
    assert html.count("Skyddade uppgifter") == 2
    assert f"/kontakt/{rows[0].id}" not in html
    assert f'name="row" value="{rows[0].id}"' not in html


async def test_a_tablet_that_was_silent_alone_is_told_beside(site: Site, desk: Browser) -> None:
    """From when to when, with the calls of that time; the system itself was there."""
    await presence(site.database, site.clock)
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        tablet = await make_tablet(session, client, last_seen_at=site.clock.now())
        await make_contact(
            session, client, site.town.services["SO-SAM"], "2026-12-01 06:45", channel=Channel.VIDEO
        )
    since = site.clock.now().astimezone(SWEDEN)
    for _ in range(20):
        site.clock.move(timedelta(minutes=1))
        await presence(site.database, site.clock)
    await device_watch(site.database, site.clock)
    html = await (await desk.get(PATH)).text()
    assert "Samtid har varit igång hela den senaste veckan." in html
    assert "Surfplattor som var tysta" in html
    assert f"tis 1 dec {since:%H.%M}–nu" in html
    assert "06.45" in html
    async with site.database.write() as session:
        device = await session.get_one(Device, tablet.id)
        device.last_seen_at = site.clock.now()
    await device_watch(site.database, site.clock)
    assert (
        f"tis 1 dec {since:%H.%M}–{site.clock.now().astimezone(SWEDEN):%H.%M}"
        in await (await desk.get(PATH)).text()
    )
