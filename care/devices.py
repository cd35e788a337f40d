"""Tablets: the device, its key, and the dated assignment to a home are three things (design 3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class DeviceEnd(StrEnum):
    """Why a tablet is no longer in use."""

    RETURNED = "returned"
    LOST = "lost"
    REPLACED = "replaced"
    OTHER = "other"


class InstallStep(StrEnum):
    """What is seen to when a tablet is put up in a home."""

    CHARGER = "charger"
    NETWORK = "network"
    LIGHT = "light"
    VOLUME = "volume"
    HEARING_AID = "hearing_aid"
    HELPER = "helper"
    TEST_CALL = "test_call"


class Device(Base):
    """A tablet. It has no login: it signs with a key that cannot leave it."""

    __tablename__ = "device"

    id: Mapped[Id]
    label: Mapped[str]
    #: Public key as a JSON Web Key (P-256). None until paired.
    public_key: Mapped[dict[str, Any] | None]
    paired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: Why it was taken out of use, by whom, and when it had contact after that and erased what it held.
    end_why: Mapped[DeviceEnd | None] = mapped_column(words(DeviceEnd))
    ended_by_id: Mapped[UUID | None] = link("account.id", index=False)
    erased_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    #: What the page knows: permissions, sound, wake lock, battery, version. Unknown stays "unknown".
    health: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Told about silence since then (device watch), to make one task and not many.
    silent_since: Mapped[datetime | None]


class DeviceAssignment(Base):
    """Whose home a device stands in, and when. One or two clients."""

    __tablename__ = "device_assignment"

    id: Mapped[Id]
    device_id: Mapped[UUID] = link("device.id")
    client_id: Mapped[UUID] = link("client.id")
    start: Mapped[datetime]
    end: Mapped[datetime | None]


class InstallMark(Base):
    """A step of putting up a tablet that somebody has seen to."""

    __tablename__ = "install_mark"
    __table_args__ = (UniqueConstraint("device_id", "step"),)

    id: Mapped[Id]
    device_id: Mapped[UUID] = link("device.id", index=False)
    step: Mapped[InstallStep] = mapped_column(words(InstallStep))
    #: Who helps at home, or where it stands.
    note: Mapped[str | None]
    done_at: Mapped[datetime]
    done_by_id: Mapped[UUID | None] = link("account.id", index=False)


class Pairing(Base):
    """An invitation to pair: a secret and a short code, both kept as hashes. Ten minutes, five tries."""

    __tablename__ = "pairing"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    secret_hash: Mapped[str]
    code_hash: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[UUID | None] = link("account.id", index=False)
    #: None in a demo start, where the address stays good until it is used.
    expires_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    #: Demo: the first tablet that comes is let in without a worker's confirmation.
    confirm: Mapped[bool] = mapped_column(default=True)
    device_id: Mapped[UUID | None] = link("device.id", index=False)
    #: The key that asks to be let in, while a worker is confirming.
    public_key: Mapped[str | None] = mapped_column(Text())
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[UUID | None] = link("account.id", index=False)
    used_at: Mapped[datetime | None]
