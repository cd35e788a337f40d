"""A backup taken while others write, brought back elsewhere: one moment of the record, whole and equal."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from care.clock import StandingClock
from care.errors import Fault
from care.ids import new_id
from care.municipality import Group, Municipality
from care.outbox import announce
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.tasks import Task, TaskKind
from server.configuration import Configuration
from server.operations.backup.making import make
from server.operations.backup.restoring import restore
from server.operations.backup.sealing import Key
from tests.builders import make_client, make_town
from tests.postgres import Cluster


def no_key(_: bool) -> Key:
    raise AssertionError("an open backup needs no key")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir(mode=0o700)
    return folder


class Writer:
    """Writes two hundred times a second, and every write keeps two facts equal.

    The group's phone holds the number of the last task made; the task stands in the same transaction, and the
    one ten before it goes away in it. A copy that is not of one moment breaks one of the two.
    """

    def __init__(self, database: Database, group: Group, clock: StandingClock) -> None:
        self.database, self.group, self.clock = database, group, clock
        self.written = 0
        self.stopped = False
        self.news = asyncio.Condition()

    async def reaches(self, number: int) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.written >= number)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        turn = loop.time()
        while not self.stopped:
            async with self.database.write() as session:
                number = self.written + 1
                session.add(
                    Task(
                        id=new_id(),
                        kind=next(iter(TaskKind)),
                        once_key=f"write:{number}",
                        group_id=self.group.id,
                        created_at=self.clock.now(),
                        deadline=self.clock.now(),
                    )
                )
                await session.execute(delete(Task).where(Task.once_key == f"write:{number - 10}"))
                await session.execute(
                    update(Group).where(Group.id == self.group.id).values(phone=str(number))
                )
                await announce(session, self.clock.now(), "task.changed")
            async with self.news:
                self.written = number
                self.news.notify_all()
            turn += 1 / 200
            await asyncio.sleep(max(0.0, turn - loop.time()))


async def copied(
    database: Database, clock: StandingClock, home: Path, to: Path, url: str
) -> tuple[int, int, Any]:
    """Take a backup beside the writer: how much was written before, after, and its manifest."""
    async with database.write() as session:
        town = await make_town(session)
        # Enough that copying takes longer than many writes.
        for _ in range(40):
            await make_client(session, town)
    writer = Writer(database, town.group, clock)
    running = asyncio.create_task(writer.run())
    try:
        await writer.reaches(50)
        before = writer.written
        configuration = Configuration(data=home, database=url)
        manifest = await asyncio.to_thread(
            lambda: asyncio.run(make(configuration, clock, to, None, with_keys=False))
        )
        after = writer.written
        await writer.reaches(after + 20)
    finally:
        writer.stopped = True
        await running
    return before, after, manifest


async def check_one_moment(database: Database, before: int, after: int) -> None:
    async with database.read() as session:
        last = int(await session.scalar(select(Group.phone).where(Group.name == "Bräcke")) or 0)
        keys = set(await session.scalars(select(Task.once_key)))
    assert before <= last <= after
    assert keys == {f"write:{number}" for number in range(last - 9, last + 1)}


async def test_sqlite_backup_beside_two_hundred_writes_a_second(
    sqlite_template: Path, home: Path, empty: Path, tmp_path: Path, clock: StandingClock
) -> None:
    """What comes back in an empty folder is the snapshot, table by table, and the writers never stopped."""
    shutil.copy(sqlite_template, home / SQLITE_FILE)
    database = Database(sqlite_url(home))
    to = tmp_path / "one.backup"
    try:
        before, after, manifest = await copied(database, clock, home, to, "")
    finally:
        await database.close()
    done = await restore(Configuration(data=empty), to, no_key, replace=False)
    assert done.manifest == manifest
    restored = Database(sqlite_url(empty))
    try:
        await check_one_moment(restored, before, after)
        async with restored.read() as session:
            assert await session.scalar(select(func.count()).select_from(Municipality)) == 1
    finally:
        await restored.close()
    # Counted by SQLite itself, not by what made the manifest.
    with closing(sqlite3.connect(empty / SQLITE_FILE)) as plain:
        counted = {
            name: plain.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for name in manifest.tables
        }
    assert counted == {name: table.rows for name, table in manifest.tables.items()}
    assert counted["client"] == 40
    assert not any(name.startswith(".") for name in names(home)), "nothing passing is left"


@pytest.fixture
async def two_postgres(postgres_cluster: Cluster) -> AsyncIterator[tuple[str, str]]:
    full, blank = await postgres_cluster.create(), await postgres_cluster.create(None)
    yield postgres_cluster.url(full), postgres_cluster.url(blank)
    await postgres_cluster.drop(full)
    await postgres_cluster.drop(blank)


@pytest.mark.postgres
async def test_postgres_backup_beside_two_hundred_writes_a_second(
    two_postgres: tuple[str, str], home: Path, empty: Path, tmp_path: Path, clock: StandingClock
) -> None:
    """The dump and the hashes are of one snapshot; an empty database gets all of it, a filled one nothing."""
    full, blank = two_postgres
    to = tmp_path / "one.backup"
    database = Database(full)
    try:
        before, after, manifest = await copied(database, clock, home, to, full)
    finally:
        await database.close()
    assert manifest.engine == "postgresql"
    configuration = Configuration(data=empty, database=blank)
    # `restore` compares every table's hash with the manifest's and refuses what differs.
    await restore(configuration, to, no_key, replace=False)
    restored = Database(blank)
    try:
        await check_one_moment(restored, before, after)
    finally:
        await restored.close()

    with pytest.raises(Fault) as fault:
        await restore(configuration, to, no_key, replace=False)
    assert fault.value.code == "restore.database_not_empty"
    other = empty.parent / "sqlite"
    other.mkdir(mode=0o700)
    with pytest.raises(Fault) as fault:
        await restore(Configuration(data=other), to, no_key, replace=False)
    assert fault.value.code == "restore.other_engine"
    assert names(other) == {"samtid.lock"}
