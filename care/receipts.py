"""Receipts (kvittenser): what came of each line, by two taps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.errors import Fault
from care.ids import new_id
from care.storage.columns import Base, Id, link, words

NOTE_LENGTH = 280


class Result(StrEnum):
    """What came of a line: four words that people choose among, and one that says only what a tablet saw."""

    REACHED = "reached"  # Uppnått
    PARTLY = "partly"  # Delvis
    NOT_REACHED = "not_reached"  # Inte uppnått
    NOT_RELEVANT = "not_relevant"  # Inte aktuellt
    #: "Tryckte Klart 08.04": somebody pressed a button. Nobody has judged the goal, so it is no goal receipt.
    PRESSED = "pressed"


class Receipt(Base):
    """One a line. A corrected receipt keeps the old one beside it (`superseded_by_id`)."""

    __tablename__ = "receipt"

    id: Mapped[Id]
    contact_id: Mapped[UUID] = link("planned_contact.id")
    line_id: Mapped[UUID] = link("contact_line.id")
    result: Mapped[Result] = mapped_column(words(Result))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    follow_up: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    #: What the phone's clock showed, for a receipt that was entered without cover.
    phone_at: Mapped[datetime | None]
    staff_id: Mapped[UUID | None] = link("staff.id", index=False)
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    call_id: Mapped[UUID | None] = link("call.id", index=False)
    superseded_by_id: Mapped[UUID | None] = link("receipt.id", index=False)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody says came of one line."""

    result: Result
    note: str = ""
    follow_up: bool = False


async def valid_receipts(session: AsyncSession, line_ids: Collection[UUID]) -> dict[UUID, Receipt]:
    """The receipt that stands for each line that has one."""
    rows = await session.scalars(
        select(Receipt).where(Receipt.line_id.in_(line_ids), Receipt.superseded_by_id.is_(None))
    )
    return {row.line_id: row for row in rows}


async def give_receipts(
    session: AsyncSession,
    contact_id: UUID,
    given: Mapping[UUID, Given],
    *,
    at: datetime,
    staff_id: UUID | None,
    account_id: UUID | None,
    call_id: UUID | None = None,
    phone_at: datetime | None = None,
) -> list[Receipt]:
    """Write a receipt for each line of `given`; those that are new or changed.

    The same said twice is written once. A changed one stands beside the one it corrects.
    Raises `Fault` ``receipt.note_too_long``.
    """
    standing = await valid_receipts(session, given.keys())
    written = []
    for line_id, said in given.items():
        note = said.note.strip() or None
        if note is not None and len(note) > NOTE_LENGTH:
            raise Fault(
                "receipt.note_too_long",
                "Anteckningen får ha högst %(count)s tecken.",
                place=str(line_id),
                values={"count": NOTE_LENGTH},
            )
        old = standing.get(line_id)
        if old is not None and (old.result, old.note, old.follow_up) == (said.result, note, said.follow_up):
            continue
        receipt = Receipt(
            id=new_id(), contact_id=contact_id, line_id=line_id, result=said.result, note=note,
            follow_up=said.follow_up, at=at, staff_id=staff_id, account_id=account_id, call_id=call_id,
            phone_at=phone_at,
        )  # fmt: skip
        session.add(receipt)
        await session.flush()
        if old is not None:
            old.superseded_by_id = receipt.id
        written.append(receipt)
    await session.flush()
    return written
