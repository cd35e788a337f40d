"""Tells what became of a day's rows up to an instant, and gathers the rows that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.demo.absences import Away
from care.demo.cycle import Spare
from care.demo.day import Entry, Rows
from care.demo.devices import device_id, exchanged_at
from care.demo.hours import Hours
from care.demo.outcomes import Moved, Outcome, outcome
from care.demo.roster import cycle_day
from care.demo.shifts import Duty, duty
from care.demo.town import Town
from care.demo.traces import REASONS, Step, changes, history_row, leave

#: The number of the line of history that says a row was put off: clear of those of its steps.
POSTPONED = 100


@dataclass(slots=True)
class Past:
    """What the telling needs to know of the town at `now`, and what has been used up."""

    town: Town
    now: datetime
    away: Sequence[Away]
    #: Client → the device that stands there now; by default the pretended tablets.
    tablets: dict[UUID, UUID]
    #: Client → the device that was taken away the day before the first.
    old_tablets: dict[UUID, UUID]
    #: Spare times that are taken: (worker, start).
    taken: set[tuple[UUID, datetime]] = field(default_factory=set)
    #: Days after which nobody was away from work (they had not happened when the plan was made).
    absences_until: date | None = None

    def is_away(self, client: UUID, instant: datetime) -> bool:
        return any(away.client == client and away.covers(instant) for away in self.away)

    def has_passed(self, entry: Entry) -> bool:
        return entry.start + timedelta(minutes=entry.minutes) <= self.now

    def duty(self, day: date) -> Duty:
        known = self.absences_until is not None and day < self.absences_until
        return duty(self.town, day, absences=known)


def tell(past: Past, rows: Rows, entry: Entry, ring: int, area: int | None) -> dict[str, Any]:
    """What became of `entry`: its changed columns. Traces are added to `rows`.

    `ring` is how far out the home lies (2: too far to be fitted in on another day), `area` its group's place.
    """
    town = past.town
    tablet = past.tablets.get(entry.client)
    if tablet is None and entry.start < exchanged_at(town):
        tablet = past.old_tablets.get(entry.client)
    result = outcome(
        town.seed,
        entry,
        away=past.is_away(entry.client, entry.start),
        tablet=tablet is not None,
        later=lambda one: None if ring == 2 or area is None else _later(past, one, area),
    )
    if isinstance(result, Moved):
        return _put_off(past, rows, entry, result)
    rings = tuple(replace(ring, device=tablet) for ring in result.rings)
    leave(town.seed, rows, entry, replace(result, rings=rings))
    return changes(entry, result)


def _later(past: Past, entry: Entry, area: int) -> Moved | None:
    """The first spare time the next day that is long enough and not taken."""
    day = entry.owed + timedelta(days=1)
    hours, who = Hours(day), past.duty(day)
    slots: Iterable[Spare] = past.town.cycle.spare[cycle_day(day)][area]
    for slot in slots:
        worker = past.town.workers[who.who(slot.worker)].id
        start = hours(-(-slot.start // 5) * 5)
        fits = start + timedelta(minutes=entry.minutes) <= hours(slot.end)
        if fits and (worker, start) not in past.taken and not past.is_away(entry.client, start):
            past.taken.add((worker, start))
            return Moved(day, start, (worker,))
    return None


def _put_off(past: Past, rows: Rows, entry: Entry, moved: Moved) -> dict[str, Any]:
    """The row stands on another day; it is owed on the first one all the same."""
    told = entry.start - timedelta(minutes=30)
    change = {
        "start": [entry.start.isoformat(), moved.start.isoformat()],
        "planned_date": [entry.owed.isoformat(), moved.day.isoformat()],
        "staff": [[str(one) for one in entry.staff], [str(one) for one in moved.staff]],
    }
    step = Step(told, "postponed", entry.status, entry.status, REASONS[Cause.STAFF_SHORT], change)
    rows["contact_history"].append(history_row(past.town.seed, entry, POSTPONED, step))
    entry.staff, entry.start, entry.version = moved.staff, moved.start, entry.version + 1
    columns: dict[str, Any] = {
        "planned_date": moved.day,
        "start": moved.start,
        "window_start": moved.start - timedelta(minutes=60),
        "window_end": moved.start + timedelta(minutes=60),
        "owner_id": moved.staff[0],
        "touched": True,
        "version": entry.version,
        "staff": entry.staff,
    }
    if past.has_passed(entry):
        done = Outcome(
            (Status.UNDERWAY, Status.DONE), moved.start, moved.start + timedelta(minutes=entry.minutes - 3)
        )
        leave(past.town.seed, rows, entry, done)
        columns |= changes(entry, done)
    return columns


def under_way(past: Past, entry: Entry) -> dict[str, Any]:
    """A visit that has begun and is not over: somebody is there."""
    if entry.channel is not Channel.PHYSICAL or entry.start > past.now or not entry.staff:
        return {}
    if past.is_away(entry.client, entry.start):
        return {}
    return {"status": Status.UNDERWAY, "actual_start": entry.start, "version": entry.version + 1}


def pretended_tablets(town: Town) -> dict[UUID, UUID]:
    """Client → device, as planted."""
    homes = town.homes
    return {town.people[no].id: device_id(town, no) for no in homes.tablets if no not in homes.exchanged}


def old_tablets(town: Town) -> dict[UUID, UUID]:
    """Client → the device that stood there until the day before the first."""
    return {town.people[no].id: device_id(town, no, old=True) for no in town.homes.exchanged}
