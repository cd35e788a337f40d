"""The bad lines of a file, as a file of their own to mend and import again.

The lines stand as they were, with four columns after them: the line in the first file, codes, sentences, and
what did not fit under any heading. The import ignores these columns, so the mended file is taken as it is.
For a client with a protected identity surname, number, address, coordinates and telephone are left empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePath

from server.exchange.column_map import ERROR_COLUMNS, ColumnMap, bind
from server.exchange.kind import Kind
from server.exchange.kinds.clients import WITHHELD, is_protected
from server.exchange.problem import Problem
from server.exchange.table import Line, Table
from server.exchange.values import plain
from server.exchange.writing import write_csv


def name_of(file: str) -> str:
    """``bokning.xlsx`` → ``bokning-fel.csv``."""
    return f"{PurePath(file).stem}-fel.csv"


def write_error_file(
    kind: Kind,
    table: Table,
    column_map: ColumnMap,
    errors: Iterable[Problem],
    protected: Collection[str] = (),
) -> bytes:
    """The lines of `table` that have `errors`, as CSV.

    Not for a file that was unreadable: that must be mended itself. `protected` are the ids of clients whose
    identity the record protects, whatever the file says.
    """
    places, _ = bind(kind, table, column_map)
    bad: dict[int, list[Problem]] = {}
    for problem in errors:
        bad.setdefault(problem.line, []).append(problem)
    ours = {plain(name) for name in ERROR_COLUMNS}
    kept = [index for index, name in enumerate(table.heading.cells) if plain(name) not in ours]
    lines = (
        _bad_line(line, kept, bad[line.number], _withheld(kind, line, places, protected))
        for line in _lines(table, bad)
    )
    return write_csv([*(table.heading.cells[index] for index in kept), *ERROR_COLUMNS], lines)


def _lines(table: Table, bad: Mapping[int, list[Problem]]) -> Iterator[Line]:
    return (line for line in table.lines() if line.number in bad)


def _bad_line(line: Line, kept: list[int], problems: list[Problem], withheld: set[int]) -> list[str]:
    width = len(kept)
    cells = dict(enumerate(line.cells))
    own = ["" if index in withheld else cells.get(index, "") for index in kept]
    rest = " | ".join(cell for index, cell in cells.items() if index > max(kept) and cell) if width else ""
    reasons = " ".join(_reason(one, hidden=bool(withheld)) for one in problems)
    # A line that lost its cells may hide a protected identity in what is left over.
    rest = "" if withheld else rest
    return [*own, str(line.number), " ".join(dict.fromkeys(one.code for one in problems)), reasons, rest]


def _reason(problem: Problem, *, hidden: bool) -> str:
    """Column and sentence; without the values of the sentence where the line is a protected identity's."""
    sentence = problem.say() if not (hidden and problem.values) else problem.code
    return f"{problem.column}: {sentence}" if problem.column else sentence


def _withheld(kind: Kind, line: Line, places: Mapping[str, int], protected: Collection[str]) -> set[int]:
    """Cells of a client that may not be written again. Of a line out of step that is every one."""
    if kind is not Kind.CLIENTS or not (protected or "skydd" in places):
        return set()
    if line.fault is not None:
        return set(range(len(line.cells)))
    place = places.get("skydd")
    said = place is not None and (place in line.cell_faults or is_protected(line.cells[place]))
    if not said and line.cells[places["extern_id"]] not in protected:
        return set()
    return {places[name] for name in WITHHELD if name in places}
