"""Exports: what goes out, to whom it can be traced, and that it comes back the same."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from care.access.log import AccessLog
from care.clients import Client
from care.clock import StandingClock
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, fetch, step
from care.municipality import Group
from care.staff import Staff
from care.storage.database import Database
from server.exchange.exporting import Export, FileFormat, export
from server.exchange.extract.wanted import Wanted
from server.exchange.kind import Kind
from server.exchange.table import open_table
from tests.server.exchange.record import CONTACTS, Record, counts, local

SPREADSHEETS = [FileFormat.CSV, FileFormat.XLSX]
WEEK = (date(2026, 11, 30), date(2026, 12, 6))


@pytest.fixture
async def record(database: Database, tmp_path: Path, clock: StandingClock) -> Record:
    made = Record(database, tmp_path / "data", clock)
    await made.fill()
    return made


async def put(
    record: Record, what: Export, file_format: FileFormat, *, personal_numbers: bool = False
) -> bytes:
    wanted = Wanted(*WEEK, None, personal_numbers)
    return await export(record.database, what, file_format, wanted, record.importer())


@pytest.mark.parametrize("file_format", SPREADSHEETS)
@pytest.mark.parametrize("what", [Export.CONTACTS, Export.CLIENTS, Export.STAFF])
async def test_an_export_imported_again_changes_nothing(
    record: Record, what: Export, file_format: FileFormat
) -> None:
    """With the ids of the system it came from, and what is withheld is not erased."""
    outcome = await record.take(Kind(what.value), await put(record, what, file_format))
    assert [one.as_dict() for one in outcome.errors] == []
    number = {Export.CONTACTS: 3, Export.CLIENTS: 2, Export.STAFF: 2}[what]
    assert counts(outcome) == (0, 0, number)


async def test_rows_that_came_from_nowhere_else_go_by_our_own_ids(record: Record) -> None:
    """And so do rows whose id two systems use."""
    again = CONTACTS.split("\n", maxsplit=1)[0] + "\nk1;b1;2026-12-03;07.30;30;;;;TI-DAG;p1;\n"
    await record.take(Kind.CONTACTS, again, source="phoniro")
    raw = await put(record, Export.CONTACTS, FileFormat.CSV)
    names = [line.cells[0] for line in open_table(raw, "x.csv").lines()]
    doubled = [one for one in await record.all(PlannedContact) if one.extern_id == "k1"]
    assert sorted(names) == sorted(["k2", "k3", *(str(one.id) for one in doubled)])
    assert counts(await record.take(Kind.CONTACTS, raw)) == (0, 0, 4)


async def test_the_json_of_contacts_has_what_programs_need(record: Record) -> None:
    """Our own ids throughout: the same staff ids that disruptions use."""
    found = json.loads(await put(record, Export.CONTACTS, FileFormat.JSON))
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k3")
    staff = [(await record.one(Staff, Staff.extern_id == name)).id for name in ("p1", "p2")]
    (one,) = [each for each in found if each["contact_id"] == str(row.id)]
    assert one["client_id"] == str(row.client_id)
    assert one["staff"] == [str(each) for each in staff]
    assert {key: one[key] for key in ("group", "channel", "services", "priority", "minutes", "status")} == {
        "group": "Bräcke",
        "channel": "physical",
        "services": ["PV-MOR"],
        "priority": "P1",
        "minutes": 15,
        "status": "planned",
    }
    assert (one["start"], one["window_start"], one["window_end"]) == (
        "2026-12-02T08:00:00+01:00",
        "2026-12-02T07:30:00+01:00",
        "2026-12-02T08:30:00+01:00",
    )


async def test_only_the_days_and_groups_that_were_asked_for(record: Record) -> None:
    """Both ends of the span are included."""

    async def ids(first: date, last: date, groups: frozenset[object] | None = None) -> list[str]:
        wanted = Wanted(first, last, groups)  # type: ignore[arg-type]
        raw = await export(record.database, Export.CONTACTS, FileFormat.JSON, wanted, record.importer())
        return [one["extern_id"] for one in json.loads(raw)]

    assert await ids(date(2026, 12, 1), date(2026, 12, 1)) == ["k1", "k2"]
    assert await ids(date(2026, 12, 2), date(2026, 12, 3)) == ["k3"]
    group = await record.one(Group)
    assert await ids(*WEEK, frozenset({group.id})) == ["k1", "k2", "k3"]
    assert await ids(*WEEK, frozenset()) == []


async def test_cancelled_rows_are_not_given_to_other_systems_as_plan(
    record: Record, clock: StandingClock
) -> None:
    """They stand in the JSON with their status."""
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k2")
    async with record.database.write() as session:
        contact = await fetch(session, row.id)
        await step(session, contact, Status.CANCELLED, at=clock.now(), hand=Hand("page"))
    raw = await put(record, Export.CONTACTS, FileFormat.CSV)
    assert [line.cells[0] for line in open_table(raw, "x.csv").lines()] == ["k1", "k3"]
    found = json.loads(await put(record, Export.CONTACTS, FileFormat.JSON))
    assert {one["extern_id"]: one["status"] for one in found}["k2"] == "cancelled"


@pytest.mark.parametrize("file_format", FileFormat)
async def test_nothing_goes_out_about_a_protected_identity(record: Record, file_format: FileFormat) -> None:
    """Not surname, address, telephone or number, in any format, asked for or not."""
    raw = await put(record, Export.CLIENTS, file_format, personal_numbers=True)
    if file_format is FileFormat.XLSX:
        sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
        assert sheet is not None
        text = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    else:
        text = raw.decode()
    for word in ("Hemlig", "Dolda", "070-174 06 59", "D002"):
        assert word not in text
    assert "Eva" in text
    assert "19400107-D001" in text


async def test_personal_numbers_go_out_only_when_asked_for(record: Record) -> None:
    """Not by default."""
    for file_format in (FileFormat.CSV, FileFormat.JSON):
        assert b"D001" not in await put(record, Export.CLIENTS, file_format)


async def test_every_client_in_an_export_stands_in_the_access_log(record: Record) -> None:
    """Committed before the file is given out."""
    before = len(await record.all(AccessLog))
    await put(record, Export.CONTACTS, FileFormat.CSV)
    new = (await record.all(AccessLog))[before:]
    assert {one.client_id for one in new} == {one.id for one in await record.all(Client)}
    assert {(one.action, one.thing) for one in new} == {("export.run", "export contacts")}


async def test_nothing_in_a_spreadsheet_begins_a_formula(record: Record) -> None:
    """A name that is a formula comes out guarded and comes back as it was."""
    text = 'extern_id;förnamn;efternamn;grupp\nb1;"=HYPERLINK(""x"")";+Berg;Bräcke\n'
    assert counts(await record.take(Kind.CLIENTS, text)) == (0, 1, 0)
    for file_format in SPREADSHEETS:
        raw = await put(record, Export.CLIENTS, file_format)
        if file_format is FileFormat.XLSX:
            sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
            assert sheet is not None
            assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        else:
            assert b";'=HYPERLINK" not in raw.replace(b";\"'=HYPERLINK", b"")
            assert b"'=HYPERLINK" in raw
        assert counts(await record.take(Kind.CLIENTS, raw)) == (0, 0, 2)


async def test_measures_hide_small_numbers_in_every_format(record: Record, clock: StandingClock) -> None:
    """Three contacts are too few to be shown."""
    clock.set(local("2026-12-08 12:00"))
    told = json.loads(await put(record, Export.MEASURES, FileFormat.JSON))
    assert told["same_day"]["hidden"] is True
    lines = (await put(record, Export.MEASURES, FileFormat.CSV)).decode("utf-8-sig").split("\r\n")
    assert lines[0] == "från;till;omfattning;mått;andel;antal;dolt"
    assert lines[1] == "2026-11-30;2026-12-06;alla;genomfört samma dag;;;ja"
    assert (await put(record, Export.MEASURES, FileFormat.XLSX)).startswith(b"PK")
