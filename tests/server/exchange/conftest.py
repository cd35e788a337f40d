"""The record that files are read into."""

from __future__ import annotations

from pathlib import Path

import pytest

from care.clock import StandingClock
from care.storage.database import Database
from tests.server.exchange.record import Record


@pytest.fixture
def record(database: Database, tmp_path: Path, clock: StandingClock) -> Record:
    """Empty, on both databases."""
    return Record(database, tmp_path / "data", clock)
