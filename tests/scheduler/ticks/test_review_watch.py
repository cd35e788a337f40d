"""What is to be asked about again stands before a person on its day: consents, and whether a tablet suits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from care.clients import CareScope, Client
from care.clock import StandingClock
from care.consent import Consent, ConsentKind
from care.ids import new_id
from care.reviews import close_reviews
from care.storage.database import Database
from care.suitability import Suitability, Suits
from care.tasks import Task, TaskKind
from scheduler.ticks.review_watch import review_watch
from tests.builders import make_client, make_consent, make_tablet, make_town

TODAY = date(2026, 12, 1)


async def home(database: Database, clock: StandingClock, **more: Any) -> Client:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town, **more)
        await make_tablet(session, client, last_seen_at=clock.now())
    return client


async def give(database: Database, client: Client, **more: Any) -> Consent:
    async with database.write() as session:
        return await make_consent(session, client, **more)


async def assess(database: Database, client: Client, review_on: date, day: date = TODAY) -> Suitability:
    async with database.write() as session:
        one = Suitability(
            id=new_id(),
            client_id=client.id,
            suits=Suits.YES,
            reasons=[],
            assessed_on=day,
            review_on=review_on,
        )
        session.add(one)
    return one


async def tasks(database: Database) -> list[Task]:
    async with database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.id)))


async def test_a_consent_is_asked_about_on_its_day_and_once(database: Database, clock: StandingClock) -> None:
    """Not before; not again when the task has been closed, however often it is looked."""
    client = await home(database, clock)
    await give(database, client, review_on=TODAY + timedelta(days=1))
    due = await give(database, client, kind=ConsentKind.PHOTO, review_on=TODAY)
    assert [await review_watch(database, clock) for _ in range(2)] == [1, 0]
    (task,) = await tasks(database)
    assert (task.kind, task.client_id, task.facts["about"]) == (
        TaskKind.REVIEW_CONSENT, client.id, str(due.id),
    )  # fmt: skip
    assert task.facts["kind"] == "photo"
    async with database.write() as session:
        await close_reviews(
            session, TaskKind.REVIEW_CONSENT, due.id, "asked", at=clock.now(), account_id=None
        )
    assert await review_watch(database, clock) == 0
    assert [one.outcome for one in await tasks(database)] == ["asked"]


async def test_what_does_not_hold_is_not_asked_about(database: Database, clock: StandingClock) -> None:
    """Withdrawn, refused, not yet confirmed, answered anew since; and nobody whose care has ended."""
    client = await home(database, clock)
    past = {"review_on": TODAY - timedelta(days=3)}
    await give(database, client, withdrawn_at=clock.now(), **past)
    await give(database, client, kind=ConsentKind.PHOTO, refused=True, **past)
    await give(database, client, kind=ConsentKind.AUTO_ANSWER, confirmed_at=None, **past)
    await give(database, client, kind=ConsentKind.RELATIVE_CALLS, **past)
    await give(database, client, kind=ConsentKind.RELATIVE_CALLS, review_on=TODAY + timedelta(days=300))
    assert await review_watch(database, clock) == 0
    await give(database, client, kind=ConsentKind.GROUP_ACTIVITY, **past)
    async with database.write() as session:
        (await session.get_one(Client, client.id)).care_scope = CareScope.ENDED
    assert await review_watch(database, clock) == 0


async def test_the_latest_assessment_of_a_tablet_in_use_is_made_anew(
    database: Database, clock: StandingClock
) -> None:
    """An older one whose day has passed says nothing; the next review day is a new task."""
    client = await home(database, clock)
    await assess(database, client, TODAY - timedelta(days=1), date(2026, 5, 1))
    latest = await assess(database, client, TODAY + timedelta(days=1), date(2026, 6, 1))
    assert await review_watch(database, clock) == 0
    clock.move(timedelta(days=1))
    assert [await review_watch(database, clock) for _ in range(2)] == [1, 0]
    (task,) = await tasks(database)
    assert (task.kind, task.facts["about"]) == (TaskKind.REVIEW_TABLET, str(latest.id))


async def test_without_a_tablet_nobody_is_assessed_again(database: Database, clock: StandingClock) -> None:
    async with database.write() as session:
        client = await make_client(session, await make_town(session))
    await assess(database, client, TODAY - timedelta(days=1))
    assert await review_watch(database, clock) == 0
