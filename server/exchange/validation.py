"""A table, read by a column map, as rows that may be imported; and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from care.errors import Fault
from server.exchange.cells import Cells, Circumstances
from server.exchange.column_map import ColumnMap, bind
from server.exchange.kind import FORMATS, Format, Kind, Row
from server.exchange.kinds.clients import ClientRow
from server.exchange.problem import Problem, Unreadable
from server.exchange.table import Line, Table
from server.exchange.values import plain

RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True, slots=True)
class Checked(Generic[RowT]):
    """A row that has passed, and where it came from.

    Attributes
    ----------
    line
        Its line in the file.
    given
        Names of the fields that the file has a column for: what is not given is left as it is in the record.
        For a protected identity an empty cell is not given either, since exports withhold such things.
    row
        The row itself.
    """

    line: int
    given: frozenset[str]
    row: RowT


@dataclass(slots=True)
class Validation:
    """What came of a file.

    Attributes
    ----------
    rows
        The good ones, in the order of the file.
    errors, warnings
        In the order of the file.
    unreadable
        True when nothing of the file may be imported, not even with ``--skip-bad``: its heading is wrong, or
        from some line on it cannot be read.
    headings
        The heading of each field, as it is written in the file.
    """

    rows: list[Checked[Row]] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unreadable: bool = False
    headings: dict[str, str] = field(default_factory=dict)


def validate(kind: Kind, table: Table, column_map: ColumnMap, around: Circumstances) -> Validation:
    """Read every line of `table` as `kind`.

    Never raises for what stands in the file: all of it comes back as problems with their places. Names and
    other personal data are not repeated in the sentences.
    """
    result = Validation(warnings=list(table.warnings))
    places, problems = bind(kind, table, column_map)
    result.headings = {name: table.heading.cells[index] for name, index in places.items()}
    if problems:
        result.errors, result.unreadable = problems, True
        return result
    reader = _Reader(FORMATS[kind], table, places, _their_words(column_map), around, result)
    try:
        for line in table.lines():
            reader.take(line)
    except Unreadable as fault:
        result.errors.append(Problem.of(fault, table.file, fault.line))
        result.unreadable = True
    return result


def _their_words(column_map: ColumnMap) -> dict[str, dict[str, str]]:
    return {
        name: {plain(theirs): ours for theirs, ours in words.items()}
        for name, words in column_map.values.items()
    }


@dataclass(slots=True)
class _Reader:
    """Reads line after line of one table."""

    format: Format
    table: Table
    places: Mapping[str, int]
    words: Mapping[str, Mapping[str, str]]
    around: Circumstances
    result: Validation
    seen: dict[Hashable, int] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """Add the row of `line` to the result, or what is wrong with it."""
        if line.fault is not None:
            self.result.errors.append(Problem.of(line.fault, self.table.file, line.number))
            return
        cells = Cells({name: self._text(name, line) for name in self.places}, self.around)
        for name, index in self.places.items():
            if index in line.cell_faults:
                cells.refuse(name, line.cell_faults[index])
        row = self.format.read(cells)
        if row is not None:
            self._check_unique(row, line, cells)
        errors = self._told(self._worst(line, cells), line)
        self.result.errors.extend(errors)
        if row is None or errors:
            return
        self.result.warnings.extend(self._told(cells.warnings, line))
        self.result.rows.append(Checked(line.number, self._given(row, cells), row))

    def _text(self, name: str, line: Line) -> str:
        text = line.cells[self.places[name]]
        return self.words.get(name, {}).get(plain(text), text)

    def _worst(self, line: Line, cells: Cells) -> Iterator[tuple[str, Fault]]:
        """The errors, without "is empty" about a cell that could not be read in the first place."""
        for name, fault in cells.errors:
            broken = self.places.get(name) in line.cell_faults
            if not (broken and fault.code == "import.missing_value"):
                yield name, fault

    def _check_unique(self, row: Row, line: Line, cells: Cells) -> None:
        first = self.seen.setdefault(self.format.key(row), line.number)
        if first != line.number:
            cells.refuse(
                self.format.key_column,
                Fault(
                    "import.double",
                    "Samma rad finns redan på rad %(first)s i filen.",
                    values={"first": first},
                ),
            )

    def _given(self, row: Row, cells: Cells) -> frozenset[str]:
        names = frozenset(self.places)
        if isinstance(row, ClientRow) and row.is_protected:
            return frozenset(name for name in names if cells.given(name))
        return names

    def _told(
        self, faults: Iterator[tuple[str, Fault]] | list[tuple[str, Fault]], line: Line
    ) -> list[Problem]:
        return [
            Problem.of(fault, self.table.file, line.number, self._heading(name)) for name, fault in faults
        ]

    def _heading(self, name: str) -> str:
        """The heading as it is written in the file; the default one where the file lacks the column."""
        place = self.places.get(name)
        return name if place is None else self.table.heading.cells[place]
