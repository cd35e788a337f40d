"""What a home has chosen for its screen, and sentences that staff have spoken for screens without a voice."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class Reach(StrEnum):
    """Which hand reaches the screen: the buttons lie on its side."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


class TextSize(StrEnum):
    """Per cent of the ordinary size."""

    NORMAL = "100"
    LARGE = "150"
    LARGEST = "200"


class Switch(StrEnum):
    """How buttons are reached without touching the screen."""

    #: An ordinary keyboard: Tab moves, Enter and Space press; a screen with one button needs no Tab.
    KEYBOARD = "keyboard"
    #: One switch, that sends any key: the mark moves by itself and the switch presses what is marked.
    ONE = "one"
    #: Two switches: Space moves the mark, Enter presses.
    TWO = "two"


#: Per cent: no louder than it is, somewhat, twice.
LOUDEST_CHOICES = (100, 150, 200)


class KioskChoice(Base):
    """How one tablet is set up for those who live there. None at all means the first of everything."""

    __tablename__ = "kiosk_choice"
    __table_args__ = (UniqueConstraint("device_id"),)

    id: Mapped[Id]
    device_id: Mapped[UUID] = link("device.id", index=False)
    reach: Mapped[Reach] = mapped_column(words(Reach), default=Reach.BOTH)
    text_size: Mapped[TextSize] = mapped_column(words(TextSize), default=TextSize.NORMAL)
    switch: Mapped[Switch] = mapped_column(words(Switch), default=Switch.KEYBOARD)
    #: Sound is seen too: a frame of light that comes and goes calmly.
    flash: Mapped[bool] = mapped_column(default=False)
    #: The loudest that a caller may make the tablet, per cent of its ordinary loudness: `LOUDEST_CHOICES`.
    loudest: Mapped[int] = mapped_column(default=150)
    #: Voices as they are, without the browser's own noise suppression and levelling: for hearing aids.
    plain_voice: Mapped[bool] = mapped_column(default=False)


class SpokenPhrase(StrEnum):
    """What may be said on any screen, of nobody: see `server.tablets.phrases` for the words."""

    RING = "ring"
    PROMPT = "prompt"
    NOTICE = "notice"
    AGAIN = "again"


class RecordedPhrase(Base):
    """A sentence that somebody on the staff has spoken, for tablets that have no voice of their own.

    The same for every home of the municipality: no name and nothing of a client is in it.
    """

    __tablename__ = "recorded_phrase"
    __table_args__ = (UniqueConstraint("language", "phrase"),)

    #: A new recording has a new id, so that a tablet may keep the sound as long as it likes.
    id: Mapped[Id]
    language: Mapped[str]
    phrase: Mapped[SpokenPhrase] = mapped_column(words(SpokenPhrase))
    media_type: Mapped[str]
    sound: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = link("account.id", index=False)
