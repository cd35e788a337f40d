"""Whatever happens in whatever order: nothing open belongs to somebody who has gone home.

But for what a manager judges in the access log, which has days and goes to nobody else.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.handovers import HandOver, HandOverState
from care.staff import Shift, ShiftKind, Staff, Title
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.tasks import Task, TaskKind, close_task, open_task
from scheduler.attendance import read_hours
from scheduler.handing_over import confirm
from scheduler.resolving import hand_over_task
from scheduler.ticks.escalation import escalation
from scheduler.ticks.hand_over_watch import hand_over_watch
from scheduler.ticks.task_watch import task_watch
from tests.builders import Town, make_client, make_contact, make_shift, make_staff, make_town

KINDS = (
    TaskKind.CALL_REQUEST, TaskKind.FOLLOW_UP, TaskKind.TABLET_SILENT, TaskKind.REVIEW_CONSENT,
    TaskKind.AREA_SILENT,
)  # fmt: skip
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("time"), st.sampled_from([1, 10, 31, 120, 480, 900]), st.just(0)),
        st.tuples(
            st.sampled_from(["task", "row", "give", "close", "yes", "away", "shift", "leave"]),
            st.integers(0, 20),
            st.integers(0, 200),
        ),
        st.tuples(st.sampled_from(["escalation", "task_watch", "hand_over_watch"]), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=18,
)


class World:
    """A group around the clock: day, evening and night, one who leads, and a colleague of no fixed hours."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock

    async def build(self, night: datetime) -> None:
        self.clock.set(night)
        day = night.date()
        async with self.database.write() as session:
            self.town: Town = await make_town(session)
            self.client = await make_client(session, self.town)
            names = ("Anna", "Erik", "Nils", "Bo")
            self.staff = [await make_staff(session, self.town, name) for name in names]
            for number in range(4):
                date = day + timedelta(days=number - 1)
                await make_shift(session, self.staff[0], date)
                await make_shift(session, self.staff[1], date, "15:30", "22:00", kind=ShiftKind.EVENING)
                await make_shift(session, self.staff[2], date, "21:30", "07:00", kind=ShiftKind.NIGHT)
            self.staff.append(await make_staff(session, self.town, "Karin", title=Title.COORDINATOR))
            self.staff.append(await make_staff(session, self.town, "Maja", title=Title.UNIT_MANAGER))

    async def do(self, what: str, which: int, how: int) -> None:
        if what == "time":
            self.clock.move(timedelta(minutes=which))
            return
        ticks = {"escalation": escalation, "task_watch": task_watch, "hand_over_watch": hand_over_watch}
        if what in ticks:
            await ticks[what](self.database, self.clock)
            return
        now, one = self.clock.now(), self.staff[which % len(self.staff)]
        async with self.database.write() as session:
            tasks = list(
                await session.scalars(select(Task).where(Task.closed_at.is_(None)).order_by(Task.id))
            )
            task = tasks[how % len(tasks)] if tasks else None
            match what:
                case "task":
                    await open_task(
                        session, KINDS[how % len(KINDS)], group_id=self.town.group.id, at=now,
                        client_id=self.client.id, deadline=now + timedelta(minutes=1 + how * 11),
                        owner_id=one.id if how % 3 else None,
                    )  # fmt: skip
                case "row":
                    await make_contact(
                        session, self.client, self.town.services["TI-DAG"], now - timedelta(minutes=30),
                        status=Status.UNKNOWN if how % 2 else Status.AWAITING, staff=[one],
                        deadline=now + timedelta(minutes=how),
                    )  # fmt: skip
                case "give" if task is not None:
                    await hand_over_task(session, task, one.id, clock=self.clock)
                case "close" if task is not None:
                    await close_task(session, task, "done", at=now)
                case "yes":
                    await confirm(session, one.id, self.staff[how % len(self.staff)].id, self.clock)
                case "away":
                    shift = await session.scalar(
                        select(Shift).where(Shift.staff_id == one.id, Shift.end > now).order_by(Shift.start)
                    )
                    if shift is not None:
                        shift.absent_from, shift.absent_to = max(now, shift.start), None
                case "shift":
                    local = now.astimezone(self.clock.zone)
                    if not local.hour >= 20:
                        start, end = f"{local.hour:02}:00", f"{local.hour + 4:02}:00"
                        await make_shift(session, self.staff[3], local.date(), start, end)
                case _:
                    pass

    async def check(self) -> None:
        """After the watches have looked."""
        await hand_over_watch(self.database, self.clock)
        now = self.clock.now()
        async with self.database.read() as session:
            people = list(await session.scalars(select(Staff)))
            hours = await read_hours(session, people, self.clock)
            names = {one.id: one.first_name for one in people}
            for task in await session.scalars(select(Task).where(Task.closed_at.is_(None))):
                assert task.deadline is not None
                if task.owner_id is None or hours[task.owner_id].is_at_work(now):
                    continue
                back = hours[task.owner_id].back(now)
                assert back is not None, (
                    f"{task.kind} belongs to {names[task.owner_id]}, who never comes back"
                )
                assert task.deadline > back, f"{task.kind} belongs to {names[task.owner_id]}, who has gone"
            for row in await session.scalars(
                select(PlannedContact).where(PlannedContact.status.in_((Status.AWAITING, Status.UNKNOWN)))
            ):
                assert row.deadline is not None
                if row.owner_id is None or hours[row.owner_id].is_at_work(now):
                    continue
                back = hours[row.owner_id].back(now)
                assert back is not None, f"a red row belongs to {names[row.owner_id]}, who never comes back"
                assert row.deadline > back, f"a red row belongs to {names[row.owner_id]}, who has gone"
            late = select(HandOver).where(
                HandOver.state == HandOverState.OFFERED, HandOver.deadline < now - timedelta(minutes=1)
            )
            assert (await session.scalars(late)).first() is None, "an offer stands without end"
        # Looking again comes to rest: nothing goes round in a ring.
        looks = 0
        while await hand_over_watch(self.database, self.clock):
            looks += 1
            assert looks < 5


@pytest.mark.parametrize(
    "begins",
    [datetime(2026, 12, 1, 6, 40), datetime(2026, 10, 24, 22, 0), datetime(2026, 3, 28, 15, 0)],
    ids=str,
)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS)
def test_nothing_open_belongs_to_who_has_gone(
    sqlite_template: Path, begins: datetime, events: list[tuple[str, int, int]]
) -> None:
    """An owner at work, or the coordinator's queue, or nothing to do before the owner is back; also over the
    nights when the clock changes."""

    async def run(folder: Path) -> None:
        shutil.copy(sqlite_template, folder / SQLITE_FILE)
        database = Database(sqlite_url(folder))
        try:
            world = World(database, StandingClock(begins))
            await world.build(begins)
            for event in events:
                await world.do(*event)
                await world.check()
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
