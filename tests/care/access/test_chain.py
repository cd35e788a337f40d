"""The access log is append-only and chained: what is changed, taken away or cut off shows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from care.access.chain import KEPT, append, archive, verify
from care.access.log import AccessArchive, AccessLog, by_command
from care.access.rights import Action
from care.errors import Fault
from care.ids import new_id
from care.storage.database import Database
from tests.builders import moment

NOW = moment("2026-12-01 06:40")


def entry(thing: str, at: datetime = NOW) -> AccessLog:
    return by_command(at, Action.CLIENT_READ, thing, where="test", purpose="care")


async def write(database: Database, *things: str, at: datetime = NOW) -> None:
    for thing in things:
        async with database.write() as session:
            session.add(entry(thing, at))


async def disarm(database: Database) -> None:
    """What somebody with the database's own password can do: take the triggers away."""
    names = (
        ["access_log_not_changed", "access_log_not_deleted"] if database.is_sqlite else ["access_log_kept"]
    )
    async with database.write() as session:
        for name in names:
            on = "" if database.is_sqlite else " ON access_log"
            await session.execute(text(f"DROP TRIGGER {name}{on}"))


async def faults(database: Database, noted: tuple[int, str] | None = None) -> list[tuple[int, str]]:
    async with database.read() as session:
        return (await verify(session, noted=noted)).faults


async def test_entries_follow_each_other_without_gaps(database: Database) -> None:
    """Each carries the hash of the one before it, also several in one transaction, and the whole fits."""
    await write(database, "a", "b")
    async with database.write() as session:
        session.add_all([entry("c"), entry("d")])
    async with database.read() as session:
        rows = list(await session.scalars(select(AccessLog).order_by(AccessLog.seq)))
        verdict = await verify(session)
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert {row.thing for row in rows} == {"a", "b", "c", "d"}
    assert verdict.is_whole
    assert (verdict.entries, verdict.head_seq, verdict.head_hash) == (4, 4, rows[-1].hash)


async def test_what_is_rolled_back_takes_no_place(database: Database) -> None:
    """A transaction that fails leaves neither entry nor gap; a savepoint does not lose what was before."""
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(entry("never"))
            await session.flush()
            raise RuntimeError
    async with database.write() as session:
        session.add(entry("before"))
        with pytest.raises(RuntimeError):
            async with session.begin_nested():
                raise RuntimeError
    async with database.read() as session:
        assert list(await session.scalars(select(AccessLog.thing))) == ["before"]
    assert await faults(database) == []


async def test_nobody_changes_or_deletes_an_entry(database: Database) -> None:
    """The database itself refuses, whoever asks."""
    await write(database, "a")
    for statement in (update(AccessLog).values(thing="b"), delete(AccessLog)):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(statement)
    if not database.is_sqlite:
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(text("TRUNCATE access_log"))
    assert await faults(database) == []


async def test_a_changed_entry_shows(database: Database) -> None:
    """Any field: here whose eyes it was."""
    await write(database, "a", "b", "c")
    await disarm(database)
    async with database.write() as session:
        await session.execute(update(AccessLog).where(AccessLog.seq == 2).values(role="nobody"))
    assert await faults(database) == [(2, "changed")]


async def test_a_removed_entry_shows(database: Database) -> None:
    """Also when the numbers after it are pulled together."""
    await write(database, "a", "b", "c")
    await disarm(database)
    async with database.write() as session:
        await session.execute(delete(AccessLog).where(AccessLog.seq == 2))
    assert await faults(database) == [(2, "missing")]
    async with database.write() as session:
        await session.execute(update(AccessLog).where(AccessLog.seq == 3).values(seq=2))
    assert await faults(database) == [(2, "broken"), (2, "changed")]


async def test_an_end_cut_off_shows_against_a_head_that_was_noted(database: Database) -> None:
    """A shorter chain is whole in itself: only what was noted elsewhere tells."""
    await write(database, "a", "b")
    async with database.read() as session:
        verdict = await verify(session)
    noted = (verdict.head_seq, verdict.head_hash)
    await write(database, "c")
    assert await faults(database, noted) == []
    await disarm(database)
    async with database.write() as session:
        await session.execute(delete(AccessLog).where(AccessLog.seq >= 2))
    assert await faults(database) == []
    assert await faults(database, noted) == [(2, "head")]


async def test_several_writers_make_one_chain(database: Database) -> None:
    """Entries that are written at once stand one after the other."""
    import asyncio

    await asyncio.gather(*(write(database, f"{one}a", f"{one}b") for one in range(6)))
    assert await faults(database) == []
    async with database.read() as session:
        assert (await verify(session)).entries == 12


async def test_the_archive_takes_only_the_old_beginning(database: Database) -> None:
    """What is older than five years may go, the chain goes on from there, and the rest stays locked."""
    old = NOW - KEPT - timedelta(days=1)
    await write(database, "a", "b", at=old)
    await write(database, "c")
    async with database.write() as session:
        with pytest.raises(Fault) as fault:
            await archive(session, NOW - timedelta(days=30), now=NOW, checksum="0" * 64)
        assert fault.value.code == "log.too_young"
        assert await archive(session, NOW - KEPT, now=NOW, checksum="0" * 64) == 2
    async with database.read() as session:
        assert list(await session.scalars(select(AccessLog.thing))) == ["c"]
        verdict = await verify(session)
    assert verdict.is_whole
    assert (verdict.entries, verdict.archived, verdict.head_seq) == (1, 2, 3)
    for statement in (delete(AccessLog), delete(AccessArchive), update(AccessArchive).values(last_seq=99)):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(statement)


async def test_bulk_work_appends_to_the_same_chain(database: Database) -> None:
    """An import writes thousands of entries at once; they are chained like the others."""
    await write(database, "a")
    rows = [
        {**dict.fromkeys(("account_id", "device_id", "group_id", "client_id", "address")), "id": new_id(),
         "at": NOW, "role": "r", "relation": "everywhere", "action": "import.run", "thing": str(number),
         "purpose": "import", "allowed": True, "where": "test"}
        for number in range(3)
    ]  # fmt: skip
    async with database.write() as session:
        await append(session, rows)
    await write(database, "z")
    async with database.read() as session:
        verdict = await verify(session)
    assert verdict.is_whole
    assert verdict.entries == 5


async def test_an_entry_beside_the_chain_is_refused(database: Database) -> None:
    """Nobody puts in an entry at a place that is taken, nor one without a place."""
    await write(database, "a")
    async with database.read() as session:
        row = dict((await session.execute(select(cast(Table, AccessLog.__table__)))).mappings().one())
    for seq in (1, None):
        with pytest.raises(DBAPIError):
            async with database.write() as session:
                await session.execute(
                    insert(cast(Table, AccessLog.__table__)), [{**row, "id": new_id(), "seq": seq}]
                )
