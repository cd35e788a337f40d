"""Systemet fungerar inte: advice and a report that need no sign-in and no database."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from care.clock import StandingClock
from care.storage.database import Database
from server.configuration import Configuration
from server.operations.fault_reports import FILE, LARGEST
from server.pages.needs.fault_report import REPORTS
from tests.builders import make_town
from tests.server.conftest import Browser, cold_app


@pytest.fixture
async def browser(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Browser]:
    """Nobody signed in, at a server that can be told to ring 0693-161 99."""
    async with sqlite_database.write() as session:
        await make_town(session)
    app = cold_app(sqlite_database, clock, Configuration(data=tmp_path, help_phone="0693-161 99"))
    client: Browser = TestClient(TestServer(app))
    await client.start_server()
    # A cookie of somebody who was signed in: who it is must not be asked for.
    client.session.cookie_jar.update_cookies({"samtid": "x" * 43})
    yield client
    await client.close()


def noted(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


async def break_database(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_self: Database) -> None:
        raise OSError("no database")

    monkeypatch.setattr(Database, "read", gone)
    monkeypatch.setattr(Database, "write", gone)


async def test_it_works_without_the_database(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom to ring, what to do, and the report ends in a file for its owner alone."""
    await break_database(browser, monkeypatch)
    answer = await browser.get("/fel")
    html = await answer.text()
    assert answer.status == 200
    for text in ("Ring 0693-161 99.", "papper", "112", "Vad fungerar inte?"):
        assert text in html
    sent = await browser.post(
        "/fel", data={"what": "Ingen kommer in.", "key": "k1", "at": "2026-12-01T05:39:00Z"}
    )
    assert sent.status == 204
    (line,) = noted(tmp_path)
    assert (line["what"], line["at"]) == ("Ingen kommer in.", "2026-12-01T05:39:00Z")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


async def test_a_report_that_comes_twice_is_one(browser: Browser, tmp_path: Path) -> None:
    for key in ("k1", "k1", "k2"):
        assert (await browser.post("/fel", data={"what": "Stopp", "key": key})).status == 204
    assert [one["key"] for one in noted(tmp_path)] == ["k1", "k2"]


async def test_odd_reports(browser: Browser, tmp_path: Path) -> None:
    """Empty, too long, a line break that would make two lines, a file that is full, another site's form."""
    assert (await browser.post("/fel", data={"what": " "})).status == 422
    assert (await browser.post("/fel", data={"what": "x" * 1001})).status == 422
    assert (await browser.post("/fel", data={"what": 'a\n{"key": "k9"}', "key": "k8"})).status == 204
    assert len(noted(tmp_path)) == 1
    foreign = await browser.post("/fel", data={"what": "x"}, headers={"Origin": "https://evil.example"})
    assert foreign.status == 403
    with (tmp_path / FILE).open("a") as file:
        file.write(" " * LARGEST)
    assert (await browser.post("/fel", data={"what": "en till"})).status == 503


async def test_one_address_does_not_fill_the_file(browser: Browser, tmp_path: Path) -> None:
    """So many reports from one address are enough for a while: the file has room for everybody else's."""
    for number in range(REPORTS.times):
        assert (await browser.post("/fel", data={"what": "Stopp", "key": f"k{number}"})).status == 204
    answer = await browser.post("/fel", data={"what": "Stopp", "key": "en till"})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert len(noted(tmp_path)) == REPORTS.times


async def test_the_browser_keeps_the_page(browser: Browser) -> None:
    """The worker names every file that the page asks for."""
    text = await (await browser.get("/fel/arbetare.js")).text()
    html = await (await browser.get("/fel")).text()
    for part in ("css/fault_report.css", "fault-report.js", "css/tokens.css"):
        address = next(piece for piece in html.split('"') if piece.endswith(part))
        assert address in text
