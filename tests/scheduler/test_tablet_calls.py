"""A lost tablet's calls become visits with the client told, and calls again when another is put up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from care.clients import Client
from care.clock import StandingClock
from care.consent import Consent
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.step import Hand, alter, fetch, staff_of
from care.devices import Device
from care.notices import Notice
from care.staff import Staff
from care.storage.database import Database
from scheduler.moving import tablet_lost
from scheduler.tablet_calls import tablet_is_back
from tests.builders import make_client, make_contact, make_digital, make_staff, make_tablet, make_town

HAND = Hand("tests")


@pytest.fixture
async def home(database: Database, clock: StandingClock) -> tuple[Client, Staff, list[PlannedContact]]:
    """A call today and one in two days, and a visit; the tablet has been lost and the calls are visits."""
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        client = await make_client(session, town)
        tablet = await make_digital(session, client, clock.now())
        rows = [
            await make_contact(session, client, town.services["SO-SAM"], start, staff=[anna], channel=channel)
            for start, channel in (
                ("2026-12-01 14:30", Channel.VIDEO),
                ("2026-12-03 14:30", Channel.VIDEO),
                ("2026-12-01 10:00", Channel.PHYSICAL),
            )
        ]
        (await session.get_one(Device, tablet.id)).revoked_at = clock.now()
        await session.flush()
        assert await tablet_lost(session, client.id, clock=clock, hand=HAND) == 2
    return client, anna, rows


async def state(database: Database, row: PlannedContact) -> tuple[Channel, int, str | None]:
    async with database.read() as session:
        own = await session.get_one(PlannedContact, row.id)
        return own.channel, len(await staff_of(session, row.id)), own.cause


async def back(database: Database, client: Client, clock: StandingClock, *, tablet: bool = True) -> int:
    async with database.write() as session:
        if tablet:
            await make_tablet(session, client, last_seen_at=clock.now())
        return await tablet_is_back(session, client.id, clock=clock, hand=HAND)


async def test_lost_and_found(
    database: Database, clock: StandingClock, home: tuple[Client, Staff, list[PlannedContact]]
) -> None:
    """Visits that nobody has yet; then calls with the same person, minutes and no cause; told both times."""
    client, anna, (today, later, visit) = home
    for row in (today, later):
        assert await state(database, row) == (Channel.PHYSICAL, 0, "tablet_lost")
    assert await state(database, visit) == (Channel.PHYSICAL, 1, None)
    assert await back(database, client, clock, tablet=False) == 0
    assert await back(database, client, clock) == 2
    for row in (today, later):
        assert await state(database, row) == (Channel.VIDEO, 1, None)
    assert await state(database, visit) == (Channel.PHYSICAL, 1, None)
    async with database.read() as session:
        assert await staff_of(session, today.id) == [anna.id]
        assert (await session.get_one(PlannedContact, today.id)).minutes == today.minutes
        told = list(await session.scalars(select(Notice).where(Notice.contact_id == today.id)))
    assert [one.facts["channel"] for one in sorted(told, key=lambda one: one.id)] == ["physical", "video"]
    assert await back(database, client, clock, tablet=False) == 0


async def test_a_visit_that_somebody_has_taken_stays_one(
    database: Database, clock: StandingClock, home: tuple[Client, Staff, list[PlannedContact]]
) -> None:
    """What a person has decided meanwhile goes first."""
    client, anna, (today, later, _visit) = home
    async with database.write() as session:
        row = await fetch(session, today.id)
        await alter(session, row, at=clock.now(), hand=HAND, staff=[anna.id])
    assert await back(database, client, clock) == 1
    assert await state(database, today) == (Channel.PHYSICAL, 1, "tablet_lost")
    assert (await state(database, later))[0] is Channel.VIDEO


async def test_what_the_rules_no_longer_allow_stays_a_visit(
    database: Database, clock: StandingClock, home: tuple[Client, Staff, list[PlannedContact]]
) -> None:
    client, _anna, _rows = home
    async with database.write() as session:
        await session.execute(update(Consent).values(withdrawn_at=clock.now()))
    assert await back(database, client, clock) == 0


async def test_what_is_past_or_due_is_left_alone(
    database: Database, clock: StandingClock, home: tuple[Client, Staff, list[PlannedContact]]
) -> None:
    client, _anna, (today, _later, _visit) = home
    clock.move(timedelta(hours=9))
    assert await back(database, client, clock) == 1
    assert (await state(database, today))[0] is Channel.PHYSICAL


async def test_who_has_something_else_by_then_is_not_given_it(
    database: Database, clock: StandingClock, home: tuple[Client, Staff, list[PlannedContact]]
) -> None:
    """The call comes back, and lies among those that lack somebody."""
    client, _anna, (today, _later, visit) = home
    async with database.write() as session:
        taken = await session.get_one(PlannedContact, visit.id)
        taken.start = today.start
        await session.flush()
        assert await session.scalar(select(func.count()).select_from(Assignment)) == 1
    assert await back(database, client, clock) == 2
    assert await state(database, today) == (Channel.VIDEO, 0, None)
