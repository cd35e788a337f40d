"""Sentences spoken by staff, for tablets whose browser has no voice of its own in the client's language.

They are the same for every home: nobody's name and nothing of anybody's day is in them. The sound is kept in
the database and fetched from our own server only.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault
from care.ids import new_id
from care.kiosk import RecordedPhrase, SpokenPhrase
from care.words import N_

#: What is said. In the reader's language these are what somebody reads aloud into the microphone.
SENTENCES = {
    SpokenPhrase.RING: N_("Hemtjänsten ringer. Tryck på Svara."),
    SpokenPhrase.PROMPT: N_("Du har en påminnelse. Titta på skärmen."),
    SpokenPhrase.NOTICE: N_("Det har blivit en ändring. Läs på skärmen."),
    SpokenPhrase.AGAIN: N_("Vi ringer igen strax."),
}
#: Twelve seconds of speech in good quality are less than half of this.
MOST_BYTES = 400_000
#: How the files begin that browsers record: Matroska (WebM), Ogg, and MP4 after four bytes of length.
_BEGINNINGS = ((b"\x1aE\xdf\xa3", 0, "audio/webm"), (b"OggS", 0, "audio/ogg"), (b"ftyp", 4, "audio/mp4"))


def sound_type(sound: bytes) -> str:
    """The media type by what the bytes are, whatever the sender called them.

    Raises `Fault` ``phrase.empty``, ``phrase.too_large`` (413) and ``phrase.not_sound`` (415).
    """
    if not sound:
        raise Fault("phrase.empty", "Inspelningen är tom. Spela in igen.", place="sound")
    if len(sound) > MOST_BYTES:
        raise Fault("phrase.too_large", "Inspelningen är för lång. Spela in igen, kortare.", status=413)
    for beginning, at, media_type in _BEGINNINGS:
        if sound[at : at + len(beginning)] == beginning:
            return media_type
    raise Fault(
        "phrase.not_sound", "Det som skickades är inget ljud som surfplattan kan spela.", status=415,
        place="sound",
    )  # fmt: skip


def address(phrase_id: UUID) -> str:
    """Where a tablet fetches the sound. A new recording has a new address."""
    return f"/kiosk/fras/{phrase_id}"


async def phrases_of(session: AsyncSession, language: str) -> dict[SpokenPhrase, UUID]:
    """The recordings in a language, without their sound."""
    found = await session.execute(
        select(RecordedPhrase.phrase, RecordedPhrase.id).where(RecordedPhrase.language == language)
    )
    return {row.phrase: row.id for row in found}


async def keep(
    session: AsyncSession,
    language: str,
    phrase: SpokenPhrase,
    sound: bytes,
    *,
    at: datetime,
    account_id: UUID | None,
) -> UUID:
    """Keep a recording in the place of the one before. Raises as `sound_type`."""
    media_type = sound_type(sound)
    await remove(session, language, phrase)
    made = RecordedPhrase(
        id=new_id(),
        language=language,
        phrase=phrase,
        media_type=media_type,
        sound=sound,
        recorded_at=at,
        recorded_by_id=account_id,
    )
    session.add(made)
    await session.flush()
    return made.id


async def remove(session: AsyncSession, language: str, phrase: SpokenPhrase) -> None:
    """Take a recording away; none is no error."""
    for old in await session.scalars(
        select(RecordedPhrase).where(RecordedPhrase.language == language, RecordedPhrase.phrase == phrase)
    ):
        await session.delete(old)
    await session.flush()
