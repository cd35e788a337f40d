"""Column maps: which heading of another system means which of our fields.

A map is data (JSON), made to be edited and saved by a municipality. Headings are compared without regard to
case, spaces, hyphens and underscores; several headings may mean the same field; our own headings are always
understood. The maps that come with the program are *like* what such systems export: there is no certified
integration, and a municipality's own export decides.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from care.errors import Fault
from server.exchange.kind import FORMATS, Kind
from server.exchange.problem import Problem
from server.exchange.table import Table
from server.exchange.values import plain

STANDARD = "standard"

#: Extra columns of our own error files, ignored when the mended file comes back.
ERROR_COLUMNS = ("fel_rad", "fel_kod", "fel_orsak", "fel_rest")


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to read one kind of file from one system.

    Attributes
    ----------
    headings
        Their heading → our field.
    ignored
        Headings that are known and not wanted.
    values
        Our field → their word → ours, for words that they alone use.
    """

    headings: dict[str, str] = {}
    ignored: list[str] = []
    values: dict[str, dict[str, str]] = {}


class MapFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A map for several kinds of file, as it is kept in a JSON file."""

    name: str
    title: str
    about: str
    kinds: dict[Kind, ColumnMap]


def check_map(kind: Kind, column_map: ColumnMap) -> None:
    """Raise `Fault` ``import.map_field`` or ``.map_heading`` when the map contradicts `kind` or itself."""
    names = FORMATS[kind].names
    for field in [*column_map.headings.values(), *column_map.values]:
        if field not in names:
            raise Fault(
                "import.map_field",
                "Kolumnkartan pekar på ”%(field)s”, som inte finns. Fälten är: %(names)s.",
                place="map",
                values={"field": field[:60], "names": ", ".join(c.name for c in FORMATS[kind].columns)},
            )
    meaning: dict[str, str] = {plain(name): name for name in names}
    for heading, field in [*column_map.headings.items(), *((one, "") for one in column_map.ignored)]:
        if not plain(heading) or meaning.setdefault(plain(heading), field) != field:
            raise Fault(
                "import.map_heading",
                "Rubriken ”%(heading)s” betyder två saker i kolumnkartan.",
                place="map",
                values={"heading": heading[:60]},
            )


@cache
def builtin_maps() -> Mapping[str, MapFile]:
    """The maps that come with the program, by name."""
    folder = resources.files("server.exchange") / "maps"
    files = [
        msgspec.json.decode(entry.read_bytes(), type=MapFile)
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    ]
    return {file.name: file for file in sorted(files, key=lambda file: file.name)}


def builtin_map(name: str, kind: Kind) -> ColumnMap:
    """A map that comes with the program; ``standard`` is our own headings.

    Raises `Fault` ``import.unknown_map``.
    """
    if name == STANDARD:
        return ColumnMap()
    file = builtin_maps().get(name)
    if file is None or kind not in file.kinds:
        known = [STANDARD, *(one.name for one in builtin_maps().values() if kind in one.kinds)]
        raise Fault(
            "import.unknown_map",
            "Det finns ingen kolumnkarta ”%(name)s” för den här sortens fil. Det finns: %(known)s.",
            place="map",
            values={"name": name[:60], "known": ", ".join(known)},
        )
    return file.kinds[kind]


def bind(kind: Kind, table: Table, column_map: ColumnMap) -> tuple[dict[str, int], list[Problem]]:
    """Which cell of each line is which field, and what is wrong with the heading.

    Every unknown heading is named with the nearest known one, every field that stands twice and every
    required field that is missing; in the words of the map, which are those of the file's own system.
    """
    known = {plain(name): name for name in FORMATS[kind].names}
    theirs = {plain(heading): heading for heading in column_map.headings}
    meaning = {plain(heading): field for heading, field in column_map.headings.items()}
    meaning |= {plain(name): name for name in FORMATS[kind].names}
    ignored = {plain(heading) for heading in (*column_map.ignored, *ERROR_COLUMNS)}
    places: dict[str, int] = {}
    faults: list[tuple[str | None, Fault]] = []
    for index, heading in enumerate(table.heading.cells):
        field = meaning.get(plain(heading))
        if not heading:
            faults.append((None, _no_heading(index + 1)))
        elif field is None:
            if plain(heading) not in ignored:
                faults.append((heading[:60], _unknown(heading[:60], theirs, known)))
        elif field in places:
            faults.append((heading[:60], _double(table.heading.cells[places[field]], heading, field)))
        else:
            places[field] = index
    faults += [
        (column.name, _missing(column.name, column_map))
        for column in FORMATS[kind].columns
        if column.required and column.name not in places
    ]
    line = table.heading.number
    return places, [Problem.of(fault, table.file, line, heading) for heading, fault in faults]


def _no_heading(number: int) -> Fault:
    return Fault("import.empty_heading", "Kolumn %(number)s saknar rubrik.", values={"number": number})


def _unknown(heading: str, *known: dict[str, str]) -> Fault:
    """`known`: plain → as it is written, what is asked for first."""
    for names in known:
        nearest = difflib.get_close_matches(plain(heading), names, n=1, cutoff=0.6)
        if nearest:
            return Fault(
                "import.unknown_column",
                "Kolumnen ”%(heading)s” är okänd. Menade du ”%(nearest)s”?",
                values={"heading": heading, "nearest": names[nearest[0]]},
            )
    return Fault(
        "import.unknown_column",
        "Kolumnen ”%(heading)s” är okänd. Ta bort den, eller lägg den till en kolumnkarta.",
        values={"heading": heading},
    )


def _double(first: str, second: str, field: str) -> Fault:
    return Fault(
        "import.double_heading",
        "Kolumnerna ”%(first)s” och ”%(second)s” betyder samma sak (%(field)s). Ta bort den ena.",
        values={"first": first[:60], "second": second[:60], "field": field},
    )


def _missing(name: str, column_map: ColumnMap) -> Fault:
    """By the first heading of the map that means the field; by our name where the map has none."""
    theirs = next((heading for heading, field in column_map.headings.items() if field == name), name)
    return Fault("import.missing_column", "Kolumnen ”%(column)s” saknas.", values={"column": theirs})
