"""The pulse of clients and staff: one tap, silence is no data, never tied to a person for long."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, link, words


class Face(StrEnum):
    """ "Är du nöjd i dag?"."""

    HAPPY = "happy"
    SO_SO = "so_so"
    UNHAPPY = "unhappy"


class OnPlan(StrEnum):
    """ "Hann vi enligt plan?"."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class ClientPulse(Base):
    """A client's answer. Its id says nothing of when; the client is never named here."""

    __tablename__ = "client_pulse"
    __table_args__ = (Index("ix_client_pulse_date_group_id", "date", "group_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    date: Mapped[date]
    face: Mapped[Face] = mapped_column(words(Face))


class ClientPulseAsked(Base):
    """That a client has been asked on a day (at most once a day). Removed after 24 hours."""

    __tablename__ = "client_pulse_asked"
    __table_args__ = (UniqueConstraint("client_id", "date"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[UUID] = link("client.id", index=False)
    date: Mapped[date]


class StaffPulse(Base):
    """The answer of somebody in a group. No name, no time of day."""

    __tablename__ = "staff_pulse"
    __table_args__ = (Index("ix_staff_pulse_date_group_id", "date", "group_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    date: Mapped[date]
    answer: Mapped[OnPlan] = mapped_column(words(OnPlan))


class StaffPulseAsked(Base):
    """That somebody has answered for a day; not what. Removed after 24 hours."""

    __tablename__ = "staff_pulse_asked"
    __table_args__ = (UniqueConstraint("staff_id", "date"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    staff_id: Mapped[UUID] = link("staff.id", index=False)
    date: Mapped[date]
