"""The monthly sample: which lines can be drawn, what may be written about one, and when the task closes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from care.access.finding import Finding
from care.access.log import AccessLog
from care.access.sample import REVIEWED, LogSample, draw, last_month, sample_of, settle, span_of
from care.accounts import Account, AccountRole, Role
from care.clients import Client
from care.errors import Fault
from care.ids import new_id
from care.localtime import SWEDEN
from care.storage.database import Database
from care.tasks import Task
from tests.builders import Town, make_account, make_client, make_staff, make_town, moment

NOW = moment("2026-12-01 06:40")


def entry(account: UUID | None, client: Client, at: datetime, **more: Any) -> AccessLog:
    return AccessLog(
        **{
            "id": new_id(), "at": at, "account_id": account, "role": "care_worker", "relation": "own_group",
            "group_id": client.group_id, "client_id": client.id, "action": "client.read", "thing": "client",
            "where": "client", **more,
        }
    )  # fmt: skip


async def opened(database: Database, *days: str, **more: Any) -> tuple[Town, Client, UUID]:
    """Anna opened one client at these wall times; Maj is the group's manager."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        anna = await make_account(session, await make_staff(session, town), "anna")
        maj = await make_account(session, await make_staff(session, town, "Maj", "Chef"), "maj")
        session.add(
            AccountRole(id=new_id(), account_id=maj.id, role=Role.UNIT_MANAGER, group_id=town.group.id)
        )
        session.add_all(entry(anna.id, client, moment(day), **more) for day in days)
    return town, client, anna.id


async def drawn(database: Database, town: Town, month: str = "2026-11", now: datetime = NOW) -> int:
    async with database.write() as session:
        return await draw(session, town.group.id, month, now, SWEDEN)


async def the_task(database: Database) -> Task:
    async with database.read() as session:
        return (await session.scalars(select(Task))).one()


async def test_a_sample_is_drawn_once_and_given_to_the_manager(database: Database) -> None:
    """Ten of the month's lines at most, a task with an owner and a fortnight; again nothing happens."""
    town, _, _ = await opened(database, *(f"2026-11-{day:02} 10:00" for day in range(1, 15)))
    assert await drawn(database, town) == 10
    assert await drawn(database, town) == 0
    async with database.read() as session:
        found = await sample_of(session, town.group.id, "2026-11")
        owner = await session.scalar(select(Account.staff_id).where(Account.username == "maj"))
    assert [one.number for one in found] == list(range(1, 11))
    assert len({one.entry_id for one in found}) == 10
    task = await the_task(database)
    assert (task.owner_id, task.deadline) == (owner, moment("2026-12-15 06:40"))


@pytest.mark.parametrize(
    "more",
    [
        {"thing": "list"},
        {"account_id": None},
        {"client_id": None},
        {"group_id": None},
    ],
    ids=["list", "nobody", "no client", "no group"],
)
async def test_what_says_nothing_is_not_drawn(database: Database, more: dict[str, Any]) -> None:
    """Lists, what the system did, and lines about nobody; then there is no task either."""
    town, _, _ = await opened(database, "2026-11-03 10:00", **more)
    assert await drawn(database, town) == 0
    async with database.read() as session:
        assert (await session.scalars(select(Task))).all() == []


async def test_a_refused_try_may_be_drawn(database: Database) -> None:
    """Whoever tried and was refused is looked at like the others."""
    town, _, _ = await opened(database, "2026-11-03 10:00", allowed=False, relation="none")
    assert await drawn(database, town) == 1


async def test_a_month_ends_by_the_wall_clock_also_on_a_night_that_changes_it(database: Database) -> None:
    """31 October 2027 is 25 hours long: its last minute is October's, a minute later is November's."""
    town, *_ = await opened(database, "2027-10-31 23:59", "2027-11-01 00:00", "2027-09-30 23:59")
    assert await drawn(database, town, "2027-10", moment("2027-11-02 08:00")) == 1
    async with database.read() as session:
        (one,) = await sample_of(session, town.group.id, "2027-10")
        at = await session.scalar(select(AccessLog.at).where(AccessLog.id == one.entry_id))
    assert at == moment("2027-10-31 23:59")
    begins, ends = span_of("2027-10", SWEDEN)
    assert (ends - begins).total_seconds() == 31 * 86400 + 3600
    begins, ends = span_of("2024-03", ZoneInfo("Europe/Stockholm"))
    assert (ends - begins).total_seconds() == 31 * 86400 - 3600


def test_last_month_is_known_on_every_day() -> None:
    """Also over the year, and from the last of a long month."""
    days = [datetime(2027, 1, 1), datetime(2026, 12, 31), datetime(2026, 3, 31)]
    assert [last_month(day.date()) for day in days] == ["2026-12", "2026-11", "2026-02"]


async def test_a_line_is_judged_once_and_the_last_one_closes_the_task(database: Database) -> None:
    """Who judged, when and what stays as written; the task closes with the last line, not before."""
    town, _, anna = await opened(database, "2026-11-03 10:00", "2026-11-04 10:00")
    await drawn(database, town)
    async with database.read() as session:
        maj = await session.scalar(select(Account.id).where(Account.username == "maj"))

    async def judge(number: int, finding: Finding, note: str, by: UUID | None = maj) -> bool:
        async with database.write() as session:
            one = (await session.scalars(select(LogSample).where(LogSample.number == number))).one()
            return await settle(session, one, finding, note, NOW, by)

    with pytest.raises(Fault, match=r"sample\.note"):
        await judge(1, Finding.FOLLOW_UP, "")
    with pytest.raises(Fault, match=r"sample\.own_note"):
        await judge(1, Finding.FINE, "", anna)
    assert not await judge(1, Finding.FOLLOW_UP, "Prata med Anna")
    assert (await the_task(database)).closed_at is None
    with pytest.raises(Fault, match=r"sample\.settled"):
        await judge(1, Finding.FINE, "")
    assert await judge(2, Finding.FINE, "")
    task = await the_task(database)
    assert (task.closed_at, task.closed_by_id, task.outcome) == (NOW, maj, REVIEWED)
    async with database.read() as session:
        found = await sample_of(session, town.group.id, "2026-11")
    assert [(one.finding, one.note, one.checked_by_id) for one in found] == [
        (Finding.FOLLOW_UP, "Prata med Anna", maj),
        (Finding.FINE, None, maj),
    ]
