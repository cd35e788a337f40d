"""What the pages read is the same on both databases."""

from __future__ import annotations

from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter
from care.storage.database import Database
from server.pages.client.record import read_record
from server.pages.contact.card import read_card
from server.pages.day.list import read_day
from tests.builders import (
    make_client,
    make_contact,
    make_digital,
    make_known,
    make_shift,
    make_staff,
    make_town,
)


async def test_day_card_and_record(database: Database, clock: StandingClock) -> None:
    """One worker, one client, a visit done without receipt, a changed one, and a call to promise."""
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        bo = await make_staff(session, town, "Bo", "Ek")
        await make_shift(session, anna)
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        await make_known(session, client, anna)
        services = town.services
        done = await make_contact(
            session, client, services["PV-MOR"], "2026-12-01 06:00", staff=[anna], status=Status.DONE
        )
        changed = await make_contact(session, client, services["TI-DAG"], "2026-12-01 09:00", staff=[bo])
        await alter(session, changed, at=clock.now(), hand=Hand("tests"), staff=[anna.id])
        call = await make_contact(
            session, client, services["SO-SAM"], "2026-12-02 10:00", staff=[anna], channel=Channel.VIDEO
        )
        for start in ("2026-11-20 09:00", "2026-11-21 09:00"):
            await make_contact(session, client, services["TI-DAG"], start, staff=[bo], status=Status.DONE)
    async with database.read() as session:
        day = await read_day(session, anna.id, clock)
        row = await session.get_one(PlannedContact, changed.id)
        card = await read_card(session, row, anna.id, clock)
        record = await read_record(session, client, clock)
    assert [one.id for one in day.contacts] == [done.id, changed.id]
    assert day.without_receipt == {done.id}
    assert day.known == {client.id}
    assert set(day.names.values()) == {"Anna L.", "Bo E."}
    found = day.next_call(day.contacts[1])
    assert found is not None
    assert found.id == call.id
    assert card.knows
    assert card.next_call is not None
    assert [one.first_name for one in card.staff] == ["Anna"]
    assert [(one.staff.id, one.visits) for one in record.proposed] == [(bo.id, 2)]
    assert record.video is not None
    assert record.video.allowed
    assert [one.id for one in record.rows] == [done.id, changed.id, call.id]
