"""Services: the catalogue of codes."""

from __future__ import annotations

from dataclasses import dataclass

from care.errors import Fault
from care.services import DigitalClass, Law, Priority
from server.exchange.cells import Cells
from server.exchange.kinds.column import Column
from server.exchange.values import (
    first_names,
    minutes_of,
    plain,
    read_name,
    read_service_code,
    word_of,
)

COLUMNS = (
    Column("kod", required=True),
    Column("namn", required=True),
    Column("lag"),
    Column("minuter", number=True),
    Column("måltyp"),
    Column("digital_klass"),
    Column("prioritet"),
)

LAWS = {"SoL": Law.SOL, "HSL": Law.HSL, "ingen": Law.NONE}
CLASSES = {
    "kräver händer": DigitalClass.HANDS_REQUIRED,
    "kan vara digital": DigitalClass.DIGITAL_POSSIBLE,
    "digital i första hand": DigitalClass.DIGITAL_FIRST,
    "externt system": DigitalClass.EXTERNAL,
    "fysisk": DigitalClass.HANDS_REQUIRED,
    "händer": DigitalClass.HANDS_REQUIRED,
    "digitalt möjlig": DigitalClass.DIGITAL_POSSIBLE,
    "digitalt först": DigitalClass.DIGITAL_FIRST,
    "kamera": DigitalClass.EXTERNAL,
    "camera": DigitalClass.EXTERNAL,
    "enhet": DigitalClass.EXTERNAL,
    "device": DigitalClass.EXTERNAL,
}
PRIORITIES = {"P1": Priority.P1, "P2": Priority.P2, "P3": Priority.P3, "P4": Priority.P4,
              "1": Priority.P1, "2": Priority.P2, "3": Priority.P3, "4": Priority.P4}  # fmt: skip
#: Swedish names of the first goal types; a municipality's own are written by their codes.
GOAL_TYPES = {
    "läkemedel": "medication",
    "måltid": "meal",
    "lägeskoll": "wellbeing_check",
    "social samvaro": "social",
    "aktivitet": "activity",
    "uppföljning": "follow_up",
    "personlig omvårdnad": "personal_care",
    "hushåll": "household",
    "veckoavstämning": "weekly_checkin",
}
_GOALS_BY_PLAIN = {plain(name): code for name, code in GOAL_TYPES.items()} | {
    plain(code): code for code in GOAL_TYPES.values()
}
_LAW_NAMES = first_names(LAWS)
_read_law = word_of(Law, LAWS)
_read_class = word_of(DigitalClass, CLASSES)
_read_priority = word_of(Priority, PRIORITIES)
_read_minutes = minutes_of(24 * 60)
_GOAL_NAMES = {code: name for name, code in GOAL_TYPES.items()}


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service as the file has it. None means that the file says nothing.

    `minutes` is the standard time. A service without a class in the file counts as hands-on.
    """

    code: str
    name: str
    law: Law | None
    minutes: int | None
    goal_type: str | None
    digital_class: DigitalClass
    priority: Priority | None


def read(cells: Cells) -> ServiceRow | None:
    code = cells.need("kod", read_service_code)
    name = cells.need("namn", read_name)
    law = cells.may("lag", _read_law)
    # HSL orders carry their own time, so their catalogue entry may lack one.
    minutes = cells.may("minuter", _read_minutes)
    goal_type = cells.may("måltyp", _read_goal_type)
    digital_class = cells.may("digital_klass", _read_class)
    priority = cells.may("prioritet", _read_priority)
    if cells.failed():
        return None
    if digital_class is None:
        digital_class = DigitalClass.HANDS_REQUIRED
        cells.warn(
            "digital_klass",
            "import.no_digital_class",
            "Insatsen saknar digital klass och räknas därför som att den kräver händer på plats.",
        )
    return ServiceRow(code, name, law, minutes, goal_type, digital_class, priority)


def _read_goal_type(text: str) -> str:
    known = _GOALS_BY_PLAIN.get(plain(text))
    if known:
        return known
    code = text.strip()
    if not (code.isascii() and code.replace("_", "").isalnum() and code.islower() and len(code) <= 40):
        raise Fault(
            "import.goal_type",
            "Måltypen är okänd. Välj en av: %(choices)s, eller koden för en egen måltyp.",
            values={"choices": ", ".join(GOAL_TYPES)},
        )
    return code


def write(row: ServiceRow) -> dict[str, str]:
    return {
        "kod": row.code,
        "namn": row.name,
        "lag": _LAW_NAMES[row.law] if row.law else "",
        "minuter": "" if row.minutes is None else str(row.minutes),
        "måltyp": _GOAL_NAMES.get(row.goal_type, row.goal_type) if row.goal_type else "",
        "digital_klass": row.digital_class.value,
        "prioritet": row.priority.value if row.priority else "",
    }


def key(row: ServiceRow) -> str:
    return row.code.casefold()
