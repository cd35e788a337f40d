"""Silent tablets: one task each, one for an area, none for what was our own silence."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select

from care.clock import StandingClock
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.outbox import events_after
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.ticks.device_watch import device_watch
from scheduler.ticks.presence import presence
from tests.builders import Town, make_client, make_group, make_tablet, make_town


async def tablets(
    database: Database,
    clock: StandingClock,
    count: int,
    *,
    group: str | None = None,
    town: Town | None = None,
) -> tuple[Town, list[Device]]:
    """`count` tablets in as many homes, all heard of now; the system has been there for an hour."""
    async with database.write() as session:
        town = town or await make_town(session)
        where = await make_group(session, town.municipality, group) if group else town.group
        devices = []
        for number in range(count):
            client = await make_client(session, town, f"Kund {number}", group_id=where.id)
            devices.append(await make_tablet(session, client, last_seen_at=clock.now()))
    return town, devices


async def there(database: Database, clock: StandingClock) -> None:
    """The system has been there for an hour."""
    clock.move(timedelta(hours=-1))
    for _ in range(61):
        await presence(database, clock)
        clock.move(timedelta(minutes=1))
    clock.move(timedelta(minutes=-1))


async def pass_time(database: Database, clock: StandingClock, minutes: float) -> None:
    """Time goes on with the system there."""
    end = clock.now() + timedelta(minutes=minutes)
    while clock.now() < end:
        clock.move(min(timedelta(minutes=1), end - clock.now()))
        await presence(database, clock)


async def heard(database: Database, devices: list[Device], at: datetime) -> None:
    async with database.write() as session:
        for device in devices:
            (await session.get_one(Device, device.id)).last_seen_at = at


async def tasks(database: Database, *, closed: bool = False) -> list[Task]:
    async with database.read() as session:
        found = await session.scalars(select(Task).order_by(Task.id))
        return [task for task in found if (task.closed_at is not None) is closed]


async def test_one_silent_tablet_is_one_task(database: Database, clock: StandingClock) -> None:
    """After fifteen minutes, once, with home and tablet; the client is named by id only."""
    await there(database, clock)
    _, (device, other) = await tablets(database, clock, 2)
    await pass_time(database, clock, 14)
    await heard(database, [other], clock.now())
    assert await device_watch(database, clock) == 0
    await pass_time(database, clock, 1)
    assert await device_watch(database, clock) == 1
    assert await device_watch(database, clock) == 0
    (task,) = await tasks(database)
    assert (task.kind, task.device_id) == (TaskKind.TABLET_SILENT, device.id)
    assert task.client_id is not None
    async with database.read() as session:
        topics = [event.topic for event in await events_after(session, 0)]
    assert sorted(topics) == ["device.changed", "task.changed"]


async def test_a_tablet_that_comes_back_closes_its_task(database: Database, clock: StandingClock) -> None:
    """With its outcome; and when it falls silent again there is a new one."""
    await there(database, clock)
    _, devices = await tablets(database, clock, 1)
    for round_number in (1, 2):
        await pass_time(database, clock, 16)
        assert await device_watch(database, clock) == 1
        await heard(database, devices, clock.now())
        assert await device_watch(database, clock) == 1
        closed = await tasks(database, closed=True)
        assert len(closed) == round_number
        assert {task.outcome for task in closed} == {"came_back"}
    assert await tasks(database) == []


async def test_five_in_a_group_are_one_area(database: Database, clock: StandingClock) -> None:
    """A dead mast is one task and not five; four elsewhere are four."""
    await there(database, clock)
    town, five = await tablets(database, clock, 5)
    await tablets(database, clock, 4, group="Gällö", town=town)
    await pass_time(database, clock, 15)
    assert await device_watch(database, clock) == 9
    found = await tasks(database)
    assert [task.kind for task in found].count(TaskKind.TABLET_SILENT) == 4
    (area,) = [task for task in found if task.kind is TaskKind.AREA_SILENT]
    assert area.group_id == town.group.id
    assert area.facts["devices"] == sorted(str(device.id) for device in five)


async def test_pings_a_minute_apart_are_still_one_area(database: Database, clock: StandingClock) -> None:
    """Tablets are heard of at different seconds: the first to be silent does not get a task of its own."""
    await there(database, clock)
    _, devices = await tablets(database, clock, 6)
    for number, device in enumerate(devices):
        await heard(database, [device], clock.now() + timedelta(seconds=15 * number))
    await pass_time(database, clock, 15)
    assert await device_watch(database, clock) == 6
    await pass_time(database, clock, 3)
    assert await device_watch(database, clock) == 0
    assert [task.kind for task in await tasks(database)] == [TaskKind.AREA_SILENT]


async def test_singles_are_taken_into_the_area(database: Database, clock: StandingClock) -> None:
    """Three alone, then three more within the quarter: one area, and the three are closed into it."""
    await there(database, clock)
    _, devices = await tablets(database, clock, 6)
    await heard(database, devices[3:], clock.now() + timedelta(minutes=8))
    await pass_time(database, clock, 15)
    assert await device_watch(database, clock) == 3
    await pass_time(database, clock, 8)
    assert await device_watch(database, clock) == 3
    assert [task.kind for task in await tasks(database)] == [TaskKind.AREA_SILENT]
    assert {task.outcome for task in await tasks(database, closed=True)} == {"part_of_area"}


async def test_an_area_is_well_when_all_are_back(database: Database, clock: StandingClock) -> None:
    """Not before; later ones join the standing task."""
    await there(database, clock)
    _, devices = await tablets(database, clock, 6)
    await heard(database, devices[5:], clock.now() + timedelta(hours=1))
    await pass_time(database, clock, 16)
    await device_watch(database, clock)
    await pass_time(database, clock, 60)
    await device_watch(database, clock)
    (area,) = await tasks(database)
    assert len(area.facts["devices"]) == 6
    await heard(database, devices[:5], clock.now())
    await device_watch(database, clock)
    assert len(await tasks(database)) == 1
    await pass_time(database, clock, 1)
    await heard(database, devices, clock.now())
    await device_watch(database, clock)
    assert [task.outcome for task in await tasks(database, closed=True)] == ["came_back"]


async def test_our_own_absence_silences_nobody(database: Database, clock: StandingClock) -> None:
    """After the server was down for an hour, every tablet gets a quarter of an hour to be heard."""
    await there(database, clock)
    _, devices = await tablets(database, clock, 6)
    clock.move(timedelta(hours=1))
    await presence(database, clock)
    assert await device_watch(database, clock) == 0
    await pass_time(database, clock, 10)
    await heard(database, devices[1:], clock.now())
    await pass_time(database, clock, 5)
    assert await device_watch(database, clock) == 1
    assert len([task for task in await tasks(database) if task.kind is TaskKind.TABLET_SILENT]) == 1


async def test_tablets_that_are_nobodys_are_not_watched(database: Database, clock: StandingClock) -> None:
    """Unpaired, revoked, or taken home from the client."""
    await there(database, clock)
    _, (unpaired, revoked, returned) = await tablets(database, clock, 3)
    async with database.write() as session:
        (await session.get_one(Device, unpaired.id)).paired_at = None
        (await session.get_one(Device, revoked.id)).revoked_at = clock.now()
        (place,) = await session.scalars(
            select(DeviceAssignment).where(DeviceAssignment.device_id == returned.id)
        )
        place.end = clock.now()
    await pass_time(database, clock, 30)
    assert await device_watch(database, clock) == 0


async def test_a_revoked_tablet_closes_its_task(database: Database, clock: StandingClock) -> None:
    """It will never be heard of again, and nobody needs to look for it."""
    await there(database, clock)
    _, (device,) = await tablets(database, clock, 1)
    await pass_time(database, clock, 16)
    await device_watch(database, clock)
    async with database.write() as session:
        (await session.get_one(Device, device.id)).revoked_at = clock.now()
    await device_watch(database, clock)
    assert await tasks(database) == []


async def test_a_couple_with_one_tablet_gets_one_task(database: Database, clock: StandingClock) -> None:
    """Two people, one tablet, one task."""
    await there(database, clock)
    town, (device,) = await tablets(database, clock, 1)
    async with database.write() as session:
        wife = await make_client(session, town, "Greta")
        session.add(DeviceAssignment(id=new_id(), device_id=device.id, client_id=wife.id, start=clock.now()))
    await pass_time(database, clock, 16)
    assert await device_watch(database, clock) == 1
    assert len(await tasks(database)) == 1


async def test_several_nodes_make_one_task(database: Database, clock: StandingClock) -> None:
    """However many watch."""
    await there(database, clock)
    await tablets(database, clock, 3)
    await pass_time(database, clock, 16)
    nodes = [Database(database.url) for _ in range(3)]
    counts = await asyncio.gather(*(device_watch(node, clock) for node in nodes))
    for node in nodes:
        await node.close()
    assert sum(counts) == 3
    assert len(await tasks(database)) == 3
