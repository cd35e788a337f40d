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

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.notices import Notice
from care.outbox import announce
from care.tasks import Task, TaskKind
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
    about = Task.contact_id == notice.contact_id
    if notice.change_id is not None:
        about = or_(about, Task.change_id == notice.change_id)
    tasks = select(Task).where(
        Task.kind == TaskKind.TELL_CLIENT,
        Task.client_id == notice.client_id,
        Task.closed_at.is_(None),
        about,
    )
    for task in await session.scalars(tasks):
        task.closed_at, task.outcome = now, "read_on_tablet"
        await announce(
            session,
            now,
            "task.changed",
            group_id=task.group_id,
            client_id=task.client_id,
            task=task.id,
            kind=task.kind.value,
            closed=True,
        )
    await session.flush()


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
