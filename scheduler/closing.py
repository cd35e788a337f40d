"""Which tasks may not be closed yet: saying that something is done does not do it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.errors import Fault
from care.reviews import is_asked_again
from care.tasks import JUDGED_IN_LOG, Task, TaskKind
from scheduler.outages import rows_left


async def check_closing(session: AsyncSession, task: Task, clock: Clock) -> None:
    """Raise `Fault` ``task.rows_left``, ``task.log_left`` or ``task.review_left`` (409) while it is not done.

    What an outage left behind is answered row by row; a consent or an assessment is asked about again on
    the client's page, which moves its day and closes the task itself. So does the page of the log where an
    emergency opening or a sample is judged.
    """
    if task.kind is TaskKind.SYSTEM_WAS_AWAY and (count := await rows_left(session, task)):
        raise Fault(
            "task.rows_left",
            "%(count)s kontakter har inte fått något svar än. Gå igenom dem först.",
            status=409,
            place="outcome",
            values={"count": count},
        )
    if task.kind in JUDGED_IN_LOG:
        raise Fault(
            "task.log_left",
            "Bedömningen skrivs i loggen. Då försvinner uppgiften av sig själv.",
            status=409,
            place="outcome",
        )
    if not await is_asked_again(session, task, clock.now(), clock.today()):
        raise Fault(
            "task.review_left",
            "Svaret skrivs på brukarens sida. Då flyttas datumet, och uppgiften försvinner av sig själv.",
            status=409,
            place="outcome",
        )


async def may_be_closed(session: AsyncSession, task: Task, clock: Clock) -> bool:
    """Whether `check_closing` lets it be: pages offer only what works."""
    try:
        await check_closing(session, task, clock)
    except Fault:
        return False
    return True
