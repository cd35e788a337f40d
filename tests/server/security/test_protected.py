"""A protected identity (I3) on every page: its name only for whom it knows, and never where it is."""

from __future__ import annotations

import asyncio
import logging
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from aiohttp import FormData
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Role
from care.clients import Client, ContactPerson, Protection
from care.disruptions import DisruptionKind, Proposal
from care.ids import new_id
from care.outbox import OutboxEvent
from scheduler.disruptions.told import tell_proposal
from server.cli import main
from server.configuration import Configuration
from server.exchange.exporting import Export, FileFormat
from server.printing.copying import write_copy
from server.tablets.day import day_for
from tests.builders import make_staff
from tests.server.conftest import Browser, Site, cold_app
from tests.server.security.side import Side, make_side
from tests.server.security.trier import Bond, Trier, nobody
from tests.server.security.tries import TRIES, Try, ask

WHERE = (
    "Efternamnson", "070-999", "070999", "Gömda gatan", "Nyckeln", "Hemort", "Anhörigsson", "Höghuset",
    "62.7539", "62,7539", "15.4187", "Sambosson",
)  # fmt: skip
#: Her colleague and her neighbour's neighbour, who are no secret.
NOT_MEANT = re.compile(r"Hemligs (Vårdare|V\.|andra granne)")
#: No pages: sockets, files of the program's own, and the way out.
NO_PAGES = {"socket_tablet", "socket_worker", "static", "words", "kiosk_face"}
#: Pages without an id in their address, and what they are asked for.
LISTS: dict[str, list[dict[str, str]]] = {
    "my_day": [{}],
    "clients": [{}],
    "plan": [{}, {"visa": "roda"}],
    "needs": [{}],
    "tablets": [{}],
    "tablet_pair": [{}],
    "plan_call": [{}],
    "disruption": [{"slag": kind.value} for kind in DisruptionKind],
    "print_day": [{"vad": what} for what in ("personal", "brukare", "ring")],
    "print_day_pdf": [{"vad": what} for what in ("personal", "brukare", "ring")],
    "checkins": [{}],
    "follow_up": [{}],
    "call_quality": [{}],
    "exports": [{}],
}
#: What can be read with an id of its own.
READ = (
    "client", "contact", "call", "receipt", "plan_row", "plan_call_rule", "proposal", "proposal_list",
    "proposal_csv", "tablet", "tablet_pairing", "checkin",
)  # fmt: skip


@pytest.fixture
async def side(site: Site) -> Side:
    async with site.database.write() as session:
        side = await make_side(session, site.town, "Hemlig")
    await hide(site, side)
    return side


async def hide(site: Site, side: Side) -> None:
    """Protect two of the side's people, and write down all that may be known of where they live."""
    async with site.database.write() as session:
        for one in (side.client, side.mate):
            client = await session.get_one(Client, one.id)
            client.protection = Protection.ASSUMED_IDENTITY
            client.last_name, client.phone, client.door_note = "Efternamnson", "070-999 99 99", "Nyckeln ute"
            client.address, client.place, client.building = "Gömda gatan 1", "Hemort", "Höghuset"
            client.latitude, client.longitude, client.cohabitant_name = 62.7539, 15.4187, "Sam Sambosson"
            client.lives_alone = False
            session.add(
                ContactPerson(
                    id=new_id(),
                    client_id=client.id,
                    name="Lena Anhörigsson",
                    relation="dotter",
                    phone="070-999 11",
                )
            )


async def pages(site: Site, browser: Browser, side: Side) -> dict[str, str]:
    """The text of everything that can be read, by route and what was asked for."""
    found = {}
    for name, asked in LISTS.items():
        for query in asked:
            found[f"{name} {query}"] = (await ask(site, browser, name, Try(), side, query))[1]
    for name in READ:
        found[name] = (await ask(site, browser, name, TRIES[name][0], side))[1]
    return found


async def read(browser: Browser, address: str, **more: Any) -> str:
    """What an answer says, whatever it is written in; nothing of a stream that never ends."""
    answer = await browser.request(more.pop("method", "GET"), address, **more)
    if answer.content_type == "text/event-stream":
        answer.close()
        return ""
    raw = await answer.read()
    if answer.content_type == "application/pdf":
        return " ".join(page.extract_text() for page in PdfReader(BytesIO(raw)).pages)
    if raw.startswith(b"PK"):
        book = openpyxl.load_workbook(BytesIO(raw))
        return repr([[cell.value for cell in row] for sheet in book for row in sheet])
    return raw.decode(errors="replace")


def leaks(found: dict[str, str]) -> set[tuple[str, str]]:
    """Where something of the hidden home stands, and what."""
    return {(name, word) for name, text in found.items() for word in WHERE if word in NOT_MEANT.sub("", text)}


async def every_page(site: Site, browser: Browser, side: Side) -> dict[str, str]:
    """Everything that can be read with GET, as the router knows it."""
    found = {}
    for route in site.app.router.routes():
        name = str(route.name)
        if route.method != "GET" or route.resource is None or name in NO_PAGES:
            continue
        for one in TRIES.get(name, [Try()]):
            parts = one.parts(side) or nobody(site, name)
            address = route.url_for(**{key: str(value) for key, value in parts.items()})
            wanted = {key: str(value) for key, value in one.query(side).items()}
            for query in ({}, *LISTS.get(name, ()), wanted):
                found[f"{name} {query}"] = await read(
                    browser, str(address.with_query(query)), allow_redirects=False
                )
    return found


#: Whoever works here, by what ties them to the hidden home.
READERS = [
    *((Role.CARE_WORKER, bond) for bond in Bond),
    (Role.COORDINATOR, Bond.OWN_GROUP),
    (Role.UNIT_MANAGER, Bond.OWN_GROUP),
    (Role.UNIT_MANAGER, Bond.EMERGENCY),
    (Role.NEEDS_ASSESSOR, Bond.OTHER_GROUP),
    (Role.LICENSED_PROFESSIONAL, Bond.OTHER_GROUP),
    (Role.ADMINISTRATOR, Bond.OTHER_GROUP),
]


@pytest.mark.parametrize(("role", "bond"), READERS)
async def test_no_page_tells_anybody_where_it_is(site: Site, role: Role, bond: Bond) -> None:
    """Every address that answers a GET, as everybody: pages, API, prints, PDFs, description and figures."""
    trier = Trier(site, role, bond)
    side = await trier.begin()
    await hide(site, side)
    found = await every_page(site, trier.browser, side)
    assert leaks(found) == set()
    if role is Role.COORDINATOR:
        # What was searched did say who: the search is not of empty pages.
        named = {name for name, text in found.items() if "Stina" in text}
        assert named >= {"client {}", "clients {}", "plan {}", "contact {}", "call_list {}", "api_clients {}"}
        assert named >= {f"{name} {{'vad': 'brukare'}}" for name in ("print_day", "print_day_pdf")}
    opened = found["client {}"]
    assert ("Skyddade" in opened or "Adress, telefon" in opened) == (
        bond in (Bond.KNOWN, Bond.ASSIGNED)
        or (role is not Role.CARE_WORKER and role is not Role.ADMINISTRATOR and bond is not Bond.EMERGENCY)
    )


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.UNIT_MANAGER, Role.ADMINISTRATOR])
async def test_no_export_tells_where_it_is(site: Site, side: Side, role: Role) -> None:
    """Every kind of file in every form; the hidden ones stand in it by their id and first name."""
    browser = await site.signed_in("karin", role)
    found = {}
    for what in Export:
        for form in FileFormat:
            asked = {"what": what.value, "format": form.value, "purpose": "Provet", "first": "2026-12-01"}
            found[f"{what} {form}"] = await read(browser, "/export", method="POST", data=asked)
    assert "Hemlig" in found[f"{Export.CLIENTS} {FileFormat.CSV}"]
    assert leaks(found) == set()


async def test_no_preview_or_error_file_repeats_it(site: Site, side: Side) -> None:
    """Neither on the page nor in the file of bad lines, though the file that came says it in plain words."""
    browser = await site.signed_in("karin", Role.COORDINATOR)
    heading = "extern_id;förnamn;efternamn;grupp;adress;telefon;språk"
    line = f"{side.client.id};Hemlig;Efternamnson;{side.group.name};Gömda gatan 1;070-999 99 99;"
    found = {}
    for language, kind in (("svenska", "good"), ("inte ett språk", "bad")):
        form = FormData()
        for name, value in {"kind": "clients", "map": "standard"}.items():
            form.add_field(name, value)
        data = f"{heading}\r\n{line}{language}\r\n".encode()
        form.add_field("file", data, filename="brukare.csv", content_type="text/csv")
        page = await read(browser, "/import/granska", method="POST", data=form)
        assert "Hemlig" in page or kind == "bad"
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token is not None
        found[kind] = page
        found[f"{kind} lines"] = await read(browser, f"/import/fel/{token[1]}")
    assert str(side.client.id) in found["bad lines"]
    assert leaks(found) == set()


async def test_nothing_on_disk_on_a_screen_or_in_a_log_tells_it(
    site: Site,
    side: Side,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Emergency copy, tablets, access log, what other nodes hear, and what the program writes of itself."""
    caplog.set_level(logging.DEBUG, logger="samtid")
    browser = await site.signed_in("karin", Role.COORDINATOR, Role.UNIT_MANAGER)
    await every_page(site, browser, side)
    found = {}
    async with site.database.read() as session:
        for device in (side.device, side.shared):
            found[f"tablet {device.id}"] = repr(await day_for(session, device.id, site.clock, "sv"))
        found["proposal"] = repr(
            await tell_proposal(session, await session.get_one(Proposal, side.proposal.id))
        )
        for table in (AccessLog, OutboxEvent):
            rows = await session.execute(select(table.__table__))
            found[table.__tablename__] = repr([tuple(row) for row in rows])
    assert "Hemlig" in found[f"tablet {side.device.id}"]
    app = cold_app(site.database, site.clock, Configuration(data=tmp_path / "data"))
    app.freeze()
    await app.startup()
    folder = await write_copy(app)
    found["copy"] = " ".join(one.read_text() for one in folder.rglob("*.html"))
    await app.cleanup()
    written = capfd.readouterr()
    found |= {"log": caplog.text, "stdout": written.out, "stderr": written.err}
    assert "kl. " in found["copy"] or "10.00" in found["copy"]
    assert leaks(found) == set()


async def test_no_command_tells_where_it_is(site: Site, side: Side, tmp_path: Path) -> None:
    """What ``samtid`` writes to the terminal, for people and for programs."""
    commands = [
        *(
            ("export", what.value, "--date", "2026-12-01", "--format", form)
            for what in Export
            for form in ("csv", "json")
        ),
        ("tablets", "list"),
        ("log",),
        ("log", "--client", str(side.client.id)),
        ("log", "--verify"),
        ("measures",),
        ("doctor",),
        ("openapi",),
        ("config",),
    ]
    found = {}
    for words in commands:
        for more in ((), ("--json",)):
            runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": "2026-12-01T06:40"})
            told = await asyncio.to_thread(runner.invoke, main, [*words, *more, "--data", str(tmp_path)])
            assert told.exception is None or isinstance(told.exception, SystemExit), (words, told.exception)
            found[" ".join((*words, *more))] = told.output
    assert "Hemlig" in found["export clients --date 2026-12-01 --format csv"]
    assert leaks(found) == set()


async def test_a_colleague_whom_it_does_not_know_never_meets_its_name(site: Site, side: Side) -> None:
    """Neither in a list nor by an id that somebody has got hold of."""
    async with site.database.write() as session:
        stranger = await make_staff(session, site.town, "Siv", "Ek")
    browser = await site.signed_in("siv", Role.CARE_WORKER, staff_id=stranger.id)
    told = {
        (name, word)
        for name, text in (await pages(site, browser, side)).items()
        for word in ("Hemlig", *WHERE)
        if word in NOT_MEANT.sub("", text)
    }
    assert told == set()


async def test_who_plans_has_its_first_name_and_nothing_more(site: Site, side: Side) -> None:
    """Pages are open on desks: where it lives, its number and who is near to it stand on none."""
    browser = await site.signed_in("karin", Role.COORDINATOR, Role.UNIT_MANAGER)
    found = await pages(site, browser, side)
    told = {(name, word) for name, text in found.items() for word in WHERE if word in text}
    assert told == set()
    assert "Hemlig" in found["clients {}"]
    assert "Hemlig" in found["client"]
