"""The gate: every role against every action, help across groups, and the log of it all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from aiohttp import web
from sqlalchemy import update

from care.access.rights import RIGHTS, Action, Relation, relations
from care.accounts import Role
from care.clients import Client, Protection
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.ids import read_id
from care.localtime import to_instant
from care.staff import ShiftKind, Staff
from server.keys import DATABASE
from server.security.gate import allow, right
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_group,
    make_known,
    make_shift,
    make_staff,
)
from tests.server.conftest import Browser, Site, sign_in


def probe(action: Action) -> web.RouteDef:
    """A route for `action` that answers with the relation found."""

    @right(action)
    async def opened(request: web.Request) -> web.StreamResponse:
        async with request.app[DATABASE].read() as session:
            client = contact = None
            if known := read_id(request.query.get("client", "")):
                client = await session.get_one(Client, known)
            if known := read_id(request.query.get("contact", "")):
                contact = await session.get_one(PlannedContact, known)
            group = read_id(request.query.get("group", ""))
            relation = await allow(request, session, action, client=client, contact=contact, group=group)
        return web.Response(text=relation.value)

    return web.get(f"/prov/{action.value}", opened, name=f"probe_{action.name.lower()}")


@pytest.fixture
def more_routes() -> web.RouteTableDef:
    routes = web.RouteTableDef()
    routes._items.extend(probe(action) for action in Action)
    return routes


async def ask(browser: Browser, action: Action, **what: UUID) -> tuple[int, str]:
    answer = await browser.get(
        f"/prov/{action.value}",
        params={name: str(value) for name, value in what.items()},
        allow_redirects=False,
    )
    return answer.status, await answer.text() if answer.status == 200 else ""


@pytest.mark.parametrize("role", list(Role))
async def test_every_action_of_a_role(site: Site, role: Role) -> None:
    """A role does what the table says, where the table says, and nothing else."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        own = await make_client(session, site.town)
        other = await make_client(session, Town(site.town.municipality, elsewhere, {}), "Nils")
        staff = await make_staff(session, site.town)
    browser = await site.signed_in("anna", role, staff_id=staff.id)
    for action in Action:
        held = relations(action, role)
        in_group = bool(held & {Relation.EVERYWHERE, Relation.OWN_GROUP})
        everywhere = Relation.EVERYWHERE in held
        alone = bool(held & {Relation.EVERYWHERE, Relation.SELF})
        expected = {
            "own client": in_group,
            "other client": everywhere,
            "own group": in_group,
            "other group": everywhere,
            "nobody": alone,
        }
        got = {
            "own client": await ask(browser, action, client=own.id),
            "other client": await ask(browser, action, client=other.id),
            "own group": await ask(browser, action, group=site.town.group.id),
            "other group": await ask(browser, action, group=elsewhere.id),
            "nobody": await ask(browser, action),
        }
        refusal = 404 if held else 403
        statuses = {name: status for name, (status, _) in got.items()}
        assert statuses == {name: 200 if yes else refusal for name, yes in expected.items()}, action


async def test_nobody_signed_in(site: Site) -> None:
    """Without sign-in every action leads to the sign-in page, and nothing is opened."""
    browser = await site.browser()
    for action in Action:
        answer = await browser.get(f"/prov/{action.value}", allow_redirects=False)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/logga-in")
    assert await site.log() == []


def test_what_is_not_in_the_table_is_denied() -> None:
    """Every action stands in the table; a guest has the one call of the invitation and nothing else."""
    assert set(RIGHTS) == set(Action)
    given = {action: relations(action, Role.GUEST) for action in Action}
    assert {action: found for action, found in given.items() if found} == {
        Action.GUEST_JOIN: frozenset({Relation.OWN_INVITATION})
    }


async def test_another_groups_client_does_not_exist(site: Site) -> None:
    """404 as for an id that nobody has, and the refusal stands in the log with whose data it was."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        other = await make_client(session, Town(site.town.municipality, elsewhere, {}), "Nils")
    browser = await site.signed_in("anna", Role.COORDINATOR)
    assert (await ask(browser, Action.CLIENT_READ, client=other.id))[0] == 404
    row = (await site.log())[-1]
    assert (row.client_id, row.group_id, row.allowed, row.relation) == (other.id, elsewhere.id, False, "none")
    assert (row.action, row.role, row.where) == ("client.read", "coordinator", "probe_client_read")
    assert row.address == "127.0.0.1"


async def away(site: Site) -> tuple[Staff, Client]:
    """A worker of the town's group and a client of another group."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        client = await make_client(session, Town(site.town.municipality, elsewhere, {}), "Nils")
    return staff, client


async def test_a_row_opens_its_client_from_shift_start_to_two_hours_after(site: Site) -> None:
    """Help across groups works on the day, and the door closes by itself."""
    staff, client = await away(site)
    async with site.database.write() as session:
        await make_shift(session, staff, "2026-12-01", "07:00", "16:00")
        row = await make_contact(
            session, client, site.town.services["TI-DAG"], "2026-12-01 10:00", staff=[staff], window=30
        )
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    for wall, status in (("06:59", 404), ("07:00", 200), ("10:00", 200), ("12:30", 200), ("12:31", 404)):
        site.clock.set(datetime.fromisoformat(f"2026-12-01 {wall}"))
        await fresh(browser)
        for what in ({"client": client.id}, {"contact": row.id}):
            assert (await ask(browser, Action.CLIENT_READ, **what))[0] == status, (wall, what)
    allowed = [one.relation for one in await site.log() if one.allowed]
    assert allowed == ["assigned"] * 6


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.REPLACED])
async def test_a_row_that_is_off_opens_nothing(site: Site, status: Status) -> None:
    """Somebody who was going to come but is not has no reason to look."""
    staff, client = await away(site)
    async with site.database.write() as session:
        await make_shift(session, staff)
        row = await make_contact(
            session, client, site.town.services["TI-DAG"], "2026-12-01 10:00", staff=[staff]
        )
        await session.execute(update(PlannedContact).where(PlannedContact.id == row.id).values(status=status))
    site.clock.set(datetime.fromisoformat("2026-12-01 10:00"))
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    assert (await ask(browser, Action.CLIENT_READ, client=client.id)) == (404, "")


async def test_a_row_opens_reading_and_work_but_not_the_record(site: Site) -> None:
    """An assigned worker may read, ring and receipt; not list the group or change consent."""
    staff, client = await away(site)
    async with site.database.write() as session:
        await make_shift(session, staff)
        await make_contact(session, client, site.town.services["TI-DAG"], "2026-12-01 10:00", staff=[staff])
    site.clock.set(datetime.fromisoformat("2026-12-01 10:00"))
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    for action in (Action.CLIENT_READ, Action.CONTACT_PERFORM, Action.CALL_MAKE):
        assert (await ask(browser, action, client=client.id))[0] == 200
    for action in (Action.CONSENT_CHANGE, Action.CLIENT_LIST, Action.DEVICE_CHANGE):
        assert (await ask(browser, action, client=client.id))[0] == 404


async def test_known_staff_reach_their_client_in_another_group(site: Site) -> None:
    """Who is named or known to the client keeps the relation when the client moves."""
    staff, client = await away(site)
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    assert (await ask(browser, Action.CLIENT_READ, client=client.id)) == (404, "")
    async with site.database.write() as session:
        await make_known(session, await session.get_one(Client, client.id), staff)
    assert await ask(browser, Action.CLIENT_READ, client=client.id) == (200, "own_client")


async def test_night_staff_only_at_night(site: Site) -> None:
    """The night patrol serves everybody while its shift runs."""
    staff, client = await away(site)
    async with site.database.write() as session:
        patrol = await make_group(session, site.town.municipality, "Natt", is_night_patrol=True)
        await make_shift(
            session, staff, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT, group_id=patrol.id
        )
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    for moment, status in (
        ("2026-12-01 21:00", 404),
        ("2026-12-01 21:15", 200),
        ("2026-12-02 03:00", 200),
        ("2026-12-02 07:16", 404),
    ):
        site.clock.set(to_instant(datetime.fromisoformat(moment)))
        await fresh(browser)
        assert (await ask(browser, Action.CLIENT_READ, client=client.id))[0] == status, moment


async def test_a_night_shift_of_a_group_is_for_that_group(site: Site) -> None:
    """A roster read in for one's own group does not open the whole municipality, however late it is."""
    staff, client = await away(site)
    async with site.database.write() as session:
        await make_shift(session, staff, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT)
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    site.clock.set(datetime(2026, 12, 2, 3, 0))
    await fresh(browser)
    assert (await ask(browser, Action.CLIENT_READ, client=client.id)) == (404, "")


async def fresh(browser: Browser) -> None:
    """Sign in again where the session may have ended in the meantime."""
    assert (await sign_in(browser, "anna")).status == 303


async def test_protected_identity_is_for_named_staff(site: Site) -> None:
    """A worker of the same group who does not know the client is refused."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        client = await make_client(session, site.town, protection=Protection.PROTECTED_REGISTRATION)
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=staff.id)
    named = (Action.CLIENT_READ, Action.DEVICE_CHANGE, Action.CONSENT_CHANGE)
    for action in named:
        assert (await ask(browser, action, client=client.id)) == (404, "")
    async with site.database.write() as session:
        await make_known(session, await session.get_one(Client, client.id), staff)
    for action in named:
        assert (await ask(browser, action, client=client.id))[0] == 200
    assert (await ask(browser, Action.CLIENT_CHANGE, client=client.id))[0] == 403


async def test_one_row_a_page_and_client(site: Site) -> None:
    """What a page opens twice is logged once; what two pages open is logged twice."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
    browser = await site.signed_in("anna", Role.COORDINATOR)
    for _ in range(2):
        await ask(browser, Action.CLIENT_READ, client=client.id)
    assert [row.client_id for row in await site.log()] == [client.id, client.id]


async def test_nothing_is_shown_when_it_cannot_be_logged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is written before the answer leaves: no log, no data."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
    browser = await site.signed_in("anna", Role.COORDINATOR)

    def broken() -> None:
        raise OSError("disk full")

    monkeypatch.setattr(site.database, "write", broken)
    status, text = await ask(browser, Action.CLIENT_READ, client=client.id)
    assert status == 500
    assert "own_group" not in text
