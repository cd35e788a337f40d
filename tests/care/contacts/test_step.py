"""The one door: state, history, outbox and version move together or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, staff_of, step
from care.errors import Fault
from care.ids import new_id
from care.outbox import OutboxEvent, events_after
from care.staff import Staff
from care.storage.database import Database
from tests.builders import make_client, make_contact, make_staff, make_town

HAND = Hand("tests")


async def a_row(database: Database) -> tuple[PlannedContact, Staff, Staff]:
    """A social call for Anna, and Bo who is free."""
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        bo = await make_staff(session, town, "Bo", "Ek")
        client = await make_client(session, town)
        row = await make_contact(
            session, client, town.services["SO-SAM"], "2026-12-01 14:30", staff=[anna], channel=Channel.VIDEO
        )
    return row, anna, bo


async def history(database: Database) -> list[ContactHistory]:
    async with database.read() as session:
        return list(await session.scalars(select(ContactHistory).order_by(ContactHistory.id)))


async def told(database: Database) -> list[OutboxEvent]:
    async with database.read() as session:
        return await events_after(session, 0)


async def test_a_step_writes_state_history_and_fact(database: Database, clock: StandingClock) -> None:
    """One step: the new state, one line of history with hand and reason, one fact with ids."""
    made, anna, _ = await a_row(database)
    async with database.write() as session:
        row = await fetch(session, made.id, version=1)
        await step(session, row, Status.DUE, at=clock.now(), hand=HAND, reason="dags", deadline=clock.now())
    async with database.read() as session:
        row = await session.get_one(PlannedContact, made.id)
    assert (row.status, row.version, row.deadline) == (Status.DUE, 2, clock.now())
    (line,) = await history(database)
    assert (line.status_before, line.status_after, line.event) == ("planned", "due", "due")
    assert (line.by, line.reason, line.at) == ("tests", "dags", clock.now())
    assert line.change == {"deadline": [None, clock.now().isoformat()]}
    (fact,) = await told(database)
    assert fact.topic == "contact.changed"
    assert (fact.client_id, fact.group_id) == (made.client_id, made.group_id)
    assert fact.payload == {
        "contact": str(made.id),
        "event": "due",
        "status": "due",
        "staff": [str(anna.id)],
    }


async def test_a_forbidden_step_changes_nothing(database: Database, clock: StandingClock) -> None:
    """The state machine stops it before anything is written."""
    made, *_ = await a_row(database)
    with pytest.raises(Fault, match=r"contact\.step"):
        async with database.write() as session:
            row = await fetch(session, made.id)
            await step(session, row, Status.MISSED, at=clock.now(), hand=HAND)
    assert await history(database) == []
    assert await told(database) == []


async def test_an_end_state_has_no_deadline(database: Database, clock: StandingClock) -> None:
    """What has ended waits for nobody."""
    made, *_ = await a_row(database)
    async with database.write() as session:
        row = await fetch(session, made.id)
        await step(session, row, Status.DUE, at=clock.now(), hand=HAND, deadline=clock.now())
        await step(session, row, Status.DONE, at=clock.now(), hand=HAND)
        assert row.deadline is None


async def test_a_stale_version_is_refused(database: Database, clock: StandingClock) -> None:
    """Who looked at version 1 may not change version 2."""
    made, *_ = await a_row(database)
    async with database.write() as session:
        await alter(session, await fetch(session, made.id, version=1), at=clock.now(), hand=HAND, note="ett")
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            await fetch(session, made.id, version=1)
    assert (fault.value.code, fault.value.status) == ("stale", 409)


async def test_a_row_changed_behind_the_back_is_refused_at_the_flush(
    database: Database, clock: StandingClock
) -> None:
    """Also without `fetch`: the version is checked by the database when the row is written."""
    made, *_ = await a_row(database)
    async with database.read() as session:
        old = await session.get_one(PlannedContact, made.id)
    async with database.write() as session:
        await alter(session, await fetch(session, made.id), at=clock.now(), hand=HAND, note="ett")
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            session.add(old)
            await alter(session, old, at=clock.now(), hand=HAND, note="två")
    assert fault.value.code == "stale"
    assert len(await history(database)) == 1


async def test_fetch_sees_what_was_committed_since(database: Database, clock: StandingClock) -> None:
    """A row that this session has read before is read again when it is locked."""
    made, *_ = await a_row(database)
    async with database.read() as session:
        old = await session.get_one(PlannedContact, made.id)
        await session.rollback()
        async with database.write() as other:
            await alter(other, await fetch(other, made.id), at=clock.now(), hand=HAND, note="ny")
        if database.is_sqlite:
            assert (await fetch(session, made.id)).note == "ny"
            assert old.note == "ny"


async def test_a_row_that_is_not_there_is_not_found(database: Database) -> None:
    """An unknown id says no more than that."""
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            await fetch(session, new_id())
    assert (fault.value.code, fault.value.status) == ("not_found", 404)


async def test_an_ended_row_cannot_be_altered(database: Database, clock: StandingClock) -> None:
    """No field of an ended row changes."""
    made, *_ = await a_row(database)
    async with database.write() as session:
        row = await fetch(session, made.id)
        await step(session, row, Status.CANCELLED, at=clock.now(), hand=HAND, cause="absence")
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            await alter(session, await fetch(session, made.id), at=clock.now(), hand=HAND, minutes=5)
    assert fault.value.code == "contact.ended"


async def test_staff_change_moves_owner_and_version(database: Database, clock: StandingClock) -> None:
    """Giving a row to somebody else is a change of the row: version, owner, history, both told."""
    made, anna, bo = await a_row(database)
    async with database.write() as session:
        row = await fetch(session, made.id)
        await alter(session, row, at=clock.now(), hand=HAND, staff=[bo.id])
        assert row.version == 2
        assert row.owner_id == bo.id
    (line,) = await history(database)
    assert line.change["staff"] == [[str(anna.id)], [str(bo.id)]]
    assert (await told(database))[-1].payload["staff"] == [str(bo.id)]


async def test_one_two_and_no_staff(database: Database, clock: StandingClock) -> None:
    """Slots are filled and emptied in order; swapping two people is one change."""
    made, anna, bo = await a_row(database)
    for staff in ([anna.id, bo.id], [bo.id, anna.id], [bo.id], []):
        async with database.write() as session:
            await alter(session, await fetch(session, made.id), at=clock.now(), hand=HAND, staff=staff)
        async with database.read() as session:
            assert await staff_of(session, made.id) == staff
            assert (await session.get_one(PlannedContact, made.id)).owner_id == (staff[0] if staff else None)
    async with database.read() as session:
        assert (await session.scalars(select(Assignment))).all() == []


@pytest.mark.parametrize("wrong", ["twice", "three"])
async def test_a_contact_has_one_or_two_different_people(
    database: Database, clock: StandingClock, wrong: str
) -> None:
    """The same person twice, or three people, is said in words."""
    made, anna, bo = await a_row(database)
    staff = [anna.id, anna.id] if wrong == "twice" else [anna.id, bo.id, new_id()]
    with pytest.raises(Fault) as fault:
        async with database.write() as session:
            await alter(session, await fetch(session, made.id), at=clock.now(), hand=HAND, staff=staff)
    assert fault.value.code == "contact.staff"


@pytest.mark.parametrize("field", ["status", "version", "client_id", "id", "nonsense"])
async def test_other_fields_are_not_free(database: Database, clock: StandingClock, field: str) -> None:
    """What is locked cannot be changed through the door by mistake."""
    made, *_ = await a_row(database)
    change: dict[str, Any] = {field: None}
    with pytest.raises(TypeError, match="not free"):
        async with database.write() as session:
            await alter(session, await fetch(session, made.id), at=clock.now(), hand=HAND, **change)
