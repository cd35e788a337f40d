"""CSV as Swedish offices make it: semicolon, comma or tab; UTF-8 with or without BOM, or Windows-1252."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from care.errors import Fault
from server.exchange.guard import unguard
from server.exchange.problem import Unreadable
from server.exchange.table import MAX_CELL, Line, Table, heading_of

DELIMITERS = (";", "\t", ",")
_MAX_LINE = 1_000_000
_CONTROL = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
# å ä ö Å Ä Ö é É as UTF-8: pairs that no Swedish text in Windows-1252 has.
_UTF8_SWEDISH = re.compile(rb"\xc3[\xa5\xa4\xb6\x85\x84\x96\xa9\x89]")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


def open_csv(data: bytes, file: str) -> Table:
    """The table in `data`. Raises `Unreadable` when it is not readable text with a heading."""
    encoding = _encoding(data)
    delimiter, skipped = _delimiter(data, encoding)

    def every_line() -> Iterator[Line]:
        return _lines(data, encoding, delimiter, skipped)

    heading = heading_of(next(every_line(), None))

    def body() -> Iterator[Line]:
        lines = every_line()
        next(lines)
        return lines

    return Table(file, heading, body)


def _encoding(data: bytes) -> str:
    """Name of the codec, or `Unreadable` with the line where it breaks."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable(
            "import.utf16",
            "Filen är sparad som UTF-16 (”Unicode-text”). Spara den som ”CSV UTF-8” och försök igen.",
        )
    if (place := data.find(b"\0")) >= 0:
        raise Unreadable(
            "import.nul",
            "Filen innehåller nolltecken och är ingen textfil. Spara den som CSV UTF-8 eller .xlsx.",
            line=_line_at(data, place),
        )
    if control := _CONTROL.search(data):
        raise Unreadable(
            "import.not_text",
            "Filen innehåller styrtecken och är ingen textfil. Spara den som CSV UTF-8 eller .xlsx.",
            line=_line_at(data, control.start()),
        )
    broken = _first_undecodable(data, "utf-8")
    if broken is None:
        return "utf-8-sig"
    if data.startswith(codecs.BOM_UTF8) or _UTF8_SWEDISH.search(data):
        raise Unreadable(
            "import.mixed_encoding",
            "Filen är delvis UTF-8, men på den här raden finns tecken som inte går att läsa. "
            "Spara om hela filen som CSV UTF-8.",
            line=_line_at(data, broken),
        )
    unknown = _first_undecodable(data, "cp1252")
    if unknown is not None:
        raise Unreadable(
            "import.encoding",
            "På den här raden finns tecken som varken är UTF-8 eller Windows-1252. Spara filen som "
            "CSV UTF-8.",
            line=_line_at(data, unknown),
        )
    return "cp1252"


def _line_at(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


def _first_undecodable(data: bytes, encoding: str) -> int | None:
    """Where `data` stops being `encoding`, checked in pieces so that no second copy is held."""
    decoder = codecs.getincrementaldecoder(encoding)()
    piece = 1 << 20
    for start in range(0, len(data) + 1, piece):
        try:
            decoder.decode(data[start : start + piece], final=start + piece > len(data))
        except UnicodeDecodeError as error:
            # The decoder may have kept up to three bytes of the piece before; near enough for a line number.
            return min(start + error.start, len(data) - 1)
    return None


def _text_lines(data: bytes, encoding: str) -> Iterator[str]:
    """Lines with their line ends. A line without end in sight stops the reading."""
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    number = 0
    while line := text.readline(_MAX_LINE + 1):
        number += 1
        if len(line) > _MAX_LINE:
            raise Unreadable(
                "import.line_too_long",
                "Raden är orimligt lång. Filen verkar inte vara en tabell.",
                line=number,
            )
        yield line


def _delimiter(data: bytes, encoding: str) -> tuple[str, int]:
    """The delimiter, and how many lines (0 or 1) stand before the heading: Excel's own ``sep=;``."""
    first = next(_text_lines(data, encoding), "")
    if told := _SEPARATOR_LINE.fullmatch(first):
        if told[1] in DELIMITERS:
            return told[1], 1
        raise Unreadable("import.delimiter", "Skiljetecknet ska vara semikolon, komma eller tabb.", line=1)
    outside = re.sub(r'"[^"]*"', "", first)
    return max(DELIMITERS, key=outside.count), 0


def _lines(data: bytes, encoding: str, delimiter: str, skipped: int) -> Iterator[Line]:
    source = _text_lines(data, encoding)
    for _ in range(skipped):
        next(source)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error) or "unexpected end" in str(error):
                # Everything up to the end has been swallowed by one cell: nothing after it can be trusted.
                raise Unreadable(
                    "import.open_quote",
                    "Ett citattecken på raden stängs aldrig. Resten av filen går inte att läsa.",
                    line=number,
                ) from None
            yield Line(number, (), _stray_quote())
            continue
        yield _line(number, cells)


def _stray_quote() -> Fault:
    return Fault(
        "import.stray_quote",
        "Efter ett avslutande citattecken ska det komma ett skiljetecken. Skriv citattecken i text dubbelt.",
    )


def _line(number: int, cells: list[str]) -> Line:
    for index, cell in enumerate(cells):
        if len(cell) > MAX_CELL:
            fault = Fault(
                "import.cell_too_long",
                "Cell %(cell)s har fler än %(most)s tecken.",
                values={"cell": index + 1, "most": MAX_CELL},
            )
            return Line(number, (), fault)
    return Line(number, [unguard(cell).strip() for cell in cells])
