"""Whose a step is: the worker's who rang, the coordinator's, the manager's, or the next one's at work."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.no_answer.case import NoAnswerCase
from care.no_answer.step import OWNERS, Owner, Step
from care.staff import Staff, Title
from scheduler.attendance import read_hours
from scheduler.duty import who_leads
from scheduler.passing import next_for_row


async def owner_of(
    session: AsyncSession,
    case: NoAnswerCase,
    step: Step,
    clock: Clock,
    *,
    now_with: UUID | None,
    acting: UUID | None = None,
    passed: Collection[UUID] = (),
) -> UUID | None:
    """Who has `step`; None only when nobody at all is at work: then it is the coordinator's queue.

    `now_with` has it now; `acting` has just done something, and so is there; `passed` have let it pass, the
    last one last, and are asked last.
    """
    leads = [one for one in await who_leads(session, case.group_id, clock) if one.id not in passed]
    if OWNERS[step] is Owner.MANAGER:
        leads.sort(key=lambda one: one.title is not Title.UNIT_MANAGER)
    if OWNERS[step] is not Owner.WORKER and leads:
        return leads[0].id
    if OWNERS[step] is Owner.WORKER and acting is not None:
        return acting
    if now_with is not None and now_with not in passed and await is_here(session, now_with, clock):
        return now_with
    found = await next_for_row(session, case.client_id, case.group_id, clock, list(passed))
    if found is not None:
        return found.id
    if now_with is not None and await is_here(session, now_with, clock):
        return now_with
    return acting


async def is_here(session: AsyncSession, staff_id: UUID, clock: Clock) -> bool:
    """Whether somebody is at work now."""
    staff = await session.get(Staff, staff_id)
    if staff is None:
        return False
    return (await read_hours(session, [staff], clock))[staff_id].is_at_work(clock.now())
