"""The tables of a planned contact: the row, its lines, its staff and its history."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.services import Law, Priority, Service
from care.staff import Staff
from care.storage.columns import Base, FromElsewhere, Id, link, words


class Origin(StrEnum):
    RULE = "rule"
    HAND = "hand"
    IMPORT = "import"
    MOVED = "moved"
    ESCALATION = "escalation"


class PlannedContact(FromElsewhere, Base):
    """One planned row (planerad rad) for exactly one client."""

    __tablename__ = "planned_contact"
    __table_args__ = (
        UniqueConstraint("source", "extern_id"),
        # One row a rule and local day, however many nodes make rows at once.
        UniqueConstraint("rule_id", "rule_day"),
        Index("ix_planned_contact_group_id_planned_date", "group_id", "planned_date"),
        Index("ix_planned_contact_client_id_planned_date", "client_id", "planned_date"),
        Index("ix_planned_contact_group_id_owed_date", "group_id", "owed_date"),
        # Without the day SQLite would take it for a whole day's plan, and read years.
        Index("ix_planned_contact_group_id_status_planned_date", "group_id", "status", "planned_date"),
        Index("ix_planned_contact_status_start", "status", "start"),
        Index("ix_planned_contact_status_deadline", "status", "deadline"),
    )

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id", index=False)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    #: The channel when the row was made: tells what was moved.
    first_channel: Mapped[Channel] = mapped_column(words(Channel))
    origin: Mapped[Origin] = mapped_column(words(Origin), default=Origin.HAND)
    rule_id: Mapped[UUID | None] = link("contact_rule.id", index=False)
    #: The local day that the rule made this row for; stays when the row moves.
    rule_day: Mapped[date | None]
    #: The day it counts for. Set on entry; planning may move it only before that day begins.
    owed_date: Mapped[date]
    #: The local day it is planned for now.
    planned_date: Mapped[date]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    start: Mapped[datetime]
    minutes: Mapped[int]
    staff_needed: Mapped[int] = mapped_column(default=1)
    priority: Mapped[Priority] = mapped_column(words(Priority))
    status: Mapped[Status] = mapped_column(words(Status), default=Status.PLANNED)
    #: Who answers for it now, and until when, while it is due or awaiting.
    owner_id: Mapped[UUID | None] = link("staff.id", index=False)
    deadline: Mapped[datetime | None]
    #: Worker and tablet have been told that it is time.
    reminded_at: Mapped[datetime | None]
    actual_start: Mapped[datetime | None]
    actual_end: Mapped[datetime | None]
    #: Why it was declined, cancelled, missed or moved: a word from a list, in `history.reason` the words.
    cause: Mapped[str | None]
    #: A person here has changed it: re-import and rule changes leave it alone.
    touched: Mapped[bool] = mapped_column(default=False)
    #: Entered afterwards, with the times that somebody remembered.
    entered_late: Mapped[bool] = mapped_column(default=False)
    #: The row that this one takes the place of.
    replaces_id: Mapped[UUID | None] = link("planned_contact.id")
    gathering_id: Mapped[UUID | None] = link("gathering.id")
    note: Mapped[str | None] = mapped_column(Text())
    #: Pinned rows are never moved by the planner.
    pinned: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    lines: Mapped[list[ContactLine]] = relationship(
        back_populates="contact", lazy="raise", order_by="ContactLine.seq", cascade="save-update, merge"
    )
    assignments: Mapped[list[Assignment]] = relationship(
        lazy="raise", order_by="Assignment.slot", cascade="all, delete-orphan"
    )
    client: Mapped[Client] = relationship(lazy="raise", viewonly=True)


class ContactLine(Base):
    """One service in a contact: receipted on its own."""

    __tablename__ = "contact_line"

    id: Mapped[Id]
    contact_id: Mapped[UUID] = link("planned_contact.id")
    seq: Mapped[int] = mapped_column(default=0)
    service_id: Mapped[UUID] = link("service.id", index=False)
    goal_type: Mapped[str]
    law: Mapped[Law] = mapped_column(words(Law))
    minutes: Mapped[int]
    #: HSL: the licensed professional who ordered it.
    ordered_by_id: Mapped[UUID | None] = link("staff.id", index=False)
    #: HSL: the licensed professional who allows it to be done by video or phone.
    digital_allowed_by_id: Mapped[UUID | None] = link("staff.id", index=False)

    contact: Mapped[PlannedContact] = relationship(back_populates="lines", lazy="raise")
    service: Mapped[Service] = relationship(lazy="raise", viewonly=True)


class Assignment(Base):
    """Who does it now: one or two rows a contact. What was before stands in the history."""

    __tablename__ = "assignment"
    __table_args__ = (UniqueConstraint("contact_id", "slot"),)

    id: Mapped[Id]
    contact_id: Mapped[UUID] = link("planned_contact.id")
    staff_id: Mapped[UUID] = link("staff.id")
    slot: Mapped[int] = mapped_column(default=1)

    staff: Mapped[Staff] = relationship(lazy="raise", viewonly=True)


class ContactHistory(Base):
    """What happened to a row, in order: never changed, never removed."""

    __tablename__ = "contact_history"

    id: Mapped[Id]
    contact_id: Mapped[UUID] = link("planned_contact.id")
    at: Mapped[datetime]
    #: The account that did it; None when the system did, then `by` says which part.
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    by: Mapped[str]
    event: Mapped[str]
    status_before: Mapped[str | None]
    status_after: Mapped[str | None]
    #: What else changed: ``{"start": [before, after], "staff": [[...], [...]]}``.
    change: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Why: a person's own words, or a sentence of ours in Swedish.
    reason: Mapped[str | None] = mapped_column(Text())
    #: The same sentence in English, where it is ours.
    reason_en: Mapped[str | None] = mapped_column(Text())
