"""Inserting what is not there yet, when several nodes may insert the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from care.storage.columns import Base


async def insert_missing(
    session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]
) -> set[UUID]:
    """Insert the rows that break no unique rule; the ids of those that went in.

    `table` has an ``id``, and every row gives it. All rows give the same columns.
    """
    if not rows:
        return set()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    identity = table.__table__.c.id
    statement = dialect.insert(table).on_conflict_do_nothing().returning(identity)
    return set(await session.scalars(statement, list(rows)))
