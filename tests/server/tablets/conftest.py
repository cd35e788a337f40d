"""``home``: Ingrid in Bräcke, Anna who helps her, and the tablet in her kitchen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from care.clients import Client
from care.clock import StandingClock
from care.devices import Device
from care.staff import Staff
from care.storage.database import Database
from tests.builders import Town, make_client, make_staff, make_tablet, make_town


@dataclass
class Home:
    database: Database
    clock: StandingClock
    town: Town
    anna: Staff
    ingrid: Client
    tablet: Device


@pytest.fixture
async def home(database: Database, clock: StandingClock) -> Home:
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town, "Anna", portrait="worker-003")
        ingrid = await make_client(session, town, "Ingrid")
        tablet = await make_tablet(session, ingrid, last_seen_at=clock.now())
    return Home(database, clock, town, anna, ingrid, tablet)
