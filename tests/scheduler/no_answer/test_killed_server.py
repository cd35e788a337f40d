"""kill -9 in the middle: the real server, started again, goes on where it was, and does nothing twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from care.calls.call import Call
from care.calls.life import CallState, Cause
from care.clients import Client, Risk
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, fetch, step
from care.ids import new_id
from care.no_answer.case import NoAnswerCase, NoAnswerMark
from care.no_answer.step import Outcome, Step
from care.services import Priority
from tests.builders import moment
from tests.e2e.running import Running, build, until

T0 = "2026-12-01 20:15"


async def rang(running: Running) -> None:
    """Anna has rung for a minute, and nobody answered."""
    at = moment(T0)
    async with running.database.write() as session:
        (await session.get_one(Client, running.ingrid.id)).risk = Risk.HIGH
        session.add(
            Call(
                id=new_id(), contact_id=running.contact_id, rung_at=at, ended_at=at + timedelta(minutes=1),
                state=CallState.ENDED, cause=Cause.NO_ANSWER,
            )
        )  # fmt: skip
        row = await fetch(session, running.contact_id)
        for to in (Status.DUE, Status.AWAITING):
            await step(session, row, to, at=at, hand=Hand("test"), deadline=at + timedelta(minutes=6))


async def case_at(running: Running, at: Step) -> bool:
    async with running.database.read() as session:
        found = await session.scalar(
            select(NoAnswerCase.step).where(NoAnswerCase.contact_id == running.contact_id)
        )
    return found is at


async def test_a_server_that_is_killed_between_all_steps(tmp_path: Path) -> None:
    """Killed after each step and away for minutes: every step is taken once, and one visit is made."""
    running = await build(tmp_path, wall=T0)
    try:
        await rang(running)
        for wall, expected in (
            ("20:16", Step.RING_AGAIN),
            # Now a visit is made too, for the risk is high.
            ("20:25", Step.PHONE),
            ("20:30", Step.NEIGHBOURS),
        ):
            running.wall = f"2026-12-01T{wall}"
            await running.start()
            await until(lambda at=expected: case_at(running, at))
            await running.kill()
        async with running.database.read() as session:
            visits = list(
                await session.scalars(
                    select(PlannedContact).where(PlannedContact.replaces_id == running.contact_id)
                )
            )
            marks = list(await session.scalars(select(NoAnswerMark).order_by(NoAnswerMark.at)))
        row = await running.row()
    finally:
        await running.stop()
    assert [one.priority for one in visits] == [Priority.P1]
    # Nobody leads at work: the nearest is sent, and that is Anna.
    assert visits[0].owner_id == running.anna.id
    assert [(one.step, one.outcome) for one in marks] == [
        (Step.RING, Outcome.NO_ANSWER),
        (Step.RING_AGAIN, Outcome.LAPSED),
        (Step.PHONE, Outcome.LAPSED),
    ]
    assert row.status is Status.AWAITING
    assert row.deadline is not None
