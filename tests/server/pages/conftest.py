"""People and groups that many pages are tested with; a module may have its own by the same name."""

from __future__ import annotations

import pytest

from care.accounts import Role
from care.clients import Client
from care.municipality import Group
from care.staff import Staff
from tests.builders import make_client, make_digital, make_group, make_shift, make_staff
from tests.server.conftest import Browser, Site


@pytest.fixture
async def anna(site: Site) -> Staff:
    """At work from seven to four."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        await make_shift(session, staff)
    return staff


@pytest.fixture
async def browser(site: Site, anna: Staff) -> Browser:
    """Anna's, who has just signed in."""
    return await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)


@pytest.fixture
async def kalarne(site: Site) -> Group:
    """Another group than the town's own."""
    async with site.database.write() as session:
        return await make_group(session, site.town.municipality, "Kälarne")


@pytest.fixture
async def worker(site: Site, anna: Staff) -> Browser:
    """Anna's, by whichever Anna the module has."""
    return await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)


@pytest.fixture
async def boss(site: Site) -> Browser:
    """A coordinator of the group."""
    return await site.signed_in("boss", Role.COORDINATOR)


@pytest.fixture
async def ingrid(site: Site) -> Client:
    """Everything that video needs is there."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        await make_digital(session, client, site.clock.now())
    return client
