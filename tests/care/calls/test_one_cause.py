"""Whatever happens to a call, in whatever order: once it has ended it has exactly one cause, for ever."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls import course
from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState, Cause
from care.calls.trouble import Trouble
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.errors import Fault
from care.ids import new_id
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from tests.builders import make_client, make_contact, make_staff, make_town, moment

HAND = Hand("test")
#: What may come to a call, from its two sides and from the server, at any time.
EVENT = st.one_of(
    st.sampled_from(["answer", "worker flows", "client flows", "lost"]),
    st.sampled_from(list(Cause)),
    st.tuples(st.sampled_from([CallRole.WORKER, CallRole.CLIENT]), st.sampled_from(list(Trouble))),
)


async def _ring(session: AsyncSession, clock: StandingClock) -> Call:
    town = await make_town(session)
    anna, ingrid = await make_staff(session, town), await make_client(session, town)
    start = moment("2026-12-01 06:45")
    row = await make_contact(
        session, ingrid, town.services["TI-DAG"], start, staff=[anna], channel=Channel.VIDEO
    )
    call = Call(id=new_id(), contact_id=row.id, rung_at=clock.now())
    session.add(call)
    for role, who in ((CallRole.WORKER, {"staff_id": anna.id}), (CallRole.CLIENT, {"client_id": ingrid.id})):
        session.add(CallParticipant(id=new_id(), call_id=call.id, role=role, **who))
    await session.flush()
    return call


async def _come(session: AsyncSession, call: Call, event: object, clock: StandingClock) -> None:
    now = clock.now()
    if isinstance(event, Cause):
        await course.end(session, call, event, now, HAND)
    elif isinstance(event, tuple):
        role, trouble = event
        await course.measure(session, call, role, troubles=[trouble.value])
    elif event == "answer":
        await course.answer(session, call, now, auto=False, hand=HAND)
    elif event == "lost":
        await course.lost(session, call, now)
    else:
        role = CallRole.WORKER if event == "worker flows" else CallRole.CLIENT
        await course.flowing(session, call, role, now, 300)


async def _live(folder: Path, events: list[object]) -> None:
    clock = StandingClock(moment("2026-12-01 06:40"))
    database = Database(sqlite_url(folder))
    try:
        async with database.write() as session:
            call_id = (await _ring(session, clock)).id
        ended: tuple[object, ...] | None = None
        for event in events:
            clock.move(timedelta(seconds=7))
            try:
                async with database.write() as session:
                    await _come(session, await course.fetch(session, call_id), event, clock)
            except Fault as fault:
                if fault.code != "call.step":
                    raise
            async with database.read() as session:
                call = (await session.scalars(select(Call).where(Call.id == call_id))).one()
                row = await session.get_one(PlannedContact, call.contact_id)
            has_ended = call.state is CallState.ENDED
            assert (call.cause is not None) is has_ended is (call.ended_at is not None)
            told = (call.cause, call.ended_at) if has_ended else None
            assert ended is None or told == ended, "an ended call is not ended again, or for another cause"
            ended = told
            # And no row is left without somebody and a time.
            if has_ended and not row.status.is_end and call.cause is not Cause.CANCELLED:
                assert row.owner_id is not None
                assert row.deadline is not None
    finally:
        await database.close()


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENT, max_size=10))
def test_an_ended_call_has_exactly_one_cause(sqlite_template: Path, events: list[object]) -> None:
    """Answers, frames, losses, troubles and ends from all sides, twice and too late."""
    with TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, Path(folder) / SQLITE_FILE)
        asyncio.run(_live(Path(folder), events))
