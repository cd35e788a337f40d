"""Writing an import: prepared beside the record, then moved into it in one short transaction.

On SQLite there is one writer, so whatever an import does inside its transaction everybody else waits for.
The rows are therefore first put into temporary tables of a connection of its own, in small portions:
temporary tables are private to the connection and lock nothing. The transaction itself is a handful of
statements of the kind ``INSERT INTO … SELECT``, which move 50,000 contacts with lines, staff and history in
about a second. Either all of it is there afterwards or nothing is.

Between planning and writing somebody may have changed a row. Rows with a version are updated only if it is
still the one that was read, and ids from elsewhere are unique; either way the transaction is rolled back
with `Overtaken`, and the import is planned again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import Column, Integer, MetaData, Table, Uuid, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from care.access.chain import append
from care.access.log import AccessLog
from care.outbox import announce_many
from care.storage.columns import Base
from care.storage.database import Database
from server.exchange.intake.changes import Changes, Values

#: Rows prepared at once: a few milliseconds of the server's event loop.
PORTION = 500
_CACHE_KIB = 200_000

_T = TypeVar("_T")


class Overtaken(Exception):
    """Somebody else changed what the plan stands on. Nothing has been written."""


def portions(rows: Sequence[_T], size: int = PORTION) -> Iterator[Sequence[_T]]:
    """`rows` in pieces of at most `size`."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


async def write(database: Database, changes: Changes, at: datetime) -> None:
    """Make `changes` in one transaction, and tell the outbox.

    Raises `Overtaken` when the record has changed since the plan was made.
    """
    async with database.engine.connect() as connection:
        try:
            if database.is_sqlite:
                await _make_room(connection)
            stage = _Stage(connection)
            for (table, names), rows in changes.updates.items():
                await stage.prepare_update(table, names, rows)
            for table, ids in changes.deletes.items():
                await stage.prepare_delete(table, [{"id": one} for one in ids])
            for table in Base.metadata.sorted_tables:
                # The access log is no table to copy into: its chain gives each entry a place, last of all.
                if (rows := changes.inserts.get(table, [])) and table is not AccessLog.__table__:
                    await stage.prepare_insert(table, rows)
            await connection.commit()
            async with database.write_on(connection):
                await stage.move()
                async with AsyncSession(bind=connection, expire_on_commit=False) as session:
                    await announce_many(session, at, "contact.changed", _facts(changes))
                    entries = changes.inserts.get(cast(Table, AccessLog.__table__), [])
                    for portion in portions(entries):
                        await append(session, portion)
        except IntegrityError:
            raise Overtaken from None
        finally:
            # Closed for good, and the temporary tables with it.
            await connection.invalidate()


async def _make_room(connection: AsyncConnection) -> None:
    """Temporary tables in memory, and a cache for every page that the transaction touches."""
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is not None:
        # Said to the driver itself: SQLAlchemy would begin a transaction, in which it is too late.
        await driver.execute("PRAGMA temp_store = MEMORY")
        await driver.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _facts(changes: Changes) -> list[Values]:
    """One fact a client, however many of its rows have changed."""
    return [
        {
            "group_id": group_id,
            "client_id": client_id,
            "payload": {
                "contact": str(contact_id),
                "event": "imported",
                "status": "planned",
                "staff": sorted(str(one) for one in staff),
            },
        }
        for client_id, (group_id, contact_id, staff) in changes.moved.items()
    ]


class _Stage:
    """Temporary tables of one connection, and the statements that empty them into the record."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._moves: list[Callable[[], Awaitable[None]]] = []
        self._count = 0

    async def prepare_delete(self, table: Table, rows: Sequence[Values]) -> None:
        staged = await self._fill([Column("id", Uuid())], rows)

        async def move() -> None:
            await self._connection.execute(delete(table).where(table.c.id.in_(select(staged.c.id))))

        # First of all: what comes in may take the place of what goes out.
        self._moves.insert(0, move)

    async def prepare_update(self, table: Table, names: Sequence[str], rows: Sequence[Values]) -> None:
        columns = [Column(name, Integer() if name == "was_version" else table.c[name].type) for name in names]
        staged = await self._fill(columns, rows)
        values = {name: staged.c[name] for name in names if name not in ("id", "was_version")}

        async def move() -> None:
            statement = update(table).where(table.c.id == staged.c.id).values(values)
            if "was_version" in names:
                statement = statement.where(table.c.version == staged.c.was_version)
            result = await self._connection.execute(statement)
            if result.rowcount != len(rows):
                raise Overtaken

        self._moves.append(move)

    async def prepare_insert(self, table: Table, rows: Sequence[Values]) -> None:
        names = list(rows[0])
        staged = await self._fill([Column(name, table.c[name].type) for name in names], rows)

        async def move() -> None:
            await self._connection.execute(insert(table).from_select(names, select(staged)))

        self._moves.append(move)

    async def _fill(self, columns: list[Column[object]], rows: Sequence[Values]) -> Table:
        self._count += 1
        staged = Table(f"staged_{self._count}", MetaData(), *columns, prefixes=["TEMPORARY"])
        await self._connection.run_sync(staged.create)
        for portion in portions(rows):
            await self._connection.execute(insert(staged), list(portion))
        return staged

    async def move(self) -> None:
        """Into the record, inside the caller's transaction."""
        for move in self._moves:
            await move()
