"""Reports of faults are read by who looks after the system: every line of the file, whatever stands in it."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from care.accounts import Role
from care.clock import StandingClock
from care.storage.database import Database
from server.configuration import Configuration
from server.keys import PASSWORDS
from server.operations.fault_reports import FILE, HANDLED_FILE, KEPT, reports
from server.security.passwords import Passwords
from tests.builders import make_town
from tests.server.conftest import WEAK, Browser, Site, cold_app

PATH = "/felrapporter"


@pytest.fixture
async def site(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Site]:
    """As `tests.server.conftest.site`, with a data folder of its own."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
    app = cold_app(sqlite_database, clock, Configuration(data=tmp_path))
    app[PASSWORDS] = Passwords(WEAK)
    server = TestServer(app)
    await server.start_server()
    made = Site(server, sqlite_database, clock, town)
    yield made
    for browser in made.opened:
        await browser.session.close()
    await server.close()


@pytest.fixture
async def admin(site: Site) -> Browser:
    return await site.signed_in("adam", Role.ADMINISTRATOR)


async def report(site: Site, what: str, key: str) -> None:
    answer = await (await site.browser()).post("/fel", data={"what": what, "key": key})
    assert answer.status == 204


def ids(html: str) -> list[str]:
    return re.findall(r'name="report" value="([0-9a-f]+)"', html)


async def test_what_somebody_wrote_is_shown_as_words(site: Site, admin: Browser) -> None:
    """The latest first; what looks like script is text; that it was read stands in the log."""
    await report(site, "Ingen kommer in.", "k1")
    site.clock.move(timedelta(minutes=3))
    await report(site, "<script>alert(1)</script> {{ 7*7 }}", "k2")
    html = await (await admin.get(PATH)).text()
    assert html.index("&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}") < html.index("Ingen kommer in.")
    assert "<script>alert(1)" not in html
    assert "tis 1 dec 06.43" in html
    assert {row.thing for row in await site.log() if row.action == "fault_report.read"} == {"fault_reports"}


async def test_it_is_handled_once_with_a_note_and_gone_after_a_month(
    site: Site, admin: Browser, tmp_path: Path
) -> None:
    """Who, when and what came of it; both files are their owner's alone."""
    await report(site, "Ljudet hackar.", "k1")
    await report(site, "Skärmen är svart.", "k2")
    black, sound = ids(await (await admin.get(PATH)).text())
    data = {"report": sound, "note": "Bytte nät."}
    assert (await admin.post(PATH, data=data, allow_redirects=False)).status == 303
    html = await (await admin.get(PATH)).text()
    assert ids(html) == [black]
    assert "Bytte nät." in html
    assert "Adam" in html
    assert (await admin.post(PATH, data=data)).status == 409
    assert stat.S_IMODE((tmp_path / HANDLED_FILE).stat().st_mode) == 0o600
    site.clock.move(KEPT + timedelta(days=1))
    again = await site.signed_in("eva", Role.ADMINISTRATOR)
    assert (await again.post(PATH, data={"report": black, "note": "Startade om."})).status == 200
    assert [one.what for one in reports(tmp_path)] == ["Skärmen är svart."]
    assert "Ljudet" not in (tmp_path / FILE).read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"report": "f" * 24, "note": "x"}, 404, "Rapporten finns inte kvar."),
        ({"report": "../../etc/passwd", "note": "x"}, 404, "Rapporten finns inte kvar."),
        ({"note": "x"}, 422, "Fyll i det här fältet."),
        ({"report": "f" * 24}, 422, "Fyll i det här fältet."),
        ({"report": "f" * 24, "note": "x" * 501}, 422, "högst 500 tecken"),
    ],
    ids=["unknown", "path", "no-report", "no-note", "long-note"],
)
async def test_what_is_wrong_is_said_and_nothing_is_noted(
    admin: Browser, tmp_path: Path, data: dict[str, str], status: int, words: str
) -> None:
    answer = await admin.post(PATH, data=data)
    assert (answer.status, words in await answer.text()) == (status, True)
    assert not (tmp_path / HANDLED_FILE).exists()


async def test_a_broken_file_is_read_as_far_as_it_goes(site: Site, admin: Browser, tmp_path: Path) -> None:
    """Cut off, no JSON, no report, bytes of nothing: each is a line to look at; the next report is whole."""
    odd = [
        '{"what": "halv',
        "[1, 2]",
        '"bara text"',
        '{"what": 7}',
        "{" * 5000,
        '{"what": "hel", "received": "x"}',
    ]
    (tmp_path / FILE).write_bytes("\n".join(odd).encode() + b"\n\xff\xfe\x00skr\xe4p")
    (tmp_path / HANDLED_FILE).write_text('{"id": 7}\nnonsens\n', encoding="utf-8")
    await report(site, "Efter felet.", "k1")
    found = {one.what: one for one in reports(tmp_path)}
    assert found["Efter felet."].is_whole
    assert (found["hel"].is_whole, found["hel"].received) == (True, None)
    assert sum(not one.is_whole for one in found.values()) == 6
    html = await (await admin.get(PATH)).text()
    assert html.count("Raden gick inte att läsa.") == 6
    assert "okänd tid" in html
    broken = next(one for one in found.values() if one.what.startswith('{"what": "halv'))
    assert (await admin.post(PATH, data={"report": broken.id, "note": "Skräp."})).status == 200
    assert (
        json.loads((tmp_path / HANDLED_FILE).read_text(encoding="utf-8").splitlines()[-1])["id"] == broken.id
    )


@pytest.mark.parametrize("role", [Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER])
async def test_others_may_not_read_what_anybody_wrote(site: Site, role: Role) -> None:
    """It may name people whom they are nothing to."""
    await report(site, "Hos Ingrid är det svart.", "k1")
    browser = await site.signed_in("anna", role)
    answer = await browser.get(PATH)
    assert (answer.status, "Ingrid" in await answer.text()) == (403, False)
    assert (await browser.post(PATH, data={"report": "f" * 24, "note": "x"})).status == 403
    assert PATH not in await (await browser.get("/konto")).text()


async def test_nothing_is_said_when_there_is_nothing(admin: Browser) -> None:
    assert "Ingen rapport väntar." in await (await admin.get(PATH)).text()
