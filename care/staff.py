"""Staff, what they may do, and when they work."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from care.municipality import Group
from care.storage.columns import Base, FromElsewhere, Id, link, words


class Title(StrEnum):
    """Professional titles; assistant nurse (undersköterska) is protected by law (L4)."""

    ASSISTANT_NURSE = "assistant_nurse"
    CARE_ASSISTANT = "care_assistant"
    NURSE = "nurse"
    UNIT_MANAGER = "unit_manager"
    COORDINATOR = "coordinator"
    NEEDS_ASSESSOR = "needs_assessor"
    OTHER = "other"


class Travel(StrEnum):
    """How somebody gets to the next home."""

    CAR = "car"
    BIKE = "bike"
    FOOT = "foot"


class Staff(FromElsewhere, Base):
    """A person who works in the municipality's home care."""

    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("source", "extern_id"),)

    id: Mapped[Id]
    first_name: Mapped[str]
    last_name: Mapped[str]
    title: Mapped[Title] = mapped_column(words(Title))
    group_id: Mapped[UUID] = link("home_care_group.id")
    small_team_id: Mapped[UUID | None] = link("small_team.id")
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["sv"])
    skills: Mapped[list[str]] = mapped_column(default=list)
    may_video: Mapped[bool] = mapped_column(default=True)
    travels_by: Mapped[Travel] = mapped_column(words(Travel), default=Travel.CAR)
    phone: Mapped[str | None]
    #: Name of a picture that may be shown to clients; initials are shown where there is none.
    portrait: Mapped[str | None]
    hsa_id: Mapped[str | None]
    #: Hourly substitute (timvikarie).
    is_substitute: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def short_name(self) -> str:
        """First name and initial, as staff say it: Anna L."""
        return f"{self.first_name} {self.last_name[:1]}." if self.last_name else self.first_name


class Delegation(Base):
    """A licensed professional has handed a task to a named person until a day (HSLF-FS 2017:37)."""

    __tablename__ = "delegation"

    id: Mapped[Id]
    staff_id: Mapped[UUID] = link("staff.id")
    kind: Mapped[str] = mapped_column(default="medication")
    given_by_id: Mapped[UUID | None] = link("staff.id")
    valid_from: Mapped[date]
    valid_to: Mapped[date]

    def holds(self, day: date) -> bool:
        return self.valid_from <= day <= self.valid_to


class ShiftKind(StrEnum):
    DAY = "day"
    EVENING = "evening"
    NIGHT = "night"
    #: Hours inside another shift that are booked for calls.
    DIGITAL = "digital"


class Shift(FromElsewhere, Base):
    """Working hours of one person. Digital shifts lie inside an ordinary one."""

    __tablename__ = "shift"
    __table_args__ = (
        UniqueConstraint("source", "extern_id"),
        Index("ix_shift_date_staff", "date", "staff_id"),
        Index("ix_shift_group_id_date", "group_id", "date"),
        Index("ix_shift_staff_id_date", "staff_id", "date"),
    )

    id: Mapped[Id]
    staff_id: Mapped[UUID] = link("staff.id", index=False)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    #: The local day on which the shift begins.
    date: Mapped[date]
    start: Mapped[datetime]
    end: Mapped[datetime]
    break_minutes: Mapped[int] = mapped_column(default=0)
    kind: Mapped[ShiftKind] = mapped_column(words(ShiftKind), default=ShiftKind.DAY)
    #: Set when the person is away from (a part of) the shift. The cause is never asked or kept.
    absent_from: Mapped[datetime | None]
    absent_to: Mapped[datetime | None]

    def is_away(self, when: datetime) -> bool:
        """Whether the person is away from this shift at the instant `when`. In a query: `away_at`."""
        return self.absent_from is not None and self.absent_from <= when < (self.absent_to or self.end)


def away_at(when: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
    """`Shift.is_away` for a query."""
    return and_(Shift.absent_from <= when, func.coalesce(Shift.absent_to, Shift.end) > when)


def is_patrol() -> ColumnElement[bool]:
    """For a query: a night shift of a night patrol, which serves every group."""
    patrols = select(Group.id).where(Group.is_night_patrol.is_(True))
    return and_(Shift.kind == ShiftKind.NIGHT, Shift.group_id.in_(patrols))
