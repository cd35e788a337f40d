"""The service catalogue: what may be granted, how long it takes, and whether hands are needed."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, FromElsewhere, Id, link, words


class Law(StrEnum):
    """Under which law a line is done; access, log and retention follow it."""

    SOL = "SoL"
    HSL = "HSL"
    NONE = "none"


class DigitalClass(StrEnum):
    """What the body, the home or the service demands (domain 5.5)."""

    HANDS_REQUIRED = "hands_required"
    DIGITAL_POSSIBLE = "digital_possible"
    DIGITAL_FIRST = "digital_first"
    #: Read by an external camera or device system: planned and receipted here, never a call.
    EXTERNAL = "external"

    @property
    def may_be_digital(self) -> bool:
        """True when nothing in the service itself needs hands."""
        return self in (DigitalClass.DIGITAL_POSSIBLE, DigitalClass.DIGITAL_FIRST)


class Priority(StrEnum):
    """The order of what must happen (domain 6)."""

    P1 = "P1"  # physical, today, at its time
    P2 = "P2"  # today; channel free if allowed
    P3 = "P3"  # may move within 48 hours
    P4 = "P4"  # may move within the week

    @property
    def is_safety(self) -> bool:
        """P1 and P2: a person must know when it has not happened."""
        return self in (Priority.P1, Priority.P2)


#: The first goal types (domain 1.1 #13); a municipality may add its own.
GOAL_TYPES = ("medication", "meal", "wellbeing_check", "social", "activity", "follow_up", "personal_care",
              "household", "weekly_checkin")  # fmt: skip


class GoalType(Base):
    """A kind of goal that a line works towards, receipted with one tap."""

    __tablename__ = "goal_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_sv: Mapped[str]
    name_en: Mapped[str]
    sort: Mapped[int] = mapped_column(default=0)


class Service(FromElsewhere, Base):
    """A service code (insatskod)."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("source", "extern_id"), UniqueConstraint("municipality_id", "code"))

    id: Mapped[Id]
    municipality_id: Mapped[UUID] = link("municipality.id")
    code: Mapped[str]
    name_sv: Mapped[str]
    name_en: Mapped[str | None]
    law: Mapped[Law] = mapped_column(words(Law), default=Law.SOL)
    cluster: Mapped[str | None]
    #: Mean time in minutes, a guide and not a ceiling.
    standard_minutes: Mapped[int]
    #: The same by video, when shorter.
    video_minutes: Mapped[int | None]
    window_before: Mapped[int] = mapped_column(default=30)
    window_after: Mapped[int] = mapped_column(default=30)
    goal_type: Mapped[str] = mapped_column(ForeignKey("goal_type.code"), default="wellbeing_check")
    #: A code without a class counts as hands-on.
    digital_class: Mapped[DigitalClass] = mapped_column(
        words(DigitalClass), default=DigitalClass.HANDS_REQUIRED
    )
    priority: Mapped[Priority] = mapped_column(words(Priority), default=Priority.P2)
    delegation_required: Mapped[bool] = mapped_column(default=False)
    #: The neutral word for a screen in a living room: Morgonhjälp, Lunch, Samtal.
    kiosk_word: Mapped[str] = mapped_column(default="Besök")
    active: Mapped[bool] = mapped_column(default=True)

    def name_in(self, language: str) -> str:
        """The municipality's name of it: the Swedish one where it has given no other."""
        return (self.name_en if language != "sv" else None) or self.name_sv
