"""Reading and writing: snapshots, turns, and nothing half done."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from care.ids import new_id
from care.municipality import Group
from care.storage.database import Database
from care.ticks import Tick


async def count(database: Database) -> int:
    async with database.read() as session:
        return (await session.scalar(select(func.count()).select_from(Tick))) or 0


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    """All or nothing."""
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(Tick(name="a"))
            await session.flush()
            raise RuntimeError
    assert await count(database) == 0


async def test_a_link_to_nothing_is_refused(database: Database) -> None:
    """Foreign keys hold on SQLite too."""
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(Group(id=new_id(), municipality_id=new_id(), name="Ingenstans"))


async def test_a_reader_sees_one_moment(database: Database) -> None:
    """What is committed while a reader reads does not show until its next reading."""
    async with database.read() as session:
        before = await session.scalar(select(func.count()).select_from(Tick))
        async with database.write() as other:
            other.add(Tick(name="a"))
        after = await session.scalar(select(func.count()).select_from(Tick))
    assert (before, after) == (0, 0)
    assert await count(database) == 1


async def test_a_reader_does_not_write(database: Database) -> None:
    """Nothing that is done in `read` stays."""
    try:
        async with database.read() as session:
            session.add(Tick(name="a"))
            await session.flush()
    except DBAPIError:
        assert not database.is_sqlite
    assert await count(database) == 0


async def test_many_writers_take_turns(database: Database) -> None:
    """Fifty writers on two nodes who each read and then write: no lock errors, no lost update."""
    other = Database(database.url)
    async with database.write() as session:
        session.add_all([Tick(name=f"{n}") for n in range(50)])

    async def remove(node: Database, name: str) -> None:
        async with node.write() as session:
            row = await session.get_one(Tick, name)
            await asyncio.sleep(0)
            await session.delete(row)

    await asyncio.gather(*(remove((database, other)[n % 2], f"{n}") for n in range(50)))
    await other.close()
    assert await count(database) == 0
