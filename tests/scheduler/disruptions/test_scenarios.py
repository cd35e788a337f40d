"""The broken day on the demo, judged by an independent referee of the record (domain 6)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.disruptions import Change, ChangeState, Proposal
from care.municipality import Group
from care.staff import Shift, ShiftKind
from care.storage.database import Database
from scheduler.disruptions.approving import approve, undo
from scheduler.disruptions.proposing import SUMS, Solver, propose
from scheduler.disruptions.report import read_report, record
from tests.scheduler.disruptions.referee import broken_rules, snapshot

DAY = date(2026, 12, 1)
HAND = Hand("test")


async def snow(_database: Database) -> dict[str, Any]:
    return {"kind": "snow", "scope": {"groups": ["Kälarne"]}, "from": "2026-12-01T05:30",
            "to": "2026-12-01T18:00", "speed_factor": 0.6}  # fmt: skip


async def four_sick(database: Database) -> dict[str, Any]:
    async with database.read() as session:
        shifts = await session.scalars(
            select(Shift.staff_id)
            .join(Group, Group.id == Shift.group_id)
            .where(Group.name == "Bräcke", Shift.date == DAY, Shift.kind == ShiftKind.DAY)
            .order_by(Shift.staff_id)
        )
        day_staff = list(shifts)
    assert len(day_staff) == 12
    return {"kind": "staff_absent", "scope": {"staff": [str(one) for one in day_staff[:4]]},
            "from": "2026-12-01T06:40", "to": "2026-12-01T16:00"}  # fmt: skip


async def no_network(_database: Database) -> dict[str, Any]:
    return {"kind": "area_offline", "scope": {"groups": ["Kälarne"]}, "from": "2026-12-01T08:00",
            "to": "2026-12-01T11:00"}  # fmt: skip


async def _proposed(database: Database, clock: StandingClock, solver: Solver, raw: dict[str, Any]) -> UUID:
    async with database.write() as session:
        disruption = await record(session, read_report(raw), clock, HAND)
    return await propose(database, clock, solver, disruption.id)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", [snow, four_sick, no_network], ids=lambda one: one.__name__)
async def test_a_referee_finds_no_broken_rule_in_the_approved_proposal(
    demo: Database, clock: StandingClock, solver: Solver, scenario: Any
) -> None:
    """No hands-on row goes digital, nobody is in two places, all within windows, consent and competence."""
    raw = await scenario(demo)
    async with demo.read() as session:
        before = await snapshot(session, DAY)
    proposal_id = await _proposed(demo, clock, solver, raw)
    async with demo.write() as session:
        outcome = await approve(session, proposal_id, None, clock, HAND)
    assert not outcome.refused
    assert outcome.done
    async with demo.read() as session:
        proposal = await session.get_one(Proposal, proposal_id)
        undecided = {UUID(one["contact_id"]) for one in proposal.unsolved}
        after = await snapshot(session, DAY)
        broken = await broken_rules(
            session,
            before,
            after,
            {change.contact_id for change in outcome.done},
            undecided=undecided,
            now=clock.now(),
        )
    assert broken == []
    assert sum(proposal.summary[name] for name in SUMS) == proposal.summary["affected"]


@pytest.mark.timeout(300)
async def test_the_same_disruption_gives_the_same_proposal(
    demo: Database, clock: StandingClock, solver: Solver
) -> None:
    first = await _told(demo, await _proposed(demo, clock, solver, await snow(demo)))
    second = await _told(demo, await _proposed(demo, clock, solver, await snow(demo)))
    assert first == second


@pytest.mark.timeout(300)
async def test_undoing_everything_gives_the_day_back_as_it_was(
    demo: Database, clock: StandingClock, solver: Solver
) -> None:
    async with demo.read() as session:
        before = await snapshot(session, DAY)
    proposal_id = await _proposed(demo, clock, solver, await snow(demo))
    async with demo.write() as session:
        await approve(session, proposal_id, None, clock, HAND)
    async with demo.write() as session:
        outcome = await undo(session, proposal_id, None, clock, HAND)
    async with demo.read() as session:
        after = await snapshot(session, DAY)
    assert not outcome.refused
    assert {key: _plan(row) for key, row in after.items()} == {key: _plan(row) for key, row in before.items()}


@pytest.mark.timeout(300)
async def test_a_fifth_sick_person_keeps_what_was_approved(
    demo: Database, clock: StandingClock, solver: Solver
) -> None:
    """Few approved rows get new staff again, other than those that the fifth person was to do."""
    raw = await four_sick(demo)
    first = await _proposed(demo, clock, solver, raw)
    async with demo.write() as session:
        approved = {one.contact_id for one in (await approve(session, first, None, clock, HAND)).done}
    async with demo.read() as session:
        fifth = await session.scalar(
            select(Shift.staff_id)
            .join(Group, Group.id == Shift.group_id)
            .where(
                Group.name == "Bräcke",
                Shift.date == DAY,
                Shift.kind == ShiftKind.DAY,
                Shift.absent_from.is_(None),
            )
            .order_by(Shift.staff_id)
        )
        between = await snapshot(session, DAY)
    second = await _proposed(demo, clock, solver, {**raw, "scope": {"staff": [str(fifth)]}})
    async with demo.read() as session:
        changes = list(await session.scalars(select(Change).where(Change.proposal_id == second)))
        touched_again = [one for one in changes if one.contact_id in approved]
        new_staff_elsewhere = [
            one
            for one in touched_again
            if set(one.before["staff"]) != set(one.after["staff"]) and str(fifth) not in one.before["staff"]
        ]
    assert between
    assert len(new_staff_elsewhere) <= len(approved) // 4


@pytest.mark.timeout(300)
async def test_a_row_changed_by_somebody_else_is_refused_by_name_and_the_rest_goes_through(
    demo: Database, clock: StandingClock, solver: Solver
) -> None:
    proposal_id = await _proposed(demo, clock, solver, await snow(demo))
    async with demo.write() as session:
        change = (
            await session.scalars(select(Change).where(Change.proposal_id == proposal_id).limit(1))
        ).one()
        contact = await session.get_one(PlannedContact, change.contact_id)
        contact.note = "någon annan skrev"
    async with demo.write() as session:
        outcome = await approve(session, proposal_id, None, clock, HAND)
    assert [one.contact_id for one, _, _ in outcome.refused] == [change.contact_id]
    assert outcome.refused[0][2].code == "stale"
    assert outcome.done
    async with demo.read() as session:
        assert (await session.get_one(Change, change.id)).state is ChangeState.STALE


async def _told(database: Database, proposal_id: UUID) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return [
            (one.contact_id, one.kind, one.before, one.after, one.reason, one.rules)
            for one in await session.scalars(
                select(Change).where(Change.proposal_id == proposal_id).order_by(Change.seq)
            )
        ]


def _plan(row: Any) -> tuple[Any, ...]:
    return row.channel, row.start, row.planned, row.staff, row.minutes, row.status
