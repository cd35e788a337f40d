"""Min dag: who asked to be rung stands on top for who is to ring, with the number and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from care.accounts import Role
from care.clients import Protection
from care.staff import ShiftKind, Staff, Title
from care.tasks import Task, TaskKind, open_task
from tests.builders import make_client, make_group, make_shift, make_staff
from tests.server.conftest import Browser, Site, sign_in


@pytest.fixture
async def anna(site: Site) -> Staff:
    site.clock.set(datetime(2026, 12, 1, 14, 45))
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        await make_shift(session, staff)
        await make_staff(session, site.town, "Karin", title=Title.COORDINATOR)
    return staff


@pytest.fixture
async def phone(site: Site, anna: Staff) -> Browser:
    return await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)


async def ask(site: Site, owner: Staff, **more: object) -> Task:
    async with site.database.write() as session:
        client = await make_client(session, site.town, **more)  # type: ignore[arg-type]
        made = await open_task(
            session, TaskKind.CALL_REQUEST, group_id=site.town.group.id, at=site.clock.now(),
            deadline=site.clock.now() + timedelta(minutes=15), client_id=client.id, owner_id=owner.id,
        )  # fmt: skip
    assert made is not None
    return made


async def stored(site: Site, task: Task) -> Task:
    async with site.database.read() as session:
        return await session.get_one(Task, task.id)


async def answer(browser: Browser, task: Task, do: str) -> int:
    sent = await browser.post(f"/min-dag/uppringning/{task.id}", data={"do": do}, allow_redirects=False)
    return sent.status


async def test_it_stands_on_top_with_the_number(site: Site, anna: Staff, phone: Browser) -> None:
    """The time that the screen has said; late is said as late."""
    await ask(site, anna)
    html = await (await phone.get("/min-dag")).text()
    for text in ("Ingrid B. vill bli uppringd", 'href="tel:0701740658"', "Ring före 15.00."):
        assert text in html
    site.clock.set(datetime(2026, 12, 1, 15, 5))
    assert "skulle ha blivit uppringd" in await (await phone.get("/min-dag")).text()


async def test_called_closes_it(site: Site, anna: Staff, phone: Browser) -> None:
    task = await ask(site, anna)
    assert await answer(phone, task, "called") == 303
    assert (await stored(site, task)).outcome == "called"
    assert "vill bli uppringd" not in await (await phone.get("/min-dag")).text()
    assert await answer(phone, task, "called") == 409


async def test_no_time_gives_it_to_the_next(site: Site, anna: Staff, phone: Browser) -> None:
    """It is open, somebody else's, and has a quarter of an hour."""
    task = await ask(site, anna)
    assert await answer(phone, task, "hand_on") == 303
    now = await stored(site, task)
    assert now.closed_at is None
    assert now.owner_id not in (None, anna.id)
    assert "vill bli uppringd" not in await (await phone.get("/min-dag")).text()


async def test_the_night_staff_may_answer_for_any_group(site: Site, anna: Staff) -> None:
    """While on the night shift, and not afterwards."""
    async with site.database.write() as session:
        patrol = await make_group(session, site.town.municipality, "Natt", is_night_patrol=True)
        nina = await make_staff(session, site.town, "Nina", group_id=patrol.id)
        await make_shift(session, nina, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT)
    browser = await site.signed_in("nina", Role.CARE_WORKER, staff_id=nina.id, group_id=patrol.id)
    task = await ask(site, nina)
    assert await answer(browser, task, "called") == 404
    site.clock.set(datetime(2026, 12, 1, 23, 0))
    browser = await site.browser()
    await sign_in(browser, "nina")
    assert await answer(browser, task, "called") == 303


async def test_a_protected_identity_has_no_number_in_the_list(
    site: Site, anna: Staff, phone: Browser
) -> None:
    """Its own page has it, for those whom it knows."""
    await ask(site, anna, protection=Protection.CONFIDENTIALITY_MARK, named_care_worker_id=anna.id)
    html = await (await phone.get("/min-dag")).text()
    assert "Ingrid vill bli uppringd" in html
    assert "0701740658" not in html


async def test_other_groups_and_other_tasks_are_not_there(site: Site, anna: Staff, phone: Browser) -> None:
    """Another group's request does not exist; a task of another kind is closed elsewhere."""
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Gällö")
        client = await make_client(session, site.town, group_id=other.id)
        theirs = await open_task(
            session, TaskKind.CALL_REQUEST, group_id=other.id, at=site.clock.now(),
            deadline=site.clock.now(), client_id=client.id,
        )  # fmt: skip
        own = await session.merge(await make_client(session, site.town, "Karl"))
        tablet = await open_task(
            session, TaskKind.TABLET_SILENT, group_id=site.town.group.id, at=site.clock.now(),
            deadline=site.clock.now(), client_id=own.id,
        )  # fmt: skip
    assert theirs is not None
    assert tablet is not None
    assert [await answer(phone, one, "called") for one in (theirs, tablet)] == [404, 404]
    task = await ask(site, anna)
    assert await answer(phone, task, "oväntat") == 422
