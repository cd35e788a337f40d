"""Telling a client of a changed plan: once by sound and words, standing until touched.

``Notice.facts``: ``{"kind", "channel", "start", "names", "word"}``, as it became. What is left out is taken
from the row as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.notices import Notice
from care.tasks import Task, close_task
from server.tablets.home import clients_of
from server.tablets.wording import Translate, change_text, clock_words, names


def sentence(
    facts: Mapping[str, Any],
    contact: PlannedContact,
    first_names: Sequence[str],
    word: str,
    *,
    now: datetime,
    zone: ZoneInfo,
    language: str,
    translate: Translate,
) -> str:
    """The sentence of a notice in the reader's language."""
    said = facts.get("channel")
    channel = Channel(said) if said in set(Channel) else contact.channel
    start = _instant(facts.get("start")) or contact.start
    told = facts.get("names")
    who = [str(one) for one in told] if isinstance(told, list) else list(first_names)
    return change_text(
        str(facts.get("kind", "")),
        channel,
        names(who, translate),
        str(facts.get("word") or word),
        clock_words(start, now, zone, language, translate),
        translate,
    )


async def note_shown(session: AsyncSession, device_id: UUID, notice_id: UUID, clock: Clock) -> None:
    """The tablet has shown and sounded it. Raises `Fault` ``notice.unknown`` (404)."""
    notice = await _own(session, device_id, notice_id, clock.now())
    notice.shown_at = notice.shown_at or clock.now()
    await session.flush()


async def note_touched(session: AsyncSession, device_id: UUID, notice_id: UUID, clock: Clock) -> None:
    """Somebody at home has read it and touched it away; nobody needs to ring and tell any more.

    Raises `Fault` ``notice.unknown`` (404).
    """
    now = clock.now()
    notice = await _own(session, device_id, notice_id, now)
    if notice.touched_at is not None:
        return
    notice.shown_at = notice.shown_at or now
    notice.touched_at = now
    await session.flush()
    if notice.task_id is not None:
        await _close_when_all_read(session, notice.task_id, now)


async def _close_when_all_read(session: AsyncSession, task_id: UUID, now: datetime) -> None:
    """The task to ring and tell is done when nothing of what it is about is left unseen."""
    task = await session.get(Task, task_id)
    unseen = select(Notice.id).where(
        Notice.task_id == task_id, Notice.shown_at.is_(None), Notice.told_at.is_(None)
    )
    if task is None or task.closed_at is not None or await session.scalar(unseen.limit(1)) is not None:
        return
    await close_task(session, task, "read_on_tablet", at=now)


async def _own(session: AsyncSession, device_id: UUID, notice_id: UUID, now: datetime) -> Notice:
    notice = await session.get(Notice, notice_id)
    here = {client.id for client in await clients_of(session, device_id, now)}
    if notice is None or notice.client_id not in here:
        raise Fault("notice.unknown", "Meddelandet finns inte här.", status=404, place="notice")
    return notice


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
