"""What a file wants of a planned contact, in the record's own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from care.contacts.channel import Channel
from care.contacts.facts import Wanted, line_facts
from care.services import Priority, Service


@dataclass(frozen=True, slots=True)
class Wish:
    """A row of the file with every id found. None: the file says nothing."""

    client_id: UUID
    group_id: UUID
    start: datetime
    minutes: int
    window: tuple[datetime, datetime] | None
    channel: Channel | None
    services: tuple[Service, ...]
    staff: tuple[UUID, ...] | None

    @property
    def own_window(self) -> tuple[datetime, datetime]:
        """The window of the file, or the tightest of the services' own."""
        if self.window is not None:
            return self.window
        before = min(service.window_before for service in self.services)
        after = min(service.window_after for service in self.services)
        return self.start - timedelta(minutes=before), self.start + timedelta(minutes=after)

    @property
    def priority(self) -> Priority:
        """The most urgent of the lines'."""
        return min(service.priority for service in self.services)

    @property
    def shares(self) -> list[int]:
        """The row's minutes split over its lines as their standard times are, to the last minute."""
        weights = [max(1, service.standard_minutes) for service in self.services]
        total, shares, given = sum(weights), list[int](), 0
        for upto in range(1, len(weights) + 1):
            share = round(self.minutes * sum(weights[:upto]) / total) - given
            shares.append(share)
            given += share
        return shares

    def wanted(self, contact_id: UUID) -> Wanted:
        """As the rules for calls ask about it."""
        return Wanted(
            self.client_id,
            self.start,
            self.priority,
            max(1, len(self.staff or ())),
            tuple(line_facts(service, None) for service in self.services),
            contact_id,
        )
