"""The demo has one contact that nobody has answered, and what follows is the program's own doing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.demo.first_call import first_call
from care.demo.unanswered import SOURCE, unanswered
from care.no_answer.case import NoAnswerCase
from care.no_answer.step import Step
from care.storage.database import Database
from scheduler.ticks.no_answer import no_answer


async def test_a_newcomer_sees_what_is_done(planted_sqlite: Database, clock: StandingClock) -> None:
    """It rang out minutes ago with a colleague; the case opens by itself, and started again it is one."""
    clock.set(datetime(2026, 12, 1, 10, 20))
    first = await first_call(planted_sqlite, clock)
    row_id = await unanswered(planted_sqlite, clock, but=first.client.id, caller=first.staff)
    assert row_id is not None
    assert await unanswered(planted_sqlite, clock, but=first.client.id, caller=first.staff) == row_id
    await no_answer(planted_sqlite, clock)
    async with planted_sqlite.read() as session:
        row = await session.get_one(PlannedContact, row_id)
        case = (await session.scalars(select(NoAnswerCase))).one()
        rows = await session.scalar(select(func.count()).where(PlannedContact.source == SOURCE))
    assert rows == 1
    assert (row.status, case.contact_id, case.step) == (Status.AWAITING, row_id, Step.RING_AGAIN)
    assert row.client_id != first.client.id
    assert row.owner_id not in (None, first.staff.id)
    assert row.deadline == clock.now() + timedelta(minutes=6)


async def test_before_the_first_shift_there_is_none(planted_sqlite: Database, clock: StandingClock) -> None:
    """Nobody has rung anybody at three in the night."""
    clock.set(datetime(2026, 12, 1, 3, 0))
    first = await first_call(planted_sqlite, clock)
    assert await unanswered(planted_sqlite, clock, but=first.client.id, caller=first.staff) is None
