"""Receipts (kvittenser): what came of each line, by two taps."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words

NOTE_LENGTH = 280


class Result(StrEnum):
    REACHED = "reached"  # Uppnått
    PARTLY = "partly"  # Delvis
    NOT_REACHED = "not_reached"  # Inte uppnått
    NOT_RELEVANT = "not_relevant"  # Inte aktuellt


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
    staff_id: Mapped[UUID | None] = link("staff.id", index=False)
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    call_id: Mapped[UUID | None] = link("call.id", index=False)
    #: True when the client pressed Klart on the tablet: "tryckte Klart 08.04", no more.
    by_client: Mapped[bool] = mapped_column(default=False)
    superseded_by_id: Mapped[UUID | None] = link("receipt.id", index=False)
