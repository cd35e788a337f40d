"""The monthly random sample of the access log: systematic spot checks, each with its outcome (L6)."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Index, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.access.finding import Finding, check_note
from care.access.log import LISTED, AccessLog
from care.access.reviewing import reviewers
from care.accounts import is_same_person
from care.errors import Fault
from care.ids import new_id
from care.localtime import to_instant
from care.municipality import Group
from care.storage.columns import Base, Id, link, words
from care.tasks import TaskKind, close_task, open_task, standing_task

#: Entries drawn for a group and month.
SIZE = 10
SETTLED_WITHIN = timedelta(days=14)
#: What a task about a sample ends with.
REVIEWED = "reviewed"


class LogSample(Base):
    """One entry to look at. Its `finding` is written once."""

    __tablename__ = "log_sample"
    __table_args__ = (
        UniqueConstraint("group_id", "month", "number"),
        Index("ix_log_sample_group_id_month", "group_id", "month"),
    )

    id: Mapped[Id]
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    #: As 2026-11: when the entries were written.
    month: Mapped[str]
    number: Mapped[int]
    #: No foreign key: the entry goes to the archive, what was found stays.
    entry_id: Mapped[UUID]
    drawn_at: Mapped[datetime]
    finding: Mapped[Finding | None] = mapped_column(words(Finding))
    note: Mapped[str | None] = mapped_column(Text())
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[UUID | None] = link("account.id", index=False)


def last_month(today: date) -> str:
    """The month before `today`'s, as 2026-11."""
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"


def span_of(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the month, such as 2026-11, begins and when the next does, by the wall clock."""
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=32)).replace(day=1)
    return to_instant(datetime.combine(first, time()), zone), to_instant(
        datetime.combine(after, time()), zone
    )


async def draw(session: AsyncSession, group_id: UUID, month: str, now: datetime, zone: ZoneInfo) -> int:
    """Draw the sample of that month, once, and give it to a unit manager; how many entries it has.

    Every opening or change of one client of the group by a person is as likely, refused or not; nobody can
    know which are drawn. That somebody stood in a list is not drawn: lists would be nearly all of it.
    """
    # Two nodes draw one after the other.
    await session.execute(select(Group.id).where(Group.id == group_id).with_for_update())
    if await session.scalar(select(LogSample.id).where(*_drawn(group_id, month)).limit(1)) is not None:
        return 0
    begins, ends = span_of(month, zone)
    ids = (
        await session.scalars(
            select(AccessLog.id).where(
                AccessLog.group_id == group_id,
                AccessLog.client_id.is_not(None),
                AccessLog.account_id.is_not(None),
                AccessLog.thing != LISTED,
                AccessLog.at >= begins,
                AccessLog.at < ends,
            )
        )
    ).all()
    if not ids:
        return 0
    chosen = secrets.SystemRandom().sample(list(ids), min(SIZE, len(ids)))
    session.add_all(
        LogSample(id=new_id(), group_id=group_id, month=month, number=number, entry_id=entry_id, drawn_at=now)
        for number, entry_id in enumerate(chosen, 1)
    )
    await session.flush()
    managers = await reviewers(session, group_id)
    await open_task(
        session,
        TaskKind.LOG_SAMPLE,
        group_id=group_id,
        at=now,
        deadline=now + SETTLED_WITHIN,
        once_key=_key(group_id, month),
        owner_id=managers[0].id if managers else None,
        facts={"month": month, "entries": len(chosen)},
    )
    return len(chosen)


async def sample_of(session: AsyncSession, group_id: UUID, month: str) -> list[LogSample]:
    """The sample of a group and month, in the order it was drawn."""
    return list(
        await session.scalars(select(LogSample).where(*_drawn(group_id, month)).order_by(LogSample.number))
    )


async def settle(  # noqa: PLR0917
    session: AsyncSession,
    sample: LogSample,
    finding: Finding,
    note: str,
    now: datetime,
    account_id: UUID | None,
) -> bool:
    """Write what was found, once; whether it was the last of its sample, which closes the task.

    Raises `Fault` ``sample.settled`` (409), and as `check_note` when words are missing.
    """
    if sample.finding is not None:
        raise Fault("sample.settled", "Raden är redan granskad.", status=409, place="finding")
    opener = await session.scalar(select(AccessLog.account_id).where(AccessLog.id == sample.entry_id))
    check_note(finding, note, is_own=await is_same_person(session, opener, account_id))
    sample.finding, sample.note = finding, note or None
    sample.checked_at, sample.checked_by_id = now, account_id
    await session.flush()
    left = await session.scalar(
        select(LogSample.id)
        .where(*_drawn(sample.group_id, sample.month), LogSample.finding.is_(None))
        .limit(1)
    )
    if left is not None:
        return False
    task = await standing_task(session, _key(sample.group_id, sample.month))
    if task is not None:
        await close_task(session, task, REVIEWED, at=now, account_id=account_id)
    return True


def _drawn(group_id: UUID, month: str) -> tuple[ColumnElement[bool], ...]:
    return LogSample.group_id == group_id, LogSample.month == month


def _key(group_id: UUID, month: str) -> str:
    return f"{TaskKind.LOG_SAMPLE.value}:{group_id}:{month}"
