"""Shifts (arbetspass)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from care.errors import Fault
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.times import read_clock, read_date, write_clock, write_moment
from server.exchange.values import minutes_of, read_id

COLUMNS = (
    Column("personal_id", required=True),
    Column("datum", required=True),
    Column("start", required=True),
    Column("slut", required=True),
    Column("rast_minuter", number=True),
)

_read_break = minutes_of(8 * 60)
_LONG = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """Working hours of one person. `start` and `end` are instants in UTC."""

    staff_id: str
    start: datetime
    end: datetime
    break_minutes: int


def read(cells: Cells) -> ShiftRow | None:
    staff_id = cells.need("personal_id", read_id)
    day = cells.need("datum", read_date)
    opens = cells.need("start", read_clock)
    closes = cells.need("slut", read_clock)
    pause = cells.may("rast_minuter", _read_break) or 0
    if cells.failed():
        return None
    start = cells.instant("start", day, opens)
    if cells.failed():
        return None
    end = cells.end("slut", day, closes, start)
    if cells.failed():
        return None
    if opens.clock == closes.clock and closes.date is None and opens.offset == closes.offset:
        cells.refuse("slut", Fault("import.empty_shift", "Passet slutar när det börjar."))
    elif not timedelta(0) < end - start <= timedelta(days=2):
        cells.refuse(
            "slut",
            Fault("import.end_before_start", "Passet slutar före sin början, eller flera dagar senare."),
        )
    elif timedelta(minutes=pause) >= end - start:
        cells.refuse(
            "rast_minuter", Fault("import.break_too_long", "Rasten är lika lång som passet, eller längre.")
        )
    if cells.failed():
        return None
    if end - start > _LONG:
        hours = round((end - start) / timedelta(hours=1), 1)
        cells.warn("slut", "import.long_shift", "Passet är %(hours)s timmar långt. Stämmer det?",
                   hours=f"{hours:g}".replace(".", ","))  # fmt: skip
    return ShiftRow(staff_id, start, end, pause)


def write(row: ShiftRow, zone: ZoneInfo) -> dict[str, str]:
    # Up to 23 hours the end needs no date: it is the first such time after the start.
    plain_end = row.end - row.start < timedelta(hours=22)
    return {
        "personal_id": row.staff_id,
        "datum": f"{row.start.astimezone(zone):%Y-%m-%d}",
        "start": write_clock(row.start, zone),
        "slut": write_clock(row.end, zone) if plain_end else write_moment(row.end, zone),
        "rast_minuter": str(row.break_minutes),
    }


def key(row: ShiftRow) -> tuple[str, datetime]:
    return row.staff_id, row.start
