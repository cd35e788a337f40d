"""The builders make rows that hold together on both databases."""

from __future__ import annotations

from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.contact import Assignment, ContactLine, PlannedContact
from care.storage.database import Database
from tests.builders import (
    make_account,
    make_client,
    make_contact,
    make_digital,
    make_known,
    make_rule,
    make_shift,
    make_staff,
    make_town,
)


async def test_a_town_with_everything(database: Database, clock: StandingClock) -> None:
    """One of each can be made together and read back with aware instants."""
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        await make_account(session, anna)
        await make_shift(session, anna)
        ingrid = await make_client(session, town)
        await make_digital(session, ingrid, clock.now())
        await make_known(session, ingrid, anna)
        await make_rule(session, ingrid, town.services["SO-SAM"], staff=anna)
        made = await make_contact(session, ingrid, town.services["SO-SAM"], "2026-12-01 14:30", staff=[anna])
    async with database.read() as session:
        row = await session.get_one(PlannedContact, made.id)
        assert row.start.isoformat() == "2026-12-01T13:30:00+00:00"
        assert row.owner_id == anna.id
        lines = await session.scalars(select(ContactLine).where(ContactLine.contact_id == row.id))
        assert [line.goal_type for line in lines] == ["social"]
        staff = await session.scalars(select(Assignment.staff_id).where(Assignment.contact_id == row.id))
        assert list(staff) == [anna.id]


async def test_each_test_gets_a_fresh_database(database: Database) -> None:
    """What another test wrote is not there."""
    async with database.read() as session:
        assert (await session.scalars(select(PlannedContact))).all() == []
