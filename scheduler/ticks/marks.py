"""The `tick` table: when each tick last ran on any node, for people who look. No tick steers by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from care.ticks import Tick


async def mark(session: AsyncSession, name: str, at: datetime) -> None:
    """Note that the tick `name` ran at `at`."""
    moved = await session.execute(
        update(Tick).where(Tick.name == name).values(last_run_at=at).returning(Tick.name)
    )
    if moved.first() is None:
        await create(session, name, at)


async def create(session: AsyncSession, name: str, at: datetime, done_until: datetime | None = None) -> bool:
    """Make the row of a tick that has never run; False when another node was first."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = await session.execute(
        dialect.insert(Tick)
        .values(name=name, last_run_at=at, done_until=done_until)
        .on_conflict_do_nothing()
        .returning(Tick.name)
    )
    return made.first() is not None
