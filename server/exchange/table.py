"""A file as a table of texts: one heading, then lines, whatever the file is made of.

Nothing here knows what the columns mean. A table can be read through any number of times and holds one line
in memory at a time beside the file's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from care.errors import Fault
from server.exchange.problem import Problem, Unreadable

MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 500_000
MAX_COLUMNS = 200
MAX_CELL = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table.

    Attributes
    ----------
    number
        As an editor or Excel counts; the heading is line 1.
    cells
        Texts without outer white space, one a heading (more, or none, when `fault` says so).
    fault
        What is wrong with the line as such.
    cell_faults
        What is wrong with single cells, by their index.
    """

    number: int
    cells: Sequence[str]
    fault: Fault | None = None
    cell_faults: dict[int, Fault] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return self.fault is None and not self.cell_faults and not any(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file. Made by `open_table`."""

    file: str
    heading: Line
    body: Callable[[], Iterator[Line]]
    warnings: Sequence[Problem] = ()

    def lines(self) -> Iterator[Line]:
        """Every line after the heading that is not blank, from the top.

        Raises `Unreadable` where the rest of the file cannot be trusted.
        """
        width = len(self.heading.cells)
        for seen, line in enumerate(self.body()):
            if seen >= MAX_LINES:
                raise Unreadable(
                    "import.too_many_lines",
                    "Filen har fler än %(most)s rader. Dela den i flera filer.",
                    line=line.number,
                    most=MAX_LINES,
                )
            if not line.is_blank:
                yield fit(line, width)


def fit(line: Line, width: int) -> Line:
    """The line with `width` cells, or with a fault that says how it differs."""
    cells = list(line.cells)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    fault = line.fault
    if fault is None and len(cells) != width:
        fault = Fault(
            "import.too_many_cells" if len(cells) > width else "import.too_few_cells",
            "Raden har %(cells)s celler men rubrikraden har %(width)s. Kontrollera skiljetecken och "
            "citattecken.",
            values={"cells": len(cells), "width": width},
        )
    return Line(line.number, cells, fault, line.cell_faults)


def open_table(data: bytes, name: str) -> Table:
    """Read `data` as CSV or as an Excel workbook, by its content and not by its name.

    Parameters
    ----------
    data
        The whole file.
    name
        What to call it in reports; folders are taken off.

    Raises
    ------
    Unreadable
        When there is no table in it: empty, too large, another kind of file, broken.
    """
    # Imported here: the readers build tables, so they know this module.
    from server.exchange import csv_file, workbook

    file = PurePath(name.replace("\\", "/")).name or "fil"
    if len(data) > MAX_BYTES:
        raise Unreadable(
            "import.too_large",
            "Filen är större än %(most)s MB. Dela den i flera filer.",
            most=MAX_BYTES // 1024 // 1024,
        )
    if data.startswith(b"PK\x03\x04"):
        return workbook.open_workbook(data, file)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            "import.old_excel",
            "Filen är en gammal Excelfil (.xls) eller är skyddad med lösenord. Spara den som .xlsx utan "
            "lösenord.",
        )
    return csv_file.open_csv(data, file)


def heading_of(line: Line | None) -> Line:
    """The heading line without empty cells at its end, or `Unreadable` when there is nothing to read."""
    if line is None or not any(line.cells):
        raise Unreadable(
            "import.empty_file",
            "Filen är tom. Första raden ska vara rubrikrad och raderna under den innehåll.",
        )
    if line.fault is not None:
        raise Unreadable(line.fault.code, line.fault.sentence, line=line.number, **line.fault.values)
    cells = list(line.cells)
    while not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise Unreadable(
            "import.too_many_columns",
            "Rubrikraden har %(columns)s kolumner, men högst %(most)s går att läsa.",
            line=line.number,
            columns=len(cells),
            most=MAX_COLUMNS,
        )
    return Line(line.number, cells)
