"""The tables of a call. No media is ever stored."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from care.calls.life import CallState, Cause
from care.storage.columns import Base, Id, link, words


class Call(Base):
    """One call, for a contact or a gathering. Times are made by the machine and never edited."""

    __tablename__ = "call"
    __table_args__ = (Index("ix_call_state", "state"),)

    id: Mapped[Id]
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    gathering_id: Mapped[UUID | None] = link("gathering.id")
    state: Mapped[CallState] = mapped_column(words(CallState), default=CallState.RINGING)
    cause: Mapped[Cause | None] = mapped_column(words(Cause))
    rung_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    connected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    #: Milliseconds from the answer to the first remote frame on the slower side.
    setup_ms: Mapped[int | None]
    auto_answered: Mapped[bool] = mapped_column(default=False)
    #: "Rätt person?" confirmed by sight.
    person_confirmed_at: Mapped[datetime | None]
    person_confirmed_by_id: Mapped[UUID | None] = link("account.id", index=False)
    #: Why somebody rang outside the time of the row.
    reason: Mapped[str | None]
    #: Since when it goes on in a room with more than two; it stays there until it ends.
    room_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class CallRole(StrEnum):
    WORKER = "worker"
    CLIENT = "client"
    RELATIVE = "relative"
    INTERPRETER = "interpreter"
    MANAGER = "manager"
    COLLEAGUE = "colleague"
    ROBOT = "robot"


class CallParticipant(Base):
    __tablename__ = "call_participant"

    id: Mapped[Id]
    call_id: Mapped[UUID] = link("call.id")
    role: Mapped[CallRole] = mapped_column(words(CallRole))
    staff_id: Mapped[UUID | None] = link("staff.id")
    client_id: Mapped[UUID | None] = link("client.id")
    device_id: Mapped[UUID | None] = link("device.id", index=False)
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]


class CallQuality(Base):
    """What one side measured over the whole call. Kept for 90 days, as a technical log."""

    __tablename__ = "call_quality"

    id: Mapped[Id]
    call_id: Mapped[UUID] = link("call.id")
    role: Mapped[CallRole] = mapped_column(words(CallRole))
    round_trip_ms: Mapped[float | None]
    loss_percent: Mapped[float | None]
    jitter_ms: Mapped[float | None]
    freezes: Mapped[int | None]
    kilobits: Mapped[float | None]
    #: host, srflx, prflx or relay
    path: Mapped[str | None]
    #: udp, tcp or tls: what the path runs on, to the relay where there is one.
    protocol: Mapped[str | None] = mapped_column(String(8))
    setup_ms: Mapped[int | None]
    #: Set-up, phase by phase, in milliseconds: until the tablet said that it rings; until there was a way;
    #: until that was sealed (DTLS).
    heard_ms: Mapped[int | None]
    ice_ms: Mapped[int | None]
    dtls_ms: Mapped[int | None]
    #: What the side found wrong with itself: words of `care.calls.trouble.Trouble`, each once.
    troubles: Mapped[list[str]] = mapped_column(default=list)
    #: The course of it: `care.calls.series`.
    series: Mapped[list[Any]] = mapped_column(default=list)
