"""The emergency copy: on disk, for its owner alone, whole, without the server, gone when the day is over."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from care.clients import Protection
from care.clock import StandingClock
from care.storage.database import Database
from server.configuration import Configuration
from server.printing.copying import write_copy
from tests.builders import make_client, make_contact, make_shift, make_staff, make_town
from tests.server.conftest import cold_app


@pytest.fixture
async def app(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> AsyncIterator[web.Application]:
    """Anna goes to Ingrid today, and to the protected Karin tomorrow."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town, phone="070-174 06 11")
        await make_shift(session, anna)
        ingrid = await make_client(session, town, door_note="Knacka")
        karin = await make_client(
            session, town, "Karin", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK,
            address="Gömda vägen 3", phone="070-174 06 99",
        )  # fmt: skip
        await make_contact(session, ingrid, town.services["PV-MOR"], "2026-12-01 08:00", staff=[anna])
        await make_contact(session, karin, town.services["PV-MOR"], "2026-12-02 09:00", staff=[anna])
    made = cold_app(sqlite_database, clock, Configuration(data=tmp_path / "data"))
    made.freeze()
    await made.startup()
    yield made
    await made.cleanup()


def files(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


async def test_today_and_tomorrow_can_be_read_without_the_server(app: web.Application) -> None:
    """An index and a page a group; relative links, nothing fetched, whom to ring and how to get in."""
    folder = await write_copy(app)
    assert files(folder) == ["2026-12-01/grupp-1.html", "2026-12-02/grupp-1.html", "index.html"]
    index = (folder / "index.html").read_text()
    assert 'href="2026-12-01/grupp-1.html"' in index
    today = (folder / "2026-12-01/grupp-1.html").read_text()
    for text in (
        "Anna Lind",
        "070-174 06 11",
        "08.00",
        "Ingrid B.",
        "Storgatan 1",
        "Knacka",
        "070-174 06 58",
    ):
        assert text in today
    for text in ("<script", "http:", "https:", "src=", 'href="/'):
        assert text not in index + today


async def test_it_tells_nothing_of_a_protected_home(app: web.Application) -> None:
    folder = await write_copy(app)
    tomorrow = (folder / "2026-12-02/grupp-1.html").read_text()
    assert "Karin" in tomorrow
    for text in ("Gömda", "Hemlig", "070-174 06 99"):
        assert text not in tomorrow


async def test_only_its_owner_reads_it(app: web.Application) -> None:
    """Folders 0700, files 0600, also when somebody has opened them before."""
    folder = await write_copy(app)
    folder.chmod(0o755)
    await write_copy(app)
    for one in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600), one


async def test_a_day_that_is_over_is_removed(app: web.Application, clock: StandingClock) -> None:
    """And what a stopped server left half written; nothing else that lies there."""
    folder = await write_copy(app)
    (folder / ".half").mkdir()
    (folder / "LÄS MIG.txt").write_text("Nyckeln ligger hos Karin.")
    clock.set(datetime(2026, 12, 2, 3, 0))
    await write_copy(app)
    assert sorted(one.name for one in folder.iterdir()) == [
        "2026-12-02", "2026-12-03", "LÄS MIG.txt", "index.html",
    ]  # fmt: skip


async def test_what_cannot_be_written_leaves_the_old_copy(
    app: web.Application, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle: the copy from before stands as it was."""
    folder = await write_copy(app)
    before = (folder / "2026-12-01/grupp-1.html").read_text()
    clock.move(timedelta(minutes=30))

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.printing.copying._write", full)
    with pytest.raises(OSError, match="No space"):
        await write_copy(app)
    assert (folder / "2026-12-01/grupp-1.html").read_text() == before
    assert files(folder) == ["2026-12-01/grupp-1.html", "2026-12-02/grupp-1.html", "index.html"]
