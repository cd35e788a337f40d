"""An hourly substitute has the clients of their own rows, and no list of the group's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care.access.rights import RIGHTS, Action, Relation, relations
from care.accounts import Role
from care.contacts.contact import PlannedContact
from care.staff import Staff
from tests.builders import make_client, make_contact, make_shift, make_staff
from tests.server.conftest import Browser, Site


@pytest.mark.parametrize("role", list(Role))
def test_only_the_group_is_taken_from_a_substitute(role: Role) -> None:
    """Every other relation stays, and other roles than the care worker's are whole."""
    for action in Action:
        whole, left = relations(action, role), relations(action, role, substitute=True)
        assert left <= whole
        if role is not Role.CARE_WORKER or action is Action.CHECKIN_READ:
            assert left == whole
        else:
            assert whole - left <= {Relation.OWN_GROUP}
            assert Relation.OWN_GROUP not in left
    assert RIGHTS[Action.CLIENT_READ][Role.CARE_WORKER] >= {Relation.OWN_GROUP, Relation.ASSIGNED}


@pytest.fixture
async def anna(site: Site) -> Staff:
    """Of the same group, employed."""
    async with site.database.write() as session:
        return await make_staff(session, site.town)


@pytest.fixture
async def sam(site: Site) -> Staff:
    """At work from seven to four, by the hour."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Sam", "Ask", is_substitute=True)
        await make_shift(session, staff)
    site.clock.move(timedelta(minutes=30))
    return staff


async def make_row(site: Site, name: str, *staff: Staff) -> PlannedContact:
    async with site.database.write() as session:
        client = await make_client(session, site.town, name, "Berg")
        return await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-12-01 07:30", staff=staff
        )


async def test_own_rows_open_and_those_of_colleagues_do_not_exist(
    site: Site, anna: Staff, sam: Staff
) -> None:
    """In Min dag, on cards and clients' pages; Anna of the same group opens both."""
    own, other = await make_row(site, "Ingrid", sam), await make_row(site, "Gunnar", anna)
    substitute = await site.signed_in("sam", Role.CARE_WORKER, staff_id=sam.id)
    worker = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    day = await (await substitute.get("/min-dag")).text()
    assert "Ingrid" in day
    assert "Gunnar" not in day
    for row, status in ((own, 200), (other, 404)):
        for path in (f"/kontakt/{row.id}", f"/brukare/{row.client_id}"):
            assert (await substitute.get(path)).status == status, path
            assert (await worker.get(path)).status == 200, path
    assert (await substitute.post(f"/kontakt/{other.id}/in", data={"version": "1"})).status == 404
    assert (await substitute.post(f"/kontakt/{own.id}/in", data={"version": "1"})).status == 200


async def test_lists_of_the_group_are_not_offered_nor_given(site: Site, anna: Staff, sam: Staff) -> None:
    """Clients, what needs a person, tablets, planning and the day by the API: 403, and none in the menu."""
    await make_row(site, "Gunnar", anna)
    substitute: Browser = await site.signed_in("sam", Role.CARE_WORKER, staff_id=sam.id)
    menu = await (await substitute.get("/min-dag")).text()
    for path in ("/brukare", "/behover", "/surfplattor", "/planera"):
        assert (await substitute.get(path)).status == 403, path
        assert f'href="{path}"' not in menu
    answer = await substitute.get("/api/v1/contacts")
    assert answer.status == 403
    assert "Gunnar" not in await answer.text()
