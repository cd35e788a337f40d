"""A whole demo municipality, planted once and copied for each test; and a planner in this process."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from care.clock import StandingClock
from care.demo.planting import plant
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.storage.migrations import migrate
from scheduler.planner.plan import Plan
from scheduler.planner.problem import Problem
from scheduler.planner.solve import solve
from scheduler.planner.stop import Budget
from tests.postgres import in_thread


class Here:
    """Plans in this very process with a small, fixed budget: repeatable, and quick enough for tests."""

    async def solve(self, problem: Problem, *, seed: int, budget: Budget) -> Plan:  # noqa: ARG002
        return solve(problem, seed=seed, stop=Budget(deterministic=0.5, wall=60.0))


@pytest.fixture
def solver() -> Here:
    return Here()


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as it is on Tuesday 1 December 2026 at 06.40."""
    folder = tmp_path_factory.mktemp("demo")

    async def make() -> None:
        await migrate(sqlite_url(folder))
        database = Database(sqlite_url(folder))
        await plant(
            database,
            now=StandingClock(datetime(2026, 12, 1, 6, 40)).now(),
            seal=lambda _text, _about: b"sealed",
            hash_password=lambda _password: "hash",
            password_of=lambda username: username,
        )
        await database.close()

    in_thread(make())
    return folder / SQLITE_FILE


@pytest.fixture
async def demo(demo_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh copy of the demo."""
    shutil.copy(demo_file, tmp_path / SQLITE_FILE)
    database = Database(sqlite_url(tmp_path))
    yield database
    await database.close()
