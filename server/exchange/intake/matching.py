"""Which planned contact a performed visit was, when the file names none: by staff and time, never by a guess.

Pure. A visit and a contact belong together when each is the other's nearest, clearly: the next best on either
side is at least `CLEARLY` further away. First among contacts that were given to one of those who came; then,
where a substitute came, the one contact that is left within reach. What stays open is for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

#: How far from its planned start a visit may have been begun and still be that visit: 120 minutes.
NEAR = timedelta(minutes=120)
#: By how much the nearest must be nearer than the next.
CLEARLY = timedelta(minutes=10)
#: Two who do a visit together begin within this of each other.
TOGETHER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Visit:
    """A line of the file: when it began and who was there, if that is said."""

    line: int
    start: datetime
    staff: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Planned:
    """A contact of the same client, when it was to begin and whom it was given to."""

    id: UUID
    start: datetime
    staff: frozenset[UUID]
    #: How many do it together.
    places: int = 1


@dataclass(frozen=True, slots=True)
class Open:
    """What no contact could be found for, and those that it may have been: none, or several."""

    visit: Visit
    perhaps: tuple[Planned, ...]


@dataclass(slots=True)
class _Matching:
    contacts: Sequence[Planned]
    #: Who has been there according to the file, by contact.
    claims: dict[UUID, list[Visit]]
    found: dict[int, UUID] = field(default_factory=dict)

    def has_place(self, visit: Visit, contact: Planned) -> bool:
        """A contact is done once; by two together when it was planned for two."""
        claimed = self.claims.get(contact.id, [])
        persons = sum(len(one.staff) or 1 for one in claimed) + (len(visit.staff) or 1)
        return not claimed or (
            persons <= contact.places
            and not any(one.staff & visit.staff or not one.staff for one in claimed)
            and bool(visit.staff)
            and all(abs(one.start - visit.start) <= TOGETHER for one in claimed)
        )

    def perhaps(self, visit: Visit) -> list[Planned]:
        """The contacts within reach that are not done, the nearest first."""
        near = [
            one
            for one in self.contacts
            if abs(one.start - visit.start) <= NEAR and self.has_place(visit, one)
        ]
        return sorted(near, key=lambda one: (abs(one.start - visit.start), one.id))

    def given(self, visit: Visit) -> list[Planned]:
        """Those of `perhaps` that were given to one of those who came; all, where nobody is named."""
        return [one for one in self.perhaps(visit) if not visit.staff or visit.staff & one.staff]

    def claim(self, visit: Visit, contact: Planned) -> None:
        self.claims.setdefault(contact.id, []).append(visit)
        self.found[visit.line] = contact.id


def match(
    visits: Sequence[Visit], contacts: Sequence[Planned], known: Mapping[UUID, Sequence[Visit]]
) -> tuple[dict[int, UUID], list[Open]]:
    """The contact of each line, and what stays open. All are of one client; `known` are claimed already."""
    matching = _Matching(contacts, {key: list(told) for key, told in known.items()})
    waiting = sorted(visits, key=lambda one: (one.start, one.line))
    while (pair := _next(matching, waiting)) is not None:
        visit, contact = pair
        matching.claim(visit, contact)
        waiting.remove(visit)
    return matching.found, [Open(one, tuple(matching.perhaps(one))) for one in waiting]


def _next(matching: _Matching, waiting: Sequence[Visit]) -> tuple[Visit, Planned] | None:
    for visit in waiting:
        given = matching.given(visit)
        if given and _is_clear(visit, given) and not _is_wanted(matching, visit, given[0], waiting):
            return visit, given[0]
    for visit in waiting:
        perhaps = matching.perhaps(visit)
        # A substitute came, or the visit was given away: only where nothing else can be meant.
        if len(perhaps) == 1 and not any(
            one is not visit and perhaps[0] in matching.perhaps(one) and not _together(one, visit, perhaps[0])
            for one in waiting
        ):
            return visit, perhaps[0]
    return None


def _is_clear(visit: Visit, given: Sequence[Planned]) -> bool:
    distances = [abs(one.start - visit.start) for one in given[:2]]
    return len(distances) < 2 or distances[1] - distances[0] >= CLEARLY


def _is_wanted(matching: _Matching, visit: Visit, contact: Planned, waiting: Sequence[Visit]) -> bool:
    """Whether another line may as well have been that contact."""
    own = abs(contact.start - visit.start)
    return any(
        abs(contact.start - other.start) < own + CLEARLY
        for other in waiting
        if other is not visit and contact in matching.given(other) and not _together(other, visit, contact)
    )


def _together(one: Visit, other: Visit, contact: Planned) -> bool:
    """Two lines of one visit that was planned for two."""
    return (
        bool(one.staff and other.staff)
        and not one.staff & other.staff
        and len(one.staff | other.staff) <= contact.places
        and abs(one.start - other.start) <= TOGETHER
    )
