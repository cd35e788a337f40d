"""What reaches somebody whose phone is closed: a short message that says nothing of whom it is about.

An `Alert` is one message about one thing to one person, made in the same transaction as what it is about and
sent afterwards, once. Who has asked for messages, and to which number, stands in `AlertWish`. (What a client
is told on the tablet is a `care.notices.Notice`.)
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from care.errors import Fault
from care.ids import new_id
from care.outbox import announce
from care.storage.columns import Base, Id, link, words
from care.storage.insert import insert_missing

#: Opening a page is written down at most this often.
SEEN_EVERY = timedelta(minutes=1)
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")


class AlertKind(StrEnum):
    #: A row of one's own begins soon, and nobody has opened Min dag.
    DUE = "due"
    #: A row that has not happened is one's own to resolve.
    RED = "red"
    #: An urgent task has become one's own.
    TASK = "task"
    #: A colleague who goes home hands over.
    HAND_OVER = "hand_over"


class AlertEnd(StrEnum):
    #: The person opened Min dag or *Behöver en människa*.
    SEEN = "seen"
    #: The person pressed "Jag tar det".
    TAKEN = "taken"
    #: Nobody answered in time, and it went on to the next.
    UNANSWERED = "unanswered"
    #: What it was about has ended, or is somebody else's.
    OVER = "over"


class AlertWish(Base):
    """Somebody's own wish to be reached: a number that they have shown to be theirs, and for what."""

    __tablename__ = "alert_wish"
    __table_args__ = (UniqueConstraint("staff_id"),)

    id: Mapped[Id]
    staff_id: Mapped[UUID] = link("staff.id", index=False)
    #: As telephone systems write it: +46701740658.
    phone: Mapped[str] = mapped_column(String(20))
    kinds: Mapped[list[str]] = mapped_column(default=list)
    #: None until the code that was sent there has been given back.
    verified_at: Mapped[datetime | None]
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_until: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    #: When the person last opened Min dag or *Behöver en människa*, to the minute.
    seen_at: Mapped[datetime | None]


class Alert(Base):
    """One message about one thing to one person, and what came of it."""

    __tablename__ = "alert"
    __table_args__ = (
        # However many nodes look: one message a thing, person and turn.
        UniqueConstraint("once_key"),
        Index("ix_alert_next_try_at", "next_try_at"),
        Index("ix_alert_staff_id_ended_at", "staff_id", "ended_at"),
    )

    id: Mapped[Id]
    once_key: Mapped[str]
    staff_id: Mapped[UUID] = link("staff.id", index=False)
    group_id: Mapped[UUID] = link("home_care_group.id", index=False)
    kind: Mapped[AlertKind] = mapped_column(words(AlertKind))
    task_id: Mapped[UUID | None] = link("task.id")
    contact_id: Mapped[UUID | None] = link("planned_contact.id")
    made_at: Mapped[datetime]
    #: What the sentence is made of: ``at`` (ISO instant), ``is_call``. Never anything about a client.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: It is not worth sending later than this.
    until: Mapped[datetime]
    #: When it is to be tried next; moved on before each try, so that a try that dies is followed by another.
    #: None when nothing more is to be sent.
    next_try_at: Mapped[datetime | None]
    #: Which way it goes now, and how often that has been tried.
    way: Mapped[str | None] = mapped_column(String(20))
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    #: Why, in one word: ``timeout``, ``status_500``, ``late`` …
    problem: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None]
    end: Mapped[AlertEnd | None] = mapped_column(words(AlertEnd))


def read_phone(text: str) -> str:
    """The number as telephone systems write it; a Swedish number may begin with 0.

    Raises `Fault` ``alert.phone`` (422).
    """
    plain = re.sub(r"[\s()./-]", "", text)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    elif plain.startswith("0"):
        plain = f"+46{plain[1:]}"
    if not _NUMBER.fullmatch(plain):
        raise Fault("alert.phone", "Skriv ett mobilnummer, som 070-174 06 58.", place="phone")
    return plain


async def make_alert(
    session: AsyncSession,
    kind: AlertKind,
    *,
    staff_id: UUID,
    group_id: UUID,
    once_key: str,
    at: datetime,
    until: datetime,
    facts: dict[str, Any] | None = None,
    task_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> bool:
    """Write a message to be sent when the transaction commits; False when it has been made already."""
    made = await insert_missing(
        session,
        Alert,
        [
            {
                "id": new_id(), "once_key": once_key, "staff_id": staff_id, "group_id": group_id,
                "kind": kind, "task_id": task_id, "contact_id": contact_id, "made_at": at,
                "facts": facts or {}, "until": until, "next_try_at": at, "tries": 0,
            }
        ],
    )  # fmt: skip
    if made:
        await announce(session, at, "alert.made", group_id=group_id)
    return bool(made)


async def note_seen(session: AsyncSession, staff_id: UUID, at: datetime) -> None:
    """The person has opened a page that shows what waits: every message so far has been answered."""
    await session.execute(
        update(AlertWish)
        .where(AlertWish.staff_id == staff_id)
        .values(seen_at=at)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Alert)
        .where(Alert.staff_id == staff_id, Alert.ended_at.is_(None), Alert.made_at <= at)
        .values(ended_at=at, end=AlertEnd.SEEN, next_try_at=None)
        .execution_options(synchronize_session=False)
    )


async def is_to_be_noted(session: AsyncSession, staff_id: UUID, at: datetime) -> bool:
    """Whether `note_seen` would say anything new. Most have asked for no messages at all."""
    wish = await session.scalar(select(AlertWish).where(AlertWish.staff_id == staff_id))
    if wish is None:
        return False
    if wish.seen_at is None or at - wish.seen_at >= SEEN_EVERY:
        return True
    waits = select(Alert.id).where(Alert.staff_id == staff_id, Alert.ended_at.is_(None), Alert.made_at <= at)
    return await session.scalar(waits.limit(1)) is not None


async def note_taken(
    session: AsyncSession,
    staff_id: UUID,
    group_id: UUID,
    at: datetime,
    *,
    task_id: UUID | None = None,
    contact_id: UUID | None = None,
) -> None:
    """The person has said "Jag tar det" of a task or row; nobody need be told of it any more."""
    about = Alert.task_id == task_id if task_id is not None else Alert.contact_id == contact_id
    own = await session.scalar(
        update(Alert)
        .where(about, Alert.staff_id == staff_id, Alert.ended_at.is_(None) | (Alert.end == AlertEnd.SEEN))
        .values(ended_at=at, end=AlertEnd.TAKEN, next_try_at=None)
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    if own is None:
        thing = task_id or contact_id
        kind = AlertKind.TASK if task_id is not None else AlertKind.RED
        session.add(
            Alert(
                id=new_id(), once_key=f"taken:{thing}:{staff_id}:{at.isoformat()}", staff_id=staff_id,
                group_id=group_id, kind=kind, task_id=task_id, contact_id=contact_id, made_at=at, facts={},
                until=at, next_try_at=None, ended_at=at, end=AlertEnd.TAKEN,
            )
        )  # fmt: skip
    await session.execute(
        update(Alert)
        .where(about, Alert.ended_at.is_(None))
        .values(ended_at=at, end=AlertEnd.OVER, next_try_at=None)
        .execution_options(synchronize_session=False)
    )
    await session.flush()
