"""The rows of one day, read off the plan that comes round: contacts, lines and who does them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from care.contacts.channel import Channel
from care.contacts.contact import Origin
from care.contacts.life import Status
from care.demo.catalogue import BY_CODE
from care.demo.draw import made_id
from care.demo.hours import Hours
from care.demo.order import Order
from care.demo.places import SOURCE
from care.demo.roster import cycle_day
from care.demo.shifts import Duty
from care.demo.town import Town
from care.services import Priority

Rows = defaultdict[str, list[dict[str, Any]]]


def empty() -> Rows:
    """No rows yet, for any table."""
    return defaultdict(list)


@dataclass(frozen=True, slots=True)
class Line:
    id: UUID
    goal: str


@dataclass(slots=True)
class Entry:
    """What matters of one row when it is told what became of it, wherever the row comes from."""

    id: UUID
    client: UUID
    group: UUID
    channel: Channel
    priority: Priority
    owed: date
    start: datetime
    minutes: int
    status: Status
    version: int
    lines: tuple[Line, ...]
    staff: tuple[UUID, ...]
    #: Has been put off from an earlier day.
    put_off: bool = False


def entries(town: Town, day: date, who: Duty, hours: Hours) -> Iterable[tuple[Order, Entry]]:
    """The rows of `day` with their orders, in order of time."""
    for row in town.cycle.rows[cycle_day(day)]:
        order = town.cycle.orders[row.order]
        start = hours(row.start)
        contact = made_id(hours(0), town.seed, "contact", order.no, day)
        yield (
            order,
            Entry(
                contact,
                town.people[order.person].id,
                town.groups[order.area],
                order.channel,
                order.priority,
                day,
                start,
                order.minutes,
                Status.PLANNED,
                1,
                tuple(
                    Line(made_id(hours(0), town.seed, "line", order.no, day, seq), BY_CODE[code].goal)
                    for seq, (code, _) in enumerate(order.lines)
                ),
                tuple(town.workers[who.who(no)].id for no in row.staff),
            ),
        )


def contact_row(town: Town, order: Order, entry: Entry, hours: Hours) -> dict[str, Any]:
    """The row of the table of planned contacts, before anything has happened to it."""
    return {
        "id": entry.id,
        "client_id": entry.client,
        "group_id": entry.group,
        "channel": entry.channel,
        "first_channel": order.channel,
        "origin": Origin.RULE,
        "rule_id": town.rules[order.no],
        "rule_day": entry.owed,
        "owed_date": entry.owed,
        "planned_date": entry.owed,
        # Where the day had no room inside the window, the row has been agreed outside it.
        "window_start": min(hours(order.at - order.window), entry.start),
        "window_end": max(hours(order.at + order.window), entry.start),
        "start": entry.start,
        "minutes": entry.minutes,
        "staff_needed": order.staff,
        "priority": order.priority,
        "status": entry.status,
        "owner_id": entry.staff[0] if entry.staff else None,
        "deadline": None,
        "actual_start": None,
        "actual_end": None,
        "cause": None,
        "touched": False,
        "entered_late": False,
        "replaces_id": None,
        "gathering_id": None,
        "note": None,
        "pinned": False,
        "version": entry.version,
        "source": SOURCE,
        "extern_id": f"R{order.no:04d}-{entry.owed:%Y%m%d}",
    }


def line_rows(town: Town, order: Order, entry: Entry) -> list[dict[str, Any]]:
    """The rows of the table of lines."""
    return [
        {
            "id": line.id,
            "contact_id": entry.id,
            "seq": seq,
            **line_facts(town, order, code, minutes),
        }
        for seq, ((code, minutes), line) in enumerate(zip(order.lines, entry.lines, strict=True))
    ]


def line_facts(town: Town, order: Order, code: str, minutes: int) -> dict[str, Any]:
    """What a line of a row and a line of its rule have in common."""
    service = BY_CODE[code]
    health = service.law.value == "HSL"
    nurse = town.workers[order.ordered_by].id if health and order.ordered_by is not None else None
    allowed = town.workers[order.allowed_by].id if health and order.allowed_by is not None else None
    return {
        "service_id": town.services[code],
        "goal_type": service.goal,
        "law": service.law,
        "minutes": minutes,
        "ordered_by_id": nurse,
        "digital_allowed_by_id": allowed,
    }


def assignment_rows(town: Town, entry: Entry) -> list[dict[str, Any]]:
    """The rows of the table of assignments."""
    return [
        {
            "id": town.made("assignment", entry.id, slot),
            "contact_id": entry.id,
            "staff_id": staff,
            "slot": slot,
        }
        for slot, staff in enumerate(entry.staff, start=1)
    ]
