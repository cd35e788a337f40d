"""The client's word stops video: coming calls become visits that the coordinators give to somebody."""

from __future__ import annotations

from sqlalchemy import update

from care.clients import Client
from care.clock import StandingClock
from care.consent import Consent
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand, staff_of
from care.storage.database import Database
from scheduler.moving import consent_withdrawn, no_video_today
from tests.builders import Town, make_client, make_contact, make_digital, make_staff, make_town

HAND = Hand("tests")


async def a_week(database: Database, clock: StandingClock) -> tuple[Client, list[PlannedContact]]:
    """Video today and in two days, and a visit today; everything is allowed."""
    async with database.write() as session:
        town: Town = await make_town(session)
        anna = await make_staff(session, town)
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        service = town.services["SO-SAM"]
        rows = [
            await make_contact(session, client, service, start, staff=[anna], channel=channel)
            for start, channel in (
                ("2026-12-01 14:30", Channel.VIDEO),
                ("2026-12-03 14:30", Channel.VIDEO),
                ("2026-12-01 10:00", Channel.PHYSICAL),
            )
        ]
    return client, rows


async def state(database: Database, row: PlannedContact) -> tuple[Channel, int, bool]:
    async with database.read() as session:
        own = await session.get_one(PlannedContact, row.id)
        return own.channel, len(await staff_of(session, row.id)), own.owner_id is None


async def test_no_video_today_is_about_today(database: Database, clock: StandingClock) -> None:
    """The day after tomorrow stays video, with who was to ring."""
    client, (today, later, visit) = await a_week(database, clock)
    async with database.write() as session:
        own = await session.get_one(Client, client.id)
        own.no_video_on = clock.today()
        await session.flush()
        assert await no_video_today(session, client.id, clock=clock, hand=HAND) == 1
        assert await no_video_today(session, client.id, clock=clock, hand=HAND) == 0
    assert await state(database, today) == (Channel.PHYSICAL, 0, True)
    assert await state(database, later) == (Channel.VIDEO, 1, False)
    assert await state(database, visit) == (Channel.PHYSICAL, 1, False)


async def test_without_consent_nothing_stays_video(database: Database, clock: StandingClock) -> None:
    """And while the consent stands, nothing moves."""
    client, (today, later, visit) = await a_week(database, clock)
    async with database.write() as session:
        assert await consent_withdrawn(session, client.id, clock=clock, hand=HAND) == 0
        await session.execute(update(Consent).values(withdrawn_at=clock.now()))
        assert await consent_withdrawn(session, client.id, clock=clock, hand=HAND) == 2
    for row in (today, later):
        assert await state(database, row) == (Channel.PHYSICAL, 0, True)
    assert await state(database, visit) == (Channel.PHYSICAL, 1, False)
