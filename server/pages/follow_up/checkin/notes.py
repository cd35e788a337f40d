"""The points under the three headings of a check-in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import not_found
from care.gatherings import AgendaNote, Gathering, Heading
from care.ids import new_id
from server.pages.form import Form


async def all_of(session: AsyncSession, gathering: Gathering) -> list[AgendaNote]:
    """In the order they were written."""
    return list(
        await session.scalars(
            select(AgendaNote).where(AgendaNote.gathering_id == gathering.id).order_by(AgendaNote.seq)
        )
    )


async def add(session: AsyncSession, gathering: Gathering, heading: Heading, text: str) -> None:
    """A new point, last under its heading."""
    last = await session.scalar(
        select(AgendaNote.seq)
        .where(AgendaNote.gathering_id == gathering.id, AgendaNote.heading == heading)
        .order_by(AgendaNote.seq.desc())
        .limit(1)
    )
    session.add(
        AgendaNote(
            id=new_id(),
            gathering_id=gathering.id,
            heading=heading,
            text=text,
            seq=0 if last is None else last + 1,
        )
    )


async def remove(session: AsyncSession, gathering: Gathering, form: Form) -> None:
    """Take a point away. Raises `Fault` ``not_found``."""
    note = await session.get(AgendaNote, form.id("note"))
    if note is None or note.gathering_id != gathering.id:
        raise not_found("punkt")
    await session.delete(note)
