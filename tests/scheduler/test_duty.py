"""Who rings and who leads: at work, free, known; the next in turn; protected identities by who knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from care.clients import Client, Protection
from care.clock import StandingClock
from care.staff import ShiftKind, Staff, Title
from care.storage.database import Database
from scheduler.duty import Turn, who_leads, who_rings
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_group,
    make_known,
    make_shift,
    make_staff,
    make_town,
)

QUARTER = timedelta(minutes=15)


@dataclass
class Place:
    database: Database
    clock: StandingClock
    town: Town
    ingrid: Client
    anna: Staff
    bo: Staff
    karin: Staff

    async def ask(self, *passed: Staff) -> Turn:
        async with self.database.read() as session:
            ingrid = await session.get_one(Client, self.ingrid.id)
            return await who_rings(session, ingrid, self.clock, QUARTER, [one.id for one in passed])

    async def name(self, *passed: Staff) -> str | None:
        found = (await self.ask(*passed)).staff
        return found.first_name if found else None


@pytest.fixture
async def place(database: Database, clock: StandingClock) -> Place:
    """A Tuesday at two: Anna, whom Ingrid knows, and Bo are at work; Karin coordinates."""
    clock.set(datetime(2026, 12, 1, 14, 0))
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town, "Anna")
        bo = await make_staff(session, town, "Bo")
        karin = await make_staff(session, town, "Karin", title=Title.COORDINATOR)
        for one in (anna, bo):
            await make_shift(session, one)
        ingrid = await make_client(session, town)
        await make_known(session, ingrid, anna)
    return Place(database, clock, town, ingrid, anna, bo, karin)


async def test_the_one_the_client_knows_rings(place: Place) -> None:
    assert await place.name() == "Anna"


async def test_who_has_no_time_is_asked_after_who_has(place: Place) -> None:
    """Anna's visit covers the whole quarter; one that leaves five minutes does not stand in the way."""
    async with place.database.write() as session:
        other = await make_client(session, place.town, "Karl")
        row = await make_contact(
            session, other, place.town.services["PV-MOR"], "2026-12-01 13:50", staff=[place.anna], minutes=30
        )
    assert await place.name() == "Bo"
    async with place.database.write() as session:
        (await session.merge(row)).minutes = 20
    assert await place.name() == "Anna"


async def test_who_let_it_pass_is_followed_by_who_leads_and_then_the_others(place: Place) -> None:
    """Coordinator next, then everybody once, and then from the beginning."""
    assert await place.name(place.anna) == "Karin"
    assert await place.name(place.anna, place.karin) == "Bo"
    assert await place.name(place.anna, place.karin, place.bo) == "Anna"


async def test_who_is_away_from_the_shift_is_not_there(place: Place) -> None:
    async with place.database.write() as session:
        ill = await make_staff(session, place.town, "Siri")
        await make_known(session, place.ingrid, ill)
        await make_shift(session, ill, absent_from=place.clock.now() - timedelta(hours=2))
    assert await place.name() == "Anna"


async def test_at_night_the_night_staff_of_any_group(place: Place) -> None:
    """And a coordinator without hours in the record is at home."""
    async with place.database.write() as session:
        patrol = await make_group(session, place.town.municipality, "Natt", is_night_patrol=True)
        nina = await make_staff(session, place.town, "Nina", group_id=patrol.id)
        await make_shift(session, nina, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT)
    place.clock.set(datetime(2026, 12, 2, 3, 0))
    assert await place.name() == "Nina"
    async with place.database.read() as session:
        assert await who_leads(session, place.town.group.id, place.clock) == []


async def test_nobody_at_work_is_who_begins_next(place: Place) -> None:
    """By name and from when; nobody within a day and a half is nobody."""
    async with place.database.write() as session:
        await make_shift(session, place.bo, "2026-12-02", "07:00", "16:00")
    place.clock.set(datetime(2026, 12, 1, 22, 0))
    turn = await place.ask()
    assert turn.staff is not None
    assert turn.staff.first_name == "Bo"
    assert turn.begins - place.clock.now() == timedelta(hours=9)
    place.clock.set(datetime(2026, 12, 6, 22, 0))
    assert (await place.ask()).staff is None


async def test_a_protected_identity_is_rung_by_whom_it_knows_or_who_leads(place: Place) -> None:
    async with place.database.write() as session:
        ingrid = await session.get_one(Client, place.ingrid.id)
        ingrid.protection = Protection.CONFIDENTIALITY_MARK
    assert await place.name() == "Anna"
    assert await place.name(place.anna) == "Karin"
    # Bo is never asked, whoever has let it pass.
    assert await place.name(place.anna, place.karin) == "Anna"
