"""From a ring that nobody answers to somebody at the door: by people, and by the clock alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.absence import leave
from care.calls.life import Cause
from care.clients import AbsenceKind, Client, Risk
from care.clock import Clock, StandingClock
from care.contacts.cause import Cause as NotDone
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, Origin, PlannedContact
from care.contacts.life import Status
from care.contacts.performing import check_in, check_out
from care.contacts.step import fetch, staff_of, step
from care.errors import Fault
from care.no_answer.case import NoAnswerCase, marks_of
from care.no_answer.step import Outcome, Step, WhyNoAnswer
from care.services import Priority
from care.storage.database import Database
from care.tasks import Task, TaskKind
from scheduler.answers import say, send_somebody
from scheduler.no_answer.ending import say_why
from scheduler.no_answer.moving_on import move_on
from scheduler.no_answer.nearest import nearest
from scheduler.no_answer.neighbours import Where, neighbours
from scheduler.ticks import no_answer as tick
from scheduler.ticks.day_end import day_end
from tests.builders import make_client, make_contact
from tests.scheduler.no_answer.set_up import PERSON, Evening, an_evening


@pytest.fixture
def alone(sqlite_database: Database) -> Database:
    """One kind of database is enough for what is decided outside it."""
    return sqlite_database


async def tell(evening: Evening, outcome: Outcome, of: Step) -> NoAnswerCase | None:
    """Anna says what came of it."""
    async with evening.database.write() as session:
        contact = await fetch(session, (await evening.the_case()).contact_id)
        return await say(
            session, contact, outcome, of=of, clock=evening.clock, hand=PERSON, staff_id=evening.anna.id
        )


async def test_a_ring_without_an_answer_opens_a_case_that_anna_has(
    database: Database, clock: StandingClock
) -> None:
    """The second ring is hers, five minutes after the first; the row stands red with that deadline."""
    evening = await an_evening(database, clock)
    began = clock.now()
    await evening.ring()
    await evening.tick()
    case, row = await evening.the_case(), await evening.row()
    assert (case.step, case.began_at, case.level) == (Step.RING_AGAIN, began, Risk.NORMAL)
    assert (row.status, row.owner_id) == (Status.AWAITING, evening.anna.id)
    assert row.deadline == case.deadline == began + timedelta(minutes=10)


async def test_nobody_does_anything_and_somebody_is_asked_to_go_there(
    alone: Database, clock: StandingClock
) -> None:
    """Anna's phone has died: it goes on without her, to who leads, and a visit is made after 25 minutes."""
    evening = await an_evening(alone, clock)
    began = clock.now()
    await evening.ring()
    await evening.tick(12)
    assert (await evening.the_case()).step is Step.PHONE
    assert (await evening.row()).owner_id == evening.karin.id
    assert await evening.visit() is None
    await evening.tick(13)
    visit, row = await evening.visit(), await evening.row()
    assert visit is not None
    assert (visit.priority, visit.channel) == (Priority.P1, Channel.PHYSICAL)
    assert began + timedelta(minutes=25) <= visit.start <= began + timedelta(minutes=27)
    assert row.status is Status.AWAITING
    assert row.owner_id == evening.karin.id
    assert (await evening.the_case()).step is Step.CHECK_VISIT


@pytest.mark.parametrize("leads", [True, False], ids=["with-coordinator", "nobody-leads"])
async def test_high_risk_has_a_visit_after_ten_minutes(
    database: Database, clock: StandingClock, *, leads: bool
) -> None:
    """Who leads chooses who drives; at night, when nobody leads, the nearest is sent."""
    evening = await an_evening(database, clock, risk=Risk.HIGH, leads=leads)
    await evening.ring()
    await evening.tick(8)
    assert await evening.visit() is None
    await evening.tick(2)
    visit = await evening.visit()
    assert visit is not None
    async with database.read() as session:
        driver = await staff_of(session, visit.id)
    assert bool(driver) is not leads
    assert (await evening.the_case()).step is Step.PHONE


async def test_where_nobody_chooses_the_nearest_drives(database: Database, clock: StandingClock) -> None:
    """Karin leads and is busy: five minutes after the visit was made somebody is on the way all the same."""
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(13)
    visit = await evening.visit()
    assert visit is not None
    async with database.read() as session:
        assert await staff_of(session, visit.id) == []
    await evening.tick(2)
    case, visit = await evening.the_case(), await evening.visit()
    assert visit is not None
    async with database.read() as session:
        assert len(await staff_of(session, visit.id)) == 1
    assert (case.is_sent, visit.owner_id is None) == (True, False)
    # The others are rung meanwhile.
    assert case.step is Step.NEIGHBOURS


@pytest.mark.parametrize("of", [Step.NEIGHBOURS, Step.CONTACT_PERSON])
async def test_she_rings_back_while_others_are_asked(alone: Database, clock: StandingClock, of: Step) -> None:
    """Whoever has got hold of her can say so at any step: it was done by telephone, and not missed."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick(15 if of is Step.NEIGHBOURS else 20)
    assert (await evening.the_case()).step is of
    await tell(evening, Outcome.ANSWERED, of)
    assert (await evening.row()).status is Status.DONE_PHONE


async def test_one_case_that_fails_holds_up_no_other(
    alone: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick says that it failed, and is tried again; Ingrid's steps go on all the same."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick()
    async with alone.write() as session:
        other = await make_contact(
            session, evening.client, evening.town.services["TI-DAG"], clock.now(), channel=Channel.VIDEO,
            staff=[evening.anna], status=Status.DUE,
        )  # fmt: skip
    broken = await evening.the_case()
    evening.row_id = other.id
    await evening.ring()
    await evening.tick()
    case = await evening.the_case()

    async def moves(session: AsyncSession, case_id: UUID, at: Clock) -> bool:
        if case_id == broken.id:
            raise RuntimeError("broken")
        return await move_on(session, case_id, at)

    monkeypatch.setattr(tick, "move_on", moves)
    clock.move(timedelta(minutes=15))
    with pytest.raises(RuntimeError):
        await tick.no_answer(alone, clock)
    assert (await evening.the_case()).step is not case.step


async def test_a_social_call_at_night_sends_no_car_by_itself(alone: Database, clock: StandingClock) -> None:
    """It waits for a person until nine in the morning, and then asks again; no visit is ever made."""
    evening = await an_evening(alone, clock, service="SO-SAM", risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(30)
    case = await evening.the_case()
    assert (case.level, case.step) == (Risk.LOW, Step.DECIDE)
    clock.move(timedelta(days=2))
    await day_end(alone, clock)
    await evening.tick(2)
    row = await evening.row()
    assert row.status is Status.AWAITING
    assert row.deadline is not None
    assert row.deadline > clock.now()
    assert await evening.visit() is None


async def test_the_phone_is_answered(alone: Database, clock: StandingClock) -> None:
    """Done by telephone; why it was so is asked, and one tap closes that."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick(4)
    await evening.ring()
    await evening.tick()
    await tell(evening, Outcome.ANSWERED, Step.PHONE)
    row, case = await evening.row(), await evening.the_case()
    assert (row.status, case.ending) == (Status.DONE_PHONE, "answered")
    async with alone.write() as session:
        task = await session.scalar(select(Task).where(Task.kind == TaskKind.NO_ANSWER_WHY))
        assert task is not None
        assert task.owner_id == evening.anna.id
        await say_why(
            session, await session.get_one(NoAnswerCase, case.id), WhyNoAnswer.DID_NOT_HEAR,
            clock=clock, hand=PERSON,
        )  # fmt: skip
        assert task.closed_at is not None
    assert (await evening.the_case()).why is WhyNoAnswer.DID_NOT_HEAR


async def test_an_answer_on_the_second_ring_is_an_ordinary_day(alone: Database, clock: StandingClock) -> None:
    """Nobody is asked why."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick()
    async with alone.write() as session:
        row = await fetch(session, evening.row_id)
        await step(session, row, Status.UNDERWAY, at=clock.now(), hand=PERSON, actual_start=clock.now())
    await evening.tick()
    assert (await evening.the_case()).ending == "answered"
    async with alone.read() as session:
        assert await session.scalar(select(func.count(Task.id))) == 0


async def test_a_machine_that_answers_calls_nobody_off(database: Database, clock: StandingClock) -> None:
    """Bo is on the way when the tablet takes the call by itself: nothing comes through, and he goes on."""
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(10)
    async with database.write() as session:
        await send_somebody(session, await fetch(session, evening.row_id), evening.bo.id, clock=clock,
                            hand=PERSON)  # fmt: skip
    call = await evening.machine_answers()
    await evening.tick()
    case, visit = await evening.the_case(), await evening.visit()
    assert visit is not None
    assert (case.is_open, visit.status.is_end) == (True, False)
    await evening.comes_to_nothing(call)
    await evening.tick()
    case, row = await evening.the_case(), await evening.row()
    assert (case.is_open, row.status, row.deadline) == (True, Status.AWAITING, case.deadline)


async def test_answered_without_picture_and_then_unanswered(alone: Database, clock: StandingClock) -> None:
    """Nobody was seen the first time: the ring that nobody answers opens a case as any other."""
    evening = await an_evening(alone, clock)
    await evening.comes_to_nothing(await evening.machine_answers())
    await evening.tick()
    assert await evening.case() is None
    await evening.ring()
    await evening.tick(26)
    assert await evening.visit() is not None


async def test_known_absence_stops_it_before_it_starts(alone: Database, clock: StandingClock) -> None:
    """She went to hospital at eight: the row is cancelled, not missed, and no case is opened."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    async with alone.write() as session:
        client = await session.get_one(Client, evening.client.id)
        await leave(
            session, client, AbsenceKind.HOSPITAL, clock.now() - timedelta(minutes=20), None,
            at=clock.now(), hand=PERSON,
        )  # fmt: skip
    await evening.tick(30)
    row = await evening.row()
    assert (row.status, row.cause) == (Status.CANCELLED, NotDone.CLIENT_AWAY)
    assert await evening.visit() is None


async def test_absence_in_the_middle_calls_the_visit_off(database: Database, clock: StandingClock) -> None:
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(10)
    async with database.write() as session:
        client = await session.get_one(Client, evening.client.id)
        await leave(session, client, AbsenceKind.HOSPITAL, clock.now() - timedelta(hours=1), None,
                    at=clock.now(), hand=PERSON)  # fmt: skip
    await evening.tick()
    visit = await evening.visit()
    assert visit is not None
    assert (await evening.row()).status is visit.status is Status.CANCELLED
    assert not (await evening.the_case()).is_open


async def test_whoever_arrives_takes_the_rows_place(database: Database, clock: StandingClock) -> None:
    """Bo is sent, checks in and out: the call is replaced, the visit done, the case ended."""
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(10)
    async with database.write() as session:
        await send_somebody(
            session, await fetch(session, evening.row_id), evening.bo.id, clock=clock, hand=PERSON
        )
    visit = await evening.visit()
    assert visit is not None
    assert visit.owner_id == evening.bo.id
    async with database.write() as session:
        row = await fetch(session, visit.id)
        await check_in(session, row, at=clock.now(), hand=PERSON, staff_id=evening.bo.id)
    await evening.tick(2)
    assert (await evening.row()).status is Status.REPLACED
    assert (await evening.the_case()).ending == "on_site"
    async with database.write() as session:
        await check_out(session, await fetch(session, visit.id), at=clock.now(), hand=PERSON)
    await evening.tick(60)
    assert (await evening.row(visit.id)).status is Status.DONE


async def test_nobody_opens_for_who_was_sent(database: Database, clock: StandingClock) -> None:
    """The routine at the door is the manager's or coordinator's, and ends when somebody is inside."""
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(10)
    async with database.write() as session:
        await send_somebody(session, await fetch(session, evening.row_id), evening.bo.id, clock=clock,
                            hand=PERSON)  # fmt: skip
    await evening.tick(3)
    visit = await evening.visit()
    assert visit is not None
    async with database.write() as session:
        await say(
            session, await fetch(session, visit.id), Outcome.POLICE, of=Step.ON_SITE, clock=clock,
            hand=PERSON, staff_id=evening.bo.id,
        )  # fmt: skip
    case, row = await evening.the_case(), await evening.row(visit.id)
    assert (case.contact_id, case.step) == (visit.id, Step.ON_SITE)
    assert (await evening.row()).status is Status.REPLACED
    assert (row.status, row.owner_id) == (Status.AWAITING, evening.karin.id)
    await evening.tick(20)
    assert (await evening.row(visit.id)).status is Status.AWAITING
    await tell(evening, Outcome.INSIDE_HELP, Step.ON_SITE)
    assert (await evening.row(visit.id)).status is Status.UNDERWAY
    assert (await evening.the_case()).ending == "inside_help"


async def test_a_planned_visit_that_nobody_opens_for(alone: Database, clock: StandingClock) -> None:
    evening = await an_evening(alone, clock, channel=Channel.PHYSICAL, service="PV-MOR")
    async with alone.write() as session:
        case = await say(
            session, await fetch(session, evening.row_id), Outcome.AWAY, of=Step.ON_SITE, clock=clock,
            hand=PERSON, staff_id=evening.anna.id,
        )  # fmt: skip
    assert case is not None
    row = await evening.row()
    assert (row.status, row.cause) == (Status.CANCELLED, NotDone.CLIENT_AWAY)


async def test_a_visit_called_off_by_a_person_is_asked_about_and_not_made_again(
    database: Database, clock: StandingClock
) -> None:
    evening = await an_evening(database, clock, risk=Risk.HIGH)
    await evening.ring()
    await evening.tick(10)
    visit = await evening.visit()
    assert visit is not None
    async with database.write() as session:
        row = await fetch(session, visit.id)
        await step(session, row, Status.CANCELLED, at=clock.now(), hand=PERSON, cause="other")
    await evening.tick(60)
    case = await evening.the_case()
    assert (case.is_open, case.step, case.visit_id) == (True, Step.CHECK_VISIT, None)
    async with database.read() as session:
        visits = select(func.count()).where(PlannedContact.replaces_id == evening.row_id)
        assert await session.scalar(visits) == 1


async def test_not_now_and_then_silence(alone: Database, clock: StandingClock) -> None:
    """ "Inte nu" in the middle: five minutes more for everything, and rung again."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick(3)
    await evening.ring(Cause.NOT_NOW)
    await evening.tick()
    case = await evening.the_case()
    assert (case.step, case.began_at) == (Step.RING_AGAIN, clock.now())


async def test_a_tablet_out_of_reach_leads_to_the_telephone(alone: Database, clock: StandingClock) -> None:
    evening = await an_evening(alone, clock)
    await evening.ring(Cause.TABLET_OFFLINE)
    await evening.tick(11)
    assert (await evening.the_case()).step is Step.PHONE


async def test_a_reminder_that_nobody_pressed_begins_with_the_telephone(
    alone: Database, clock: StandingClock
) -> None:
    evening = await an_evening(alone, clock, channel=Channel.PROMPT, service="MA-PAM")
    await evening.tick(11)
    case = await evening.the_case()
    assert case.step is Step.PHONE


async def test_a_call_that_nobody_made_is_red_and_no_case(alone: Database, clock: StandingClock) -> None:
    """Nobody has tried: it stands before a person, but no car is sent for a forgotten call."""
    evening = await an_evening(alone, clock, risk=Risk.HIGH)
    await evening.tick(60)
    assert (await evening.row()).status is Status.AWAITING
    assert await evening.case() is None
    assert await evening.visit() is None


async def test_two_who_tap_at_once(database: Database, clock: StandingClock) -> None:
    """The second is told that it has moved on; nothing is done twice."""
    evening = await an_evening(database, clock)
    await evening.ring()
    await evening.tick()
    await tell(evening, Outcome.NO_ANSWER, Step.RING_AGAIN)
    with pytest.raises(Fault) as told:
        await tell(evening, Outcome.NO_ANSWER, Step.RING_AGAIN)
    assert told.value.code == "no_answer.moved_on"


async def test_rings_count_once_whoever_looks(alone: Database, clock: StandingClock) -> None:
    evening = await an_evening(alone, clock)
    await evening.ring()
    for _ in range(3):
        await evening.tick()
    async with alone.read() as session:
        marks = await marks_of(session, await evening.the_case())
    assert [(one.step, one.outcome) for one in marks] == [(Step.RING, Outcome.NO_ANSWER)]


async def test_after_two_in_fourteen_days_the_plan_is_looked_at(
    database: Database, clock: StandingClock
) -> None:
    evening = await an_evening(database, clock)
    for days in (0, 3):
        clock.move(timedelta(days=days))
        async with database.write() as session:
            row = await make_contact(
                session, evening.client, evening.town.services["TI-DAG"], clock.now(),
                channel=Channel.VIDEO, staff=[evening.anna], status=Status.DUE,
            )  # fmt: skip
        evening.row_id = row.id
        await evening.ring()
        await evening.tick()
        await tell(evening, Outcome.NO_ANSWER, Step.RING_AGAIN)
        await tell(evening, Outcome.ANSWERED, Step.PHONE)
    async with database.read() as session:
        tasks = list(await session.scalars(select(Task).where(Task.kind == TaskKind.PLAN_REVIEW)))
    assert [one.facts["count"] for one in tasks] == [2]


async def test_who_is_near(database: Database, clock: StandingClock) -> None:
    """The nearest drives, and who is in the house is asked first; nobody is told whom they are with."""
    evening = await an_evening(database, clock, latitude=62.75, longitude=15.42, building="Storgatan 1")
    async with database.write() as session:
        same = await make_client(
            session, evening.town, "Gunnar", latitude=62.75, longitude=15.42, building="Storgatan 1"
        )
        far = await make_client(session, evening.town, "Sven", latitude=63.1, longitude=15.9)
        now = clock.now()
        for client, staff in ((far, evening.anna), (same, evening.bo)):
            await make_contact(
                session, client, evening.town.services["PV-MOR"], now - timedelta(minutes=10), staff=[staff],
                status=Status.UNDERWAY, actual_start=now - timedelta(minutes=10), minutes=15,
            )  # fmt: skip
    async with database.read() as session:
        near = await nearest(session, evening.client, clock)
        beside = await neighbours(session, evening.client, clock)
    assert [one.staff.id for one in near] == [evening.bo.id, evening.anna.id]
    assert near[0].minutes == 6
    assert [(one.staff.id, one.where, one.is_there) for one in beside] == [(evening.bo.id, Where.HOUSE, True)]


async def test_who_is_sent_already_is_sent_last(alone: Database, clock: StandingClock) -> None:
    """The lights go out in two homes: the second is somebody else's."""
    evening = await an_evening(alone, clock)
    async with alone.read() as session:
        first, second = await nearest(session, evening.client, clock)
    async with alone.write() as session:
        other = await make_client(session, evening.town, "Gunnar")
        await make_contact(
            session, other, evening.town.services["PV-MOR"], clock.now(), staff=[first.staff],
            status=Status.DUE, minutes=15, origin=Origin.ESCALATION,
        )  # fmt: skip
    async with alone.read() as session:
        near = await nearest(session, evening.client, clock)
    assert [one.staff.id for one in near] == [second.staff.id, first.staff.id]


async def test_everything_stands_in_the_history(alone: Database, clock: StandingClock) -> None:
    """For Lex Sarah: each step with its time, in the row's own history."""
    evening = await an_evening(alone, clock)
    await evening.ring()
    await evening.tick(30)
    async with alone.read() as session:
        events = list(
            await session.scalars(
                select(ContactHistory.event)
                .where(ContactHistory.contact_id == evening.row_id)
                .order_by(ContactHistory.at, ContactHistory.id)
            )
        )
    steps = dict.fromkeys(one for one in events if one.startswith("no_answer_"))
    assert list(steps) == [
        "no_answer_ring", "no_answer_ring_again", "no_answer_phone", "no_answer_neighbours",
        "no_answer_contact_person", "no_answer_check_visit",
    ]  # fmt: skip
