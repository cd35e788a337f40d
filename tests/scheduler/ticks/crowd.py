"""Very many rows at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.ids import new_id
from care.localtime import to_wall
from care.services import Priority
from tests.builders import make_client, make_town


async def make_crowd(session: AsyncSession, start: datetime, count: int) -> None:
    """`count` planned calls of five minutes to one client of a new town, all at `start`, without lines."""
    client = await make_client(session, await make_town(session))
    day = to_wall(start).date()
    session.add_all(
        PlannedContact(
            id=new_id(),
            client_id=client.id,
            group_id=client.group_id,
            channel=Channel.VIDEO,
            first_channel=Channel.VIDEO,
            owed_date=day,
            planned_date=day,
            window_start=start,
            window_end=start,
            start=start,
            minutes=5,
            priority=Priority.P2,
        )
        for _ in range(count)
    )
