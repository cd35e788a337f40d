"""Who must be told of a changed plan: on the tablet first, by a call when the tablet has not shown it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.disruptions import Change, ChangeKind
from care.ids import new_id
from care.notices import Notice
from care.outbox import announce

TOLD_AFTER = timedelta(minutes=15)
"""A start that moves less than this is no news."""


def is_news(change: Change) -> bool:
    """True when the client must be told: another channel, person or day, or more than 15 minutes."""
    if change.kind in (ChangeKind.POSTPONE, ChangeKind.SPLIT, ChangeKind.ADD):
        return True
    if change.kind is ChangeKind.CANCEL:
        return False  # the client is away: that is why
    before, after = change.before, change.after
    if before["channel"] != after["channel"] or set(before["staff"]) != set(after["staff"]):
        return True
    moved = abs(datetime.fromisoformat(after["start"]) - datetime.fromisoformat(before["start"]))
    return moved > TOLD_AFTER


async def tell(session: AsyncSession, change: Change, at: datetime, facts: dict[str, Any]) -> Notice | None:
    """A notice for the client of an applied change, or None when it is no news.

    Earlier notices of the same row that nobody has seen are taken back: only the last word counts.
    """
    if not is_news(change):
        return None
    await take_back(session, change, at)
    notice = Notice(
        id=new_id(),
        client_id=change.client_id,
        contact_id=change.contact_id,
        change_id=change.id,
        made_at=at,
        facts=facts,
    )
    session.add(notice)
    await session.flush()
    await announce(
        session, at, "notice.made", group_id=change.group_id, client_id=change.client_id, notice=notice.id
    )
    return notice


async def take_back(session: AsyncSession, change: Change, at: datetime) -> None:
    """Unseen notices of the row no longer hold."""
    for notice in await session.scalars(
        select(Notice).where(
            Notice.contact_id == change.contact_id, Notice.shown_at.is_(None), Notice.told_at.is_(None)
        )
    ):
        notice.told_at = at
        notice.facts = {**notice.facts, "taken_back": True}
