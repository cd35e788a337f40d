"""Performed visits: what another system says came of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from care.contacts.life import Status
from care.errors import Fault
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.times import (
    WallClock,
    read_clock,
    read_date,
    read_moment,
    write_clock,
    write_moment,
)
from server.exchange.values import (
    first_names,
    plain,
    read_id,
    read_service_codes,
    read_yes,
    word_of,
    write_yes,
)

COLUMNS = (
    Column("extern_id"),
    Column("start", required=True),
    Column("slut"),
    Column("utfall", required=True),
    # What systems of follow-up give besides, or instead of an id of ours.
    Column("datum", standard=False),
    Column("brukare_id", standard=False),
    Column("personal_id", standard=False),
    Column("personal_id_2", standard=False),
    Column("insatser", standard=False),
    Column("manuell", standard=False),
)

OUTCOMES = {
    "utförd": Status.DONE,
    "utförd per telefon": Status.DONE_PHONE,
    "avböjd": Status.DECLINED,
    "inställd": Status.CANCELLED,
    "utebliven": Status.MISSED,
    "genomförd": Status.DONE,
    "klar": Status.DONE,
    "ja": Status.DONE,
    "telefon": Status.DONE_PHONE,
    "avböjt": Status.DECLINED,
    "avböjt besök": Status.DECLINED,
    "avbokad": Status.CANCELLED,
    "frånvaro": Status.CANCELLED,
    "borta": Status.CANCELLED,
    "brukare borta": Status.CANCELLED,
    "uteblivet": Status.MISSED,
    "ej utförd": Status.MISSED,
    "missad": Status.MISSED,
    "nej": Status.MISSED,
}
#: Words of cancelled that say why: the client was away, so nothing was owed. The first is what is written.
AWAY = ("frånvaro", "borta", "brukare borta")
_read_status = word_of(Status, OUTCOMES)
OUTCOME_NAMES = first_names(OUTCOMES)
_AWAY = frozenset(map(plain, AWAY))


@dataclass(frozen=True, slots=True)
class PerformedRow:
    """What came of one planned contact. Instants are in UTC.

    The contact is found by `extern_id`, or else by client, staff and time (`intake.matching`). `end` is None
    when nobody registered one, and for what was never done. `manual` is True when a person typed the times.
    """

    extern_id: str | None
    start: datetime
    end: datetime | None
    outcome: Status
    client_id: str | None = None
    staff_ids: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    manual: bool | None = None
    #: Cancelled because the client was away.
    client_away: bool = False


def read(cells: Cells) -> PerformedRow | None:
    extern_id = cells.may("extern_id", read_id)
    client_id = cells.may("brukare_id", read_id)
    day = cells.may("datum", read_date)
    begins = cells.need("start", read_clock if cells.given("datum") else read_moment)
    ends = cells.may("slut", read_clock)
    outcome = cells.need("utfall", _read_outcome)
    client_away = cells.may("utfall", plain) in _AWAY
    staff = (cells.may("personal_id", read_id), cells.may("personal_id_2", read_id))
    services = cells.may("insatser", read_service_codes) or ()
    manual = cells.may("manuell", read_yes)
    if not cells.given("extern_id") and not cells.given("brukare_id"):
        cells.refuse("extern_id", Fault("import.no_contact", "Ange kontaktens extern_id eller brukarens id."))
    if cells.failed():
        return None
    # Where the line has no date of its own, the start carries it (`read_moment`).
    found = _span(cells, cast(date, begins.date or day), begins, ends)
    if found is None:
        return None
    start, end = found
    if end is None and outcome.is_done:
        cells.warn(
            "slut", "import.no_end", "Sluttiden saknas. Kontakten räknas som utförd men utan utförd tid."
        )
    staff_ids = tuple(dict.fromkeys(one for one in staff if one))
    return PerformedRow(extern_id, start, end, outcome, client_id, staff_ids, services, manual, client_away)


def _span(
    cells: Cells, day: date, begins: WallClock, ends: WallClock | None
) -> tuple[datetime, datetime | None] | None:
    """Start and end as instants, or None when something was refused."""
    start = cells.instant("start", day, begins)
    if cells.failed() or ends is None:
        return None if cells.failed() else (start, None)
    end = cells.end("slut", start.astimezone(cells.around.zone).date(), ends, start)
    if cells.failed():
        return None
    if not timedelta(0) <= end - start <= timedelta(days=2):
        cells.refuse(
            "slut",
            Fault("import.end_before_start", "Sluttiden ligger före starttiden, eller flera dagar efter."),
        )
        return None
    return start, end


def _read_outcome(text: str) -> Status:
    status = _read_status(text)
    if not status.is_end or status is Status.REPLACED:
        raise Fault(
            "import.outcome",
            "Utfallet ska vara ett av: %(choices)s.",
            values={"choices": ", ".join(OUTCOME_NAMES.values())},
        )
    return status


def write(row: PerformedRow, zone: ZoneInfo) -> dict[str, str]:
    end = ""
    if row.end is not None:
        # A time alone means the first such time after the start, so 0 minutes need the date too.
        plain_end = timedelta(0) < row.end - row.start < timedelta(hours=22)
        end = write_clock(row.end, zone) if plain_end else write_moment(row.end, zone)
    return {
        "extern_id": row.extern_id or "",
        "start": write_moment(row.start, zone),
        "slut": end,
        "utfall": AWAY[0] if row.client_away else OUTCOME_NAMES[row.outcome],
        "brukare_id": row.client_id or "",
        "personal_id": row.staff_ids[0] if row.staff_ids else "",
        "personal_id_2": row.staff_ids[1] if len(row.staff_ids) > 1 else "",
        "insatser": "+".join(row.services),
        "manuell": "" if row.manual is None else write_yes(row.manual),
    }


def key(row: PerformedRow) -> tuple[str | None, datetime | None, tuple[str, ...]]:
    # Double staffing gives one line for each worker, with the id of the same contact.
    if row.extern_id:
        return row.extern_id, None, row.staff_ids
    return row.client_id, row.start, row.staff_ids
