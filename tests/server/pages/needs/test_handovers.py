"""Min dag at the end of work: to whom what goes, with a word on the way; and "Jag tar över" for the other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import Protection
from care.handovers import HandOver, HandOverState
from care.ids import new_id
from care.staff import ShiftKind, Staff
from care.tasks import Task, TaskKind, open_task
from scheduler.ticks.hand_over_watch import hand_over_watch
from tests.builders import make_client, make_shift, make_staff
from tests.server.conftest import Browser, Site


@pytest.fixture
async def erik(site: Site, anna: Staff) -> Staff:
    """In the evening; Anna has a task left at twenty to four."""
    site.clock.set(datetime(2026, 12, 1, 15, 40))
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Erik", "Berg")
        await make_shift(session, staff, start="15:30", end="22:00", kind=ShiftKind.EVENING)
        await open_task(
            session, TaskKind.FOLLOW_UP, group_id=site.town.group.id, at=site.clock.now(), owner_id=anna.id,
            client_id=(await make_client(session, site.town)).id,
            deadline=site.clock.now() + timedelta(hours=1),
        )  # fmt: skip
    await hand_over_watch(site.database, site.clock)
    return staff


async def stored(site: Site) -> HandOver:
    async with site.database.read() as session:
        return (await session.scalars(select(HandOver))).one()


async def test_a_word_goes_along_and_the_receiver_takes_it(site: Site, erik: Staff, worker: Browser) -> None:
    one = await stored(site)
    html = await (await worker.get("/min-dag")).text()
    assert "Du lämnar över 1 ärende till Erik (kväll)" in html
    note = {"do": "notes", f"note-{one.id}": "Ring dottern först <b>"}
    assert (await worker.post("/min-dag/overlamning", data=note, allow_redirects=False)).status == 303
    evening = await site.signed_in("erik", Role.CARE_WORKER, staff_id=erik.id)
    html = await (await evening.get("/min-dag")).text()
    assert "Anna lämnar över 1 ärende till dig" in html
    assert "Ingrid B." in html
    assert "Ring dottern först &lt;b&gt;" in html
    assert "Du lämnar över" not in html
    take = {"do": "take", "from": str(one.from_id)}
    assert (await evening.post("/min-dag/overlamning", data=take, allow_redirects=False)).status == 303
    async with site.database.read() as session:
        assert (await session.scalars(select(Task.owner_id))).one() == erik.id
    assert "Erik tar över" in await (await worker.get("/min-dag")).text()
    assert "lämnar över" not in await (await evening.get("/min-dag")).text()


async def test_nobody_writes_on_or_takes_what_is_not_theirs(site: Site, erik: Staff, worker: Browser) -> None:
    """Another's note stays as it was, and a yes of somebody who was not named is none."""
    one = await stored(site)
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
    other = await site.signed_in("bo", Role.CARE_WORKER, staff_id=bo.id)
    await other.post("/min-dag/overlamning", data={"do": "notes", f"note-{one.id}": "Hej"})
    await other.post("/min-dag/overlamning", data={"do": "take", "from": str(one.from_id)})
    found = await stored(site)
    assert (found.note, found.state) == (None, HandOverState.OFFERED)


async def test_a_name_that_the_reader_may_not_see_is_not_shown(site: Site, erik: Staff) -> None:
    async with site.database.write() as session:
        client = await make_client(
            session, site.town, "Hemlig", "Person", protection=Protection.PROTECTED_REGISTRATION
        )
        one = (await session.scalars(select(HandOver))).one()
        one.client_id, one.note = client.id, "Hemlig vill bli ringd"
    evening = await site.signed_in("erik", Role.CARE_WORKER, staff_id=erik.id)
    html = await (await evening.get("/min-dag")).text()
    assert "Skyddade uppgifter" in html
    assert "Hemlig" not in html


@pytest.mark.parametrize("data", [{}, {"do": "x"}, {"do": "take"}, {"do": "take", "from": "x"}], ids=range(4))
async def test_odd_forms_are_refused(site: Site, erik: Staff, worker: Browser, data: dict[str, str]) -> None:
    assert (await worker.post("/min-dag/overlamning", data=data)).status == 422


async def test_who_is_no_staff_has_none(site: Site, erik: Staff) -> None:
    browser = await site.signed_in("chef", Role.UNIT_MANAGER)
    data = {"do": "take", "from": str(new_id())}
    assert (await browser.post("/min-dag/overlamning", data=data)).status == 404
