"""Planned contacts: visits, calls, reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from care.contacts.channel import Channel
from care.errors import Fault
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.times import read_clock, read_date, window_of, write_clock, write_moment
from server.exchange.values import first_names, minutes_of, read_id, read_service_codes, word_of

COLUMNS = (
    Column("extern_id", required=True),
    Column("brukare_id", required=True),
    Column("datum", required=True),
    Column("start", required=True),
    Column("minuter", required=True, number=True),
    Column("fönster_från"),
    Column("fönster_till"),
    Column("kanal"),
    Column("insatser", required=True),
    Column("personal_id"),
    Column("personal_id_2"),
)

CHANNELS = {
    "fysisk": Channel.PHYSICAL,
    "video": Channel.VIDEO,
    "telefon": Channel.PHONE,
    "påminnelse": Channel.PROMPT,
    "enhet": Channel.DEVICE,
    "kamera": Channel.CAMERA_CHECK,
    "fysiskt": Channel.PHYSICAL,
    "besök": Channel.PHYSICAL,
    "hembesök": Channel.PHYSICAL,
    "på plats": Channel.PHYSICAL,
    "videosamtal": Channel.VIDEO,
    "digital": Channel.VIDEO,
    "digitalt": Channel.VIDEO,
    "digitalt besök": Channel.VIDEO,
    "telefonsamtal": Channel.PHONE,
    "surfplatta": Channel.PROMPT,
    "robot": Channel.DEVICE,
    "läkemedelsrobot": Channel.DEVICE,
    "trygghetskamera": Channel.CAMERA_CHECK,
    "kameratillsyn": Channel.CAMERA_CHECK,
}

#: What exports write.
CHANNEL_NAMES = first_names(CHANNELS)
_read_channel = word_of(Channel, CHANNELS)
_read_minutes = minutes_of(24 * 60, least=1)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A planned contact as the file has it. Instants are in UTC.

    `window_start` and `window_end` are both None when the file gives no window: the service's own is used
    then. `staff_ids` holds nobody, one or two.
    """

    extern_id: str
    client_id: str
    start: datetime
    minutes: int
    window_start: datetime | None
    window_end: datetime | None
    channel: Channel | None
    services: tuple[str, ...]
    staff_ids: tuple[str, ...]


def read(cells: Cells) -> ContactRow | None:
    extern_id = cells.need("extern_id", read_id)
    client_id = cells.need("brukare_id", read_id)
    day = cells.need("datum", read_date)
    clock = cells.need("start", read_clock)
    minutes = cells.need("minuter", _read_minutes)
    opens = cells.may("fönster_från", read_clock)
    closes = cells.may("fönster_till", read_clock)
    channel = cells.may("kanal", _read_channel)
    services = cells.need("insatser", read_service_codes)
    first, second = cells.may("personal_id", read_id), cells.may("personal_id_2", read_id)
    if first is not None and first == second:
        cells.refuse(
            "personal_id_2", Fault("import.same_staff", "Samma person står två gånger på kontakten.")
        )
    if cells.given("fönster_från") != cells.given("fönster_till"):
        missing = "fönster_till" if cells.given("fönster_från") else "fönster_från"
        cells.refuse(missing, Fault("import.half_window", "Tidsfönstret ska ha både en början och ett slut."))
    if cells.failed():
        return None
    start = cells.instant("start", day, clock)
    if cells.failed():
        return None
    window: tuple[datetime | None, datetime | None] = (None, None)
    if opens and closes:
        try:
            window = window_of(
                start.astimezone(cells.around.zone).date(), opens, closes, start, cells.around.zone
            )
        except Fault as fault:
            cells.refuse("fönster_från", fault)
            return None
    staff_ids = tuple(one for one in (first, second) if one)
    return ContactRow(extern_id, client_id, start, minutes, *window, channel, services, staff_ids)


def write(row: ContactRow, zone: ZoneInfo) -> dict[str, str]:
    return {
        "extern_id": row.extern_id,
        "brukare_id": row.client_id,
        "datum": f"{row.start.astimezone(zone):%Y-%m-%d}",
        "start": write_clock(row.start, zone),
        "minuter": str(row.minutes),
        **_write_window(row, zone),
        "kanal": CHANNEL_NAMES[row.channel] if row.channel else "",
        "insatser": "+".join(row.services),
        "personal_id": row.staff_ids[0] if row.staff_ids else "",
        "personal_id_2": row.staff_ids[1] if len(row.staff_ids) > 1 else "",
    }


def _write_window(row: ContactRow, zone: ZoneInfo) -> dict[str, str]:
    """Times alone where the window lies around the start, as it nearly always does; else with dates."""
    if row.window_start is None or row.window_end is None:
        return {"fönster_från": "", "fönster_till": ""}
    around = row.window_start <= row.start <= row.window_end
    near = around and row.window_end - row.window_start < timedelta(hours=22)
    put = write_clock if near else write_moment
    return {"fönster_från": put(row.window_start, zone), "fönster_till": put(row.window_end, zone)}


def key(row: ContactRow) -> str:
    return row.extern_id
