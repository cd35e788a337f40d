"""A task about a consent or a tablet is not closed by saying that somebody has asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from care.clients import CareScope, Client
from care.clock import StandingClock
from care.consent import Consent
from care.contacts.step import Hand
from care.devices import Device
from care.errors import Fault
from care.ids import new_id
from care.storage.database import Database
from care.suitability import Suitability, Suits
from care.tasks import Task, TaskKind, open_task
from scheduler.resolving import finish_task
from scheduler.ticks.review_watch import review_watch
from tests.builders import make_client, make_consent, make_tablet, make_town

HAND = Hand("tests")
TODAY = date(2026, 12, 1)


async def home(database: Database, clock: StandingClock) -> tuple[Client, Consent, Suitability, Device]:
    """A consent and an assessment whose day has come, with their tasks."""
    async with database.write() as session:
        client = await make_client(session, await make_town(session))
        device = await make_tablet(session, client, last_seen_at=clock.now())
        consent = await make_consent(session, client, review_on=TODAY)
        suits = Suitability(
            id=new_id(), client_id=client.id, suits=Suits.YES, reasons=[], assessed_on=TODAY, review_on=TODAY
        )
        session.add(suits)
    assert await review_watch(database, clock) == 2
    return client, consent, suits, device


async def close(database: Database, clock: StandingClock, kind: TaskKind) -> str | None:
    """What closing answers: the code of the fault, or nothing."""
    async with database.write() as session:
        task = await session.scalar(select(Task).where(Task.kind == kind, Task.closed_at.is_(None)))
        assert task is not None
        try:
            await finish_task(session, task, "asked", clock=clock, hand=HAND)
        except Fault as fault:
            return fault.code
    return None


@pytest.mark.parametrize("kind", [TaskKind.REVIEW_CONSENT, TaskKind.REVIEW_TABLET], ids=["consent", "tablet"])
async def test_a_review_closes_when_its_day_has_moved(
    database: Database, clock: StandingClock, kind: TaskKind
) -> None:
    _client, consent, suits, _device = await home(database, clock)
    assert await close(database, clock, kind) == "task.review_left"
    clock.move(timedelta(days=400))
    assert await close(database, clock, kind) == "task.review_left"
    async with database.write() as session:
        (await session.get_one(Consent, consent.id)).review_on = clock.today() + timedelta(days=1)
        (await session.get_one(Suitability, suits.id)).review_on = clock.today() + timedelta(days=1)
    assert await close(database, clock, kind) is None


async def test_what_is_no_longer_to_be_asked_can_be_closed(database: Database, clock: StandingClock) -> None:
    """The yes was taken back, the tablet is gone, or the person has no home care any more."""
    client, consent, _suits, device = await home(database, clock)
    async with database.write() as session:
        (await session.get_one(Device, device.id)).revoked_at = clock.now()
    assert await close(database, clock, TaskKind.REVIEW_TABLET) is None
    async with database.write() as session:
        (await session.get_one(Consent, consent.id)).withdrawn_at = clock.now()
    assert await close(database, clock, TaskKind.REVIEW_CONSENT) is None
    async with database.write() as session:
        (await session.get_one(Client, client.id)).care_scope = CareScope.ENDED
        await open_task(
            session, TaskKind.CONFIRM_CONSENT, group_id=client.group_id, client_id=client.id, at=clock.now(),
            deadline=clock.now(),
        )  # fmt: skip
    assert await close(database, clock, TaskKind.CONFIRM_CONSENT) is None


async def test_a_consent_from_a_file_is_confirmed_where_it_stands(
    database: Database, clock: StandingClock
) -> None:
    """A tick in the list would leave it unconfirmed, and video blocked, with nobody told."""
    async with database.write() as session:
        client = await make_client(session, await make_town(session))
        consent = await make_consent(session, client, confirmed_at=None)
        await open_task(
            session, TaskKind.CONFIRM_CONSENT, group_id=client.group_id, client_id=client.id, at=clock.now(),
            deadline=clock.now(),
        )  # fmt: skip
    assert await close(database, clock, TaskKind.CONFIRM_CONSENT) == "task.review_left"
    async with database.write() as session:
        (await session.get_one(Consent, consent.id)).confirmed_at = clock.now()
    assert await close(database, clock, TaskKind.CONFIRM_CONSENT) is None
