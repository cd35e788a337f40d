"""One retention: a list that somebody drew up, that another approved, and what became of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.accounts import Account, is_same_person
from care.errors import Fault, stale
from care.storage.columns import Base, Id, link, words

#: Who makes accounts could make the second person too: others get time to see a new one before it counts.
SETTLED = timedelta(days=7)


class RunState(StrEnum):
    """The only ways: proposed → approved → done, or proposed → withdrawn."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class RetentionRun(Base):
    """Kept for ever: the record of what was erased, when, and on whose word. It names nobody who is gone."""

    __tablename__ = "retention_run"

    id: Mapped[Id]
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID] = link("account.id", index=False)
    #: The day the list was drawn up for.
    as_of: Mapped[date]
    state: Mapped[RunState] = mapped_column(words(RunState), default=RunState.PROPOSED)
    #: What was on the list: ``[kind, client id, preserved]`` each.
    items: Mapped[list[Any]] = mapped_column(default=list)
    #: How many of each kind: `care.retention.due.Found.counts`.
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    approved_by_id: Mapped[UUID | None] = link("account.id", index=False)
    approved_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    #: Files written before anything was erased: ``{"name", "sha256", "records"}`` each.
    archives: Mapped[list[Any]] = mapped_column(default=list)
    #: ``{"erased", "archived", "rows", "skipped", "log"}``.
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)


async def approve(session: AsyncSession, run: RetentionRun, account_id: UUID, now: datetime) -> None:
    """The second person's word.

    Raises `Fault` ``retention.same_person``, ``retention.new_account`` or ``stale``.
    """
    if run.state is not RunState.PROPOSED:
        raise stale("gallringen")
    if await is_same_person(session, run.made_by_id, account_id):
        raise Fault(
            "retention.same_person",
            "Någon annan än du behöver godkänna: en gallring kräver två personer.",
            status=409,
        )
    account = await session.get_one(Account, account_id)
    if now - account.created_at < SETTLED:
        raise Fault(
            "retention.new_account",
            "Ditt konto är för nytt. Den som godkänner ska ha haft sitt konto i minst %(days)s dagar.",
            status=409,
            values={"days": SETTLED.days},
        )
    run.state, run.approved_by_id, run.approved_at = RunState.APPROVED, account_id, now
    await session.flush()


async def withdraw(session: AsyncSession, run: RetentionRun) -> None:
    """Take the list back before it is approved. Raises `Fault` ``stale``."""
    if run.state is not RunState.PROPOSED:
        raise stale("gallringen")
    run.state = RunState.WITHDRAWN
    await session.flush()
