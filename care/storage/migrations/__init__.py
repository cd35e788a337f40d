"""Bringing a database to the tables of this version, and back.

The revisions lie in ``versions/`` inside the package, so an installed wheel migrates without a checkout:
``await migrate(url)``. A new revision is made from the difference between the tables in code and the
revisions so far with ``python -m care.storage.migrations "what changes"``; see `__main__`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from care.errors import Fault

#: Any number of nodes may start at once; on PostgreSQL this advisory lock lets them through one by one.
_LOCK = 0x5A_4D_54_44


def config_for(connection: Connection | None = None) -> Config:
    """Alembic's configuration, made in code; the environment uses `connection` as it is given."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision that this version of the program knows."""
    return ScriptDirectory.from_config(config_for()).get_current_head() or ""


async def current(database_url: str) -> str | None:
    """The revision the database stands at; None when it is empty.

    Raises `Fault` ``database.unreachable`` (503).
    """
    async with _connection(database_url) as connection:
        return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


async def migrate(database_url: str, to: str = "head") -> None:
    """Bring the database up to revision `to`, all in one transaction; nothing happens when it is there.

    Raises `Fault` ``database.unreachable`` (503), or ``database.unknown_revision`` (500) when the database
    was made by a newer version of the program.
    """
    await _run(database_url, lambda config: command.upgrade(config, to))


async def downgrade(database_url: str, to: str = "base") -> None:
    """Take the database back to revision `to`; ``base`` removes every table. Faults as `migrate`."""
    await _run(database_url, lambda config: command.downgrade(config, to))


async def _run(database_url: str, work: Callable[[Config], Any]) -> None:
    async with _connection(database_url) as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        try:
            await connection.run_sync(lambda sync: work(config_for(sync)))
        except CommandError as error:
            raise Fault(
                "database.unknown_revision",
                "Databasen hör till en annan version av programmet (%(found)s). Installera den versionen "
                "eller en nyare.",
                status=500,
                place="database",
                values={"found": str(error)[:120]},
            ) from error
        if connection.dialect.name == "sqlite":
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
            if broken is not None:
                raise Fault(
                    "database.broken_link",
                    "Tabellen %(table)s har rader som pekar på något som inte finns. Inget är ändrat.",
                    status=500,
                    place="database",
                    values={"table": str(broken[0])},
                )


@asynccontextmanager
async def _connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """One connection in one transaction. On SQLite foreign keys are off, as rebuilt tables need."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and not Path(file).parent.is_dir():
        raise _unreachable()
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def _plain(connection: Any, _record: Any) -> None:
            # We say BEGIN ourselves, so that tables are made or changed whole or not at all.
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=30000")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        try:
            connection = await stack.enter_async_context(engine.begin())
        except (DBAPIError, OSError) as error:
            raise _unreachable() from error
        yield connection


def _unreachable() -> Fault:
    return Fault(
        "database.unreachable",
        "Databasen går inte att nå. Kontrollera adressen och att databasen är igång.",
        status=503,
        place="database",
    )
