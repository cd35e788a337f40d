"""The emergency copy: on disk, for its owner alone, whole, without the server, gone when the day is over."""

from __future__ import annotations

import io
import stat
import threading
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from aiohttp import web
from sqlalchemy import select

from care.access.log import AccessLog
from care.clients import Protection
from care.clock import StandingClock
from care.errors import Fault
from care.storage.database import Database
from server.configuration import Configuration, read_configuration
from server.keys import CONFIGURATION
from server.operations.backup.sealing import new_key
from server.printing import copying
from server.printing.copying import write_copy
from server.printing.pdf import Paper, day_as_pdf
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
    async with running(sqlite_database, clock, Configuration(data=tmp_path / "data")) as made:
        yield made


def files(folder: Path) -> list[str]:
    """All but the paper."""
    found = (one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    return sorted(one for one in found if not one.startswith("papper-"))


def paper(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.glob("papper-*/*"))


@asynccontextmanager
async def running(
    database: Database, clock: StandingClock, configuration: Configuration
) -> AsyncIterator[web.Application]:
    made = cold_app(database, clock, configuration)
    made.freeze()
    await made.startup()
    yield made
    await made.cleanup()


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
    (folder / ".half-1").mkdir()
    (folder / ".dagen.zip.age").write_text("x")
    (folder / "LÄS MIG.txt").write_text("Nyckeln ligger hos Karin.")
    clock.set(datetime(2026, 12, 2, 3, 0))
    await write_copy(app)
    assert sorted(one.name for one in folder.iterdir()) == [
        "2026-12-02", "2026-12-03", "LÄS MIG.txt", "index.html", "papper-2026-12-02",
    ]  # fmt: skip


async def test_what_cannot_be_written_leaves_the_old_copy(
    app: web.Application, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle: the copy from before stands as it was."""
    folder = await write_copy(app)
    before = (folder / "2026-12-01/grupp-1.html").read_text()
    clock.move(timedelta(minutes=30))

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.printing.copy_folder._write", full)
    with pytest.raises(OSError, match="No space"):
        await write_copy(app)
    assert (folder / "2026-12-01/grupp-1.html").read_text() == before
    assert files(folder) == ["2026-12-01/grupp-1.html", "2026-12-02/grupp-1.html", "index.html"]


async def test_paper_for_each_worker_and_client_lies_beside(app: web.Application) -> None:
    """Of each day: sheets of workers, sheets of clients, numbers to ring; reached from the pages."""
    folder = await write_copy(app)
    expected = [
        f"2026-12-0{day}-grupp-1-{what}.pdf" for day in (1, 2) for what in ("brukare", "personal", "ring")
    ]
    assert paper(folder) == [*expected, "index.html"]
    assert 'href="papper-2026-12-01/index.html"' in (folder / "index.html").read_text()
    index = (folder / "papper-2026-12-01/index.html").read_text()
    for name in expected:
        assert (folder / "papper-2026-12-01" / name).read_bytes().startswith(b"%PDF-")
        assert f'href="{name}"' in index


async def test_the_paper_is_made_once_a_night_beside_the_event_loop(
    app: web.Application, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six files the first time, none half an hour later, six after midnight; never in the loop's thread."""
    drawn: list[str] = []

    def note(sheets: Paper, files: dict[str, Path]) -> bytes:
        assert threading.current_thread() is not threading.main_thread()
        drawn.append(sheets.what)
        return b"%PDF-"

    monkeypatch.setattr(copying, "day_as_pdf", note)
    counts, folder = [], app[CONFIGURATION].emergency_path
    for now in (datetime(2026, 12, 1, 6), datetime(2026, 12, 1, 6, 30), datetime(2026, 12, 2, 0, 10)):
        clock.set(now)
        assert await write_copy(app) == folder
        counts.append(len(drawn))
    assert counts == [6, 6, 12]
    assert [one.name for one in folder.glob("papper-*")] == ["papper-2026-12-02"]


async def test_paper_that_fails_leaves_the_pages_and_no_day_that_is_over(
    app: web.Application, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = await write_copy(app)
    clock.set(datetime(2026, 12, 2, 0, 10))

    def fail(sheets: Paper, files: dict[str, Path]) -> bytes:
        raise RuntimeError("no typeface")

    monkeypatch.setattr(copying, "day_as_pdf", fail)
    with pytest.raises(RuntimeError):
        await write_copy(app)
    assert sorted(one.name for one in folder.iterdir()) == ["2026-12-02", "2026-12-03", "index.html"]
    monkeypatch.setattr(copying, "day_as_pdf", day_as_pdf)
    await write_copy(app)
    assert len(paper(folder)) == 7


async def test_each_writing_stands_in_the_access_log(
    app: web.Application, sqlite_database: Database, clock: StandingClock
) -> None:
    """A line a group for the pages each time, and one for the paper when it is made."""
    await write_copy(app)
    clock.move(timedelta(minutes=30))
    await write_copy(app)
    async with sqlite_database.read() as session:
        lines = list(await session.scalars(select(AccessLog).order_by(AccessLog.seq)))
    assert [(one.role, one.action, one.thing) for one in lines] == [
        ("server", "print.day", "emergency_copy:pages"),
        ("server", "print.day", "emergency_copy:paper"),
        ("server", "print.day", "emergency_copy:pages"),
    ]
    assert all(one.group_id and one.client_id is None and one.allowed for one in lines)


async def test_with_a_key_nothing_lies_open_and_only_its_owner_reads_it(
    app: web.Application, sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """What lay open before goes; the secret key, kept elsewhere, opens pages and paper as they were."""
    folder = await write_copy(app)
    secret, public = new_key()
    settings = Configuration(data=tmp_path / "data", emergency_recipient=public)
    async with running(sqlite_database, clock, settings) as sealing:
        await write_copy(sealing)
    found = sorted(folder.iterdir())
    assert [one.name for one in found] == ["dagen.zip.age", "papper-2026-12-01.zip.age"]
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in found)
    assert b"Ingrid" not in b"".join(one.read_bytes() for one in found)
    key = pyrage.x25519.Identity.from_str(secret)
    pages, sheets = (zipfile.ZipFile(io.BytesIO(pyrage.decrypt(one.read_bytes(), [key]))) for one in found)
    assert pages.namelist() == ["index.html", "2026-12-01/grupp-1.html", "2026-12-02/grupp-1.html"]
    assert "Ingrid B." in pages.read("2026-12-01/grupp-1.html").decode()
    assert sheets.read("2026-12-01-grupp-1-personal.pdf").startswith(b"%PDF-")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(found[0].read_bytes(), [pyrage.x25519.Identity.generate()])


async def test_without_the_key_again_the_sealed_copy_goes(
    app: web.Application, sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    settings = Configuration(data=tmp_path / "data", emergency_recipient=new_key()[1])
    async with running(sqlite_database, clock, settings) as sealing:
        folder = await write_copy(sealing)
    await write_copy(app)
    assert not list(folder.glob("*.age"))
    assert len(paper(folder)) == 7


@pytest.mark.parametrize("what", ["nonsense", "secret"])
def test_a_key_that_is_none_stops_the_start_and_is_not_repeated(what: str, tmp_path: Path) -> None:
    """Also the secret half, given by mistake."""
    given = new_key()[0] if what == "secret" else "age1nonsense"
    with pytest.raises(Fault) as fault:
        read_configuration(tmp_path, {"SAMTID_EMERGENCY_RECIPIENT": given})
    assert (fault.value.code, fault.value.place) == (
        "configuration.emergency_recipient", "emergency_recipient",
    )  # fmt: skip
    assert given not in fault.value.say()
