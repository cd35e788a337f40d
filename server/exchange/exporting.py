"""Exports: planned contacts, clients, staff and measures, for spreadsheets and programs.

CSV and xlsx have the import's columns and the ids of the system that a row came from (our own id where it
came from nowhere else, or where two systems use the same), so that an export can be imported again and
changes nothing. JSON has our own ids throughout, the same that disruptions and the API use. Of a protected
identity nothing goes out that tells who or where it is; personal numbers go out only when asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.storage.database import Database
from server.exchange.extract.contacts import find_contacts
from server.exchange.extract.measures import HEADING, NUMBERS, find_measures, measure_lines
from server.exchange.extract.people import find_clients, find_staff
from server.exchange.extract.wanted import Found, Wanted
from server.exchange.intake.changes import Changes
from server.exchange.intake.importer import Importer
from server.exchange.intake.staging import write
from server.exchange.kind import Kind
from server.exchange.writing import export_csv, export_xlsx, write_csv, write_json, write_xlsx


class Export(StrEnum):
    CONTACTS = "contacts"
    CLIENTS = "clients"
    STAFF = "staff"
    MEASURES = "measures"


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


_FINDERS: dict[Export, Callable[[AsyncSession, Wanted, Importer], Awaitable[Found]]] = {
    Export.CONTACTS: find_contacts,
    Export.CLIENTS: find_clients,
    Export.STAFF: find_staff,
}


async def export(
    database: Database, what: Export, file_format: FileFormat, wanted: Wanted, exporter: Importer
) -> bytes:
    """The file, and a line in the access log for every client in it, committed before it is given out."""
    async with database.read() as session:
        if what is Export.MEASURES:
            return await _measures(session, file_format, wanted, exporter)
        found = await _FINDERS[what](session, wanted, exporter)
    await _log(database, what, found, exporter)
    if file_format is FileFormat.JSON:
        return write_json(found.records)
    put = export_csv if file_format is FileFormat.CSV else export_xlsx
    return put(Kind(what.value), found.rows, exporter.zone)


async def _measures(
    session: AsyncSession, file_format: FileFormat, wanted: Wanted, exporter: Importer
) -> bytes:
    told = await find_measures(session, wanted, exporter)
    if file_format is FileFormat.JSON:
        return write_json(told)
    lines = list(measure_lines(told))
    if file_format is FileFormat.CSV:
        return write_csv(HEADING, lines)
    return write_xlsx(HEADING, lines, title="mått", numbers=NUMBERS)


async def _log(database: Database, what: Export, found: Found, exporter: Importer) -> None:
    changes = Changes("", {})
    exporter.log(changes, found.opened, Action.EXPORT_RUN, f"export {what.value}")
    await write(database, changes, exporter.now)
