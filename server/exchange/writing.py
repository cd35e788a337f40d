"""Files for others: CSV, Excel and JSON, from texts or rows.

CSV has semicolons, CRLF and a BOM, so that a Swedish Excel opens it as it is. CSV and xlsx are guarded
against formula injection (`guard`), and reading them back gives the same values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from care.localtime import SWEDEN
from server.exchange.guard import guard
from server.exchange.kind import FORMATS, Kind, Row

_BOM = "\ufeff"


def write_csv(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """A guarded CSV file."""
    text = io.StringIO(newline="")
    text.write(_BOM)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for line in (heading, *lines):
        writer.writerow([guard(cell) for cell in line])
    return text.getvalue().encode()


def write_xlsx(
    heading: Sequence[str],
    lines: Iterable[Sequence[str]],
    *,
    title: str,
    numbers: frozenset[str] = frozenset(),
) -> bytes:
    """A guarded workbook with one sheet. Columns named in `numbers` hold numbers where they can be.

    Every other cell is text, also what looks like a formula or a date.
    """
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for index, name in enumerate(heading):
        sheet.column_dimensions[get_column_letter(index + 1)].width = max(12, len(name) + 2)
    sheet.append([_cell(sheet, name, numeric=False) for name in heading])
    numeric = [name in numbers for name in heading]
    for line in lines:
        sheet.append([_cell(sheet, text, numeric=number) for text, number in zip(line, numeric, strict=True)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, text: str, *, numeric: bool) -> Any:
    if not text:
        return None
    if numeric:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            pass
        else:
            return int(number) if number.is_integer() else number
    cell = WriteOnlyCell(sheet)
    cell.value = guard(text)
    # Set last: the library would make a formula of a text that begins with an equals sign.
    cell.data_type = "s"
    return cell


def write_json(found: Any) -> bytes:
    """JSON, indented for people."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def export_csv(kind: Kind, rows: Iterable[Row], zone: ZoneInfo = SWEDEN) -> bytes:
    """`rows` with the columns of the import of `kind`."""
    return write_csv(_heading(kind), _lines(kind, rows, zone))


def export_xlsx(kind: Kind, rows: Iterable[Row], zone: ZoneInfo = SWEDEN) -> bytes:
    """As `export_csv`, as a workbook."""
    numbers = frozenset(column.name for column in FORMATS[kind].standard if column.number)
    return write_xlsx(_heading(kind), _lines(kind, rows, zone), title=kind.value, numbers=numbers)


def _heading(kind: Kind) -> list[str]:
    return [column.name for column in FORMATS[kind].standard]


def _lines(kind: Kind, rows: Iterable[Row], zone: ZoneInfo) -> Iterable[list[str]]:
    form = FORMATS[kind]
    for row in rows:
        cells = form.write(row, zone)
        yield [cells[column.name] for column in form.standard]
