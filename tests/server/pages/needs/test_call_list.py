"""The call list: number, what to say, a tick and a note; everything that is ticked is saved, or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from care.accounts import Role
from care.tasks import Task, TaskKind, close_task, open_task
from tests.builders import make_client, make_group, make_staff
from tests.server.conftest import Browser, Site


@pytest.fixture
async def desk(site: Site) -> Browser:
    site.clock.set(datetime(2026, 12, 1, 9, 0))
    async with site.database.write() as session:
        karin = await make_staff(session, site.town, "Karin")
    return await site.signed_in("karin", Role.COORDINATOR, staff_id=karin.id)


async def asked(site: Site, name: str, group_id: UUID | None = None, **more: Any) -> Task:
    async with site.database.write() as session:
        client = await make_client(session, site.town, name, group_id=group_id or site.town.group.id)
        made = await open_task(
            session, TaskKind.CALL_REQUEST, group_id=client.group_id, at=site.clock.now(),
            client_id=client.id, **{"deadline": site.clock.now() + timedelta(minutes=15), **more},
        )  # fmt: skip
    assert made is not None
    return made


async def stored(site: Site, task: Task) -> Task:
    async with site.database.read() as session:
        return await session.get_one(Task, task.id)


async def save(browser: Browser, fields: list[tuple[str, str]]) -> int:
    sent = await browser.post("/behover/ringlista", data=fields, allow_redirects=False)
    return sent.status


async def test_it_says_whom_to_ring_where_and_why(site: Site, desk: Browser) -> None:
    """Nobody waiting is said; a number is one tap."""
    assert "Ingen väntar på att bli uppringd." in await (await desk.get("/behover/ringlista")).text()
    await asked(site, "Ingrid")
    html = await (await desk.get("/behover/ringlista")).text()
    for text in ("Ingrid B.", 'href="tel:0701740658"', "Bad om det på skärmen kl. 09.00.", "senast 09.15"):
        assert text in html
    assert "/behover/ringlista" in await (await desk.get("/behover")).text()


async def test_another_day_is_named_where_a_deadline_lies_on_one(site: Site, desk: Browser) -> None:
    """A clock alone would be read as today's, and tomorrow's 09.00 as already here."""
    await asked(site, "Ingrid", deadline=site.clock.now() + timedelta(days=1))
    for page in ("/behover/ringlista", "/behover"):
        assert "senast ons 2 dec 09.00" in await (await desk.get(page)).text(), page
    await asked(site, "Karl", deadline=site.clock.now() - timedelta(days=1))
    assert "skulle vara klart mån 30 nov 09.00" in await (await desk.get("/behover")).text()


async def test_what_was_passed_on_is_late_and_first(site: Site, desk: Browser) -> None:
    """Its new deadline lies later than another's; what was promised first decides."""
    await asked(site, "Karl", deadline=site.clock.now() + timedelta(minutes=5))
    facts = {"promised": (site.clock.now() - timedelta(minutes=5)).isoformat(), "passed": []}
    await asked(site, "Ingrid", facts=facts)
    html = await (await desk.get("/behover/ringlista")).text()
    assert html.index("Ingrid B.") < html.index("Karl B.")
    assert "skulle vara klart 08.55" in html


async def test_ticks_are_saved_together_with_their_notes(site: Site, desk: Browser) -> None:
    first, second, third = [await asked(site, name) for name in ("Ingrid", "Karl", "Elsa")]
    done = [("done", str(first.id)), ("done", str(second.id)), (f"note-{first.id}", "Mår bra.")]
    assert await save(desk, [*done, (f"note-{third.id}", "inte ringd än")]) == 303
    one, two, three = [await stored(site, task) for task in (first, second, third)]
    assert (one.outcome, one.note, two.outcome, two.note) == ("called", "Mår bra.", "called", None)
    assert (three.closed_at, three.note) == (None, None)


async def test_somebody_elses_change_saves_nothing_and_says_so(site: Site, desk: Browser) -> None:
    """One of the two has been closed meanwhile."""
    first, second = [await asked(site, name) for name in ("Ingrid", "Karl")]
    async with site.database.write() as session:
        await close_task(session, await session.get_one(Task, second.id), "called", at=site.clock.now())
    assert await save(desk, [("done", str(first.id)), ("done", str(second.id))]) == 409
    assert (await stored(site, first)).closed_at is None


async def test_another_groups_and_other_kinds_are_refused(site: Site, desk: Browser) -> None:
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Gällö")
        tablet = await open_task(
            session, TaskKind.TABLET_SILENT, group_id=site.town.group.id, at=site.clock.now(),
            deadline=site.clock.now(),
        )  # fmt: skip
    assert tablet is not None
    theirs = await asked(site, "Stina", other.id)
    assert await save(desk, [("done", str(theirs.id))]) == 404
    assert await save(desk, [("done", str(tablet.id))]) == 422
    assert "Stina" not in await (await desk.get("/behover/ringlista")).text()
