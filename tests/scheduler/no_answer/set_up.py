"""A group in the evening: who works, who is not answering, and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from care.calls.call import Call, CallParticipant, CallRole
from care.calls.course import answer, end
from care.calls.course import fetch as fetch_call
from care.calls.life import CallState, Cause
from care.clients import Client, Risk
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.step import Hand
from care.ids import new_id
from care.no_answer.case import NoAnswerCase
from care.staff import Staff, Title
from care.storage.database import Database
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.no_answer import no_answer
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_digital,
    make_shift,
    make_staff,
    make_town,
    moment,
)

PERSON = Hand("person")
EVENING = "2026-12-01 20:15"


@dataclass
class Evening:
    """Anna and Bo work until ten, Karin leads until nine; Ingrid's check is at a quarter past eight."""

    database: Database
    clock: StandingClock
    town: Town
    anna: Staff
    bo: Staff
    karin: Staff
    client: Client
    row_id: UUID

    async def _rung(self) -> Call:
        """Anna's call, which rings from now."""
        now = self.clock.now()
        async with self.database.write() as session:
            call = Call(id=new_id(), contact_id=self.row_id, rung_at=now, state=CallState.RINGING)
            session.add(call)
            await session.flush()
            session.add_all(
                CallParticipant(id=new_id(), call_id=call.id, role=role, staff_id=self.anna.id)
                for role in (CallRole.WORKER, CallRole.CLIENT)
            )
        return call

    async def ring(self, cause: Cause = Cause.NO_ANSWER) -> None:
        """Anna rings for a minute, and it ends as `cause` says."""
        call = await self._rung()
        self.clock.move(timedelta(minutes=1))
        async with self.database.write() as session:
            await end(session, await fetch_call(session, call.id), cause, self.clock.now(), Hand("call"))

    async def machine_answers(self) -> Call:
        """Anna rings, and the tablet takes the call by itself after ten seconds."""
        call = await self._rung()
        self.clock.move(timedelta(seconds=10))
        async with self.database.write() as session:
            await answer(session, await fetch_call(session, call.id), self.clock.now(), auto=True,
                         hand=Hand("tablet"))  # fmt: skip
        return call

    async def comes_to_nothing(self, call: Call) -> None:
        """A minute later no picture and no sound have come."""
        self.clock.move(timedelta(minutes=1))
        async with self.database.write() as session:
            await end(session, await fetch_call(session, call.id), Cause.MEDIA_FAILED, self.clock.now(),
                      Hand("call"))  # fmt: skip

    async def tick(self, minutes: float = 0) -> None:
        """Time goes by, a minute at a time, and the ticks with it."""
        left = minutes
        while True:
            for one in (due, no_answer, escalation):
                await one(self.database, self.clock)
            if left <= 0:
                return
            self.clock.move(timedelta(minutes=min(1, left)))
            left -= 1

    async def row(self, row_id: UUID | None = None) -> PlannedContact:
        async with self.database.read() as session:
            return await session.get_one(PlannedContact, row_id or self.row_id)

    async def case(self) -> NoAnswerCase | None:
        async with self.database.read() as session:
            found: NoAnswerCase | None = await session.scalar(
                select(NoAnswerCase).where(NoAnswerCase.first_contact_id == self.row_id)
            )
            return found

    async def the_case(self) -> NoAnswerCase:
        case = await self.case()
        assert case is not None
        return case

    async def visit(self) -> PlannedContact | None:
        """The check visit, if there is one."""
        async with self.database.read() as session:
            found: PlannedContact | None = await session.scalar(
                select(PlannedContact).where(PlannedContact.replaces_id == self.row_id)
            )
            return found


async def an_evening(
    database: Database,
    clock: StandingClock,
    *,
    risk: Risk = Risk.NORMAL,
    service: str = "TI-DAG",
    at: str = EVENING,
    leads: bool = True,
    channel: Channel = Channel.VIDEO,
    **more: Any,
) -> Evening:
    clock.set(moment(at) - timedelta(minutes=5))
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        bo = await make_staff(session, town, "Bo", "Ek")
        karin = await make_staff(session, town, "Karin", "Holm", title=Title.COORDINATOR)
        for one in (anna, bo):
            await make_shift(session, one, at[:10], "14:00", "22:00")
        if leads:
            await make_shift(session, karin, at[:10], "12:00", "21:00")
        client = await make_client(session, town, risk=risk, **more)
        await make_digital(session, client, clock.now())
        row = await make_contact(session, client, town.services[service], at, staff=[anna], channel=channel)
    evening = Evening(database, clock, town, anna, bo, karin, client, row.id)
    await evening.tick()
    clock.set(moment(at))
    return evening
