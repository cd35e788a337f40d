"""Closed phones: who is told of what, once; silence passes it on to the next, and is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from care.alerts import Alert, AlertEnd, AlertKind, AlertWish, note_seen, note_taken
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, Origin, PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.staff import Shift, ShiftKind, Staff, Title
from care.storage.database import Database
from care.tasks import Task, TaskKind, open_task
from scheduler.ticks.alert_watch import alert_watch
from tests.builders import (
    LONG_AGO,
    Town,
    make_client,
    make_contact,
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

    async def look(self) -> int:
        return await alert_watch(self.database, self.clock)

    async def alerts(self) -> list[Alert]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Alert).order_by(Alert.made_at, Alert.id)))

    async def sent(self) -> None:
        """The server has sent everything that waited."""
        async with self.database.write() as session:
            await session.execute(
                update(Alert)
                .where(Alert.sent_at.is_(None), Alert.next_try_at.is_not(None))
                .values(sent_at=self.clock.now(), next_try_at=None)
            )

    async def task(self, kind: TaskKind = TaskKind.CALL_REQUEST, owner: Staff | None = None) -> Task:
        async with self.database.write() as session:
            made = await open_task(
                session, kind, group_id=self.town.group.id, at=self.clock.now(),
                client_id=(await make_client(session, self.town)).id, owner_id=(owner or self.anna).id,
                deadline=self.clock.now() + timedelta(minutes=15),
            )  # fmt: skip
        assert made is not None
        return made

    async def owner(self, task: Task) -> str | None:
        async with self.database.read() as session:
            found = await session.get_one(Task, task.id)
            owner = await session.get(Staff, found.owner_id) if found.owner_id else None
            return owner.first_name if owner else None

    async def row(
        self, start: str, status: Status = Status.DUE, channel: Channel = Channel.VIDEO
    ) -> PlannedContact:
        async with self.database.write() as session:
            return await make_contact(
                session, await make_client(session, self.town), self.town.services["TI-DAG"], start,
                staff=[self.anna], status=status, channel=channel,
                deadline=self.clock.now() + timedelta(minutes=15),
            )  # fmt: skip


@pytest.fixture
async def world(database: Database, clock: StandingClock) -> World:
    """14.20: Anna and Erik at work, Karin coordinates; all three want everything."""
    clock.set(datetime(2026, 12, 1, 14, 20))
    async with database.write() as session:
        town = await make_town(session)
        anna, erik = await make_staff(session, town, "Anna"), await make_staff(session, town, "Erik")
        karin = await make_staff(session, town, "Karin", title=Title.COORDINATOR)
        for one in (anna, erik):
            await make_shift(session, one)
        for one in (anna, erik, karin):
            session.add(
                AlertWish(
                    id=new_id(), staff_id=one.id, phone="+46701740658", verified_at=LONG_AGO,
                    kinds=[kind.value for kind in AlertKind],
                )
            )  # fmt: skip
    return World(database, clock, town, anna, erik, karin)


async def test_nothing_to_tell_tells_nothing(world: World) -> None:
    assert await world.look() == 0
    assert await world.alerts() == []


async def test_a_call_that_waits_is_told_once(world: World) -> None:
    """With its time and no word about whom; looking again, or another node, makes no second message."""
    row = await world.row("2026-12-01 14:30")
    assert await world.look() == 1
    assert await world.look() == 0
    (alert,) = await world.alerts()
    assert (alert.kind, alert.staff_id, alert.until) == (AlertKind.DUE, world.anna.id, row.start)
    assert alert.facts == {"at": row.start.isoformat(), "is_call": True}


async def test_whoever_is_sent_to_a_door_is_told(world: World) -> None:
    """A check visit begins when it is made: told once to each who is sent, also with Min dag just opened."""
    row = await world.row("2026-12-01 14:20", channel=Channel.PHYSICAL)
    async with world.database.write() as session:
        await session.execute(
            update(PlannedContact).where(PlannedContact.id == row.id).values(origin=Origin.ESCALATION)
        )
        await note_seen(session, world.anna.id, world.clock.now() - timedelta(minutes=15))
    world.clock.move(timedelta(seconds=20))
    assert await world.look() == 1
    assert await world.look() == 0
    async with world.database.write() as session:
        await session.execute(
            update(PlannedContact).where(PlannedContact.id == row.id).values(owner_id=world.erik.id)
        )
    assert await world.look() == 1
    assert [(one.kind, one.staff_id) for one in await world.alerts()] == [
        (AlertKind.DUE, world.anna.id), (AlertKind.DUE, world.erik.id),
    ]  # fmt: skip


async def test_who_has_min_dag_open_needs_no_message(world: World) -> None:
    """Opened a quarter of an hour ago is known; an hour ago is not."""
    await world.row("2026-12-01 14:30")
    async with world.database.write() as session:
        await note_seen(session, world.anna.id, world.clock.now() - timedelta(minutes=15))
    assert await world.look() == 0
    async with world.database.write() as session:
        await note_seen(session, world.anna.id, world.clock.now() - timedelta(hours=1))
    assert await world.look() == 1


@pytest.mark.parametrize("how", ["not_verified", "other_kind", "off_work", "away", "left"])
async def test_only_who_asked_and_is_at_work_is_reached(world: World, how: str) -> None:
    """No number of theirs, another wish, a day off, away from the shift, or no longer here: no message."""
    await world.row("2026-12-01 14:30")
    async with world.database.write() as session:
        wish = (await session.scalars(select(AlertWish).where(AlertWish.staff_id == world.anna.id))).one()
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == world.anna.id))).one()
        if how == "not_verified":
            wish.verified_at = None
        elif how == "other_kind":
            wish.kinds = [AlertKind.TASK.value]
        elif how == "off_work":
            shift.end = world.clock.now()
        elif how == "away":
            shift.absent_from = shift.start
        else:
            (await session.get_one(Staff, world.anna.id)).active = False
    assert await world.look() == 0


async def test_silence_passes_an_urgent_task_on(world: World) -> None:
    """Anna is told and says nothing for five minutes; then it is Karin's, and she is told."""
    task = await world.task()
    assert await world.look() == 1
    await world.sent()
    world.clock.move(timedelta(minutes=4, seconds=59))
    assert await world.look() == 0
    world.clock.move(timedelta(seconds=1))
    assert await world.look() == 2
    assert await world.owner(task) == "Karin"
    first, second = await world.alerts()
    assert (first.staff_id, first.end, first.ended_at) == (
        world.anna.id, AlertEnd.UNANSWERED, world.clock.now(),
    )  # fmt: skip
    assert (second.staff_id, second.end) == (world.karin.id, None)


async def test_what_was_never_sent_passes_nobody_on(world: World) -> None:
    """Without a way out it waits: nobody loses a task by a message that they could not have got."""
    task = await world.task()
    await world.look()
    world.clock.move(timedelta(minutes=10))
    assert await world.look() == 0
    assert await world.owner(task) == "Anna"


async def test_what_failed_is_passed_on_at_once(world: World) -> None:
    task = await world.task()
    await world.look()
    async with world.database.write() as session:
        await session.execute(update(Alert).values(failed_at=world.clock.now(), next_try_at=None))
    await world.look()
    assert await world.owner(task) == "Karin"


@pytest.mark.parametrize("how", ["seen", "taken"])
async def test_an_answer_keeps_it(world: World, how: str) -> None:
    """Opening Min dag, or saying "Jag tar det", is an answer: it stays, and nobody is told again."""
    task = await world.task()
    await world.look()
    await world.sent()
    async with world.database.write() as session:
        if how == "seen":
            await note_seen(session, world.anna.id, world.clock.now())
        else:
            await note_taken(session, world.anna.id, world.town.group.id, world.clock.now(), task_id=task.id)
    world.clock.move(timedelta(minutes=10))
    assert await world.look() == 0
    assert await world.owner(task) == "Anna"
    (alert,) = await world.alerts()
    assert alert.end == how


async def test_taking_what_another_was_told_of_ends_that(world: World) -> None:
    """Erik takes it: Anna's message is over, and nobody need tell Erik."""
    task = await world.task()
    await world.look()
    async with world.database.write() as session:
        await session.execute(update(Task).values(owner_id=world.erik.id))
        await note_taken(session, world.erik.id, world.town.group.id, world.clock.now(), task_id=task.id)
    assert await world.look() == 0
    assert {one.staff_id: one.end for one in await world.alerts()} == {
        world.anna.id: AlertEnd.OVER, world.erik.id: AlertEnd.TAKEN,
    }  # fmt: skip


async def test_what_was_closed_meanwhile_is_over(world: World) -> None:
    """Silence about something that has ended passes nothing on, and blames nobody."""
    task = await world.task()
    await world.look()
    await world.sent()
    async with world.database.write() as session:
        await session.execute(update(Task).where(Task.id == task.id).values(closed_at=world.clock.now()))
    world.clock.move(timedelta(minutes=10))
    await world.look()
    assert [one.end for one in await world.alerts()] == [AlertEnd.OVER]


async def test_a_red_row_goes_on_and_its_history_says_so(world: World) -> None:
    row = await world.row("2026-12-01 13:30", Status.AWAITING)
    assert await world.look() == 1
    await world.sent()
    world.clock.move(timedelta(minutes=5))
    assert await world.look() == 2
    async with world.database.read() as session:
        found = await session.get_one(PlannedContact, row.id)
        history = list(await session.scalars(select(ContactHistory)))
    assert found.owner_id == world.karin.id
    assert [(one.event, one.by) for one in history] == [("handed_over", "tick.alert_watch")]


async def test_somebody_alone_at_work_is_told_three_times_at_most(world: World) -> None:
    """At night with one person there is no next: the task stays theirs, the phone is quiet."""
    world.clock.set(datetime(2026, 12, 1, 23, 0))
    async with world.database.write() as session:
        await make_shift(session, world.erik, start="21:00", end="07:00", kind=ShiftKind.NIGHT)
    task = await world.task(owner=world.erik)
    for _ in range(6):
        await world.look()
        await world.sent()
        world.clock.move(timedelta(minutes=5))
    assert await world.owner(task) == "Erik"
    assert len(await world.alerts()) == 3


async def test_ordinary_tasks_disturb_nobody(world: World) -> None:
    """What can wait until tomorrow stands on the page and is sent to no phone."""
    await world.task(TaskKind.REVIEW_CONSENT)
    assert await world.look() == 0


async def test_a_night_shift_is_at_work_after_midnight(world: World) -> None:
    """Also in the night when the clock is put back: at the second half past two she is still there."""
    world.clock.set(moment("2026-10-25 02:30") + timedelta(hours=1))
    async with world.database.write() as session:
        await make_shift(session, world.anna, "2026-10-24", "21:00", "07:00", kind=ShiftKind.NIGHT)
    await world.task()
    assert await world.look() == 1
