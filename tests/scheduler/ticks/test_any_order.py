"""Whatever happens in whatever order: no safety contact is ever without an end, or an owner's deadline."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from care.clients import AbsenceKind, Client, ClientAbsence
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import STEPS, Status
from care.contacts.step import Hand, alter, fetch, step
from care.errors import Fault
from care.ids import new_id
from care.outbox import events_after
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from scheduler.check_visit import CheckVisit
from scheduler.horizon import horizon
from scheduler.moving import consent_withdrawn, move_to_phone, move_to_video, move_to_visit
from scheduler.resolving import Outcome, hand_over, resolve
from scheduler.ticks.day_end import day_end
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.presence import presence
from tests.builders import make_client, make_contact, make_digital, make_rule, make_staff, make_town
from tests.postgres import Cluster, in_thread

HAND = Hand("person")
TICKS = {"due": due, "escalation": escalation, "day_end": day_end, "presence": presence, "horizon": horizon}
DEEDS = (
    "start",
    "done",
    "later",
    "hand_over",
    "cancel",
    "video",
    "phone",
    "visit",
    "resolve",
    "away",
    "no_video",
)

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(TICKS)), st.just(0), st.just(0)),
        st.tuples(st.just("time"), st.sampled_from([1, 5, 11, 45, 240, 900]), st.just(0)),
        st.tuples(st.sampled_from(DEEDS), st.integers(0, 30), st.integers(0, 1000)),
    ),
    min_size=5,
    max_size=40,
)


class World:
    """One municipality in which things happen."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock
        self.staff: list[UUID] = []

    async def build(self) -> None:
        async with self.database.write() as session:
            town = await make_town(session)
            people = [await make_staff(session, town, name, "Ek") for name in ("Anna", "Bo")]
            self.staff = [one.id for one in people]
            for name in ("Ingrid", "Karl"):
                client = await make_client(session, town, name)
                await make_digital(session, client, self.clock.now())
                for code, wall, channel in (
                    ("TI-DAG", "07:00", Channel.VIDEO),
                    ("PV-MOR", "08:00", Channel.PHYSICAL),
                    ("MA-PAM", "12:00", Channel.PROMPT),
                    ("HE-STA", "13:00", Channel.PHYSICAL),
                    ("SO-SAM", "14:30", Channel.VIDEO),
                    ("TI-DAG", "23:30", Channel.PHYSICAL),
                ):
                    await make_contact(
                        session,
                        client,
                        town.services[code],
                        f"2026-12-01 {wall}",
                        channel=channel,
                        staff=people[:1],
                    )
                await make_rule(session, client, town.services["TI-DAG"], at="02:30", recurrence="FREQ=DAILY")

    async def do(self, what: str, which: int, how: int) -> None:
        if what == "time":
            self.clock.move(timedelta(minutes=which))
        elif what in TICKS:
            await TICKS[what](self.database, self.clock)
        else:
            # What the rules refuse is refused, and changes nothing.
            with suppress(Fault):
                await self._deed(what, which, how)

    async def _deed(self, what: str, which: int, how: int) -> None:
        now, clock = self.clock.now(), self.clock
        async with self.database.write() as session:
            ids = list(await session.scalars(select(PlannedContact.id).order_by(PlannedContact.id)))
            row = await fetch(session, ids[which % len(ids)])
            match what:
                case "start":
                    await step(session, row, Status.UNDERWAY, at=now, hand=HAND, actual_start=now)
                case "done":
                    await step(session, row, Status.DONE, at=now, hand=HAND)
                case "cancel":
                    await step(session, row, Status.CANCELLED, at=now, hand=HAND, cause="other")
                case "later":
                    later = row.start + timedelta(minutes=how)
                    await alter(session, row, at=now, hand=HAND, start=later, touched=True)
                case "hand_over":
                    to = self.staff[how % len(self.staff)]
                    await hand_over(session, row, to, clock=clock, hand=HAND)
                case "video":
                    await move_to_video(session, row, clock=clock, hand=HAND)
                case "phone":
                    await move_to_phone(session, row, clock=clock, hand=HAND)
                case "visit":
                    await move_to_visit(session, row, clock=clock, hand=HAND)
                case "away":
                    end = now + timedelta(minutes=how)
                    session.add(
                        ClientAbsence(
                            id=new_id(), client_id=row.client_id, kind=AbsenceKind.OTHER, start=now, end=end
                        )
                    )
                case "no_video":
                    client = await session.get_one(Client, row.client_id)
                    client.video_wish = type(client.video_wish)("no")
                    await session.flush()
                    await consent_withdrawn(session, client.id, clock=clock, hand=HAND)
                case "resolve":
                    await resolve(
                        session,
                        row,
                        list(Outcome)[how % len(Outcome)],
                        reason="prov",
                        clock=clock,
                        hand=HAND,
                        visit=CheckVisit(now + timedelta(minutes=how % 60)),
                    )

    async def check(self) -> None:
        """What must hold whenever the ticks have just gone round."""
        for tick in (presence, due, escalation, day_end):
            await tick(self.database, self.clock)
        async with self.database.read() as session:
            rows = list(await session.scalars(select(PlannedContact)))
            history = list(await session.scalars(select(ContactHistory).order_by(ContactHistory.id)))
            facts = await events_after(session, 0, most=100_000)
            assigned = set(await session.scalars(select(Assignment.contact_id)))
        assert [fact.number for fact in facts] == list(range(1, len(facts) + 1))
        told = Counter(fact.payload["contact"] for fact in facts if fact.topic == "contact.changed")
        lines: dict[UUID, list[ContactHistory]] = defaultdict(list)
        for line in history:
            lines[line.contact_id].append(line)
        for row in rows:
            self._row(row, lines[row.id], assigned)
            assert told[str(row.id)] == len(lines[row.id]), "every step is told, once"

    def _row(self, row: PlannedContact, history: list[ContactHistory], assigned: set[UUID]) -> None:
        if row.status.is_end:
            assert row.deadline is None
        elif row.start - timedelta(minutes=10) <= self.clock.now():
            # It has begun, or is to begin: somebody waits for it until a time that is still to come.
            assert row.status is not Status.PLANNED
            if row.priority.is_safety or row.status is not Status.UNDERWAY:
                assert row.deadline is not None
                assert row.deadline > self.clock.now()
            # No owner means the group's coordinators, and only where nobody is assigned.
            assert row.owner_id in self.staff or (row.owner_id is None and row.id not in assigned)
        if row.priority.is_safety and row.status is Status.MISSED:
            assert history[-1].by == "person", "no safety row is missed without a person"
        before = None
        for line in history:
            if line.status_before is None:
                before = line.status_after
                continue
            assert before is None or line.status_before == before
            first, then = Status(line.status_before), Status(line.status_after or "")
            assert first is then or then in STEPS[first]
            before = line.status_after
        if before is not None:
            assert before == row.status.value


async def live(database: Database, events: list[tuple[str, int, int]]) -> None:
    clock = StandingClock(datetime(2026, 12, 1, 6, 40))
    world = World(database, clock)
    await world.build()
    for what, which, how in events:
        await world.do(what, which, how)
    await world.check()
    clock.move(timedelta(days=2))
    await world.check()


@asynccontextmanager
async def a_copy(template: Path) -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / SQLITE_FILE)
        database = Database(sqlite_url(Path(folder)))
        try:
            yield database
        finally:
            await database.close()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=EVENTS)
def test_any_order_on_sqlite(sqlite_template: Path, events: list[tuple[str, int, int]]) -> None:
    """Ticks, people and time in any order."""

    async def run() -> None:
        async with a_copy(sqlite_template) as database:
            await live(database, events)

    in_thread(run())


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(4))
def test_any_order_on_postgresql(postgres_cluster: Cluster, seed: int) -> None:
    """The same on PostgreSQL, with long random days."""
    chance = random.Random(seed)
    kinds = [*TICKS, *DEEDS, *["time"] * 4]
    events = []
    for _ in range(60):
        what = chance.choice(kinds)
        which = chance.choice([1, 5, 11, 45, 240]) if what == "time" else chance.randrange(30)
        events.append((what, which, chance.randrange(1000)))

    async def run() -> None:
        name = await postgres_cluster.create()
        database = Database(postgres_cluster.url(name))
        try:
            await live(database, events)
        finally:
            await database.close()
            await postgres_cluster.drop(name)

    in_thread(run())


async def test_two_nodes_and_people_at_once(database: Database, clock: StandingClock) -> None:
    """Ticks of two nodes and people's deeds truly side by side: the same holds."""
    world = World(database, clock)
    await world.build()
    other = World(Database(database.url), clock)
    other.staff = world.staff
    chance = random.Random(7)
    for _ in range(12):
        clock.move(timedelta(minutes=chance.choice([5, 11, 60])))
        ticks = [node.do(tick, 0, 0) for node in (world, other) for tick in ("due", "escalation", "presence")]
        deeds = [
            node.do(chance.choice(DEEDS), chance.randrange(30), chance.randrange(1000))
            for node in (world, other)
            for _ in range(3)
        ]
        await asyncio.gather(*ticks, *deeds)
    await other.database.close()
    await world.check()
