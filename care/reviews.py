"""What is to be asked about again on a day that has come: consents, and whether a tablet suits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import CareScope, Client
from care.consent import Consent
from care.devices import Device, DeviceAssignment
from care.ids import read_id
from care.suitability import latest
from care.tasks import Task, TaskKind, close_task

#: How long an answer stands before it is asked about again, unless somebody says otherwise.
CONSENT_STANDS = timedelta(days=365)
SUITABILITY_STANDS = timedelta(days=182)


async def close_reviews(
    session: AsyncSession, kind: TaskKind, about: UUID, outcome: str, *, at: datetime, account_id: UUID | None
) -> None:
    """The consent or assessment `about` has been asked about: its open tasks are done."""
    for task in await session.scalars(select(Task).where(Task.kind == kind, Task.closed_at.is_(None))):
        if task.facts.get("about") == str(about):
            await close_task(session, task, outcome, at=at, account_id=account_id)


async def is_asked_again(session: AsyncSession, task: Task, now: datetime, today: date) -> bool:
    """Whether a consent or an assessment needs no answer any more: it was given, or it holds no longer.

    True for every other kind of task.
    """
    if task.kind not in {TaskKind.CONFIRM_CONSENT, TaskKind.REVIEW_CONSENT, TaskKind.REVIEW_TABLET}:
        return True
    client = await session.get(Client, task.client_id) if task.client_id else None
    if client is None or client.care_scope is CareScope.ENDED:
        return True
    if task.kind is TaskKind.CONFIRM_CONSENT:
        return not await waits_for_word(session, client.id)
    if task.kind is TaskKind.REVIEW_CONSENT:
        return await _consent_asked(session, task, now, today)
    last = (await latest(session, [client.id])).get(client.id)
    return last is None or last.review_on > today or not await _has_tablet(session, client.id)


async def waits_for_word(session: AsyncSession, client_id: UUID) -> bool:
    """Whether a consent from a file waits to be confirmed, or taken back."""
    found = await session.scalar(
        select(Consent.id)
        .where(
            Consent.client_id == client_id,
            Consent.confirmed_at.is_(None),
            Consent.withdrawn_at.is_(None),
            Consent.refused.is_(False),
        )
        .limit(1)
    )
    return found is not None


async def _consent_asked(session: AsyncSession, task: Task, now: datetime, today: date) -> bool:
    about = read_id(str(task.facts.get("about")))
    consent = await session.get(Consent, about) if about else None
    if consent is None or not consent.review_due(now, today):
        return True
    later = select(Consent.id).where(
        Consent.client_id == consent.client_id,
        Consent.kind == consent.kind,
        Consent.person == consent.person,
        Consent.id > consent.id,
    )
    return await session.scalar(later.limit(1)) is not None


async def _has_tablet(session: AsyncSession, client_id: UUID) -> bool:
    found = await session.scalar(
        select(DeviceAssignment.id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(
            DeviceAssignment.client_id == client_id,
            DeviceAssignment.end.is_(None),
            Device.revoked_at.is_(None),
        )
        .limit(1)
    )
    return found is not None
