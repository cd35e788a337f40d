"""The municipality, its home care groups and small teams, and the roads between places."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, FromElsewhere, Id, link, words


class GovernanceMode(StrEnum):
    """How strictly minutes are steered (domain 1.2 #27–30)."""

    STRICT = "strict"
    FLEXIBLE = "flexible"
    NONE = "none"


class Municipality(Base):
    """One deployment serves one municipality: this table has one row."""

    __tablename__ = "municipality"

    id: Mapped[Id]
    name: Mapped[str]
    code: Mapped[str | None]
    zone: Mapped[str] = mapped_column(default="Europe/Stockholm")
    governance_mode: Mapped[GovernanceMode] = mapped_column(
        words(GovernanceMode), default=GovernanceMode.FLEXIBLE
    )
    #: Demo people must never share a database with real ones.
    is_demo: Mapped[bool] = mapped_column(default=False)
    #: Seed and first day of a demo, for filling the days that have passed since.
    demo_seed: Mapped[int | None]
    demo_first_day: Mapped[date | None]
    #: Settings that a municipality changes itself; defaults live in `care.settings`.
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Phone number that a client or relative may be told to ring.
    phone: Mapped[str | None]


class Group(FromElsewhere, Base):
    """A home care group (hemtjänstgrupp): an area with its clients and staff."""

    __tablename__ = "home_care_group"
    __table_args__ = (UniqueConstraint("source", "extern_id"), UniqueConstraint("name"))

    id: Mapped[Id]
    municipality_id: Mapped[UUID] = link("municipality.id")
    name: Mapped[str]
    provider: Mapped[str | None]
    #: The place where shifts start. Degrees, WGS 84.
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    #: Night patrol serves the whole municipality and owns no clients.
    is_night_patrol: Mapped[bool] = mapped_column(default=False)
    cars: Mapped[int] = mapped_column(default=0)
    phone: Mapped[str | None]
    #: The system in which its visits are registered (Phoniro, for one); None: they are checked in here.
    visits_in: Mapped[str | None]


class SmallTeam(Base):
    """A small team (litet team) of staff around seven or eight clients."""

    __tablename__ = "small_team"
    __table_args__ = (UniqueConstraint("group_id", "name"),)

    id: Mapped[Id]
    group_id: Mapped[UUID] = link("home_care_group.id")
    name: Mapped[str]


class Leg(Base):
    """Road between two group centres: an editable estimate, symmetric by default."""

    __tablename__ = "distance_leg"
    __table_args__ = (UniqueConstraint("from_group_id", "to_group_id"),)

    id: Mapped[Id]
    from_group_id: Mapped[UUID] = link("home_care_group.id")
    to_group_id: Mapped[UUID] = link("home_care_group.id")
    kilometres: Mapped[float]
    minutes: Mapped[float]
    source: Mapped[str] = mapped_column(default="estimate")
