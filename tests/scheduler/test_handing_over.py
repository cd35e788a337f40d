"""Handing over by name at the end of work: to whom, what, when, and what happens without a yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.alerts import Alert, AlertKind, AlertWish
from care.clients import Protection
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.handovers import HandOver, HandOverState
from care.ids import new_id
from care.staff import Shift, ShiftKind, Staff, Title
from care.storage.database import Database
from care.tasks import Task, TaskKind, close_task, open_task
from scheduler.attendance import hours, read_hours
from scheduler.handing_over import confirm
from scheduler.ticks.alert_watch import alert_watch
from scheduler.ticks.escalation import escalation
from scheduler.ticks.hand_over_watch import hand_over_watch
from scheduler.ticks.task_watch import task_watch
from tests.builders import (
    LONG_AGO,
    Town,
    make_client,
    make_contact,
    make_known,
    make_shift,
    make_staff,
    make_town,
    moment,
)


@dataclass
class World:
    database: Database
    clock: StandingClock
    town: Town
    anna: Staff
    erik: Staff
    karin: Staff

    async def look(self, wall: str | None = None) -> int:
        if wall is not None:
            self.clock.set(moment(f"2026-12-01 {wall}"))
        return await hand_over_watch(self.database, self.clock)

    async def task(
        self, kind: TaskKind = TaskKind.FOLLOW_UP, owner: Staff | None = None, **more: Any
    ) -> Task:
        more.setdefault("deadline", self.clock.now() + timedelta(hours=1))
        async with self.database.write() as session:
            if "client_id" not in more:
                more["client_id"] = (await make_client(session, self.town)).id
            made = await open_task(
                session, kind, group_id=self.town.group.id, at=self.clock.now(),
                owner_id=(owner or self.anna).id, **more,
            )  # fmt: skip
        assert made is not None
        return made

    async def owner(self, thing: Task | PlannedContact) -> str | None:
        async with self.database.read() as session:
            kind = Task if isinstance(thing, Task) else PlannedContact
            found: Task | PlannedContact = await session.get_one(kind, thing.id)
            owner = await session.get(Staff, found.owner_id) if found.owner_id else None
            return owner.first_name if owner else None

    async def all(self) -> list[HandOver]:
        async with self.database.read() as session:
            return list(await session.scalars(select(HandOver).order_by(HandOver.id)))

    async def yes(self, receiver: Staff, giver: Staff) -> int:
        async with self.database.write() as session:
            return await confirm(session, receiver.id, giver.id, self.clock)


@pytest.fixture
async def world(database: Database, clock: StandingClock) -> World:
    """Anna 07–16, Erik 15.30–22, Karin coordinates in office hours (until 16.30)."""
    clock.set(datetime(2026, 12, 1, 15, 0))
    async with database.write() as session:
        town = await make_town(session)
        anna, erik = await make_staff(session, town, "Anna"), await make_staff(session, town, "Erik")
        karin = await make_staff(session, town, "Karin", title=Title.COORDINATOR)
        await make_shift(session, anna)
        await make_shift(session, erik, start="15:30", end="22:00", kind=ShiftKind.EVENING)
    return World(database, clock, town, anna, erik, karin)


async def test_half_an_hour_before_it_is_named_and_at_the_end_it_goes(world: World) -> None:
    """Not earlier; until she goes it is Anna's, then Erik's."""
    task = await world.task()
    assert await world.look("15:29") == 0
    assert await world.look("15:30") == 1
    (one,) = await world.all()
    assert (one.from_id, one.to_id, one.leaves_at) == (
        world.anna.id,
        world.erik.id,
        moment("2026-12-01 16:00"),
    )
    assert await world.look("15:59") == 0
    assert await world.owner(task) == "Anna"
    await world.look("16:00")
    assert await world.owner(task) == "Erik"


async def test_a_yes_takes_it_at_once_and_for_good(world: World) -> None:
    task = await world.task()
    await world.look("15:40")
    assert await world.yes(world.erik, world.anna) == 1
    assert await world.owner(task) == "Erik"
    await world.look("16:30")
    assert await world.owner(task) == "Erik"
    assert [one.state for one in await world.all()] == [HandOverState.CONFIRMED]


async def test_a_yes_before_the_receivers_own_work_counts_from_its_end(world: World) -> None:
    """Erik says yes on his way in: it is his when Anna goes, and needs no second yes."""
    async with world.database.write() as session:
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == world.erik.id))).one()
        shift.start = moment("2026-12-01 16:00")
    task = await world.task()
    await world.look("15:40")
    assert await world.yes(world.erik, world.anna) == 1
    assert await world.owner(task) == "Anna"
    await world.look("16:00")
    await world.look("16:20")
    assert await world.owner(task) == "Erik"


async def test_without_a_yes_it_is_the_coordinators_with_a_deadline(world: World) -> None:
    """A quarter of an hour after Anna has gone; it was promised when it was promised."""
    task = await world.task(deadline=moment("2026-12-01 15:50"))
    await world.look("15:40")
    await world.look("16:00")
    assert await world.look("16:14") == 0
    await world.look("16:15")
    assert await world.owner(task) == "Karin"
    async with world.database.read() as session:
        found = await session.get_one(Task, task.id)
    assert found.deadline == moment("2026-12-01 16:30")
    assert found.promised == moment("2026-12-01 15:50")
    assert [one.state for one in await world.all()] == [HandOverState.QUEUED]


async def test_with_no_coordinator_at_work_it_waits_in_the_queue(world: World) -> None:
    """Without an owner but with a deadline; in the morning it is Karin's."""
    task = await world.task(TaskKind.TABLET_SILENT, world.karin, deadline=moment("2026-12-01 18:00"))
    row = await red(world)
    await world.look("16:00")
    await world.look("16:30")
    await world.look("16:45")
    assert await world.owner(task) is None
    await world.look("22:00")
    assert await world.owner(row) is None
    world.clock.set(moment("2026-12-01 22:30"))
    await escalation(world.database, world.clock)
    assert await world.owner(row) is None
    world.clock.set(moment("2026-12-02 07:00"))
    await world.look()
    await task_watch(world.database, world.clock)
    assert (await world.owner(task), await world.owner(row)) == ("Karin", "Karin")


async def red(world: World, **more: Any) -> PlannedContact:
    async with world.database.write() as session:
        client = await make_client(session, world.town, "Gunnar", **more)
        return await make_contact(
            session, client, world.town.services["TI-DAG"], "2026-12-01 14:30", status=Status.AWAITING,
            staff=[world.anna], deadline=world.clock.now(),
        )  # fmt: skip


async def test_a_red_row_goes_with_it(world: World) -> None:
    row = await red(world)
    await world.look("15:30")
    await world.look("16:00")
    assert await world.owner(row) == "Erik"


async def test_what_can_wait_until_she_is_back_stays_hers(world: World) -> None:
    """A review in two weeks is nobody's night work; what is due before tomorrow's shift is."""
    async with world.database.write() as session:
        await make_shift(session, world.anna, "2026-12-02")
    late = await world.task(deadline=moment("2026-12-02 12:00"))
    soon = await world.task(deadline=moment("2026-12-02 06:59"))
    await world.look("15:30")
    await world.look("16:00")
    assert (await world.owner(late), await world.owner(soon)) == ("Anna", "Erik")


async def test_who_goes_home_ill_hands_over_at_once(world: World) -> None:
    task = await world.task()
    async with world.database.write() as session:
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == world.anna.id))).one()
        shift.absent_from = moment("2026-12-01 15:35")
    await world.look("15:35")
    assert await world.owner(task) == "Erik"
    assert [(one.leaves_at, one.state) for one in await world.all()] == [
        (moment("2026-12-01 15:35"), HandOverState.OFFERED)
    ]


async def test_a_receiver_who_does_not_come_is_replaced(world: World) -> None:
    """Erik was named and is away after all: who is there gets it."""
    task = await world.task()
    await world.look("15:45")
    async with world.database.write() as session:
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == world.erik.id))).one()
        shift.absent_from = shift.start
    await world.look("16:00")
    assert await world.owner(task) == "Karin"


async def test_a_protected_client_goes_to_those_it_knows(world: World) -> None:
    """Erik is not one of them, Bo is; then Bo."""
    async with world.database.write() as session:
        client = await make_client(session, world.town, "Stina", protection=Protection.PROTECTED_REGISTRATION)
        bo = await make_staff(session, world.town, "Bo")
        await make_known(session, client, bo)
    task = await world.task(client_id=client.id)
    await world.look("15:45")
    assert [one.to_id for one in await world.all()] == [world.karin.id]
    async with world.database.write() as session:
        await make_shift(session, bo, start="15:00", end="20:00")
    await world.look("16:00")
    assert await world.owner(task) == "Karin"
    other = await world.task(client_id=client.id)
    async with world.database.write() as session:
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == world.anna.id))).one()
        shift.end = moment("2026-12-01 17:00")
    await world.look("16:40")
    await world.look("17:00")
    assert await world.owner(other) == "Bo"


async def test_what_ended_meanwhile_is_over(world: World) -> None:
    task = await world.task()
    await world.look("15:40")
    async with world.database.write() as session:
        await close_task(session, await session.get_one(Task, task.id), "done", at=world.clock.now())
    assert await world.yes(world.erik, world.anna) == 0
    await world.look("16:00")
    assert [one.state for one in await world.all()] == [HandOverState.OVER]


@pytest.mark.parametrize(
    ("day", "night_of", "length"),
    [("2026-10-24", "2026-10-25", 11), ("2026-03-28", "2026-03-29", 9), ("2026-12-01", "2026-12-02", 10)],
    ids=["clock back", "clock forward", "ordinary"],
)
async def test_a_night_shift_ends_at_seven_by_the_wall_whatever_the_clock_does(
    world: World, day: str, night_of: str, length: int
) -> None:
    """Over midnight: Erik's night 21–07 is as long as it really is, and is handed over at its end."""
    world.clock.set(moment(f"{day} 21:30"))
    async with world.database.write() as session:
        shift = await make_shift(session, world.erik, day, "21:00", "07:00", kind=ShiftKind.NIGHT)
        bo = await make_staff(session, world.town, "Bo")
        await make_shift(session, bo, night_of, "06:45", "15:00")
    assert shift.end - shift.start == timedelta(hours=length)
    task = await world.task(owner=world.erik, deadline=moment(f"{night_of} 07:30"))
    world.clock.set(shift.start + timedelta(hours=length - 1))
    assert await world.look() == 0
    world.clock.set(shift.end - timedelta(minutes=15))
    assert await world.look() == 1
    world.clock.set(shift.end)
    await world.look()
    assert await world.owner(task) == "Bo"


async def test_shifts_that_meet_are_one_and_absence_is_cut_out(world: World) -> None:
    """A double shift is no end of work; leads without a shift work in office hours on weekdays."""
    start = moment("2026-12-01 07:00")
    spans = [(start + timedelta(hours=9), start + timedelta(hours=15)), (start, start + timedelta(hours=9))]
    own = hours(spans)
    assert own.ends(start) == start + timedelta(hours=15)
    assert own.back(start) is None
    async with world.database.read() as session:
        found = (await read_hours(session, [world.karin], world.clock))[world.karin.id]
    assert found.ends(moment("2026-12-04 12:00")) == moment("2026-12-04 16:30")
    assert found.back(moment("2026-12-04 16:30")) == moment("2026-12-07 07:00")


async def test_the_receiver_is_told_once_of_all(world: World) -> None:
    """One message for three things, and none besides for each of them."""
    async with world.database.write() as session:
        session.add(
            AlertWish(
                id=new_id(), staff_id=world.erik.id, phone="+46701740658", verified_at=LONG_AGO,
                kinds=[kind.value for kind in AlertKind],
            )
        )  # fmt: skip
    for _ in range(3):
        await world.task()
    for wall in ("15:40", "16:00"):
        await world.look(wall)
        await alert_watch(world.database, world.clock)
    async with world.database.read() as session:
        assert [one.kind for one in await session.scalars(select(Alert))] == [AlertKind.HAND_OVER]
