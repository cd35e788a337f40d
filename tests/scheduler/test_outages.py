"""What fell into an outage waits for a person row by row; what is left to somebody stands with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.performing import enter_late
from care.contacts.step import Hand, fetch
from care.errors import Fault
from care.storage.database import Database
from care.tasks import Task, TaskKind, open_task
from scheduler.closing import may_be_closed
from scheduler.outages import fell_in, leave_to, outages
from scheduler.resolving import finish_task
from tests.builders import Town, make_client, make_contact, make_staff, make_town, moment

HAND = Hand("tests")
START, END = moment("2026-12-01 06:00"), moment("2026-12-01 06:30")


async def test_who_was_in_the_middle_of_it_is_one_of_them(database: Database) -> None:
    """A visit under way could not be checked out; one that was over before, and one to come, are not told."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        service = town.services["TI-DAG"]
        going = await make_contact(
            session, client, service, "2026-12-01 05:50", minutes=20, status=Status.UNDERWAY
        )
        inside = await make_contact(session, client, service, "2026-12-01 06:10")
        await make_contact(session, client, service, "2026-12-01 05:30", minutes=20, status=Status.UNDERWAY)
        await make_contact(session, client, service, "2026-12-01 05:50", minutes=20)
        await make_contact(session, client, service, "2026-12-01 06:31")
        await make_contact(session, client, service, "2026-12-01 06:20", status=Status.DECLINED)
        assert await fell_in(session, START, END) == {town.group.id: [going.id, inside.id]}


async def one_outage(
    database: Database, clock: StandingClock, count: int
) -> tuple[Task, list[PlannedContact], Town]:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        rows = [
            await make_contact(
                session, client, town.services["TI-DAG"], START + timedelta(minutes=10 * number),
                status=Status.AWAITING,
            )
            for number in range(count)
        ]  # fmt: skip
        task = await open_task(
            session, TaskKind.SYSTEM_WAS_AWAY, group_id=town.group.id, at=clock.now(), deadline=clock.now(),
            facts={
                "from": START.isoformat(), "to": END.isoformat(), "contacts": [str(row.id) for row in rows]
            },
        )  # fmt: skip
    assert task is not None
    return task, rows, town


async def test_it_is_gone_through_when_every_row_has_an_answer(
    database: Database, clock: StandingClock
) -> None:
    """Entered afterwards, or left to a named person who has it as unknown; not before, and not by time."""
    task, (entered, left), town = await one_outage(database, clock, 2)
    async with database.write() as session:
        bo = await make_staff(session, town, "Bo")
    clock.move(timedelta(days=30))
    for done in range(2):
        async with database.write() as session:
            open_still = await session.get_one(Task, task.id)
            with pytest.raises(Fault) as refused:
                await finish_task(session, open_still, "checked", clock=clock, hand=HAND)
            assert (refused.value.code, refused.value.values) == ("task.rows_left", {"count": 2 - done})
            assert not await may_be_closed(session, open_still, clock)
            row = await fetch(session, (entered if done == 0 else left).id)
            if done == 0:
                await enter_late(session, row, START, END, at=clock.now(), hand=HAND)
            else:
                await leave_to(session, open_still, row, bo.id, clock=clock, hand=HAND)
    async with database.write() as session:
        (outage,) = await outages(session, [task.group_id], clock.now())
        assert ([one.id for one in outage.done], [one.id for one in outage.followed], outage.left) == (
            [entered.id], [left.id], [],
        )  # fmt: skip
        (kept,) = outage.followed
        assert (kept.status, kept.owner_id, kept.cause) == (Status.UNKNOWN, bo.id, "system_was_away")
        assert outage.done[0].entered_late
        await finish_task(session, outage.task, "checked", clock=clock, hand=HAND)
    async with database.read() as session:
        clock.move(timedelta(days=8))
        assert len(await outages(session, [task.group_id], clock.now())) == 0


async def test_a_row_of_another_time_is_not_answered_there(database: Database, clock: StandingClock) -> None:
    task, _rows, town = await one_outage(database, clock, 0)
    async with database.write() as session:
        client = await make_client(session, town, "Karin")
        other = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 09:00")
        bo = await make_staff(session, town, "Bo")
        own = await session.get_one(Task, task.id)
        with pytest.raises(Fault) as refused:
            await leave_to(session, own, other, bo.id, clock=clock, hand=HAND)
    assert refused.value.code == "outage.other"
