"""What one side measures of its calls, every five seconds: gathered here, written now and then.

A server that is killed loses the last minute of figures and nothing else. Nothing of a person is among them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from care.calls import course
from care.calls.call import Call, CallQuality
from care.calls.series import Point, summary, thinned
from care.calls.trouble import Trouble
from server.calls.in_call import Sample

if TYPE_CHECKING:
    from server.calls.side import Side

log = logging.getLogger("samtid.calls")

#: How often what has been gathered is written.
EVERY = timedelta(seconds=60)
#: Samples come every five seconds: more of them than this a minute are not kept.
MOST_A_MINUTE = 30


@dataclass(slots=True)
class _Gathered:
    """Of one call, since it was last written."""

    since: datetime
    points: list[Point] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.points or self.facts or self.troubles)


class Sampling:
    """The samples of one socket."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._calls: dict[UUID, _Gathered] = {}
        #: What the path of a call runs on, as last heard.
        self.protocols: dict[UUID, str] = {}

    def _of(self, call: UUID) -> _Gathered:
        return self._calls.setdefault(call, _Gathered(self._side.clock.now()))

    async def take(self, message: Sample) -> None:
        """One sample of a call that this side sits in. Raises `Fault` ``call.unknown``."""
        self._side.seat(message.call)
        gathered = self._of(message.call)
        if len(gathered.points) < MOST_A_MINUTE:
            point = (
                message.round_trip_ms,
                message.loss_percent,
                message.jitter_ms,
                message.freezes,
                message.kilobits,
            )
            gathered.points.append([self._side.clock.now().timestamp(), *map(_short, point)])
        facts = {name: getattr(message, name) for name in ("path", "protocol", "ice_ms", "dtls_ms")}
        if message.protocol is not None:
            self.protocols[message.call] = message.protocol
        gathered.facts |= {name: value for name, value in facts.items() if value is not None}
        if self._side.clock.now() - gathered.since >= EVERY:
            await self.write(message.call)

    async def note(self, call: UUID, what: Trouble) -> None:
        """The side has found something wrong with itself: written at once, because a cause may hang on it."""
        self._of(call).troubles.append(what)
        await self.write(call)

    def know(self, call: UUID, **facts: Any) -> None:
        self._of(call).facts |= facts

    async def write(self, call: UUID) -> None:
        """Write what has been gathered of `call`."""
        gathered = self._calls.pop(call, None)
        if gathered is None or gathered.is_empty:
            return
        side = self._side
        async with side.database.write() as session:
            found = await session.get(Call, call)
            if found is None:
                return
            row = await session.scalar(
                select(CallQuality).where(CallQuality.call_id == call, CallQuality.role == side.role).limit(1)
            )
            begun = (found.answered_at or found.rung_at).timestamp()
            points = [[max(0, round((at or 0) - begun)), *rest] for at, *rest in gathered.points]
            series = thinned([*(row.series if row else ()), *points])
            before = row.troubles if row else []
            news = dict.fromkeys([*before, *(one.value for one in gathered.troubles)])
            # What the side tells itself at the end, of the whole call, goes before what is reckoned here.
            is_told = found.ended_at is not None and row is not None and row.kilobits is not None
            figures = {} if is_told else summary(series)
            await course.measure(
                session, found, side.role, series=series, troubles=list(news), **figures, **gathered.facts
            )

    async def write_all(self) -> None:
        """Write what is left of every call. Figures that cannot be written are lost, and nothing else."""
        try:
            for call in list(self._calls):
                await self.write(call)
        except Exception:
            log.exception("the figures of a call could not be written")


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
