"""Files as tables: encodings, delimiters, workbooks, and everything that is no table."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from server.exchange import table as table_module
from server.exchange import workbook
from server.exchange.problem import Unreadable
from server.exchange.table import Table, open_table

GOOD = "kod;namn\nTI-DAG;Tillsyn på dagen\n"


def cells(table: Table) -> list[list[str]]:
    return [list(table.heading.cells), *(list(line.cells) for line in table.lines())]


def refused(data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as fault:
        table = open_table(data, "fil.csv")
        list(table.lines())
    return fault.value


def sheet(*rows: list[Any], title: str = "Blad1") -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_office_dialect_reads_the_same(encoding: str, delimiter: str, end: str) -> None:
    """Encoding, delimiter and line ends are found out, not asked for."""
    data = GOOD.replace(";", delimiter).replace("\n", end).encode(encoding)
    assert cells(open_table(data, "a.csv")) == [["kod", "namn"], ["TI-DAG", "Tillsyn på dagen"]]


def test_quotes_hold_delimiters_line_breaks_and_quotes() -> None:
    """Line numbers still count as an editor does."""
    table = open_table('kod;namn\nA;"ett; ""två""\ntre"\nB;b\n'.encode(), "a.csv")
    assert [(line.number, list(line.cells)) for line in table.lines()] == [
        (2, ["A", 'ett; "två"\ntre']),
        (4, ["B", "b"]),
    ]


def test_excels_own_separator_line_is_understood() -> None:
    """``sep=,`` first: the heading is line 2 then."""
    table = open_table(b"sep=,\r\nkod,namn\r\nA,a;b\r\n", "a.csv")
    assert table.heading.number == 2
    assert [(line.number, list(line.cells)) for line in table.lines()] == [(3, ["A", "a;b"])]
    assert refused(b"sep=|\nkod|namn\n").code == "import.delimiter"


def test_blank_lines_and_trailing_empty_cells_are_nothing() -> None:
    """What Excel leaves at the ends is let be."""
    assert cells(open_table(b"kod;namn;;\n\n;;;\nA;a;;\n", "a.csv")) == [["kod", "namn"], ["A", "a"]]


def test_ragged_lines_are_told_and_the_rest_goes_on() -> None:
    """Too many, too few, and a stray quote: each a fault of its own line."""
    table = open_table(b'kod;namn\nA;a;extra\nB\n"C"c;c\nD;d\n', "a.csv")
    told = [(line.number, line.fault.code if line.fault else None) for line in table.lines()]
    assert told == [
        (2, "import.too_many_cells"),
        (3, "import.too_few_cells"),
        (4, "import.stray_quote"),
        (5, None),
    ]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "import.empty_file", 0),
        (b"\xef\xbb\xbf", "import.empty_file", 0),
        (b"\n\n\n", "import.empty_file", 0),
        (b";;;\nA;b\n", "import.empty_file", 0),
        (GOOD.encode("utf-16"), "import.utf16", 0),
        (GOOD.encode("utf-16-be"), "import.nul", 1),
        (b"kod;namn\nA;\0\n", "import.nul", 2),
        (b"kod;namn\nA;a\nB;\x02\n", "import.not_text", 3),
        (b"%PDF-1.7\n\x01\x02", "import.not_text", 2),
        ("kod;namn\nA;å\nB;".encode() + b"\xe5\n", "import.mixed_encoding", 3),
        (b"kod;namn\nA;\x81\n", "import.encoding", 2),
        (b'kod;namn\nA;a\nB;"b\nC;c\n', "import.open_quote", 3),
        (b'kod;"namn\nA;a\n', "import.open_quote", 1),
        (b"kod;namn\n" + b"x" * 1_100_000 + b"\n", "import.line_too_long", 2),
        (b"a;" * 300 + b"\n", "import.too_many_columns", 1),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "import.old_excel", 0),
        (b"PK\x03\x04 not a workbook", "import.not_workbook", 0),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(data: bytes, code: str, line: int) -> None:
    """One code for each way of being broken."""
    fault = refused(data)
    assert (fault.code, fault.line) == (code, line)
    assert fault.say()


def test_ten_megabytes_of_garbage_are_refused() -> None:
    """Text without end, quotes without end, separators without end, bytes without meaning."""
    size = 10_000_000
    for data in (
        b"a" * size,
        b'"' * size,
        b";" * size,
        bytes(range(256)) * (size // 256),
        b'"\n' * (size // 2),
    ):
        assert refused(data).code.startswith("import.")


def test_a_file_beyond_the_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Size, and number of lines."""
    monkeypatch.setattr(table_module, "MAX_BYTES", 10)
    assert refused(GOOD.encode()).code == "import.too_large"
    monkeypatch.setattr(table_module, "MAX_BYTES", 1000)
    monkeypatch.setattr(table_module, "MAX_LINES", 2)
    assert refused(b"kod\nA\nB\nC\n").code == "import.too_many_lines"


def test_cells_of_a_workbook_read_as_they_would_in_csv() -> None:
    """Dates, times, whole and broken numbers, yes and no; the row number is Excel's."""
    data = sheet(
        ["a", "b", "c", "d", "e", "f", "g"],
        [],
        [date(2026, 12, 1), time(7, 30), datetime(2026, 12, 1, 7, 30), 730, 62.75, True, " text "],
        [datetime(2026, 12, 1), timedelta(hours=25, minutes=5), 7.0, None, "'=1+1", False, "x"],
    )
    table = open_table(data, "a.xlsx")
    assert [(line.number, list(line.cells)) for line in table.lines()] == [
        (3, ["2026-12-01", "07:30:00", "2026-12-01 07:30:00", "730", "62.75", "ja", "text"]),
        (4, ["2026-12-01", "25:05:00", "7", "", "=1+1", "nej", "x"]),
    ]


def test_times_that_excel_keeps_as_fractions_come_out_whole() -> None:
    """07.29.59,999999 is 07.30."""
    data = sheet(["a"], [time(7, 29, 59, 999_999)])
    assert cells(open_table(data, "a.xlsx")) == [["a"], ["07:30:00"]]


def test_formulas_are_never_evaluated_but_named() -> None:
    """The cell is at fault, the rest of the line is read."""
    table = open_table(sheet(["kod", "namn"], ["=1+1", "a"], ["#REF!", "b"]), "a.xlsx")
    faults = [{index: fault.code for index, fault in line.cell_faults.items()} for line in table.lines()]
    assert faults == [{0: "import.formula"}, {0: "import.cell_error"}]


def test_only_the_first_visible_sheet_is_read_and_that_is_said() -> None:
    """A hidden first sheet is passed over."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.sheet_state = "hidden"
    for title in ("Plan", "Annat"):
        book.create_sheet(title).append([title])
    file = io.BytesIO()
    book.save(file)
    table = open_table(file.getvalue(), "a.xlsx")
    assert list(table.heading.cells) == ["Plan"]
    assert [warning.code for warning in table.warnings] == ["import.other_sheets"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the sizes that its own directory tells."""
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1_000_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2_000_000))
    assert refused(file.getvalue()).code == "import.unpacks_too_large"


def raw_sheet(rows: str) -> bytes:
    """A workbook whose sheet holds these rows, as XML."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheet(["a"]))) as good,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for part in good.namelist():
            bad.writestr(part, text if part.endswith("sheet1.xml") else good.read(part))
    return file.getvalue()


def row(number: int, column: str = "A") -> str:
    return f'<row r="{number}"><c r="{column}{number}" t="inlineStr"><is><t>x</t></is></c></row>'


def test_the_widest_heading_is_refused() -> None:
    """16,384 columns, by one cell at the very end; and a column that there is not."""
    assert refused(raw_sheet(row(1, "XFD"))).code == "import.too_many_columns"
    assert refused(raw_sheet(row(1, "ZZZZZZ"))).code == "import.not_workbook"


def test_wide_rows_are_read_no_further_than_is_reasonable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few bytes, very many cells: a wide row is a bad line, very many of them end the reading."""
    monkeypatch.setattr(workbook, "MAX_CELLS", 100_000)
    data = raw_sheet(row(1) + "".join(row(number, "XFD") for number in range(2, 20_000)))
    assert len(data) < 200_000
    lines = open_table(data, "a.xlsx").lines()
    for _ in range(6):
        fault = next(lines).fault
        assert fault is not None
        assert fault.code == "import.too_many_cells"
    with pytest.raises(Unreadable) as raised:
        next(lines)
    assert raised.value.code == "import.unpacks_too_large"


def test_rows_far_below_are_read_no_further_than_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows with two thousand million between them."""
    monkeypatch.setattr(table_module, "MAX_LINES", 1000)
    with pytest.raises(Unreadable) as raised:
        list(open_table(raw_sheet(row(1) + row(2_000_000_000)), "a.xlsx").lines())
    assert raised.value.code == "import.too_many_lines"


def test_a_workbook_with_entities_is_refused() -> None:
    """The billion laughs, in the sheet itself."""
    laughs = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["a"]))) as good, zipfile.ZipFile(file, "w") as bad:
        for part in good.namelist():
            bad.writestr(part, laughs if part.endswith("sheet1.xml") else good.read(part))
    assert refused(file.getvalue()).code == "import.not_workbook"


def test_a_row_far_down_does_not_hang_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet that claims a cell in row four thousand million is cut off at the limit."""
    monkeypatch.setattr(table_module, "MAX_LINES", 1000)
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet(["a"], ["b"]))) as good, zipfile.ZipFile(file, "w") as bad:
        for part in good.namelist():
            body = good.read(part)
            if part.endswith("sheet1.xml"):
                body = body.replace(b'r="2"', b'r="4000000000"').replace(b"A2", b"A4000000000")
            bad.writestr(part, body)
    assert refused(file.getvalue()).code in ("import.too_many_lines", "import.not_workbook")


def test_cut_off_workbooks_are_refused() -> None:
    """However much of the file is missing."""
    whole = sheet(["kod", "namn"], ["A", "a"])
    for length in range(4, len(whole), 97):
        assert refused(whole[:length]).code == "import.not_workbook"
