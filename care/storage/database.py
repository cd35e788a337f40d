"""The database of one municipality, on SQLite or PostgreSQL, with the same code on both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import AsyncAdaptedQueuePool

from care.storage import tables as _tables  # noqa: F401 - the record is whole only with every table

SQLITE_FILE = "samtid.sqlite3"


def sqlite_url(data: Path) -> str:
    """The address of the embedded database in the data folder."""
    return f"sqlite+aiosqlite:///{data / SQLITE_FILE}"


class Database:
    """Short reading and writing transactions.

    ``read()`` sees one snapshot and writes nothing. ``write()`` commits when the block ends well and rolls
    back otherwise. On SQLite a write begins with ``BEGIN IMMEDIATE`` and waits its turn in this process,
    so that writers queue here instead of failing with "database is locked".
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url)
        # PostgreSQL's own default shows each statement a newer state.
        reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        self._readers = async_sessionmaker(reading, expire_on_commit=False, autoflush=False)
        writing = (
            self.engine.execution_options(samtid_begin="BEGIN IMMEDIATE") if self.is_sqlite else self.engine
        )
        self._writers = async_sessionmaker(writing, expire_on_commit=False)
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; rolled back at the end."""
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session for writing; one short transaction."""
        if self._turn is None:
            async with self._writers() as session, session.begin():
                yield session
            return
        async with self._turn, self._writers() as session, session.begin():
            yield session

    @asynccontextmanager
    async def write_on(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """As `write`, on the caller's own connection: for many rows that wait in its temporary tables.

        The connection must not be in a transaction.
        """
        if self._turn is None:
            async with connection.begin():
                yield
            return
        await connection.execution_options(samtid_begin="BEGIN IMMEDIATE")
        async with self._turn, connection.begin():
            yield

    async def close(self) -> None:
        await self.engine.dispose()


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=8, connect_args={"timeout": 30}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: we say BEGIN (IMMEDIATE) below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("samtid_begin", "BEGIN"))

    return engine


def _postgres_engine(url: str) -> AsyncEngine:
    return create_async_engine(url, pool_size=10, pool_pre_ping=True)
