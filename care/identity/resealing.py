"""Sealing every stored secret anew with the vault's current key, a batch at a time.

What is to be sealed anew is told by the values themselves, so a run that was killed goes on where it was, and
a value that somebody changes meanwhile is left as that somebody wrote it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Table, select, update
from sqlalchemy.engine import CursorResult

from care.identity.vault import Vault, key_of
from care.storage import tables as _tables  # noqa: F401 - the record is whole only with every table
from care.storage.columns import Base
from care.storage.database import Database

#: Rows in one transaction: short enough that nobody waits for it.
BATCH = 200


def sealed_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column that the vault seals: binary, named ``…_sealed``, bound to its row's ``id``."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary) and column.name.endswith("_sealed"):
                yield table, column


async def keys_in_use(database: Database) -> Counter[str]:
    """How many stored values each key has sealed."""
    used: Counter[str] = Counter()
    for _table, column in sealed_columns():
        async with database.read() as session:
            async for value in await session.stream_scalars(select(column).where(column.is_not(None))):
                used[key_of(value)] += 1
    return used


async def reseal(
    database: Database, vault: Vault, told: Callable[[int], None] = lambda _: None, *, batch: int = BATCH
) -> int:
    """Seal what older keys sealed with the current one; how many values. `told` hears of each batch.

    Raises `Fault` ``vault.unknown_key`` or ``vault.broken`` at a value that does not open; what was done
    before it stands.
    """
    count = 0
    for table, column in sealed_columns():
        after: UUID | None = None
        while rows := await _batch(database, table, column, after, batch):
            after = rows[-1][0]
            fresh = [
                (row_id, value, vault.seal(vault.unseal(value, about=str(row_id)), about=str(row_id)))
                for row_id, value in rows
                if not vault.is_current(value)
            ]
            done = await _stored(database, table, column, fresh)
            count += done
            told(done)
    return count


async def _batch(
    database: Database, table: Table, column: Column[Any], after: UUID | None, batch: int
) -> list[tuple[UUID, bytes]]:
    wanted = select(table.c.id, column).where(column.is_not(None)).order_by(table.c.id).limit(batch)
    if after is not None:
        wanted = wanted.where(table.c.id > after)
    async with database.read() as session:
        return [(row[0], row[1]) for row in await session.execute(wanted)]


async def _stored(
    database: Database, table: Table, column: Column[Any], fresh: list[tuple[UUID, bytes, bytes]]
) -> int:
    if not fresh:
        return 0
    done = 0
    async with database.write() as session:
        for row_id, before, after in fresh:
            statement = (
                update(table).where(table.c.id == row_id, column == before).values({column.name: after})
            )
            done += cast("CursorResult[Any]", await session.execute(statement)).rowcount
    return done
