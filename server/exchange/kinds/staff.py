"""Staff."""

from __future__ import annotations

from dataclasses import dataclass

from care.staff import Title
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.values import (
    first_names,
    read_id,
    read_languages,
    read_name,
    read_yes,
    word_of,
    write_yes,
)

#: A column that what is read in also speaks of.
DELEGATION = "delegering"

COLUMNS = (
    Column("extern_id", required=True),
    Column("förnamn", required=True),
    Column("efternamn", required=True),
    Column("titel"),
    Column("grupp", required=True),
    Column(DELEGATION),
    Column("video"),
    Column("språk"),
)

TITLES = {
    "undersköterska": Title.ASSISTANT_NURSE,
    "vårdbiträde": Title.CARE_ASSISTANT,
    "sjuksköterska": Title.NURSE,
    "enhetschef": Title.UNIT_MANAGER,
    "samordnare": Title.COORDINATOR,
    "biståndshandläggare": Title.NEEDS_ASSESSOR,
    "annan": Title.OTHER,
    "usk": Title.ASSISTANT_NURSE,
    "vbt": Title.CARE_ASSISTANT,
    "ssk": Title.NURSE,
    "distriktssköterska": Title.NURSE,
    "planerare": Title.COORDINATOR,
    "övrig": Title.OTHER,
}

_read_title = word_of(Title, TITLES)
_TITLE_NAMES = first_names(TITLES)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A worker as the file has it. None (or no languages) means that the file says nothing.

    `delegated` is delegation for medicine.
    """

    extern_id: str
    first_name: str
    last_name: str
    title: Title | None
    group: str
    delegated: bool | None
    may_video: bool | None
    languages: tuple[str, ...]


def read(cells: Cells) -> StaffRow | None:
    extern_id = cells.need("extern_id", read_id)
    first_name = cells.need("förnamn", read_name)
    last_name = cells.need("efternamn", read_name)
    title = cells.may("titel", _read_title)
    group = cells.need("grupp", read_name)
    delegated = cells.may(DELEGATION, read_yes)
    may_video = cells.may("video", read_yes)
    languages = cells.may("språk", read_languages) or ()
    if cells.failed():
        return None
    return StaffRow(extern_id, first_name, last_name, title, group, delegated, may_video, languages)


def write(row: StaffRow) -> dict[str, str]:
    return {
        "extern_id": row.extern_id,
        "förnamn": row.first_name,
        "efternamn": row.last_name,
        "titel": _TITLE_NAMES[row.title] if row.title else "",
        "grupp": row.group,
        DELEGATION: "" if row.delegated is None else write_yes(row.delegated),
        "video": "" if row.may_video is None else write_yes(row.may_video),
        "språk": "+".join(row.languages),
    }


def key(row: StaffRow) -> str:
    return row.extern_id
