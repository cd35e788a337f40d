"""The outbox: the only transport of facts (design 1).

`announce` queues a fact in the caller's own transaction; the facts are written as the last thing before
its commit, so a fact is told if and only if it happened. Numbers come from one counter row that stays
locked from there until the commit: they appear in order, without holes, on both databases, so a reader
that remembers the last number misses nothing. Taking that lock last keeps it short, and keeps writers that
lock other rows in another order from waiting for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, event, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from care.storage.columns import Base, link

#: PostgreSQL: the channel that is notified, with the newest number, when facts have been committed.
NOTIFY_CHANNEL = "samtid_outbox"

_WAITING = "samtid.outbox"


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
) -> None:
    """Tell a fact when, and only when, the transaction of `session` commits.

    `payload` values must be JSON; ids may be given as they are. A fact announced inside a savepoint that is
    rolled back is not told.
    """
    fact = {
        "at": at,
        "topic": topic,
        "group_id": group_id,
        "client_id": client_id,
        "payload": {key: str(value) if isinstance(value, UUID) else value for key, value in payload.items()},
    }
    inside = session.sync_session.get_nested_transaction()
    session.info.setdefault(_WAITING, []).append((inside, fact))


async def announce_many(
    session: AsyncSession, at: datetime, topic: str, facts: Sequence[dict[str, Any]]
) -> None:
    """Tell many facts of one topic at once: each ``{"group_id", "client_id", "payload"}``.

    As the last thing in a transaction: the counter stays locked until it ends.
    """
    if facts:
        await session.run_sync(_post, [{"at": at, "topic": topic, **fact} for fact in facts])


async def events_after(session: AsyncSession, number: int, most: int = 500) -> list[OutboxEvent]:
    """Facts with a number above `number`, in order, at most `most` of them."""
    rows = await session.scalars(
        select(OutboxEvent).where(OutboxEvent.number > number).order_by(OutboxEvent.number).limit(most)
    )
    return list(rows)


async def last_number(session: AsyncSession) -> int:
    """The number of the newest fact; 0 when nothing has been told."""
    return (await session.scalar(select(OutboxCounter.value).where(OutboxCounter.id == 1))) or 0


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Number and write what waits, as the last statements before the commit."""
    if session.in_nested_transaction() or not session.info.get(_WAITING):
        return
    session.flush()
    _post(session, [fact for _, fact in session.info.pop(_WAITING)])


def _post(session: Session, facts: Sequence[dict[str, Any]]) -> None:
    """Number the facts and write them; the counter stays locked from here to the end of the transaction."""
    last = _advance(session, len(facts))
    session.execute(
        insert(OutboxEvent),
        [{"number": number, **fact} for number, fact in enumerate(facts, start=last - len(facts) + 1)],
    )
    if session.get_bind().dialect.name == "postgresql":
        notify = text("SELECT pg_notify(:channel, :number)")
        session.execute(notify, {"channel": NOTIFY_CHANNEL, "number": str(last)})


def _advance(session: Session, count: int) -> int:
    """Lock the counter and move it `count` on; its new value."""
    step = (
        update(OutboxCounter)
        .where(OutboxCounter.id == 1)
        .values(value=OutboxCounter.value + count)
        .returning(OutboxCounter.value)
        .execution_options(synchronize_session=False)
    )
    value = session.execute(step).scalar_one_or_none()
    if value is None:
        # The first fact ever. Two writers may both get here: one makes the row, the other waits for it.
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        session.execute(dialect.insert(OutboxCounter).values(id=1, value=0).on_conflict_do_nothing())
        value = session.execute(step).scalar_one()
    return int(value)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    """Drop what was announced inside a transaction or savepoint that did not happen."""
    waiting = session.info.get(_WAITING)
    if not waiting:
        return
    if ended.parent is None:
        waiting.clear()
        return
    waiting[:] = [(inside, fact) for inside, fact in waiting if not _within(inside, ended)]


def _within(inside: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while inside is not None:
        if inside is ended:
            return True
        inside = inside.parent
    return False
