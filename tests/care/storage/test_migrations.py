"""The revisions make exactly the tables that the code describes, up and down, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from care.errors import Fault
from care.storage.database import Database
from care.storage.migrations import current, downgrade, head, migrate
from care.storage.tables import metadata


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def look(url: str, question: Any) -> Any:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        answer = await connection.run_sync(question)
    await engine.dispose()
    return answer


async def test_migrated_schema_and_metadata_agree(database: Database) -> None:
    """Nothing is missing, too much or of another type after all revisions."""
    assert await look(database.url, differences) == []


async def test_schema_compare_sees_a_difference(database: Database) -> None:
    """The comparison above can fail: a dropped column is noticed."""
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE client DROP COLUMN important_to_me"))
    assert len(await look(database.url, differences)) == 1


async def test_migrating_up_down_and_up_again(empty_url: str) -> None:
    """Down takes away every table, and up brings them back whole."""
    assert await current(empty_url) is None
    await migrate(empty_url)
    assert await current(empty_url) == head()
    assert set(metadata.tables) <= await look(empty_url, tables)
    await downgrade(empty_url)
    assert await current(empty_url) is None
    assert await look(empty_url, tables) <= {"alembic_version"}
    await migrate(empty_url)
    assert await look(empty_url, differences) == []


async def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    """A start on a database that is up to date does nothing."""
    await migrate(empty_url)
    await migrate(empty_url)
    assert await current(empty_url) == head()


async def test_several_nodes_may_start_at_once(empty_url: str) -> None:
    """Three nodes migrate the same empty database together: one does it, the others wait and go on."""
    import asyncio

    await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    assert await look(empty_url, differences) == []


async def test_a_database_of_a_newer_version_is_refused_by_name(database: Database) -> None:
    """An older program does not touch a database it does not know."""
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Fault) as fault:
        await migrate(database.url)
    assert fault.value.code == "database.unknown_revision"


async def test_an_unreachable_database_is_said_in_words() -> None:
    """No stack trace of a driver when the address is wrong."""
    with pytest.raises(Fault) as fault:
        await migrate("postgresql+asyncpg://samtid@/samtid?host=/nonexistent")
    assert fault.value.code == "database.unreachable"
    with pytest.raises(Fault) as fault:
        await migrate("sqlite+aiosqlite:////nonexistent/samtid.sqlite3")
    assert fault.value.code == "database.unreachable"
