"""Excel workbooks (.xlsx): the first visible sheet, read row by row. Formulas are never evaluated.

A workbook is a zip of XML. Before it is opened, the sizes it says it unpacks to are added up (zip never gives
out more than it says); entity tricks in the XML are refused by defusedxml, which openpyxl uses when it is
installed.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl

from care.errors import Fault
from server.exchange.guard import unguard
from server.exchange.problem import Problem, Unreadable
from server.exchange.table import MAX_CELL, MAX_COLUMNS, Line, Table, heading_of

MAX_UNPACKED = 256 * 1024 * 1024
#: Cells of all rows, each as wide as its last cell: one far to the right makes thousands of empty ones.
MAX_CELLS = 50_000_000
_MAX_SHARED_TEXT = 64 * 1024 * 1024
_MAX_PARTS = 2_000

# Styles and extensions that the library does not know are no concern of a table's.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")


def open_workbook(data: bytes, file: str) -> Table:
    """The table on the first visible sheet. Raises `Unreadable` when there is none."""
    _check_size(data)
    with _readable():
        book = _load(data)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise _broken()
        title = sheets[0].title
        heading = heading_of(next(_lines(sheets[0]), None))

    def body() -> Iterator[Line]:
        width = len(heading.cells)
        with _readable():
            lines = _lines(_load(data)[title])
            next(lines)
            for line in lines:
                # Excel leaves out empty cells at the end of a row; that is not a ragged row.
                padding = [""] * (width - len(line.cells)) if line.fault is None else []
                yield Line(line.number, [*line.cells, *padding], line.fault, line.cell_faults)

    other = Problem(
        file,
        0,
        None,
        "import.other_sheets",
        "Arbetsboken har flera blad. Bara det första, ”%(sheet)s”, har lästs.",
        {"sheet": title},
    )
    return Table(file, heading, body, (other,) if len(sheets) > 1 else ())


def _check_size(data: bytes) -> None:
    with _readable(), zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    shared = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    if (
        len(parts) > _MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED
        or shared > _MAX_SHARED_TEXT
    ):
        raise _too_large()


def _too_large() -> Unreadable:
    return Unreadable(
        "import.unpacks_too_large",
        "Arbetsboken blir orimligt stor när den packas upp. Spara tabellen som CSV eller dela den.",
    )


@contextmanager
def _readable() -> Iterator[None]:
    """Turns everything that a broken or crafted workbook can make the library raise into `Unreadable`."""
    try:
        yield
    except Fault:
        raise
    except Exception as error:
        # Zip, XML and number faults of a dozen kinds, which all mean the same to whoever made the file.
        raise _broken() from error


def _broken() -> Unreadable:
    return Unreadable(
        "import.not_workbook",
        "Filen går inte att läsa som en Excelarbetsbok. Öppna den i Excel och spara den som .xlsx eller "
        "CSV UTF-8.",
    )


def _load(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)


def _lines(sheet: Any) -> Iterator[Line]:
    # The size that a sheet says it has is often wrong; rows are as wide as their last cell instead.
    sheet.reset_dimensions()
    cells = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells += len(row)
        if cells > MAX_CELLS:
            raise _too_large()
        if len(row) > MAX_COLUMNS and number > 1:
            yield Line(number, (), _too_wide(len(row)))
            continue
        texts: list[str] = []
        faults: dict[int, Fault] = {}
        for index, cell in enumerate(row):
            try:
                texts.append(_text(cell))
            except Fault as fault:
                texts.append("")
                faults[index] = fault
        yield Line(number, texts, None, faults)


def _too_wide(cells: int) -> Fault:
    return Fault(
        "import.too_many_cells",
        "Raden har %(cells)s celler, fler än en rubrikrad kan ha.",
        values={"cells": cells},
    )


def _text(cell: Any) -> str:
    """The cell as somebody would have typed it in a CSV file."""
    if cell.data_type == "f":
        raise Fault(
            "import.formula",
            "Cellen innehåller en formel. Kopiera kolumnen och klistra in den som värden.",
        )
    if cell.data_type == "e":
        raise Fault(
            "import.cell_error", "Cellen innehåller ett fel i Excel, till exempel #REF! eller #VÄRDE!."
        )
    text = _plain(cell.value)
    if len(text) > MAX_CELL:
        raise Fault("import.cell_too_long", "Cellen har fler än %(most)s tecken.", values={"most": MAX_CELL})
    return text


def _plain(value: Any) -> str:  # noqa: PLR0911 - one answer for each sort of cell
    match value:
        case None:
            return ""
        case str():
            return unguard(value).strip()
        case bool():
            return "ja" if value else "nej"
        case datetime():
            whole = _whole_seconds(value)
            return whole.date().isoformat() if whole.time() == time(0) else whole.isoformat(" ")
        case date():
            return value.isoformat()
        case time():
            return _whole_seconds(datetime.combine(date(2000, 1, 1), value)).time().isoformat()
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            return str(value)


def _whole_seconds(moment: datetime) -> datetime:
    """Excel keeps times as fractions of a day, so 07.30 may come out as 07.29.59,999999."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
