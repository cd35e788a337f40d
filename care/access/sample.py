"""The monthly random sample of the access log: systematic spot checks, each with its outcome (L6)."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Index, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.access.log import AccessLog
from care.errors import Fault
from care.ids import new_id
from care.localtime import to_instant
from care.storage.columns import Base, Id, link, words
from care.storage.insert import insert_missing

#: Entries drawn for a group and month.
SIZE = 10
LONGEST = 500


class Finding(StrEnum):
    """What the manager found."""

    FINE = "fine"
    #: It is not clear why it was opened, or it should not have been.
    FOLLOW_UP = "follow_up"


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


async def draw(session: AsyncSession, group_id: UUID, month: str, now: datetime, zone: ZoneInfo) -> int:
    """Draw the sample of that month, once; how many entries it has.

    Every opening of a client of the group by a person is as likely; nobody can know which are drawn.

    Raises `Fault` ``sample.empty`` when nobody opened anything.
    """
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=32)).replace(day=1)
    ids = (
        await session.scalars(
            select(AccessLog.id).where(
                AccessLog.group_id == group_id,
                AccessLog.client_id.is_not(None),
                AccessLog.account_id.is_not(None),
                AccessLog.at >= to_instant(datetime.combine(first, time()), zone),
                AccessLog.at < to_instant(datetime.combine(after, time()), zone),
            )
        )
    ).all()
    if not ids:
        raise Fault(
            "sample.empty", "Ingen har öppnat något i gruppen den månaden.", status=409, place="month"
        )
    chosen = secrets.SystemRandom().sample(list(ids), min(SIZE, len(ids)))
    made = await insert_missing(
        session,
        LogSample,
        [
            {
                "id": new_id(),
                "group_id": group_id,
                "month": month,
                "number": number,
                "entry_id": entry_id,
                "drawn_at": now,
            }
            for number, entry_id in enumerate(chosen, 1)
        ],
    )
    return len(made)


def settle(sample: LogSample, finding: Finding, note: str, *, now: datetime, account_id: UUID | None) -> None:
    """Write what was found.

    Raises `Fault` ``sample.settled`` (409), or ``sample.note`` when something is to be followed up without
    a word about what.
    """
    if sample.finding is not None:
        raise Fault("sample.settled", "Posten är redan granskad.", status=409, place="finding")
    if finding is Finding.FOLLOW_UP and not note:
        raise Fault("sample.note", "Skriv vad som ska följas upp.", place="note")
    sample.finding, sample.note = finding, note or None
    sample.checked_at, sample.checked_by_id = now, account_id
