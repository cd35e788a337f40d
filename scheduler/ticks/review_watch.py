"""*review watch*: consents and tablets whose day of asking again has come stand before a person."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.clients import CareScope, Client
from care.clock import Clock
from care.consent import Consent
from care.devices import Device, DeviceAssignment
from care.storage.database import Database
from care.suitability import Suitability, latest
from care.tasks import Task, TaskKind, open_task

#: Time to ask once the day has come.
ASK_WITHIN = timedelta(days=7)


async def review_watch(database: Database, clock: Clock) -> int:
    """Make the tasks of today; how many. Each review day makes one task, also when it has been closed."""
    now, today = clock.now(), clock.today()
    async with database.read() as session:
        waiting = [one for one in await _due(session, now, today) if not await _was_made(session, *one)]
    count = 0
    for kind, client, facts in waiting:
        async with database.write() as session:
            task = await open_task(
                session,
                kind,
                group_id=client.group_id,
                at=now,
                deadline=now + ASK_WITHIN,
                once_key=_key(kind, facts),
                client_id=client.id,
                facts=facts,
            )
        count += task is not None
    return count


async def _due(
    session: AsyncSession, now: datetime, today: date
) -> list[tuple[TaskKind, Client, dict[str, Any]]]:
    found: list[tuple[TaskKind, Client, dict[str, Any]]] = []
    later = aliased(Consent)
    consents = await session.execute(
        select(Consent, Client)
        .join(Client, Client.id == Consent.client_id)
        .where(
            Consent.review_on <= today,
            Consent.withdrawn_at.is_(None),
            Client.care_scope != CareScope.ENDED,
            # A later answer about the same thing takes its place.
            ~select(later.id)
            .where(
                later.client_id == Consent.client_id,
                later.kind == Consent.kind,
                later.person == Consent.person,
                later.id > Consent.id,
            )
            .exists(),
        )
        .order_by(Consent.id)
    )
    for consent, client in consents:
        if consent.review_due(now, today):
            facts = _facts(consent.id, consent.review_on) | {"kind": consent.kind.value}
            found.append((TaskKind.REVIEW_CONSENT, client, facts))
    has_tablet = (
        select(DeviceAssignment.id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(
            DeviceAssignment.client_id == Client.id,
            DeviceAssignment.end.is_(None),
            Device.revoked_at.is_(None),
        )
        .exists()
    )
    due = select(Suitability.id).where(Suitability.client_id == Client.id, Suitability.review_on <= today)
    clients = list(
        await session.scalars(
            select(Client)
            .where(due.exists(), has_tablet, Client.care_scope != CareScope.ENDED)
            .order_by(Client.id)
        )
    )
    last = await latest(session, [client.id for client in clients])
    for client in clients:
        one = last[client.id]
        if one.review_on <= today:
            found.append((TaskKind.REVIEW_TABLET, client, _facts(one.id, one.review_on)))
    return found


def _facts(about: UUID, day: date | None) -> dict[str, Any]:
    return {"about": str(about), "review_on": day.isoformat() if day else None}


def _key(kind: TaskKind, facts: dict[str, Any]) -> str:
    return f"{kind.value}:{facts['about']}:{facts['review_on']}"


async def _was_made(session: AsyncSession, kind: TaskKind, client: Client, facts: dict[str, Any]) -> bool:
    made = await session.scalars(select(Task.facts).where(Task.kind == kind, Task.client_id == client.id))
    return any(_key(kind, one) == _key(kind, facts) for one in made if "about" in one)
