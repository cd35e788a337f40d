"""Away and home again: what lies between is cancelled, and what has not been yet comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care.absence import absences_of, come_home, leave
from care.clients import AbsenceKind, Client
from care.clock import StandingClock
from care.contacts.cause import Cause
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand
from care.errors import Fault
from care.storage.database import Database
from tests.builders import make_client, make_contact, make_town, moment

HAND = Hand("tests")


async def a_home(database: Database, *starts: str) -> tuple[Client, list[PlannedContact]]:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        service = town.services["TI-DAG"]
        return client, [await make_contact(session, client, service, start) for start in starts]


async def statuses(database: Database, rows: list[PlannedContact]) -> list[str]:
    async with database.read() as session:
        found = [await session.get_one(PlannedContact, row.id) for row in rows]
    return [f"{row.status.value}:{row.cause or ''}" for row in found]


async def test_two_absences_that_overlap_both_hold(database: Database, clock: StandingClock) -> None:
    """Home from one while the other lasts brings nothing back that the other still covers."""
    client, rows = await a_home(database, "2026-12-02 10:00", "2026-12-04 10:00")
    async with database.write() as session:
        until = moment("2026-12-05 00:00")
        first, count = await leave(
            session, client, AbsenceKind.HOSPITAL, clock.now(), until, at=clock.now(), hand=HAND
        )
        assert count == 2
        await leave(
            session, client, AbsenceKind.RELIEF, moment("2026-12-04 00:00"), None, at=clock.now(), hand=HAND
        )
        assert len(await absences_of(session, client, clock.now())) == 2
    clock.move(timedelta(hours=1))
    async with database.write() as session:
        absence = await session.merge(first)
        assert await come_home(session, client, absence, at=clock.now(), hand=HAND) == 1
    assert await statuses(database, rows) == ["planned:", f"cancelled:{Cause.CLIENT_AWAY}"]


async def test_rows_cancelled_for_other_reasons_stay_cancelled(
    database: Database, clock: StandingClock
) -> None:
    """Coming home brings back only what the absence took."""
    client, rows = await a_home(database, "2026-12-02 10:00", "2026-12-03 10:00")
    async with database.write() as session:
        row = await session.get_one(PlannedContact, rows[0].id)
        row.status, row.cause = Status.CANCELLED, "rule_ended"
    async with database.write() as session:
        absence, count = await leave(
            session, client, AbsenceKind.TRAVEL, clock.now(), None, at=clock.now(), hand=HAND
        )
        assert count == 1
        await come_home(session, client, absence, at=clock.now(), hand=HAND)
    assert await statuses(database, rows) == ["cancelled:rule_ended", "planned:"]


async def test_an_absence_that_is_over_is_refused(database: Database, clock: StandingClock) -> None:
    client, rows = await a_home(database, "2026-11-30 10:00")
    with pytest.raises(Fault, match=r"absence\.times"):
        async with database.write() as session:
            await leave(
                session, client, AbsenceKind.TRAVEL, moment("2026-11-29 00:00"), clock.now(),
                at=clock.now(), hand=HAND,
            )  # fmt: skip
    assert await statuses(database, rows) == ["planned:"]
