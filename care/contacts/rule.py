"""Contact rules: what comes again, in local wall time (RFC 5545 recurrence)."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import Time
from sqlalchemy.orm import Mapped, mapped_column, relationship

from care.contacts.channel import Channel
from care.services import Law, Priority
from care.storage.columns import Base, Id, link, words


class ContactRule(Base):
    """A repeated (or single) planned contact, made by a person in "Planera samtal"."""

    __tablename__ = "contact_rule"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    channel: Mapped[Channel] = mapped_column(words(Channel))
    #: Local wall time; the zone is the municipality's.
    at: Mapped[time] = mapped_column(Time())
    window_before: Mapped[int] = mapped_column(default=30)
    window_after: Mapped[int] = mapped_column(default=30)
    minutes: Mapped[int]
    staff_needed: Mapped[int] = mapped_column(default=1)
    #: RFC 5545 RRULE without DTSTART; None means once, on `first_day`.
    recurrence: Mapped[str | None]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    staff_id: Mapped[UUID | None] = link("staff.id")
    priority: Mapped[Priority] = mapped_column(words(Priority), default=Priority.P2)
    created_by_id: Mapped[UUID | None] = link("account.id", index=False)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: Rows have been made up to and including this day.
    made_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    lines: Mapped[list[ContactRuleLine]] = relationship(
        lazy="raise", order_by="ContactRuleLine.seq", cascade="all, delete-orphan"
    )


class ContactRuleLine(Base):
    __tablename__ = "contact_rule_line"

    id: Mapped[Id]
    rule_id: Mapped[UUID] = link("contact_rule.id")
    seq: Mapped[int] = mapped_column(default=0)
    service_id: Mapped[UUID] = link("service.id", index=False)
    goal_type: Mapped[str]
    law: Mapped[Law] = mapped_column(words(Law))
    minutes: Mapped[int]
    ordered_by_id: Mapped[UUID | None] = link("staff.id", index=False)
    digital_allowed_by_id: Mapped[UUID | None] = link("staff.id", index=False)
