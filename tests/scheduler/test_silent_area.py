"""An area that has lost its network: what nobody knows is unknown, and safety stands before a person."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from care.calls.call import Call
from care.calls.life import CallState
from care.clients import Client, Protection
from care.clock import StandingClock
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.services import Priority
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.resolving import needs_a_person
from scheduler.ticks.device_watch import device_watch
from tests.builders import Town, make_client, make_contact, make_tablet, make_town
from tests.scheduler.ticks.test_device_watch import pass_time, there


async def silent_town(
    database: Database, clock: StandingClock, count: int = 6
) -> tuple[Town, list[PlannedContact]]:
    """`count` homes with a reminder ten minutes from now, silent from now on."""
    await there(database, clock)
    async with database.write() as session:
        town = await make_town(session)
        rows = []
        for number in range(count):
            hidden = {"protection": Protection.CONFIDENTIALITY_MARK} if number == 0 else {}
            client = await make_client(
                session, town, f"Kund {number}", place="Kälarne" if number < 4 else "Gällö", **hidden
            )
            await make_tablet(session, client, last_seen_at=clock.now())
            rows.append(
                await make_contact(
                    session, client, town.services["TI-DAG"], clock.now() + timedelta(minutes=10),
                    channel=Channel.VIDEO, status=Status.DUE, priority=Priority.P2 if number else Priority.P4,
                )
            )  # fmt: skip
    return town, rows


async def status_of(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


async def area(database: Database) -> Task:
    async with database.read() as session:
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.AREA_SILENT))
    return task


async def test_rows_of_a_silent_area_are_unknown_and_never_done(
    database: Database, clock: StandingClock
) -> None:
    """With a deadline, before a person, and the cause; a row that somebody has rung goes its own way."""
    town, rows = await silent_town(database, clock)
    async with database.write() as session:
        session.add(
            Call(
                id=new_id(),
                contact_id=rows[1].id,
                state=CallState.ENDED,
                rung_at=clock.now(),
                auto_answered=False,
            )
        )
    await pass_time(database, clock, 15)
    await device_watch(database, clock)
    for row in rows:
        now = await status_of(database, row)
        assert now.status is (Status.DUE if row is rows[1] else Status.UNKNOWN)
        if row is not rows[1]:
            assert now.cause == Cause.NETWORK_AWAY
            assert now.deadline == clock.now() + timedelta(minutes=10)
    async with database.read() as session:
        found = await needs_a_person(session, [town.group.id])
    assert {one.id for one in found.contacts} == {row.id for row in rows} - {rows[1].id}


async def test_safety_contacts_that_may_need_a_car_stand_in_the_task(
    database: Database, clock: StandingClock
) -> None:
    """Those of the next hours too, but none that can wait; places by name, but not of a hidden home."""
    town, rows = await silent_town(database, clock)
    async with database.write() as session:
        client = await session.get_one(Client, rows[1].client_id)
        later = await make_contact(
            session, client, town.services["TI-DAG"], clock.now() + timedelta(hours=2),
            channel=Channel.PHONE, priority=Priority.P1,
        )  # fmt: skip
    await pass_time(database, clock, 15)
    await device_watch(database, clock)
    task = await area(database)
    assert task.facts["contacts"] == [*sorted(str(row.id) for row in rows[1:]), str(later.id)]
    assert task.facts["places"] == {"Gällö": 2, "Kälarne": 3}


async def test_four_are_no_area_and_nothing_is_unknown(database: Database, clock: StandingClock) -> None:
    """Each has its own task with the calls that are put on the telephone meanwhile."""
    _, rows = await silent_town(database, clock, 4)
    await pass_time(database, clock, 15)
    await device_watch(database, clock)
    async with database.read() as session:
        tasks = list(await session.scalars(select(Task).order_by(Task.id)))
    assert {task.kind for task in tasks} == {TaskKind.TABLET_SILENT}
    assert sorted(one for task in tasks for one in task.facts["contacts"]) == sorted(
        str(row.id) for row in rows
    )
    assert [(await status_of(database, row)).status for row in rows] == [Status.DUE] * 4


async def test_what_the_system_itself_missed_is_no_silent_area(
    database: Database, clock: StandingClock
) -> None:
    """Nobody could have been heard: nothing is called unknown for the tablets' sake."""
    _, rows = await silent_town(database, clock)
    clock.move(timedelta(minutes=20))
    await pass_time(database, clock, 1)
    await device_watch(database, clock)
    assert {(await status_of(database, row)).status for row in rows} == {Status.DUE}


async def test_a_tablet_that_is_back_may_be_rung_while_others_are_silent(
    database: Database, clock: StandingClock
) -> None:
    """One screen that stays away for days must not make the calls of its neighbours unknown."""
    town, rows = await silent_town(database, clock)
    await pass_time(database, clock, 15)
    await device_watch(database, clock)
    async with database.write() as session:
        coming = [
            await make_contact(
                session, await session.get_one(Client, row.client_id), town.services["TI-DAG"],
                clock.now() + timedelta(minutes=1), channel=Channel.VIDEO, status=Status.DUE,
                priority=Priority.P2,
            )
            for row in rows[1:3]
        ]  # fmt: skip
        back = select(DeviceAssignment.device_id).where(DeviceAssignment.client_id == rows[1].client_id)
        await session.execute(
            update(Device).where(Device.id.in_(back)).values(last_seen_at=clock.now() + timedelta(seconds=1))
        )
    await pass_time(database, clock, 2)
    await device_watch(database, clock)
    assert (await area(database)).closed_at is None
    assert [(await status_of(database, row)).status for row in coming] == [Status.DUE, Status.UNKNOWN]
