"""A task goes to the next person: nobody has it yet, or who had it did not do it in time.

It never closes by that, and what was first promised stays readable: late is late, whoever has it now.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import EmergencyOpening
from care.access.reviewing import reviewers
from care.accounts import Account
from care.clients import Client
from care.clock import Clock
from care.ids import read_id
from care.staff import Staff
from care.tasks import JUDGED_IN_LOG, PASSED, PROMISED, Task, TaskKind, tell_task
from scheduler.duty import who_leads, who_rings

SOON, _TODAY, _A_DAY = timedelta(minutes=30), timedelta(hours=4), timedelta(hours=24)
#: How long the next one has.
NEXT_WITHIN: dict[TaskKind, timedelta] = {
    TaskKind.CALL_REQUEST: timedelta(minutes=15),
    TaskKind.TELL_CLIENT: SOON,
    TaskKind.AREA_SILENT: SOON,
    TaskKind.SYSTEM_WAS_AWAY: SOON,
    TaskKind.FOLLOW_UP: SOON,
    TaskKind.TABLET_SILENT: _TODAY,
    TaskKind.TABLET_SOUND: _TODAY,
    TaskKind.TABLET_POWER: _TODAY,
    TaskKind.TABLET_ASLEEP: _TODAY,
    TaskKind.TABLET_PATH: _TODAY,
    TaskKind.NO_ANSWER_WHY: _TODAY,
    TaskKind.PLAN_REVIEW: timedelta(days=7),
    TaskKind.LOG_SAMPLE: timedelta(days=7),
    TaskKind.ALERT_FAILED: _TODAY,
}
#: Somebody must ring the client: with no coordinator at work it goes to who is.
FOR_ANYBODY = frozenset({TaskKind.CALL_REQUEST, TaskKind.TELL_CLIENT, TaskKind.FOLLOW_UP})


async def find_owner(session: AsyncSession, task: Task, clock: Clock) -> bool:
    """Give a task without an owner to somebody at work; whether there was somebody. The deadline stays."""
    found = await _next(session, task, clock, [], task.deadline)
    if found is None:
        return False
    task.owner_id = found.id
    await session.flush()
    await tell_task(session, task, clock.now())
    return True


async def pass_on(session: AsyncSession, task: Task, clock: Clock) -> None:
    """Give an open task to the next person, with a new deadline; to the same one if there is nobody else."""
    now = clock.now()
    passed = had_by(task)
    if task.owner_id is not None:
        passed = [*(one for one in passed if one != task.owner_id), task.owner_id]
    found = await _next(session, task, clock, passed, now + NEXT_WITHIN.get(task.kind, _A_DAY))
    if found is not None:
        task.owner_id = found.id
    task.facts = {
        PROMISED: task.deadline.isoformat(),
        **task.facts,
        PASSED: [str(one) for one in passed],
    }
    task.deadline = (now + NEXT_WITHIN.get(task.kind, _A_DAY)).replace(second=0, microsecond=0)
    await session.flush()
    await tell_task(session, task, now)


def had_by(task: Task) -> list[UUID]:
    """Who has had the task, and let it go by, the last one last."""
    return [key for text in task.facts.get(PASSED, []) if (key := read_id(str(text)))]


async def next_for_row(
    session: AsyncSession, client_id: UUID, group_id: UUID, clock: Clock, passed: list[UUID]
) -> Staff | None:
    """Who is next to answer for a red row that `passed` have let go by, the last one last.

    Who leads and is at work; else who else is at work and would ring the client. None when nobody is.
    """
    leads = await who_leads(session, group_id, clock)
    fresh = [one for one in leads if one.id not in passed]
    if fresh:
        return fresh[0]
    client = await session.get_one(Client, client_id)
    turn = await who_rings(session, client, clock, SOON, passed)
    return turn.staff if turn.begins <= clock.now() else None


async def _next(
    session: AsyncSession, task: Task, clock: Clock, passed: list[UUID], by: datetime
) -> Staff | None:
    client = await session.get(Client, task.client_id) if task.client_id is not None else None
    within = NEXT_WITHIN.get(task.kind, _A_DAY)
    if task.kind is TaskKind.CALL_REQUEST and client is not None:
        turn = await who_rings(session, client, clock, within, passed)
        # Who comes to work in time for it may have it already: the screen says that name and time.
        return turn.staff if turn.begins <= max(by, clock.now()) else None
    if task.kind in JUDGED_IN_LOG:
        leads = await _reviewers(session, task)
    else:
        leads = await who_leads(session, task.group_id, clock)
    if leads:
        return min(leads, key=lambda one: passed.index(one.id) + 1 if one.id in passed else 0)
    if client is not None and task.kind in FOR_ANYBODY:
        turn = await who_rings(session, client, clock, within, passed)
        # Who comes to work later has not come yet.
        return turn.staff if turn.begins <= clock.now() else None
    return None


async def _reviewers(session: AsyncSession, task: Task) -> list[Staff]:
    """The managers who may look at the log, at work or not: they have days. Nobody looks at their own."""
    found = await reviewers(session, task.group_id)
    opening_id = read_id(str(task.facts.get("opening", "")))
    opening = await session.get(EmergencyOpening, opening_id) if opening_id is not None else None
    if opening is None:
        return found
    opener = await session.get_one(Account, opening.account_id)
    return [one for one in found if one.id != opener.staff_id]
