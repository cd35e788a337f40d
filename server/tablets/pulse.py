""" "Är du nöjd i dag?": asked at most once a day, answered by one of three faces, tied to nobody for long."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.errors import Fault
from care.pulse import ClientPulse, ClientPulseAsked, Face
from server.tablets.home import own_client


async def may_ask(session: AsyncSession, client_id: UUID, clock: Clock) -> bool:
    """True the first time in a day, and then it counts as asked."""
    if await _asked(session, client_id, clock) is not None:
        return False
    try:
        async with session.begin_nested():
            session.add(ClientPulseAsked(client_id=client_id, date=clock.today()))
    except IntegrityError:
        return False  # somebody else asked in the same moment
    return True


async def answer(
    session: AsyncSession, device_id: UUID, client_id: UUID, face: Face | str, clock: Clock
) -> None:
    """Keep the face, with the group and the day and nothing else.

    The answer's id is a one-way print of the question's: a second answer is the same row, and when the
    question is removed after a day nothing ties the two together.
    Raises `Fault` ``pulse.over`` when nobody asked today, and ``not_found`` for another home's client.
    """
    client = await own_client(session, device_id, client_id, clock.now())
    asked = await _asked(session, client.id, clock)
    if asked is None:
        raise Fault("pulse.over", "Frågan gäller inte längre.", status=409)
    answer_id = UUID(bytes=hashlib.sha256(b"pulse" + asked.id.bytes).digest()[:16], version=4)
    if await session.get(ClientPulse, answer_id) is None:
        session.add(ClientPulse(id=answer_id, group_id=client.group_id, date=clock.today(), face=Face(face)))
        await session.flush()


async def _asked(session: AsyncSession, client_id: UUID, clock: Clock) -> ClientPulseAsked | None:
    found: ClientPulseAsked | None = await session.scalar(
        select(ClientPulseAsked).where(
            ClientPulseAsked.client_id == client_id, ClientPulseAsked.date == clock.today()
        )
    )
    return found
