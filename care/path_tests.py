"""Tests of the way to a tablet: a made-up picture and tone there and back, with the camera closed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class PathResult(StrEnum):
    """What came of a test; one word, the first thing that was wrong."""

    WELL = "well"
    #: It was asked for and the tablet had no contact, or its page is too old to know of such a test.
    NO_CONTACT = "no_contact"
    NO_ANSWER = "no_answer"
    #: A call was going on or rang, which goes first: nothing is known.
    CALL_FIRST = "call_first"
    #: No way for picture and sound between tablet and server.
    NO_PATH = "no_path"
    #: The way is there, but this did not come through: to the tablet, or from it.
    NO_PICTURE_DOWN = "no_picture_down"
    NO_PICTURE_UP = "no_picture_up"
    NO_SOUND_DOWN = "no_sound_down"
    NO_SOUND_UP = "no_sound_up"
    #: All is well but for calls that must go through the TURN server.
    NO_RELAY = "no_relay"
    #: The tablet's browser could not make a picture or a tone, or not speak WebRTC.
    UNABLE = "unable"
    #: The server stopped, or something of ours went wrong.
    OURS = "ours"

    @property
    def tells(self) -> bool:
        """Whether it says anything about the tablet and its network."""
        return self not in (PathResult.CALL_FIRST, PathResult.OURS)

    @property
    def is_well(self) -> bool:
        return self is PathResult.WELL


class PathTest(Base):
    """One test of one tablet."""

    __tablename__ = "path_test"
    __table_args__ = (
        UniqueConstraint("once_key"),
        Index("ix_path_test_device_id_asked_at", "device_id", "asked_at"),
    )

    id: Mapped[Id]
    device_id: Mapped[UUID] = link("device.id", index=False)
    #: A night's test is made once, whoever thinks of it: ``<device>:<night>:<attempt>``.
    once_key: Mapped[str | None]
    asked_at: Mapped[datetime]
    #: Who pressed "Prova vägen nu"; None at night.
    asked_by_id: Mapped[UUID | None] = link("account.id", index=False)
    ended_at: Mapped[datetime | None]
    result: Mapped[PathResult | None] = mapped_column(words(PathResult))
    #: Frames and loudness each way, path, milliseconds: ``{"direct": {…}, "relay": {…}}``.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
