"""The night's tests: spread over it, one more try, and a task for the morning."""

from __future__ import annotations

from datetime import time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from care.clock import StandingClock
from care.devices import Device
from care.ids import new_id
from care.localtime import SWEDEN, at
from care.path_tests import PathResult, PathTest
from care.tasks import Task, TaskKind
from server.tablets.path_test.asking import ask_for_path_test, claim_night, end_forgotten, latest_test
from server.tablets.path_test.nightly import AFTER, BEFORE_END, attempt_now, turn
from server.tablets.path_test.outcome import note_result
from tests.builders import make_client, make_tablet, moment
from tests.server.tablets.conftest import Home

START, END = moment("2026-12-01 21:00"), moment("2026-12-02 07:00")


def test_turns_are_spread_over_the_night_and_differ_from_night_to_night() -> None:
    """Each of 600 within the quiet hours, and no ten minutes with more than a few."""
    turns = [turn(UUID(int=number << 64), START, END, SWEDEN) for number in range(1, 601)]
    assert all(START + AFTER <= one <= END - BEFORE_END for one in turns)
    slots = [int((one - START).total_seconds() // 600) for one in turns]
    assert max(slots.count(slot) for slot in set(slots)) < 30
    next_night = turn(UUID(int=1 << 64), START + timedelta(days=1), END + timedelta(days=1), SWEDEN)
    assert next_night - timedelta(days=1) != turns[0]


def made(attempt: int, result: PathResult | None, minutes_ago: float) -> PathTest:
    ended = START + timedelta(hours=3) - timedelta(minutes=minutes_ago)
    return PathTest(
        id=new_id(), device_id=UUID(int=1), once_key=f"x:2026-12-01:{attempt}", asked_at=ended,
        ended_at=ended if result else None, result=result, facts={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tests", "attempt"),
    [
        ([], 1),
        ([made(1, PathResult.WELL, 60)], 0),
        ([made(1, PathResult.NO_PATH, 60)], 2),
        ([made(1, PathResult.CALL_FIRST, 60)], 2),
        ([made(1, PathResult.NO_PATH, 10)], 0),
        ([made(1, None, 60)], 0),
        ([made(1, PathResult.NO_PATH, 90), made(2, PathResult.NO_PATH, 45)], 0),
    ],
)
def test_a_failure_is_tried_once_more_later_in_the_night(tests: list[PathTest], attempt: int) -> None:
    now = START + timedelta(hours=3)
    assert attempt_now(now, now - timedelta(hours=1), tests) == attempt
    assert attempt_now(now, now + timedelta(minutes=1), tests) == 0


async def test_one_node_makes_the_test_of_a_night(home: Home) -> None:
    async with home.database.write() as session:
        first = await claim_night(session, home.tablet.id, "key:2026-12-01:1", home.clock.now())
    async with home.database.write() as session:
        assert await claim_night(session, home.tablet.id, "key:2026-12-01:1", home.clock.now()) is None
    assert first is not None


async def night_of(home: Home, device: Device, *results: PathResult) -> None:
    """The tries of one night, by day's clock."""
    for attempt, result in enumerate(results, start=1):
        async with home.database.write() as session:
            key = f"{device.id}:2026-12-01:{attempt}"
            test = await claim_night(session, device.id, key, home.clock.now())
            assert test is not None
            await note_result(session, test, result, {}, home.clock)


async def tasks(home: Home) -> list[Task]:
    async with home.database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.id)))


async def test_the_last_failure_of_a_night_is_a_task_for_the_morning(home: Home) -> None:
    """Not the first; a later test that goes well closes it."""
    await night_of(home, home.tablet, PathResult.NO_PATH)
    assert await tasks(home) == []
    async with home.database.write() as session:
        again = await claim_night(session, home.tablet.id, "again:2", home.clock.now())
        assert again is not None
        await note_result(session, again, PathResult.NO_PATH, {"direct": {}}, home.clock)
    (task,) = await tasks(home)
    assert (task.kind, task.device_id) == (TaskKind.TABLET_PATH, home.tablet.id)
    assert task.deadline == at(home.clock.today(), time(10), SWEDEN)
    async with home.database.write() as session:
        await ask_for_path_test(session, home.tablet, home.clock.now(), account_id=None)
        asked = await latest_test(session, home.tablet.id)
        assert asked is not None
        await note_result(session, asked.id, PathResult.WELL, {}, home.clock)
    (task,) = await tasks(home)
    assert task.outcome == "path_works"


@pytest.mark.parametrize("result", [PathResult.CALL_FIRST, PathResult.OURS])
async def test_what_says_nothing_about_the_tablet_is_no_task(home: Home, result: PathResult) -> None:
    await night_of(home, home.tablet, result, result)
    assert await tasks(home) == []


async def test_a_server_that_nobody_reaches_is_one_task_and_not_one_for_each_home(home: Home) -> None:
    """Five without a way and none with one: nobody is sent to a home for it."""
    devices = [home.tablet]
    async with home.database.write() as session:
        for number in range(7):
            client = await make_client(session, home.town, f"Kund {number}")
            devices.append(await make_tablet(session, client, last_seen_at=home.clock.now()))
    for device in devices:
        await night_of(home, device, PathResult.NO_PATH, PathResult.NO_PATH)
    standing = [task for task in await tasks(home) if task.closed_at is None]
    assert [task.facts.get("all") for task in standing] == [True]


async def test_one_that_finds_the_way_shows_that_it_is_not_the_server(home: Home) -> None:
    async with home.database.write() as session:
        others = [
            await make_tablet(
                session,
                await make_client(session, home.town, f"Kund {number}"),
                last_seen_at=home.clock.now(),
            )
            for number in range(6)
        ]
    await night_of(home, home.tablet, PathResult.WELL)
    for device in others:
        await night_of(home, device, PathResult.NO_PATH, PathResult.NO_PATH)
    standing = await tasks(home)
    assert len(standing) == 6
    assert all(task.device_id is not None for task in standing)


async def test_without_contact_and_in_a_call_the_answer_is_there_at_once(home: Home) -> None:
    async with home.database.write() as session:
        device = await session.get_one(Device, home.tablet.id)
        device.last_seen_at = home.clock.now() - timedelta(hours=1)
        await ask_for_path_test(session, device, home.clock.now(), account_id=None)
    async with home.database.read() as session:
        latest = await latest_test(session, home.tablet.id)
    assert latest is not None
    assert latest.result is PathResult.NO_CONTACT


async def test_one_that_nobody_ran_is_over_after_a_while(home: Home, clock: StandingClock) -> None:
    """Asked for twice in a row it is one test; what was forgotten says nothing about the tablet."""
    async with home.database.write() as session:
        for _ in range(2):
            await ask_for_path_test(session, home.tablet, clock.now(), account_id=None)
    clock.move(timedelta(minutes=3))
    async with home.database.write() as session:
        await end_forgotten(session, clock.now())
    async with home.database.read() as session:
        (test,) = await session.scalars(select(PathTest))
    assert test.result is PathResult.OURS
