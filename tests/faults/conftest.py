"""Whether this machine can make networks of its own; if not, a skip by name, and in CI a failure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from server.media.janus.folder import programs
from tests.e2e.running import CHROMIUM
from tests.faults.network import missing


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            # Beside the other browser tests: they share the processor.
            item.add_marker(pytest.mark.e2e)


#: What stands at the end of the run: tables for docs/measured/.
_TABLES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for one in terminalreporter.config.stash.get(_TABLES, []):
        terminalreporter.write_line(f"\n{one}\n")


@pytest.fixture(scope="session")
def tables(request: pytest.FixtureRequest) -> list[str]:
    """What is put here is shown when all tests are done."""
    return request.config.stash.setdefault(_TABLES, [])


def _have(why: str | None) -> None:
    if why is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def networks() -> None:
    """Namespaces and wires may be made here."""
    _have(missing(wired=True))


@pytest.fixture
def browsers(networks: None) -> None:
    """... and there is a browser for them."""
    _have(None if shutil.which(CHROMIUM) else "Chromium is missing: apt-get install chromium")


@pytest.fixture
def janus(browsers: None) -> None:
    """... and nodes for rooms."""
    there = shutil.which("janus") and programs()
    _have(None if there else "Janus is missing: apt-get install janus")


@pytest.fixture
def coturn(browsers: None) -> None:
    """... and a relay."""
    _have(missing("turnserver"))
