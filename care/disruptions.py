"""Disruptions, proposals and their changes (design 5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class DisruptionKind(StrEnum):
    SNOW = "snow"
    STAFF_ABSENT = "staff_absent"
    STAFF_ADDED = "staff_added"
    BUILDING_UNREACHABLE = "building_unreachable"
    CAR_BROKEN = "car_broken"
    CLIENT_AWAY = "client_away"
    TABLET_OFFLINE = "tablet_offline"
    AREA_OFFLINE = "area_offline"
    INFECTION = "infection"
    OTHER = "other"


class Disruption(Base):
    """Something has happened."""

    __tablename__ = "disruption"

    id: Mapped[Id]
    kind: Mapped[DisruptionKind] = mapped_column(words(DisruptionKind))
    #: ``{"groups": [id], "staff": [id], "clients": [id], "building": text}``
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    start: Mapped[datetime]
    end: Mapped[datetime]
    #: Kind-specific figures: ``{"speed_factor": 0.6}``, hours of added staff…
    severity: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str | None] = mapped_column(Text())
    reported_by_id: Mapped[UUID | None] = link("account.id", index=False)
    reported_at: Mapped[datetime]
    #: The lift works again, the road is open.
    ended_at: Mapped[datetime | None]
    lesson: Mapped[str | None] = mapped_column(Text())


class ProposalState(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    DISCARDED = "discarded"
    SUPERSEDED = "superseded"


class Proposal(Base):
    """The planner's answer to a disruption. Nothing changes until a person approves."""

    __tablename__ = "proposal"

    id: Mapped[Id]
    disruption_id: Mapped[UUID] = link("disruption.id")
    made_at: Mapped[datetime]
    #: How long planning took.
    seconds: Mapped[float]
    state: Mapped[ProposalState] = mapped_column(words(ProposalState), default=ProposalState.OPEN)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: What would be saved: travel minutes, share known staff, contacts kept.
    effect: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: ``[{"contact_id", "reason": {"sv", "en"}, "rule", "suggestion"}]``
    unsolved: Mapped[list[Any]] = mapped_column(default=list)


class ChangeKind(StrEnum):
    MOVE = "move"
    REASSIGN = "reassign"
    RETIME = "retime"
    POSTPONE = "postpone"
    SPLIT = "split"
    ADD = "add"
    CANCEL = "cancel"


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    APPLIED = "applied"
    UNDONE = "undone"
    REFUSED = "refused"
    STALE = "stale"


class Change(Base):
    """One change of one row, explained."""

    __tablename__ = "proposal_change"

    id: Mapped[Id]
    proposal_id: Mapped[UUID] = link("proposal.id")
    seq: Mapped[int]
    kind: Mapped[ChangeKind] = mapped_column(words(ChangeKind))
    contact_id: Mapped[UUID] = link("planned_contact.id")
    client_id: Mapped[UUID] = link("client.id", index=False)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    #: ``{"channel", "staff": [id], "start", "minutes", "date"}``, instants in ISO 8601 UTC.
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    new_rows: Mapped[list[Any]] = mapped_column(default=list)
    base_version: Mapped[int]
    #: The version after it was applied, so that an undo can tell if somebody changed it since.
    applied_version: Mapped[int | None]
    rules: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[dict[str, Any]]
    cost: Mapped[dict[str, Any]] = mapped_column(default=dict)
    needs_person: Mapped[str | None]
    state: Mapped[ChangeState] = mapped_column(words(ChangeState), default=ChangeState.PROPOSED)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[UUID | None] = link("account.id", index=False)
