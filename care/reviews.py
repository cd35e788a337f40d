"""What is to be asked about again on a day that has come: consents, and whether a tablet suits."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.tasks import Task, TaskKind, close_task

#: How long an answer stands before it is asked about again, unless somebody says otherwise.
CONSENT_STANDS = timedelta(days=365)
SUITABILITY_STANDS = timedelta(days=182)


async def close_reviews(
    session: AsyncSession, kind: TaskKind, about: UUID, outcome: str, *, at: datetime, account_id: UUID | None
) -> None:
    """The consent or assessment `about` has been asked about: its open tasks are done."""
    for task in await session.scalars(select(Task).where(Task.kind == kind, Task.closed_at.is_(None))):
        if task.facts.get("about") == str(about):
            await close_task(session, task, outcome, at=at, account_id=account_id)
