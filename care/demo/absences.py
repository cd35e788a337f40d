"""When clients are away: hospital, travel, relief. Drawn day by day, so that new days bring new ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from care.clients import AbsenceKind
from care.demo.draw import chances, made_id
from care.demo.hours import Hours
from care.demo.town import Town

#: Chance that somebody goes away on a day.
A_DAY = 0.14
LONGEST = 12
#: kind, share, days from–to
KINDS = (
    (AbsenceKind.HOSPITAL, 0.6, 2, 9),
    (AbsenceKind.TRAVEL, 0.75, 2, 5),
    (AbsenceKind.RELIEF, 0.9, 5, 7),
    (AbsenceKind.DAY_CENTRE, 1.0, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Away:
    """One absence, as it turned out."""

    id: UUID
    person: int
    client: UUID
    kind: AbsenceKind
    start: datetime
    end: datetime

    def covers(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def known_end(self, now: datetime) -> datetime | None:
        """Nobody knows when somebody comes home from hospital until they do."""
        return None if self.kind is AbsenceKind.HOSPITAL and now < self.end else self.end

    def row(self, now: datetime) -> dict[str, Any]:
        return {"id": self.id, "client_id": self.client, "kind": self.kind, "start": self.start,
                "end": self.known_end(now)}  # fmt: skip


def absences(town: Town, first: date, last: date) -> list[Away]:
    """Absences that begin on `first`–`last`, both included."""
    homes = [p for p in town.active if not p.is_protected and p.no not in town.homes.exchanged]
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        draw = chances(town.seed, "absence", day)
        if draw[0] >= A_DAY:
            continue
        person = homes[int(draw[1] * len(homes))]
        kind, _, least, most = next(k for k in KINDS if draw[2] < k[1])
        hours = Hours(day)
        start = hours(480 + 5 * int(draw[3] * 60))
        length = least + int(draw[4] * (most - least + 1))
        end = Hours(day + timedelta(days=length))(900 + 5 * int(draw[5] * 36)) if length else hours(960)
        found.append(Away(made_id(start, town.seed, "absence", day), person.no, person.id, kind, start, end))
    return found
