"""\"Be någon ringa mig\": one task, a named owner, a time that is kept or no longer promised."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care.clients import Client
from care.devices import DeviceAssignment
from care.errors import Fault
from care.ids import new_id
from care.staff import ShiftKind
from care.tasks import Task, TaskKind
from server.tablets.call_request import ask_to_be_rung, was_rung
from server.tablets.day import day_for
from tests.builders import LONG_AGO, make_client, make_group, make_shift, make_staff, make_tablet, moment
from tests.server.tablets.conftest import Home


async def ask(home: Home, *askers: UUID) -> None:
    async with home.database.write() as session:
        await ask_to_be_rung(session, home.tablet.id, home.clock, askers)


async def tasks(home: Home) -> list[Task]:
    async with home.database.read() as session:
        return list(await session.scalars(select(Task).order_by(Task.id)))


async def said(home: Home) -> dict[str, Any] | None:
    """What the tablet's day says of it."""
    async with home.database.read() as session:
        request: dict[str, Any] | None = (await day_for(session, home.tablet.id, home.clock, "sv"))["request"]
    return request


@pytest.fixture
async def at_work(home: Home) -> Home:
    """Anna's shift has begun, and it is 14.45 and some seconds."""
    async with home.database.write() as session:
        await make_shift(session, home.anna)
    home.clock.set(datetime(2026, 12, 1, 14, 45, 20))
    return home


async def test_it_has_an_owner_and_a_quarter_of_an_hour(at_work: Home) -> None:
    """A whole minute, so that what the screen says is what is meant."""
    assert await said(at_work) is None
    await ask(at_work)
    (task,) = await tasks(at_work)
    assert (task.kind, task.owner_id, task.client_id) == (
        TaskKind.CALL_REQUEST,
        at_work.anna.id,
        at_work.ingrid.id,
    )
    assert task.deadline == moment("2026-12-01 15:00")
    assert await said(at_work) == {
        "words": "Anna ringer dig före 15.00",
        "until": "2026-12-01T14:00:00Z",
        "clients": [str(at_work.ingrid.id)],
    }


async def with_karl(home: Home) -> Client:
    """Karl lives there too."""
    async with home.database.write() as session:
        karl = await make_client(session, home.town, "Karl")
        session.add(
            DeviceAssignment(id=new_id(), device_id=home.tablet.id, client_id=karl.id, start=LONG_AGO)
        )
    return karl


async def test_of_two_the_one_who_asked_is_rung(at_work: Home) -> None:
    """Karl asks: the task is his, and the screen says so; then both wait, by one sentence each."""
    karl = await with_karl(at_work)
    await ask(at_work, karl.id)
    (task,) = await tasks(at_work)
    assert task.client_id == karl.id
    request = await said(at_work) or {}
    assert request["words"] == "Anna ringer Karl före 15.00"
    assert request["clients"] == [str(karl.id)]
    at_work.clock.move(timedelta(minutes=2))
    await ask(at_work, at_work.ingrid.id, karl.id)
    assert [one.client_id for one in await tasks(at_work)] == [karl.id, at_work.ingrid.id]
    assert (await said(at_work) or {})["words"] == (
        "Anna ringer Karl före 15.00\nAnna ringer Ingrid före 15.02"
    )
    at_work.clock.move(timedelta(hours=1))
    assert (await said(at_work) or {})["words"] == (
        "Vi ringer Karl så snart vi kan\nVi ringer Ingrid så snart vi kan"
    )
    async with at_work.database.write() as session:
        await was_rung(session, karl.id, at_work.clock.now())
    assert (await said(at_work) or {})["clients"] == [str(at_work.ingrid.id)]


async def test_both_at_once_are_two_tasks_and_one_sentence(at_work: Home) -> None:
    karl = await with_karl(at_work)
    for _ in range(2):
        await ask(at_work, karl.id, at_work.ingrid.id)
    assert {one.client_id for one in await tasks(at_work)} == {karl.id, at_work.ingrid.id}
    assert len(await tasks(at_work)) == 2
    assert (await said(at_work) or {})["words"] == "Anna ringer er före 15.00"


async def test_nobody_asks_for_whom_does_not_live_there(at_work: Home) -> None:
    async with at_work.database.write() as session:
        other = await make_client(session, at_work.town, "Sven")
    with pytest.raises(Fault) as fault:
        await ask(at_work, at_work.ingrid.id, other.id)
    assert fault.value.status == 404
    assert await tasks(at_work) == []


async def test_pressing_again_is_the_same_request(at_work: Home) -> None:
    """By either of two who live there, where the page knows of one; after it was answered it is a new one."""
    await with_karl(at_work)
    for _ in range(3):
        await ask(at_work)
    assert len(await tasks(at_work)) == 1
    async with at_work.database.write() as session:
        await was_rung(session, at_work.ingrid.id, at_work.clock.now())
    assert await said(at_work) is None
    await ask(at_work)
    first, second = await tasks(at_work)
    assert (first.outcome, second.closed_at) == ("called", None)


async def test_a_time_that_has_passed_is_not_promised_any_more(at_work: Home) -> None:
    """The request stays; only the time goes."""
    await ask(at_work)
    at_work.clock.move(timedelta(minutes=20))
    request = await said(at_work)
    assert request is not None
    assert request["words"] == "Vi ringer dig så snart vi kan"


async def test_at_night_it_is_the_night_staff(home: Home) -> None:
    """Of another group, awake: nobody of the day is named."""
    async with home.database.write() as session:
        await make_shift(session, home.anna)
        patrol = await make_group(session, home.town.municipality, "Natt", is_night_patrol=True)
        nina = await make_staff(session, home.town, "Nina", "Natt", group_id=patrol.id)
        await make_shift(session, nina, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT)
    home.clock.set(datetime(2026, 12, 2, 2, 0))
    await ask(home)
    assert (await said(home) or {})["words"] == "Nina ringer dig före 02.15"


async def test_with_nobody_at_work_it_says_when_somebody_is(home: Home) -> None:
    """The first who comes, a quarter of an hour after that; tomorrow is said."""
    async with home.database.write() as session:
        await make_shift(session, home.anna, "2026-12-02")
    home.clock.set(datetime(2026, 12, 1, 23, 0))
    await ask(home)
    assert (await said(home) or {})["words"] == "Anna ringer dig i morgon före 07.15"


async def test_with_nobody_at_all_it_stands_without_an_owner(home: Home) -> None:
    """No name is made up; it is a task all the same."""
    home.clock.set(datetime(2026, 12, 5, 23, 0))
    await ask(home)
    (task,) = await tasks(home)
    assert task.owner_id is None
    assert (await said(home) or {})["words"] == "Hemtjänsten ringer dig före 23.15"


async def test_a_tablet_in_nobodys_home_asks_for_nobody(home: Home) -> None:
    async with home.database.write() as session:
        loose = await make_tablet(session, home.ingrid, last_seen_at=None)
        for one in await session.scalars(
            select(DeviceAssignment).where(DeviceAssignment.device_id == loose.id)
        ):
            await session.delete(one)
    with pytest.raises(Fault) as fault:
        async with home.database.write() as session:
            await ask_to_be_rung(session, loose.id, home.clock)
    assert (fault.value.code, fault.value.status) == ("request.nobody", 409)
    assert await tasks(home) == []
