"""Fixtures for everybody: the clock that stands, and fresh databases of both kinds.

``database``           runs the test twice: on SQLite and on PostgreSQL
``sqlite_database``    one SQLite database, for tests that need just one
``postgres_database``  one PostgreSQL database
``coturn``             a real relay on loopback: UDP, TCP and TLS (tests/coturn.py)
``empty_url``          the address of a database without tables, of both kinds (for migrations)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from care.clock import StandingClock
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.storage.migrations import migrate
from tests.coturn import coturn  # noqa: F401 - a fixture for everybody
from tests.postgres import TEMPLATE, Cluster, in_thread, programs

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres),
]


@pytest.fixture
def clock() -> StandingClock:
    """Tuesday 1 December 2026, 06.40 in Sweden; it stands until the test moves it."""
    return StandingClock(datetime(2026, 12, 1, 6, 40))


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One private cluster for each test process, with one migrated template database."""
    folder = programs()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL's programs are missing: apt-get install postgresql")
        pytest.skip("PostgreSQL's programs are missing: apt-get install postgresql")
    cluster = Cluster.start(folder)
    try:
        in_thread(cluster.command(f"CREATE DATABASE {TEMPLATE}"))
        in_thread(migrate(cluster.url(TEMPLATE)))
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    folder = tmp_path_factory.mktemp("template")
    in_thread(migrate(sqlite_url(folder)))
    return folder / SQLITE_FILE


@pytest.fixture
async def sqlite_database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh SQLite database with every table."""
    shutil.copy(sqlite_template, tmp_path / SQLITE_FILE)
    database = Database(sqlite_url(tmp_path))
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(postgres_cluster: Cluster) -> AsyncIterator[Database]:
    """A fresh PostgreSQL database with every table."""
    name = await postgres_cluster.create()
    database = Database(postgres_cluster.url(name))
    yield database
    await database.close()
    await postgres_cluster.drop(name)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database with every table, of each kind in turn."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    made: Database = request.getfixturevalue(name)
    return made


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, of each kind in turn."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    name = in_thread(cluster.create(None))
    yield cluster.url(name)
    in_thread(cluster.drop(name))
