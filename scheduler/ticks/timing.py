"""How long things may take before somebody is told. Defaults, changed by the municipality's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Risk
from care.contacts.channel import Channel
from care.localtime import SWEDEN, at, to_wall
from care.municipality import Municipality
from care.services import Priority

#: Where in the municipality's settings these stand: ``{"timing": {"call_grace": 15}}``.
SETTING = "timing"
DAY_ENDS = time(21, 30)
_LONGEST = 24 * 60
_CALLS = frozenset({Channel.VIDEO, Channel.PHONE})
_EXTERNAL = frozenset({Channel.DEVICE, Channel.CAMERA_CHECK})


@dataclass(frozen=True, slots=True)
class Timing:
    """Minutes, all of them, but `day_ends`."""

    #: A row becomes due, and worker and tablet are reminded, this long before its start.
    lead: int = 10
    #: After the start of a call or reminder, whatever its priority.
    call_grace: int = 10
    #: After the window of a visit of P1 or P2: until then it is as agreed.
    safety_grace: int = 10
    #: After the window of everything else.
    other_grace: int = 60
    #: Who was told on a closed phone has so long to answer; then the next is told.
    alert_answer: int = 5
    #: Local time when the working day ends: visits of P3 and P4 wait until then.
    day_ends: time = DAY_ENDS

    def deadline(
        self,
        *,
        channel: Channel,
        priority: Priority,
        start: datetime,
        window_end: datetime,
        zone: ZoneInfo = SWEDEN,
    ) -> datetime:
        """When a row that has not happened goes to *Behöver en människa*."""
        if channel is Channel.PROMPT:
            # "Inte nu" moves the start by five minutes; it must not move the deadline for ever.
            put_off = window_end < start <= window_end + timedelta(hours=1)
            return (window_end if put_off else start) + timedelta(minutes=self.call_grace)
        if channel in _CALLS:
            return start + timedelta(minutes=self.call_grace)
        after_window = window_end + timedelta(minutes=self.other_grace)
        if channel in _EXTERNAL:
            return after_window
        if priority.is_safety:
            return max(start, window_end) + timedelta(minutes=self.safety_grace)
        return max(after_window, at(to_wall(start, zone).date(), self.day_ends, zone))


#: How soon a red row is looked at again, by how fast somebody must go there.
LOOK_AGAIN = {
    Risk.HIGH: timedelta(minutes=5),
    Risk.NORMAL: timedelta(minutes=15),
    Risk.LOW: timedelta(hours=1),
}
#: What is red since long is brought up less often.
OLD_AFTER = timedelta(hours=12)
LOOK_AGAIN_OLD = timedelta(hours=12)
#: A row under way is asked after this long past its planned length.
UNDERWAY_GRACE = timedelta(minutes=60)


async def read_timing(session: AsyncSession) -> Timing:
    """The municipality's timing; a value that makes no sense is left at its default."""
    settings = await session.scalar(select(Municipality.settings).limit(1))
    return timing_from((settings or {}).get(SETTING) or {})


def timing_from(given: Mapping[str, Any]) -> Timing:
    """`given` over the defaults: whole minutes from 1 to a day, ``day_ends`` as ``21:30``."""
    values: dict[str, Any] = {}
    for known in fields(Timing):
        value = given.get(known.name)
        if known.name == "day_ends":
            try:
                values["day_ends"] = time.fromisoformat(value) if value else DAY_ENDS
            except (TypeError, ValueError):
                continue
        elif isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST:
            values[known.name] = value
    return Timing(**values)
