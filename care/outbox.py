"""The outbox: the only transport of facts (design 1).

`announce` writes in the caller's own transaction, so a fact is told if and only if it happened. Numbers
come from one counter row that stays locked until commit: they appear in order, without holes, on both
databases, so a reader that remembers the last number misses nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, link


class OutboxCounter(Base):
    __tablename__ = "outbox_counter"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, default=1)
    value: Mapped[int] = mapped_column(default=0)


class OutboxEvent(Base):
    """A fact: what kind, about whom. It carries ids, never personal data."""

    __tablename__ = "outbox_event"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    #: e.g. ``contact.changed``, ``call.state``, ``proposal.applied``, ``device.revoked``, ``task.changed``
    topic: Mapped[str]
    group_id: Mapped[UUID | None] = link("home_care_group.id", index=False)
    client_id: Mapped[UUID | None] = link("client.id", index=False)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)


async def announce(
    session: AsyncSession,
    at: datetime,
    topic: str,
    *,
    group_id: UUID | None = None,
    client_id: UUID | None = None,
    **payload: Any,
) -> int:
    """Tell a fact in the transaction of `session`; the number it got.

    `payload` values must be JSON: ids are given as text.
    """
    number = (
        await session.execute(
            update(OutboxCounter)
            .where(OutboxCounter.id == 1)
            .values(value=OutboxCounter.value + 1)
            .returning(OutboxCounter.value)
        )
    ).scalar_one_or_none()
    if number is None:
        session.add(OutboxCounter(id=1, value=1))
        number = 1
    session.add(
        OutboxEvent(
            number=number,
            at=at,
            topic=topic,
            group_id=group_id,
            client_id=client_id,
            payload={key: str(value) if isinstance(value, UUID) else value for key, value in payload.items()},
        )
    )
    await session.flush()
    return int(number)


async def events_after(session: AsyncSession, number: int, most: int = 500) -> list[OutboxEvent]:
    """Facts with a number above `number`, in order, at most `most` of them."""
    rows = await session.scalars(
        select(OutboxEvent).where(OutboxEvent.number > number).order_by(OutboxEvent.number).limit(most)
    )
    return list(rows)


async def last_number(session: AsyncSession) -> int:
    """The number of the newest fact; 0 when nothing has been told."""
    return (await session.scalar(select(OutboxCounter.value).where(OutboxCounter.id == 1))) or 0
