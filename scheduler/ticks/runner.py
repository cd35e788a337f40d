"""Runs the ticks of one node. APScheduler only says when; what is done, once, is decided in the tables."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from care.clock import Clock
from care.storage.database import Database
from scheduler.horizon import horizon
from scheduler.ticks.alert_watch import alert_watch
from scheduler.ticks.day_end import day_end
from scheduler.ticks.device_watch import device_watch
from scheduler.ticks.due import due
from scheduler.ticks.escalation import escalation
from scheduler.ticks.hand_over_watch import hand_over_watch
from scheduler.ticks.log_sample import log_sample
from scheduler.ticks.marks import mark
from scheduler.ticks.no_answer import no_answer
from scheduler.ticks.notice_watch import notice_watch
from scheduler.ticks.presence import presence
from scheduler.ticks.retention import retention
from scheduler.ticks.review_watch import review_watch
from scheduler.ticks.task_watch import task_watch

log = logging.getLogger("samtid.ticks")

Work = Callable[[Database, Clock], Awaitable[int]]

#: Seconds between two runs. Looking costs one small question when there is nothing to do.
EVERY: dict[str, tuple[Work, float]] = {
    "presence": (presence, 20),
    "due": (due, 2),
    "no_answer": (no_answer, 2),
    "escalation": (escalation, 5),
    "device_watch": (device_watch, 30),
    "notice_watch": (notice_watch, 15),
    "task_watch": (task_watch, 10),
    "hand_over_watch": (hand_over_watch, 10),
    "alert_watch": (alert_watch, 5),
    "horizon": (horizon, 3600),
    # At midnight somebody's last day may be over while a page of theirs is open.
    "day_end": (day_end, 15),
    "retention": (retention, 3600),
    "review_watch": (review_watch, 3600),
    "log_sample": (log_sample, 3600),
}
#: A node is not ready when one of its ticks is this late (design 4).
LATE = 60.0
#: Ticks that did nothing leave a mark at most this often.
_MARK_EVERY = 60.0


@dataclass(slots=True)
class TickHealth:
    """How one tick fares on this node."""

    name: str
    every: float
    #: Seconds since its last good run; since the start when there was none.
    since: float
    runs: int
    failures: int
    #: True while its latest run failed.
    failing: bool

    @property
    def late(self) -> float:
        """Seconds beyond its turn; 0 when in time."""
        return max(0.0, self.since - self.every)


@dataclass(slots=True)
class _State:
    good: float
    marked: float = float("-inf")
    runs: int = 0
    failures: int = 0
    failing: bool = False


class Ticker:
    """``await start()`` before the server listens, ``await stop()`` when it ends."""

    def __init__(
        self, database: Database, clock: Clock, every: dict[str, tuple[Work, float]] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = EVERY if every is None else every
        self._scheduler: AsyncIOScheduler | None = None
        self._states: dict[str, _State] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Find out at once whether the system was away, then begin; every tick runs first right away."""
        began = time.monotonic()
        self._states = {name: _State(began) for name in self._every}
        if "presence" in self._every:
            await self._run("presence")
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        for name, (_, seconds) in self._every.items():
            self._scheduler.add_job(
                self._tick,
                "interval",
                args=[name],
                id=name,
                seconds=seconds,
                next_run_time=datetime.now(UTC),
                # A run that takes long, or a laptop that slept, is followed by one run and not by many.
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Begin nothing more, and let what is running come to its end."""
        if self._scheduler is not None:
            self._scheduler.pause()
            if self._running:
                await asyncio.gather(*self._running, return_exceptions=True)
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def health(self) -> list[TickHealth]:
        """One for each tick. Empty before the start."""
        now = time.monotonic()
        return [
            TickHealth(
                name, self._every[name][1], now - state.good, state.runs, state.failures, state.failing
            )
            for name, state in self._states.items()
        ]

    def late(self) -> str | None:
        """The name of a tick that is more than a minute late, the latest first; None when all are in time."""
        slow = [one for one in self.health() if one.late > LATE]
        return max(slow, key=lambda one: one.late).name if slow else None

    async def _tick(self, name: str) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._running.add(task)
        try:
            await self._run(name)
        finally:
            self._running.discard(task)

    async def _run(self, name: str) -> None:
        """One run. A tick that fails is told of, and tried again at its next turn."""
        state, work = self._states[name], self._every[name][0]
        state.runs += 1
        try:
            count = await work(self._database, self._clock)
            now = time.monotonic()
            if name != "presence" and (count or now - state.marked >= _MARK_EVERY):
                async with self._database.write() as session:
                    await mark(session, name, self._clock.now())
                state.marked = now
        except Exception:
            state.failures += 1
            state.failing = True
            log.exception("tick %s failed", name)
            return
        state.good, state.failing = time.monotonic(), False
        if count:
            log.info("tick %s acted on %d", name, count)
