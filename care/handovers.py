"""Handing over by name when somebody's work ends: what, from whom, to whom, with a word on the way."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link, words


class HandOverState(StrEnum):
    #: Named to somebody who has not said yes yet.
    OFFERED = "offered"
    #: "Jag tar över".
    CONFIRMED = "confirmed"
    #: Nobody said yes in time, or nobody was there: the coordinator's queue.
    QUEUED = "queued"
    #: It ended, or became somebody else's, before it was handed over.
    OVER = "over"


class HandOver(Base):
    """One task or one red row that goes from who leaves to who is at work."""

    __tablename__ = "hand_over"
    __table_args__ = (
        # Once for a thing, whoever looks: the same person may hand it over again another day.
        UniqueConstraint("once_key"),
        Index("ix_hand_over_from_id_leaves_at", "from_id", "leaves_at"),
        Index("ix_hand_over_to_id_leaves_at", "to_id", "leaves_at"),
        Index("ix_hand_over_state_deadline", "state", "deadline"),
    )

    id: Mapped[Id]
    once_key: Mapped[str]
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    from_id: Mapped[UUID] = link("staff.id", index=False)
    #: None: nobody is at work then, it goes to the coordinator's queue.
    to_id: Mapped[UUID | None] = link("staff.id", index=False)
    #: With it goes the note when the person's file is erased.
    client_id: Mapped[UUID | None] = link("client.id")
    task_id: Mapped[UUID | None] = link("task.id")
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    made_at: Mapped[datetime]
    #: When the work of who hands over ends, or has ended.
    leaves_at: Mapped[datetime]
    #: Until when the receiver has to say yes.
    deadline: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Text())
    state: Mapped[HandOverState] = mapped_column(words(HandOverState), default=HandOverState.OFFERED)
    ended_at: Mapped[datetime | None]


async def in_queue(session: AsyncSession, contacts: Collection[UUID]) -> frozenset[UUID]:
    """Those of `contacts` that were left in the coordinator's queue at the end of somebody's work."""
    if not contacts:
        return frozenset()
    queued = select(HandOver.contact_id).where(
        HandOver.contact_id.in_(contacts), HandOver.state == HandOverState.QUEUED
    )
    return frozenset(one for one in await session.scalars(queued) if one is not None)
