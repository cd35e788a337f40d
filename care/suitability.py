"""Does a tablet suit this person? Assessed by somebody, with reasons, and looked at again in time.

Elsewhere 80 of 150 gave the tablet back within a year: what suited in spring need not suit in autumn, so an
assessment always has a day on which it is made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class Suits(StrEnum):
    YES = "yes"
    WITH_HELP = "with_help"
    NO = "no"


class Reason(StrEnum):
    """What it hangs on; what helps against it stands in the note."""

    SIGHT = "sight"
    HEARING = "hearing"
    HANDS = "hands"
    MEMORY = "memory"
    WORRY = "worry"
    LANGUAGE = "language"
    NETWORK = "network"
    PLACE = "place"
    OWN_WISH = "own_wish"


class Suitability(Base):
    """One assessment. The latest one holds."""

    __tablename__ = "suitability"

    id: Mapped[Id]
    client_id: Mapped[UUID] = link("client.id")
    suits: Mapped[Suits] = mapped_column(words(Suits))
    #: Words of `Reason`.
    reasons: Mapped[list[str]]
    note: Mapped[str | None] = mapped_column(Text())
    assessed_on: Mapped[date]
    assessed_by_id: Mapped[UUID | None] = link("account.id", index=False)
    review_on: Mapped[date]


async def latest(session: AsyncSession, client_ids: Collection[UUID]) -> Mapping[UUID, Suitability]:
    """The assessment that holds for each client that has one."""
    rows = await session.scalars(
        select(Suitability)
        .where(Suitability.client_id.in_(client_ids))
        .order_by(Suitability.assessed_on, Suitability.id)
    )
    return {row.client_id: row for row in rows}
