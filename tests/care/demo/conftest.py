"""The reference municipality, made once for all tests of it: Tuesday 1 December 2026, 06.40."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from care.demo.planting import SEED
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from tests.care.demo.rows import NOW, Demo, make_demo, plant_at
from tests.postgres import Cluster, in_thread


@pytest.fixture(scope="session")
def demo() -> Demo:
    """The demo as it is planted with its own seed."""
    return make_demo(SEED, NOW)


@pytest.fixture(scope="session")
def planted_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo in it, one day gone by: to copy."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(sqlite_template, folder / SQLITE_FILE)
    in_thread(plant_at(sqlite_url(folder)))
    return folder / SQLITE_FILE


@pytest.fixture(scope="session")
def planted_template(postgres_cluster: Cluster) -> str:
    """A PostgreSQL database with the demo in it: to copy."""
    name: str = in_thread(postgres_cluster.create())
    in_thread(plant_at(postgres_cluster.url(name)))
    return name


@pytest.fixture
async def planted_sqlite(planted_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh SQLite database with the demo in it."""
    shutil.copy(planted_file, tmp_path / SQLITE_FILE)
    database = Database(sqlite_url(tmp_path))
    yield database
    await database.close()


@pytest.fixture
async def planted_postgres(planted_template: str, postgres_cluster: Cluster) -> AsyncIterator[Database]:
    """A fresh PostgreSQL database with the demo in it."""
    name = await postgres_cluster.create(planted_template)
    database = Database(postgres_cluster.url(name))
    yield database
    await database.close()
    await postgres_cluster.drop(name)


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def planted(request: pytest.FixtureRequest) -> Database:
    """A fresh database with the demo in it, of each kind in turn."""
    made: Database = request.getfixturevalue(f"planted_{request.param}")
    return made
