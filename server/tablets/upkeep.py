"""What somebody must see to at a tablet, as tasks: one of each kind, closed by the tablet when it is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.devices import Device
from care.tasks import Task, TaskKind, close_task, open_task, standing_task, tell_task
from server.tablets.condition import Power, asleep, power, troubles

#: How long the touch of a finger may take before somebody must go there or ring.
TOUCH_WITHIN = timedelta(minutes=30)
#: A charger can wait for who comes there anyway; with little left it cannot wait long.
CHARGER_WITHIN = timedelta(hours=8)
LOW_WITHIN = timedelta(hours=1)
#: Settings are put right by day, by who knows them.
AWAKE_WITHIN = timedelta(hours=8)
WELL = "tablet_well"


async def see_to_tasks(
    session: AsyncSession, device: Device, here: Sequence[Client], before: Mapping[str, Any], now: datetime
) -> None:
    """Make, change or close the tasks about `device`, which has just told its health, before it `before`."""
    health, at = device.health, _Tablet(session, device, here, now)
    found = troubles(health)
    await at.see_to(TaskKind.TABLET_SOUND, {"troubles": found} if found else None, TOUCH_WITHIN)
    standing = power(health)
    # A page that no longer tells of its battery has not been given a charger.
    if standing is not Power.UNKNOWN:
        facts = {"level": health["battery"]["level"]} if standing.needs_charger else None
        within = LOW_WITHIN if standing is Power.LOW else CHARGER_WITHIN
        await at.see_to(TaskKind.TABLET_POWER, facts, within)
    await _see_to_sleep(at, before)


async def _see_to_sleep(at: _Tablet, before: Mapping[str, Any]) -> None:
    """What lies over the page may go away by itself; a page that was put to sleep will be again."""
    health = at.device.health
    slept = health.get("slept")
    is_new = bool(slept) and slept != before.get("slept")
    task = await at.standing(TaskKind.TABLET_ASLEEP)
    if task is not None and task.facts.get("seconds") and not is_new:
        return
    facts = {"seconds": slept["seconds"], "at": slept["at"]} if slept and is_new else None
    if facts is None and (why := asleep(health)):
        facts = {"why": why}
    await at.see_to(TaskKind.TABLET_ASLEEP, facts, AWAKE_WITHIN)


@dataclass(frozen=True, slots=True)
class _Tablet:
    session: AsyncSession
    device: Device
    here: Sequence[Client]
    now: datetime

    def key(self, kind: TaskKind) -> str:
        return f"{kind.value}:{self.device.id}"

    async def standing(self, kind: TaskKind) -> Task | None:
        return await standing_task(self.session, self.key(kind))

    async def see_to(self, kind: TaskKind, facts: dict[str, Any] | None, within: timedelta) -> None:
        """`facts` are what is wrong; None closes what stands."""
        task = await self.standing(kind)
        if task is None:
            if facts is not None and self.here:
                await self._open(kind, facts, within)
        elif facts is None:
            # The tablet is well again: that is the outcome.
            await close_task(self.session, task, WELL, at=self.now)
        elif any(task.facts.get(name) != value for name, value in facts.items()):
            task.facts = {**task.facts, **facts}
            hurries = self.now + within < task.deadline
            task.deadline = min(task.deadline, self.now + within)
            await self.session.flush()
            if hurries:
                await tell_task(self.session, task, self.now)

    async def _open(self, kind: TaskKind, facts: dict[str, Any], within: timedelta) -> None:
        await open_task(
            self.session,
            kind,
            group_id=self.here[0].group_id,
            at=self.now,
            deadline=self.now + within,
            once_key=self.key(kind),
            client_id=self.here[0].id,
            device_id=self.device.id,
            facts={**facts, "device": self.device.label},
        )
