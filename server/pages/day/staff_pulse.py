""" "Hann vi enligt plan?": one tap at the end of a shift, kept without name and without time."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.errors import not_found
from care.pulse import OnPlan, StaffPulse, StaffPulseAsked
from care.staff import Staff
from server.keys import CLOCK, DATABASE
from server.pages.day.list import Span, read_span
from server.pages.form import read_form
from server.pages.needs.onward import link, onward
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()


@routes.post("/min-dag/puls", name="staff_pulse")
@right(Action.OWN_PULSE_WRITE)
async def answer(request: web.Request) -> web.StreamResponse:
    """Keep the answer; a second one for the same day changes nothing and says nothing."""
    who = actor(request)
    if who.staff_id is None:
        raise not_found("sida")
    on_plan = (await read_form(request)).one_of("answer", OnPlan)
    clock = request.app[CLOCK]
    async with request.app[DATABASE].write() as session:
        span = await read_span(session, who.staff_id, clock)
        await keep(session, who.staff_id, await group_of(session, who.staff_id, span), span.day, on_plan)
    return onward(request, link(request, "my_day") or "/")


async def keep(session: AsyncSession, staff_id: UUID, group_id: UUID, day: date, on_plan: OnPlan) -> bool:
    """Count one answer a person and day. The answer and who has answered are two rows without a tie.

    False when that person has answered already.
    """
    try:
        async with session.begin_nested():
            session.add(StaffPulseAsked(staff_id=staff_id, date=day))
            await session.flush()
    except IntegrityError:
        return False
    session.add(StaffPulse(group_id=group_id, date=day, answer=on_plan))
    await session.flush()
    return True


async def group_of(session: AsyncSession, staff_id: UUID, span: Span) -> UUID:
    """The group that the shift was in: somebody on loan answers for where the help was given."""
    if span.shifts:
        return span.shifts[0].group_id
    group_id = await session.scalar(select(Staff.group_id).where(Staff.id == staff_id))
    if group_id is None:
        raise not_found("person")
    return group_id
