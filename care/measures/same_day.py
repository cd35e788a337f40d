"""Share of contacts done the same day (domain 57): done that day / owed that day.

Owed are the contacts whose `owed_date` is the day: planned when it began, or added during it. Taken out
are those that the client declined before the start, and those cancelled because the client was away or
because nothing was owed any more (the rule ended, consent was withdrawn). A moved or postponed contact
stays in: postponing changes `planned_date` alone. A replaced row and its successors count once, on the
first row's day and in its group, and are done when every last row of the chain is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.measures.hiding import Share

#: Causes of a cancelled row after which nothing was owed.
NOT_OWED = frozenset({Cause.CLIENT_AWAY, Cause.RULE_ENDED, Cause.RULE_CHANGED, Cause.CONSENT_WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Row:
    """What the measure looks at of one planned contact."""

    id: UUID
    group_id: UUID
    owed_date: date
    status: Status
    cause: str | None
    channel: Channel
    first_channel: Channel
    actual_start: datetime | None
    replaces_id: UUID | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One owed contact (a chain counted once)."""

    group_id: UUID
    day: date
    channel: Channel
    was_moved: bool
    done_same_day: bool


def is_owed(row: Row) -> bool:
    """False when the row was never, or is no longer, owed to the client."""
    if row.status is Status.DECLINED:
        return False
    return not (row.status is Status.CANCELLED and row.cause in NOT_OWED)


def count(rows: Iterable[Row], zone: ZoneInfo) -> list[Counted]:
    """Every owed contact once. `rows` holds whole chains: successors share their first row's day."""
    by_id = {row.id: row for row in rows}
    successors: dict[UUID, list[Row]] = defaultdict(list)
    for row in by_id.values():
        if row.replaces_id is not None and row.replaces_id in by_id:
            successors[row.replaces_id].append(row)
    counted = []
    for root in by_id.values():
        if root.replaces_id is not None and root.replaces_id in by_id:
            continue
        leaves = list(_leaves(root, successors))
        owed = [leaf for leaf in leaves if is_owed(leaf)]
        if not owed:
            continue
        digital = [leaf for leaf in owed if leaf.channel.is_digital]
        counted.append(
            Counted(
                root.group_id,
                root.owed_date,
                (digital or owed)[0].channel if len(digital) == len(owed) else Channel.PHYSICAL,
                bool(digital) and root.first_channel is Channel.PHYSICAL,
                all(_done_on(leaf, root.owed_date, zone) for leaf in owed),
            )
        )
    return counted


def _leaves(row: Row, successors: dict[UUID, list[Row]]) -> Iterable[Row]:
    following = successors.get(row.id)
    if row.status is not Status.REPLACED or not following:
        yield row
        return
    for one in following:
        yield from _leaves(one, successors)


def _done_on(row: Row, day: date, zone: ZoneInfo) -> bool:
    return (
        row.status.is_done
        and row.actual_start is not None
        and row.actual_start.astimezone(zone).date() == day
    )


@dataclass(frozen=True, slots=True)
class SameDay:
    """The measure and its parts. Parts: a contact is physical or digital; moved ones are digital too."""

    total: Share
    physical: Share
    digital: Share
    moved: Share


def measure(counted: Iterable[Counted]) -> SameDay:
    """Sum up `counted`."""
    sums = {"total": [0, 0], "physical": [0, 0], "digital": [0, 0], "moved": [0, 0]}
    for one in counted:
        names = ["total", "digital" if one.channel.is_digital else "physical"]
        if one.was_moved:
            names.append("moved")
        for name in names:
            sums[name][0] += one.done_same_day
            sums[name][1] += 1
    return SameDay(**{name: Share(part, whole) for name, (part, whole) in sums.items()})
