"""Gatherings tie contacts and participants: couples' visits, group activities, weekly check-ins."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class GatheringKind(StrEnum):
    COUPLE_VISIT = "couple_visit"
    GROUP_ACTIVITY = "group_activity"
    WEEKLY_CHECKIN = "weekly_checkin"


class Gathering(Base):
    __tablename__ = "gathering"
    #: Only weekly check-ins have a week: one for each group, and one for each of its small teams.
    __table_args__ = (
        UniqueConstraint("small_team_id", "week"),
        Index(
            "uq_gathering_group_id_week",
            "group_id",
            "week",
            unique=True,
            sqlite_where=text("small_team_id IS NULL"),
            postgresql_where=text("small_team_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[GatheringKind] = mapped_column(words(GatheringKind))
    group_id: Mapped[UUID] = link("home_care_group.id")
    small_team_id: Mapped[UUID | None] = link("small_team.id")
    leader_id: Mapped[UUID | None] = link("staff.id")
    start: Mapped[datetime]
    minutes: Mapped[int] = mapped_column(default=10)
    #: ISO week of a weekly check-in, e.g. 2026-W48: one for each group and week.
    week: Mapped[str | None]
    #: When the leader started the clock that all see.
    started_at: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Participant(Base):
    __tablename__ = "gathering_participant"
    __table_args__ = (UniqueConstraint("gathering_id", "staff_id", "client_id"),)

    id: Mapped[Id]
    gathering_id: Mapped[UUID] = link("gathering.id")
    staff_id: Mapped[UUID | None] = link("staff.id", index=False)
    client_id: Mapped[UUID | None] = link("client.id", index=False)
    attended: Mapped[bool | None]


class Heading(StrEnum):
    """The three fixed headings of the weekly check-in (S1: hinder, omplanering, lärdomar)."""

    OBSTACLES = "obstacles"
    REPLANNING = "replanning"
    LESSONS = "lessons"


class AgendaNote(Base):
    """A point under a heading: prefilled from the week or written by somebody."""

    __tablename__ = "agenda_note"

    id: Mapped[Id]
    gathering_id: Mapped[UUID] = link("gathering.id")
    heading: Mapped[Heading] = mapped_column(words(Heading))
    seq: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text())
    prefilled: Mapped[bool] = mapped_column(default=False)


class Action(Base):
    """Something that somebody has promised; comes back next week until done."""

    __tablename__ = "gathering_action"

    id: Mapped[Id]
    gathering_id: Mapped[UUID] = link("gathering.id")
    text: Mapped[str] = mapped_column(Text())
    owner_id: Mapped[UUID | None] = link("staff.id", index=False)
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
