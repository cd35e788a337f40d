"""What has become of a tablet over time: silences, power, sleep, versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.ids import new_id
from care.storage.columns import Base, Id, link, words

#: History older than this is of no use to anybody.
KEPT = timedelta(days=90)


class DeviceEventKind(StrEnum):
    #: Not heard of since `at`; heard again.
    SILENT = "silent"
    HEARD = "heard"
    #: The charger was pulled out or put in; little is left.
    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"
    BATTERY_LOW = "battery_low"
    #: Something keeps it from ringing, being heard or seen (`facts["troubles"]`); all is well again.
    TROUBLE = "trouble"
    WELL = "well"
    #: The system put the page to sleep for `facts["seconds"]`, or something lies over it; it shows again.
    SLEPT = "slept"
    HIDDEN = "hidden"
    SHOWN = "shown"
    #: Another version of the program (`facts["version"]`).
    VERSION = "version"


class DeviceEvent(Base):
    """One change, noted once. The latest health as a whole stands on the device."""

    __tablename__ = "device_event"
    __table_args__ = (Index("ix_device_event_device_id_at", "device_id", "at"),)

    id: Mapped[Id]
    device_id: Mapped[UUID] = link("device.id", index=False)
    at: Mapped[datetime]
    kind: Mapped[DeviceEventKind] = mapped_column(words(DeviceEventKind))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


def note_event(
    session: AsyncSession,
    device_id: UUID,
    kind: DeviceEventKind,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of a tablet's history."""
    session.add(DeviceEvent(id=new_id(), device_id=device_id, at=at, kind=kind, facts=dict(facts or {})))
