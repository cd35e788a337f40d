"""What is exported comes back the same, and nothing a file can hold breaks the import."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.exchange.cells import Circumstances
from server.exchange.column_map import ColumnMap
from server.exchange.error_file import write_error_file
from server.exchange.guard import guard, unguard
from server.exchange.kind import FORMATS, Kind, Row
from server.exchange.problem import Unreadable
from server.exchange.table import open_table
from server.exchange.validation import validate
from server.exchange.writing import export_csv, export_xlsx, write_csv
from tests.server.exchange.strategies import ROWS, TODAY

AROUND = Circumstances(TODAY)


def unique(kind: Kind, rows: list[Row]) -> list[Row]:
    return list({FORMATS[kind].key(row): row for row in rows}.values())


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("write", [export_csv, export_xlsx])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_exported_rows_come_back_the_same(
    write: Callable[[Kind, Iterable[Row]], bytes], kind: Kind, data: st.DataObject
) -> None:
    """Every kind, as CSV and as a workbook, formulas, quotes, odd nights and all."""
    rows = unique(kind, data.draw(st.lists(ROWS[kind], min_size=1, max_size=5)))
    checked = validate(kind, open_table(write(kind, rows), "export"), ColumnMap(), AROUND)
    assert [problem.as_dict() for problem in checked.errors] == []
    assert [one.row for one in checked.rows] == rows


@given(st.text() | st.sampled_from(["=1", "'=1", "''=1", "'", "''", "'a", "＝1", "-5"]))
def test_the_guard_can_be_taken_off_again(text: str) -> None:
    """Guarding never loses anything, and what is guarded cannot begin a formula."""
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_bytes_give_rows_or_faults(kind: Kind, data: st.DataObject) -> None:
    """Garbage, and garbage under a good heading, never raises anything but a fault."""
    heading = ";".join(column.name for column in FORMATS[kind].standard).encode()
    body = data.draw(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
    whole = (
        data.draw(st.sampled_from([b"", heading + b"\n", b"\xef\xbb\xbf" + heading + b"\r\n", b"PK\x03\x04"]))
        + body
    )
    try:
        table = open_table(whole, "skräp.csv")
    except Unreadable:
        return
    checked = validate(kind, table, ColumnMap(), AROUND)
    assert checked.errors or checked.rows or not body.strip(b"\r\n ;\t") or checked.warnings == []
    if not checked.unreadable:
        write_error_file(kind, table, ColumnMap(), checked.errors)


ODD_CELLS = st.sampled_from(
    ["", "x", "ja", "0", "24.00", "0730", "7:61", "2026-02-30", "9999-12-31", "20261025",
     "2026-10-25 02:30+01:00", "2026-03-29", "02.30", "P1", "SoL", "sv", "62,75", "1e309",
     "nan", "٣", "+", "A+B", "=1", "'", "\u202e"]
)  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_cells_give_rows_or_problems_with_their_place(kind: Kind, data: st.DataObject) -> None:
    """Well-formed lines of odd values: each line is a row or has an error that names line and column."""
    names = [column.name for column in FORMATS[kind].columns]
    lines = data.draw(st.lists(st.lists(ODD_CELLS, min_size=len(names), max_size=len(names)), max_size=4))
    table = open_table(write_csv(names, lines), "udda.csv")
    checked = validate(kind, table, ColumnMap(), AROUND)
    numbers = {line.number for line in table.lines()}
    assert {one.line for one in checked.rows} | {one.line for one in checked.errors} == numbers
    assert not {one.line for one in checked.rows} & {one.line for one in checked.errors}
    assert all(problem.column in names and problem.say() for problem in checked.errors)
