"""The retention page: one draws the list up, another approves it, then it is done; all of it is logged."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Role
from care.clients import CareScope, Client
from care.contacts.contact import PlannedContact
from care.retention.run import RetentionRun, RunState
from server.pages.follow_up.retention import CARRYING
from tests.builders import make_client, make_contact, make_staff
from tests.server.conftest import Browser, Site


async def ended_long_ago(site: Site) -> None:
    """Somebody whose care ended in 2019, and somebody who has it still."""
    async with site.database.write() as session:
        gone = await make_client(
            session, site.town, "Gudrun", "Gammal", birth_date=date(1930, 3, 7), care_scope=CareScope.ENDED
        )
        await make_contact(session, gone, site.town.services["SO-SAM"], "2019-05-02 10:00")
        here = await make_client(session, site.town, birth_date=date(1940, 3, 7))
        await make_contact(session, here, site.town.services["SO-SAM"], "2026-12-01 10:00")


async def the_run(site: Site) -> RetentionRun:
    async with site.database.read() as session:
        return (await session.scalars(select(RetentionRun))).one()


async def press(browser: Browser, path: str) -> int:
    return (await browser.post(path, allow_redirects=False)).status


async def names(site: Site) -> set[str]:
    async with site.database.read() as session:
        return set(await session.scalars(select(Client.first_name)))


async def test_two_people_and_then_it_is_done(site: Site) -> None:
    """The first cannot approve her own list; after the second word the file is gone. Both are logged."""
    await ended_long_ago(site)
    first = await site.signed_in("ada", Role.ADMINISTRATOR)
    second = await site.signed_in("bo", Role.UNIT_MANAGER)
    page = await (await first.get("/gallring")).text()
    assert re.search(r"Hela akter som raderas</span><strong class=\"num\">1<", page)
    assert "Gudrun" not in page
    assert await press(first, "/gallring") == 303
    run = await the_run(site)
    assert await press(first, "/gallring") == 409, "one list at a time"
    assert await press(first, f"/gallring/{run.id}/godkann") == 409
    assert "Någon annan än du behöver godkänna" in await (await first.get("/gallring")).text()
    assert await names(site) == {"Gudrun", "Ingrid"}
    assert await press(second, f"/gallring/{run.id}/godkann") == 303
    await site.app[CARRYING].settled()
    assert await names(site) == {"Ingrid"}
    run = await the_run(site)
    assert (run.state, run.result["erased"], run.result["skipped"]) == (RunState.DONE, 1, 0)
    page = await (await second.get("/gallring")).text()
    assert "Framtagen av Ada." in page
    assert "Godkänd av Bo." in page
    assert "Raderade personer: 1" in page
    async with site.database.read() as session:
        left = (await session.scalars(select(PlannedContact.planned_date))).all()
        things = set(await session.scalars(select(AccessLog.thing).where(AccessLog.purpose == "retention")))
    assert left == [date(2026, 12, 1)]
    assert {f"retention:{run.id}:proposed", f"retention:{run.id}:approved"} <= things


async def test_a_list_can_be_taken_back(site: Site) -> None:
    """It cannot be approved after that, and a new one can be drawn up."""
    await ended_long_ago(site)
    first = await site.signed_in("ada", Role.ADMINISTRATOR)
    second = await site.signed_in("bo", Role.ADMINISTRATOR)
    await press(first, "/gallring")
    run = await the_run(site)
    assert await press(second, f"/gallring/{run.id}/aterta") == 303
    assert await press(second, f"/gallring/{run.id}/godkann") == 409
    assert await press(second, f"/gallring/{run.id}/fortsatt") == 303
    assert (await the_run(site)).state is RunState.WITHDRAWN
    assert await names(site) == {"Gudrun", "Ingrid"}
    assert await press(first, "/gallring") == 303


async def test_nothing_to_erase_is_no_list(site: Site) -> None:
    """And the page says so."""
    first = await site.signed_in("ada", Role.ADMINISTRATOR)
    assert "Inget är gammalt nog" in await (await first.get("/gallring")).text()
    assert await press(first, "/gallring") == 409


@pytest.mark.parametrize("role", [Role.CARE_WORKER, Role.COORDINATOR, Role.NEEDS_ASSESSOR])
async def test_others_may_not(site: Site, role: Role) -> None:
    """Neither look nor press."""
    browser = await site.signed_in("eva", role)
    assert (await browser.get("/gallring")).status == 403
    assert await press(browser, "/gallring") == 403


async def test_a_second_account_is_no_second_person(site: Site) -> None:
    """Whoever drew the list up cannot approve it from another account of hers, and is not offered to."""
    await ended_long_ago(site)
    async with site.database.write() as session:
        ada = await make_staff(session, site.town, "Ada", "Alm")
    first = await site.signed_in("ada", Role.ADMINISTRATOR, staff_id=ada.id)
    other = await site.signed_in("ada2", Role.UNIT_MANAGER, staff_id=ada.id)
    assert await press(first, "/gallring") == 303
    run = await the_run(site)
    assert f"/gallring/{run.id}/godkann" not in await (await other.get("/gallring")).text()
    assert await press(other, f"/gallring/{run.id}/godkann") == 409
    assert (await the_run(site)).state is RunState.PROPOSED
    assert "Gudrun" in await names(site)
