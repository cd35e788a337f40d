"""Red rows and tasks end by a person, with outcome and reason, or are handed over by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Account
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, Origin, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, fetch
from care.errors import Fault
from care.ids import new_id
from care.staff import Staff
from care.storage.database import Database
from care.tasks import Task, TaskKind, open_task
from scheduler.check_visit import CheckVisit
from scheduler.resolving import (
    Outcome,
    fetch_task,
    finish_task,
    hand_over,
    hand_over_task,
    needs_a_person,
    resolve,
)
from tests.builders import (
    Town,
    make_account,
    make_client,
    make_contact,
    make_group,
    make_staff,
    make_town,
    moment,
)


class Scene:
    """A red call that nobody answered, Anna who owns it, Bo who may take over."""

    def __init__(self, town: Town, row: PlannedContact, anna: Staff, bo: Staff, account: Account) -> None:
        self.town, self.row, self.anna, self.bo = town, row, anna, bo
        self.hand = Hand("anna", account.id)


async def scene(database: Database, **more: Any) -> Scene:
    async with database.write() as session:
        town = await make_town(session)
        anna, bo = await make_staff(session, town), await make_staff(session, town, "Bo", "Ek")
        account = await make_account(session, anna)
        client = await make_client(session, town)
        given = {"status": Status.AWAITING, "deadline": moment("2026-12-01 06:45"), **more}
        row = await make_contact(
            session,
            client,
            [town.services["TI-DAG"], town.services["SO-SAM"]],
            "2026-12-01 06:25",
            channel=Channel.VIDEO,
            staff=[anna],
            **given,
        )
    return Scene(town, row, anna, bo, account)


async def read(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.DONE, Status.DONE),
        (Outcome.DONE_PHONE, Status.DONE_PHONE),
        (Outcome.MISSED, Status.MISSED),
        (Outcome.DECLINED, Status.DECLINED),
        (Outcome.CANCELLED_ABSENT, Status.CANCELLED),
    ],
)
@pytest.mark.parametrize("before", [Status.AWAITING, Status.UNKNOWN, Status.DUE], ids=lambda s: s.value)
async def test_each_outcome_ends_the_row(
    sqlite_database: Database, clock: StandingClock, outcome: Outcome, status: Status, before: Status
) -> None:
    """From red, from unknown, and from due before it turns red; with reason, hand and no deadline."""
    set_up = await scene(sqlite_database, status=before)
    async with sqlite_database.write() as session:
        row = await fetch(session, set_up.row.id)
        assert (
            await resolve(session, row, outcome, reason=" Var hos grannen ", clock=clock, hand=set_up.hand)
            is None
        )
    after = await read(sqlite_database, set_up.row)
    assert (after.status, after.deadline) == (status, None)
    async with sqlite_database.read() as session:
        last = list(await session.scalars(select(ContactHistory).order_by(ContactHistory.id)))[-1]
    assert (last.reason, last.account_id) == ("Var hos grannen", set_up.hand.account_id)
    assert (after.actual_start is not None) is after.status.is_done
    assert outcome.words


async def test_every_outcome_is_tested_here(database: Database, clock: StandingClock) -> None:
    """A visit in its place: counts for the same day, carries the lines, points back, has its owner."""
    assert len(Outcome) == 6
    set_up = await scene(database)
    visit = CheckVisit(moment("2026-12-01 07:00"), set_up.bo.id, minutes=20)
    async with database.write() as session:
        row = await fetch(session, set_up.row.id)
        made = await resolve(
            session, row, Outcome.REPLACED_BY_VISIT, reason="Svarar inte", clock=clock, hand=set_up.hand,
            visit=visit,
        )  # fmt: skip
        assert made is not None
    assert (await read(database, set_up.row)).status is Status.REPLACED
    new = await read(database, made)
    assert (new.status, new.channel, new.origin) == (Status.PLANNED, Channel.PHYSICAL, Origin.ESCALATION)
    assert (new.replaces_id, new.owed_date, new.owner_id) == (
        set_up.row.id,
        set_up.row.owed_date,
        set_up.bo.id,
    )
    assert (new.start, new.minutes, new.priority) == (visit.start, 20, set_up.row.priority)
    async with database.read() as session:
        lines = select(ContactLine.goal_type).where(ContactLine.contact_id == new.id)
        assert list(await session.scalars(lines.order_by(ContactLine.seq))) == ["wellbeing_check", "social"]
        staff = select(Assignment.staff_id).where(Assignment.contact_id == new.id)
        assert list(await session.scalars(staff)) == [set_up.bo.id]


@pytest.mark.parametrize(
    ("outcome", "change", "code"),
    [
        (Outcome.DONE, {"reason": "  "}, "resolve.reason_missing"),
        (Outcome.MISSED, {"reason": "x" * 501}, "resolve.reason_missing"),
        (Outcome.REPLACED_BY_VISIT, {}, "resolve.visit_missing"),
        (Outcome.DONE, {"actual_start": moment("2026-12-01 12:00")}, "resolve.future"),
    ],
)
async def test_nothing_closes_without_an_outcome_and_a_reason(
    sqlite_database: Database, clock: StandingClock, outcome: Outcome, change: dict[str, Any], code: str
) -> None:
    """And nothing has changed afterwards."""
    set_up = await scene(sqlite_database)
    given = {"reason": "Så var det", **change}
    with pytest.raises(Fault) as fault:
        async with sqlite_database.write() as session:
            row = await fetch(session, set_up.row.id)
            await resolve(session, row, outcome, clock=clock, hand=set_up.hand, **given)
    assert fault.value.code == code
    after = await read(sqlite_database, set_up.row)
    assert (after.status, after.version) == (Status.AWAITING, 1)


@pytest.mark.parametrize(
    "status",
    [s for s in Status if s.is_end or s in (Status.PLANNED, Status.UNDERWAY)],
    ids=lambda s: s.value,
)
async def test_only_open_rows_are_resolved(
    sqlite_database: Database, clock: StandingClock, status: Status
) -> None:
    """What has ended is not ended again; what goes on is closed where it goes on."""
    set_up = await scene(sqlite_database, status=status)
    with pytest.raises(Fault, match=r"resolve\.closed"):
        async with sqlite_database.write() as session:
            row = await fetch(session, set_up.row.id)
            await resolve(session, row, Outcome.DONE, reason="x", clock=clock, hand=set_up.hand)


async def test_a_row_is_handed_over_by_name(database: Database, clock: StandingClock) -> None:
    """Bo answers for it now and has a quarter of an hour; who was planned stays as it was."""
    set_up = await scene(database)
    async with database.write() as session:
        row = await fetch(session, set_up.row.id)
        await hand_over(session, row, set_up.bo.id, clock=clock, hand=set_up.hand, reason="Passet slut")
    after = await read(database, set_up.row)
    assert after.owner_id == set_up.bo.id
    assert after.deadline == clock.now() + timedelta(minutes=15)
    async with database.read() as session:
        (line,) = await session.scalars(select(ContactHistory))
        staff = select(Assignment.staff_id).where(Assignment.contact_id == after.id)
        assert list(await session.scalars(staff)) == [set_up.anna.id]
    assert line.event == "handed_over"
    assert line.change["owner_id"] == [str(set_up.anna.id), str(set_up.bo.id)]


async def test_nothing_is_handed_to_nobody(database: Database, clock: StandingClock) -> None:
    """Not to somebody unknown, and not to somebody who has left."""
    set_up = await scene(database)
    async with database.write() as session:
        gone = await make_staff(session, set_up.town, "Gun", "Ek", active=False)
    for to, code in ((new_id(), "not_found"), (gone.id, "hand_over.gone")):
        with pytest.raises(Fault) as fault:
            async with database.write() as session:
                row = await fetch(session, set_up.row.id)
                await hand_over(session, row, to, clock=clock, hand=set_up.hand)
        assert fault.value.code == code
    assert (await read(database, set_up.row)).owner_id == set_up.anna.id


async def a_task(database: Database, set_up: Scene, clock: StandingClock, key: str | None = "k") -> Task:
    async with database.write() as session:
        task = await open_task(
            session,
            TaskKind.TABLET_SILENT,
            group_id=set_up.town.group.id,
            at=clock.now(),
            deadline=clock.now(),
            once_key=key,
        )
    assert task is not None
    return task


async def test_a_task_stands_once_until_it_is_closed(database: Database, clock: StandingClock) -> None:
    """The same is not said twice while it stands; afterwards it may be said anew."""
    set_up = await scene(database)
    task = await a_task(database, set_up, clock)
    async with database.write() as session:
        again = await open_task(
            session, task.kind, group_id=task.group_id, at=clock.now(), deadline=clock.now(), once_key="k"
        )
        assert again is None
        await finish_task(
            session, await fetch_task(session, task.id), "Laddaren satt lös", clock=clock, hand=set_up.hand
        )
    async with database.read() as session:
        closed = await session.get_one(Task, task.id)
    assert (closed.outcome, closed.closed_at) == ("Laddaren satt lös", clock.now())
    assert closed.closed_by_id == set_up.hand.account_id
    await a_task(database, set_up, clock)


async def test_a_task_needs_an_outcome_and_closes_once(database: Database, clock: StandingClock) -> None:
    """Neither silently nor twice."""
    set_up = await scene(database)
    task = await a_task(database, set_up, clock)

    async def finish(outcome: str) -> None:
        async with database.write() as session:
            kept = await fetch_task(session, task.id)
            await finish_task(session, kept, outcome, clock=clock, hand=set_up.hand)

    with pytest.raises(Fault, match=r"task\.outcome_missing"):
        await finish(" ")
    await finish("Klart")
    with pytest.raises(Fault, match=r"task\.closed"):
        await finish("Klart igen")
    async with database.read() as session:
        assert (await session.get_one(Task, task.id)).outcome == "Klart"


async def test_a_task_is_handed_over_by_name(database: Database, clock: StandingClock) -> None:
    """With time to act; a closed one is not."""
    set_up = await scene(database)
    task = await a_task(database, set_up, clock)
    async with database.write() as session:
        await hand_over_task(session, await fetch_task(session, task.id), set_up.bo.id, clock=clock)
    async with database.read() as session:
        kept = await session.get_one(Task, task.id)
    assert (kept.owner_id, kept.deadline) == (set_up.bo.id, clock.now() + timedelta(minutes=15))
    with pytest.raises(Fault, match="not_found"):
        async with database.write() as session:
            await fetch_task(session, new_id())


async def test_what_needs_a_person(database: Database, clock: StandingClock) -> None:
    """Everything red of the groups asked about, the most urgent first, with client and staff at hand."""
    set_up = await scene(database)
    async with database.write() as session:
        client = await make_client(session, set_up.town, "Karl", "Ek")
        social = set_up.town.services["SO-SAM"]
        check = set_up.town.services["TI-DAG"]
        later = await make_contact(session, client, social, "2026-12-01 06:00", status=Status.AWAITING)
        lost = await make_contact(session, client, check, "2026-12-01 06:30", status=Status.UNKNOWN)
        await make_contact(session, client, check, "2026-12-01 06:30", status=Status.DUE)
        elsewhere = await make_group(session, set_up.town.municipality, "Gällö")
        other = await make_client(session, set_up.town, "Olga", "Ek", group_id=elsewhere.id)
        await make_contact(session, other, check, "2026-12-01 06:30", status=Status.AWAITING)
    task = await a_task(database, set_up, clock)
    async with database.read() as session:
        found = await needs_a_person(session, [set_up.town.group.id])
        assert [row.id for row in found.contacts] == [set_up.row.id, lost.id, later.id]
        assert found.contacts[0].client.first_name == "Ingrid"
        assert found.contacts[0].assignments[0].staff.first_name == "Anna"
        assert [one.id for one in found.tasks] == [task.id]
        assert (await needs_a_person(session, [])).contacts == []
