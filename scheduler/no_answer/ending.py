"""A case ends: the visit is called off, and where it went far somebody says why, and looks at the plan."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.step import Hand
from care.no_answer.case import TOO_MANY, NoAnswerCase, how_many, marks_of, went_far
from care.no_answer.step import WhyNoAnswer
from care.tasks import TaskKind, close_task, open_task, standing_task
from scheduler.no_answer.sending import call_off

#: Why is asked while it is still fresh; the plan within a week.
TO_SAY_WHY = timedelta(hours=4)
TO_LOOK = timedelta(days=7)


async def end_case(
    session: AsyncSession,
    case: NoAnswerCase,
    ending: str,
    *,
    clock: Clock,
    hand: Hand,
    by: UUID | None = None,
    keeps_visit: bool = False,
) -> None:
    """Close the case with `ending`; `by` is who is asked why.

    The row has ended, or is under way, by its own door.
    """
    now = clock.now()
    if not keeps_visit:
        await call_off(session, case, clock=clock, hand=hand)
    case.ended_at, case.ending = now, ending
    await session.flush()
    if not went_far(await marks_of(session, case), case) or case.why is not None:
        return
    await open_task(
        session,
        TaskKind.NO_ANSWER_WHY,
        group_id=case.group_id,
        client_id=case.client_id,
        contact_id=case.first_contact_id,
        owner_id=by,
        at=now,
        deadline=(now + TO_SAY_WHY).replace(second=0, microsecond=0),
        once_key=f"no_answer_why:{case.id}",
        facts={"contact": str(case.contact_id)},
    )
    count = await how_many(session, case.client_id, now)
    if count >= TOO_MANY:
        await open_task(
            session,
            TaskKind.PLAN_REVIEW,
            group_id=case.group_id,
            client_id=case.client_id,
            contact_id=None,
            owner_id=None,
            at=now,
            deadline=(now + TO_LOOK).replace(second=0, microsecond=0),
            once_key=f"plan_review:{case.client_id}",
            facts={"count": count},
        )


async def say_why(
    session: AsyncSession, case: NoAnswerCase, why: WhyNoAnswer, *, clock: Clock, hand: Hand
) -> None:
    """Why nobody answered: the deviation. It may be put right later; the task closes by it."""
    case.why, case.why_at, case.why_by_id = why, clock.now(), hand.account_id
    await session.flush()
    task = await standing_task(session, f"no_answer_why:{case.id}")
    if task is not None:
        await close_task(session, task, why.value, at=clock.now(), account_id=hand.account_id)
