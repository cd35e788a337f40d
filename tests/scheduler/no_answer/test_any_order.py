"""Whatever happens in whatever order: a safety contact ends with a person behind it, or somebody has it.

Rings, answers, taps, absence, shifts that end, a server that is away or killed, ticks that are late, plans of
their own and nights when the clock changes. And no car is ever sent for a social call that nobody asked for.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.absence import leave
from care.calls.call import Call, CallParticipant, CallRole
from care.calls.course import answer, end
from care.calls.course import fetch as fetch_call
from care.calls.life import CallState, Cause
from care.clients import AbsenceKind, Client, Risk
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.performing import check_in, check_out
from care.contacts.step import Hand, fetch
from care.errors import Fault
from care.ids import new_id
from care.no_answer.case import NoAnswerCase, NoAnswerMark, NoAnswerPlan
from care.no_answer.step import OUTCOMES, Outcome, Step
from care.services import Priority
from care.staff import Shift, Title
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from scheduler.answers import say, send_somebody
from scheduler.resolving import Outcome as Resolved
from scheduler.resolving import hand_over, resolve
from scheduler.ticks.day_end import day_end
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.hand_over_watch import hand_over_watch
from scheduler.ticks.no_answer import no_answer
from tests.builders import make_client, make_contact, make_digital, make_shift, make_staff, make_town, moment
from tests.postgres import Cluster, in_thread
from tests.scheduler.ticks.killing import Killed, killed_at

PERSON = Hand("person")
TICKS = {"due": due, "no_answer": no_answer, "escalation": escalation, "day_end": day_end,
         "hand_over": hand_over_watch}  # fmt: skip
RINGS = (Cause.NO_ANSWER, Cause.NO_ANSWER, Cause.TABLET_OFFLINE, Cause.NOT_NOW, Cause.BUSY)
DEEDS = ("ring", "answer", "say", "send", "go", "leave_home", "hand_over", "resolve", "nobody_opens", "ill")
#: An ordinary evening, and the two nights when the clock changes.
EVENINGS = ("2026-12-01 20:15", "2027-03-28 01:40", "2027-10-31 02:20")
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(TICKS)), st.just(0), st.just(0)),
        st.tuples(st.just("time"), st.sampled_from([1, 4, 6, 11, 25, 240]), st.just(0)),
        st.tuples(st.just("killed"), st.integers(0, 12), st.just(0)),
        st.tuples(st.sampled_from(DEEDS), st.integers(0, 30), st.integers(0, 100)),
    ),
    min_size=5,
    max_size=30,
)


@dataclass
class World:
    """Two care workers until ten, a coordinator until nine; a safety call, a social one and a visit."""

    database: Database
    clock: StandingClock
    staff: list[UUID] = field(default_factory=list)
    #: Clients for whom a person has asked that somebody goes there.
    asked: set[UUID] = field(default_factory=set)

    async def build(self, at: str, risk: Risk, plan: int) -> None:
        start = moment(at)
        self.clock.set(start - timedelta(minutes=5))
        async with self.database.write() as session:
            town = await make_town(session)
            people = [await make_staff(session, town, name, "Ek") for name in ("Anna", "Bo")]
            karin = await make_staff(session, town, "Karin", "Holm", title=Title.COORDINATOR)
            day = f"{start.astimezone(self.clock.zone):%Y-%m-%d}"
            for one, (first, last) in zip(
                (*people, karin), (("00:00", "22:00"), ("14:00", "23:30"), ("00:00", "21:00")), strict=True
            ):
                await make_shift(session, one, day, first, last)
            self.staff = [one.id for one in (*people, karin)]
            rows = (
                ("Ingrid", "TI-DAG", Channel.VIDEO),
                ("Karl", "SO-SAM", Channel.VIDEO),
                ("Gun", "TI-DAG", Channel.PHONE),
                ("Sven", "PV-MOR", Channel.PHYSICAL),
                ("Elsa", "MA-PAM", Channel.PROMPT),
            )
            for name, service, channel in rows:
                client = await make_client(session, town, name, risk=risk)
                await make_digital(session, client, self.clock.now())
                if plan % 3:
                    session.add(
                        NoAnswerPlan(
                            id=new_id(), client_id=client.id, at_once=plan % 3 == 1, changed_at=start,
                            minutes={"ring_again": plan, "phone": plan + 2, "check_visit": 3 * plan},
                        )
                    )  # fmt: skip
                await make_contact(
                    session, client, town.services[service], start, channel=channel, staff=people[:1]
                )

    async def do(self, what: str, which: int, how: int) -> None:
        if what == "time":
            self.clock.move(timedelta(minutes=which))
        elif what == "killed":
            with suppress(Killed), killed_at(self.database, which):
                await no_answer(self.database, self.clock)
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
            staff = self.staff[how % len(self.staff)]
            match what:
                case "ring" | "answer":
                    await self._ring(session, row, how, is_answered=what == "answer")
                case "say":
                    await self._say(session, row, how, staff)
                case "send":
                    self.asked.add(row.client_id)
                    await send_somebody(session, row, staff, clock=clock, hand=PERSON)
                case "nobody_opens":
                    await say(session, row, Outcome.POLICE, of=Step.ON_SITE, clock=clock, hand=PERSON,
                              staff_id=staff)  # fmt: skip
                case "go":
                    await self._go(session, row, how, staff)
                case "leave_home":
                    client = await session.get_one(Client, row.client_id)
                    await leave(session, client, AbsenceKind.HOSPITAL, now - timedelta(hours=1),
                                now + timedelta(minutes=how + 1), at=now, hand=PERSON)  # fmt: skip
                case "hand_over":
                    await hand_over(session, row, staff, clock=clock, hand=PERSON)
                case "ill":
                    for shift in await session.scalars(select(Shift).where(Shift.staff_id == staff)):
                        shift.absent_from = now
                case "resolve":
                    ways = (Resolved.DONE_PHONE, Resolved.MISSED, Resolved.DECLINED)
                    await resolve(session, row, ways[how % 3], reason="prov", clock=clock, hand=PERSON)

    async def _ring(self, session: AsyncSession, row: PlannedContact, how: int, *, is_answered: bool) -> None:
        now = self.clock.now()
        if row.channel is not Channel.VIDEO or row.status.is_end:
            return
        call = Call(id=new_id(), contact_id=row.id, rung_at=now, state=CallState.RINGING)
        session.add(call)
        await session.flush()
        session.add_all(
            CallParticipant(id=new_id(), call_id=call.id, role=role, staff_id=self.staff[0])
            for role in (CallRole.WORKER, CallRole.CLIENT)
        )
        await session.flush()
        found = await fetch_call(session, call.id)
        if is_answered:
            await answer(session, found, now, auto=False, hand=PERSON)
        else:
            await end(session, found, RINGS[how % len(RINGS)], now, PERSON)

    async def _say(self, session: AsyncSession, row: PlannedContact, how: int, staff: UUID) -> None:
        case = await session.scalar(select(NoAnswerCase).where(NoAnswerCase.contact_id == row.id))
        at = case.step if case is not None else Step.RING
        outcome = OUTCOMES[at][how % len(OUTCOMES[at])]
        if outcome in (Outcome.WRONG, Outcome.VISIT):
            self.asked.add(row.client_id)
        await say(session, row, outcome, of=at, clock=self.clock, hand=PERSON, staff_id=staff)

    async def _go(self, session: AsyncSession, row: PlannedContact, how: int, staff: UUID) -> None:
        now = self.clock.now()
        if row.channel is Channel.PHYSICAL:
            await check_in(session, row, at=now, hand=PERSON, staff_id=staff)
            if how % 2:
                await check_out(session, row, at=now, hand=PERSON)

    async def check(self) -> None:
        """What must hold whenever the ticks have just gone round."""
        for _ in range(2):
            for tick in (due, no_answer, escalation, no_answer, day_end):
                await tick(self.database, self.clock)
        now = self.clock.now()
        async with self.database.read() as session:
            rows = {one.id: one for one in await session.scalars(select(PlannedContact))}
            cases = list(await session.scalars(select(NoAnswerCase)))
            marks = list(await session.scalars(select(NoAnswerMark)))
            connecting = set(
                await session.scalars(select(Call.contact_id).where(Call.state == CallState.CONNECTING))
            )
            last: dict[UUID, ContactHistory] = {}
            for entry in await session.scalars(select(ContactHistory).order_by(ContactHistory.id)):
                last[entry.contact_id] = entry
        for row in rows.values():
            self._row(row, last.get(row.id), now)
        for case in cases:
            row = rows[case.contact_id]
            self._case(case, row, last.get(row.id), now, is_connecting=row.id in connecting)
            if case.visit_id is not None and case.level is Risk.LOW:
                assert case.client_id in self.asked or rows[case.visit_id].id == case.contact_id
        calls = [mark.call_id for mark in marks if mark.call_id is not None]
        assert len(calls) == len(set(calls)), "each ring counts once"
        for visit in rows.values():
            first = rows.get(visit.replaces_id) if visit.replaces_id else None
            if first is not None and not first.priority.is_safety:
                assert visit.client_id in self.asked, "no car for a social call that nobody asked for"
            if visit.replaces_id and visit.status is Status.PLANNED:
                assert visit.start > now

    def _case(
        self, case: NoAnswerCase, row: PlannedContact, last: ContactHistory | None, now: datetime, *,
        is_connecting: bool,
    ) -> None:  # fmt: skip
        if case.is_open:
            assert case.deadline > now
            # Answered, but nothing has come through: nobody has been seen yet.
            if not is_connecting:
                assert row.status in (Status.AWAITING, Status.UNKNOWN)
            if row.status is not Status.UNDERWAY:
                assert row.deadline == case.deadline
            return
        assert case.ending
        if row.status is Status.MISSED:
            assert last is not None
            assert last.by == "person", "what somebody tried ends by a person's word"
        assert row.status not in (Status.AWAITING, Status.UNKNOWN) or case.ending == "answered"

    def _row(self, row: PlannedContact, last: ContactHistory | None, now: datetime) -> None:
        if row.status.is_end:
            if row.priority.is_safety and row.status is Status.MISSED:
                assert last is not None
                assert last.by == "person", "no safety contact is missed without a person"
            return
        if row.start <= now and (row.priority.is_safety or row.status is not Status.UNDERWAY):
            assert row.deadline is not None
            assert row.deadline > now
            # None is the coordinator's queue, when nobody is at work.
            assert row.owner_id is None or row.owner_id in self.staff


async def live(
    database: Database, at: str, risk: Risk, plan: int, events: list[tuple[str, int, int]]
) -> None:
    world = World(database, StandingClock(datetime(2026, 12, 1, 6, 40)))
    await world.build(at, risk, plan)
    await due(database, world.clock)
    world.clock.move(timedelta(minutes=6))
    for number, (what, which, how) in enumerate(events):
        await world.do(what, which, how)
        if number % 7 == 6:
            await world.check()
    await world.check()
    world.clock.move(timedelta(hours=9))
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
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(at=st.sampled_from(EVENINGS), risk=st.sampled_from(Risk), plan=st.integers(0, 8), events=EVENTS)
def test_any_order_on_sqlite(
    sqlite_template: Path, at: str, risk: Risk, plan: int, events: list[tuple[str, int, int]]
) -> None:
    """Rings, taps, people, ticks and time in any order."""

    async def run() -> None:
        async with a_copy(sqlite_template) as database:
            await live(database, at, risk, plan, events)

    in_thread(run())


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(3))
def test_any_order_on_postgresql(postgres_cluster: Cluster, seed: int) -> None:
    """The same on PostgreSQL, with long random nights."""
    chance = random.Random(seed)
    kinds = [*TICKS, *DEEDS, *["time"] * 4, "ring", "ring"]
    events = []
    for _ in range(50):
        what = chance.choice(kinds)
        which = chance.choice([1, 4, 6, 11, 25]) if what == "time" else chance.randrange(30)
        events.append((what, which, chance.randrange(100)))

    async def run() -> None:
        name = await postgres_cluster.create()
        database = Database(postgres_cluster.url(name))
        try:
            await live(database, EVENINGS[seed], list(Risk)[seed], seed, events)
        finally:
            await database.close()
            await postgres_cluster.drop(name)

    in_thread(run())


async def test_nobody_does_anything_all_night(sqlite_database: Database) -> None:
    """Everybody goes home: each safety contact has a visit, and stands open; nothing is silent."""
    world = World(sqlite_database, StandingClock(datetime(2026, 12, 1, 6, 40)))
    await world.build(EVENINGS[0], Risk.NORMAL, 0)
    await due(sqlite_database, world.clock)
    world.clock.move(timedelta(minutes=6))
    for which in range(10):
        await world.do("ring", which, 0)
    for _ in range(24):
        world.clock.move(timedelta(minutes=20))
        await world.check()
    async with sqlite_database.read() as session:
        visits = list(
            await session.scalars(select(PlannedContact).where(PlannedContact.replaces_id.is_not(None)))
        )
        missed = list(
            await session.scalars(select(PlannedContact).where(PlannedContact.status == Status.MISSED))
        )
    assert {one.priority for one in visits} == {Priority.P1}
    assert len(visits) >= 2
    assert missed == []
