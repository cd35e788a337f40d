"""Tasks for people: everything in *Behöver en människa* that is not itself a planned row.

A red planned row stands there by its own state; these are the rest. None closes without an outcome.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class TaskKind(StrEnum):
    #: "Ring och berätta": the tablet has not shown a change within ten minutes.
    TELL_CLIENT = "tell_client"
    TABLET_SILENT = "tablet_silent"
    TABLET_SOUND = "tablet_sound"
    AREA_SILENT = "area_silent"
    CONFIRM_CONSENT = "confirm_consent"
    CALL_REQUEST = "call_request"
    SYSTEM_WAS_AWAY = "system_was_away"
    FOLLOW_UP = "follow_up"


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("once_key"),
        Index("ix_task_group_id_closed_at", "group_id", "closed_at"),
    )

    id: Mapped[Id]
    kind: Mapped[TaskKind] = mapped_column(words(TaskKind))
    #: Says the same thing once: a second task with the same key is not made while it stands.
    once_key: Mapped[str | None]
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    client_id: Mapped[UUID | None] = link("client.id")
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    device_id: Mapped[UUID | None] = link("device.id", index=False)
    change_id: Mapped[UUID | None] = link("proposal_change.id", index=False)
    owner_id: Mapped[UUID | None] = link("staff.id", index=False)
    created_at: Mapped[datetime]
    deadline: Mapped[datetime]
    #: What fills the sentence on the page; never free text about the client.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = link("account.id", index=False)
    outcome: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Text())
