"""When a row that has not happened goes before a person: by its timing, or for want of another's word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.elsewhere import read_in_by, system_of
from care.contacts.sweep import Row
from scheduler.ticks.timing import Timing


def deadline_of(
    row: Row | PlannedContact,
    timing: Timing,
    zone: ZoneInfo,
    elsewhere: Mapping[UUID, str],
    *,
    start: datetime | None = None,
    channel: Channel | None = None,
) -> datetime:
    """The deadline of `row`, or what it would be at another `start` or in another `channel`.

    `elsewhere` is `care.contacts.elsewhere.systems`: silence here says nothing of what is registered there.
    """
    start, channel = start or row.start, channel or row.channel
    if system_of(channel, row.group_id, elsewhere) is not None:
        return read_in_by(max(start, row.window_end), zone)
    return timing.deadline(
        channel=channel,
        priority=row.priority,
        start=start,
        window_end=row.window_end,
        zone=zone,
    )
