"""Everything that belongs to a person, found by the links between the tables themselves.

A table that is added later is followed too: what points at a person, or at one of the person's contacts, goes
with it. Other links that may be empty are only loosened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from sqlalchemy import Column, Table, delete, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

from care.storage import tables as _tables  # noqa: F401 - the record is whole only with every table
from care.storage.columns import Base

#: What points at these is about the person, also where the link may be empty.
PERSONAL = frozenset({"client", "planned_contact"})
#: Kept by rules of their own: they hold an id, and no word about the person.
APART = frozenset({"access_log", "emergency_opening", "outbox_event"})
_PORTION = 400

Belongings = dict[str, set[Any]]


def links() -> Iterator[tuple[Table, Column[Any], Table]]:
    """Every foreign key: table, column, and the table it points at by ``id``."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            yield table, key.parent, key.column.table


async def gather(session: AsyncSession, root: str, ids: Iterable[Any]) -> Belongings:
    """Table → ids of what goes with the rows `ids` of the table `root`, themselves included."""
    found: Belongings = defaultdict(set)
    found[root] = set(ids)
    waiting = {root: set(found[root])}
    owned = [one for one in links() if _is_owned(*one)]
    while waiting:
        parent, fresh = waiting.popitem()
        for table, column, target in owned:
            if target.name != parent:
                continue
            for portion in _portions(fresh):
                rows = set(await session.scalars(select(table.c.id).where(column.in_(portion))))
                new = rows - found[table.name]
                if new:
                    found[table.name] |= new
                    waiting.setdefault(table.name, set()).update(new)
    return {name: rows for name, rows in found.items() if rows}


async def remove(session: AsyncSession, belongings: Belongings) -> int:
    """Delete them, those that point first, and loosen what else points at them; how many rows went."""
    for table, column, target in links():
        if target.name in belongings and column.nullable and table.name not in APART:
            for portion in _portions(belongings[target.name]):
                await session.execute(update(table).where(column.in_(portion)).values({column.name: None}))
    count = 0
    for table in reversed(Base.metadata.sorted_tables):
        for portion in _portions(belongings.get(table.name, set())):
            done = await session.execute(delete(table).where(table.c.id.in_(portion)))
            count += cast("CursorResult[Any]", done).rowcount
    return count


async def rows_of(session: AsyncSession, belongings: Belongings) -> list[tuple[str, dict[str, Any]]]:
    """The rows themselves, table by table, for the archive."""
    found = []
    for table in Base.metadata.sorted_tables:
        for portion in _portions(belongings.get(table.name, set())):
            rows = await session.execute(select(table).where(table.c.id.in_(portion)))
            found += [(table.name, dict(row)) for row in rows.mappings()]
    return found


def _is_owned(table: Table, column: Column[Any], target: Table) -> bool:
    if table.name in APART or table is target:
        return False
    return target.name in PERSONAL or not column.nullable


def _portions(ids: set[Any]) -> Iterator[list[Any]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _PORTION):
        yield ordered[start : start + _PORTION]
