"""Sending: once, again with pauses when it fails, the other way at last; a person is told of the rest."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from care.alerts import Alert, AlertEnd, AlertKind, AlertWish, make_alert, note_seen
from care.clock import StandingClock
from care.ids import new_id
from care.staff import Staff
from care.storage.database import Database
from care.tasks import Task, TaskKind
from server.alerts.sender import PAUSES, Sender
from server.alerts.ways import ways_out
from server.configuration import read_configuration
from server.keys import SENDER
from tests.builders import LONG_AGO, make_account, make_staff, make_town, moment
from tests.server.alerts.gateway import Gateway, settings
from tests.server.conftest import cold_app

START = moment("2026-12-01 14:30")


@pytest.fixture
async def anna(database: Database, clock: StandingClock) -> Staff:
    clock.set(datetime(2026, 12, 1, 14, 20))
    async with database.write() as session:
        staff = await make_staff(session, await make_town(session), "Anna")
        session.add(
            AlertWish(
                id=new_id(), staff_id=staff.id, phone="+46701740658", verified_at=LONG_AGO,
                kinds=[kind.value for kind in AlertKind],
            )
        )  # fmt: skip
    return staff


async def write(database: Database, clock: StandingClock, anna: Staff, key: str = "one") -> None:
    async with database.write() as session:
        await make_alert(
            session, AlertKind.DUE, staff_id=anna.id, group_id=anna.group_id, once_key=key, at=clock.now(),
            until=START + timedelta(hours=1), facts={"at": START.isoformat(), "is_call": True},
        )  # fmt: skip


async def stored(database: Database) -> Alert:
    async with database.read() as session:
        return (await session.scalars(select(Alert))).one()


async def tasks(database: Database) -> list[TaskKind]:
    async with database.read() as session:
        return list(await session.scalars(select(Task.kind)))


@asynccontextmanager
async def sender(
    database: Database, clock: StandingClock, folder: Path, given: dict[str, Any], link: str = ""
) -> AsyncIterator[Sender]:
    """Ready, and sending only when the test says `turn`."""
    ways = ways_out(read_configuration(folder, {}, **given), clock)
    made = Sender(database, clock, ways, link)
    made.open()
    yield made
    await made.stop()


async def test_a_message_is_sent_once(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path
) -> None:
    """In the person's own language, with the time and the link, and no word of whom it is about."""
    async with database.write() as session:
        (await make_account(session, anna)).language = "en"
    await write(database, clock, anna)
    link = "https://s.example/min-dag"
    async with sender(database, clock, secrets, settings(gateway, "sms"), link) as one:
        assert await one.turn() == 1
        assert await one.turn() == 0
    (got,) = gateway.got
    assert got.form["message"] == f"Samtid: a call is waiting at 14.30. Open My day. {link}"
    assert (await stored(database)).sent_at == clock.now()


async def test_what_fails_is_tried_again_under_the_same_id_with_pauses(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path
) -> None:
    """Never before its time; what has been seen meanwhile is not sent at all."""
    gateway.answers = [500, "slow", 200]
    await write(database, clock, anna)
    async with sender(database, clock, secrets, settings(gateway, "webhook")) as one:
        await one.turn()
        clock.move(timedelta(seconds=PAUSES[0] - 1))
        assert await one.turn() == 0
        clock.move(timedelta(seconds=1))
        assert await one.turn() == 1
        assert (await stored(database)).problem == "timeout"
        clock.move(timedelta(seconds=PAUSES[1]))
        assert await one.turn() == 1
    assert len({got.headers["Samtid-Message-Id"] for got in gateway.got}) == 1
    assert (await stored(database)).sent_at == clock.now()
    assert await tasks(database) == []


async def test_after_the_last_try_a_person_is_told(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path
) -> None:
    """One task for the group, however many messages fail."""
    gateway.answers = [500]
    await write(database, clock, anna)
    await write(database, clock, anna, "two")
    async with sender(database, clock, secrets, settings(gateway, "webhook")) as one:
        for pause in (*PAUSES, 1000):
            assert await tasks(database) == []
            assert await one.turn() == 2
            clock.move(timedelta(seconds=pause))
        assert await one.turn() == 0
    assert await tasks(database) == [TaskKind.ALERT_FAILED]
    assert len(gateway.got) == 2 * (len(PAUSES) + 1)


async def test_the_other_way_is_taken_when_the_first_says_no(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path
) -> None:
    """At once when it will never do; one message reaches the person."""
    gateway.answers = [403, 200]
    await write(database, clock, anna)
    async with sender(database, clock, secrets, settings(gateway, "webhook", "sms")) as one:
        assert await one.turn() == 1
        assert await one.turn() == 1
    assert [bool(got.form) for got in gateway.got] == [False, True]
    found = await stored(database)
    assert (found.way, found.sent_at) == ("sms", clock.now())
    assert await tasks(database) == []


@pytest.mark.parametrize("how", ["seen", "late", "no_wish"])
async def test_what_is_of_no_use_is_not_sent(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path, how: str
) -> None:
    """Already seen, long past its time, or not wanted any more."""
    await write(database, clock, anna)
    async with database.write() as session:
        if how == "seen":
            await note_seen(session, anna.id, clock.now())
        elif how == "no_wish":
            await session.delete((await session.scalars(select(AlertWish))).one())
    if how == "late":
        clock.move(timedelta(hours=3))
    async with sender(database, clock, secrets, settings(gateway, "sms")) as one:
        await one.turn()
        assert await one.turn() == 0
    assert gateway.got == []
    assert (await stored(database)).end == (AlertEnd.SEEN if how == "seen" else AlertEnd.OVER)


async def test_two_nodes_send_one(
    database: Database, clock: StandingClock, anna: Staff, gateway: Gateway, secrets: Path
) -> None:
    """Whoever claims it sends it; while a try is under way nobody else makes one."""
    for number in range(30):
        await write(database, clock, anna, str(number))
    given = settings(gateway, "sms", timeout_seconds=10)
    async with (
        sender(database, clock, secrets, given) as one,
        sender(database, clock, secrets, given) as two,
    ):
        while sum(await asyncio.gather(one.turn(), two.turn())):
            pass
    assert len(gateway.got) == 30


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what is to happen; the test's own timeout is the limit."""
    while not await condition():  # noqa: ASYNC110 - nothing to wait for on the other side
        await asyncio.sleep(0.02)


async def test_the_server_sends_by_itself_and_stays_awake(
    sqlite_database: Database, clock: StandingClock, gateway: Gateway, secrets: Path
) -> None:
    """While the gateway answers nothing, the loop goes round; what is written is sent without being asked."""
    async with sqlite_database.write() as session:
        anna = await make_staff(session, await make_town(session), "Anna")
        session.add(
            AlertWish(
                id=new_id(), staff_id=anna.id, phone="+46701740658", verified_at=LONG_AGO, kinds=[]
            )
        )  # fmt: skip
    gateway.answers = ["slow"]
    given = settings(gateway, "webhook", timeout_seconds=30)
    app = cold_app(sqlite_database, clock, read_configuration(secrets, {}, **given))
    async with TestClient(TestServer(app)) as client:
        await write(sqlite_database, clock, anna)

        async def has_come() -> bool:
            return bool(gateway.got)

        await until(has_come)
        for _ in range(20):
            assert (await client.get("/healthz")).status == 200
    assert (await stored(sqlite_database)).sent_at is None


KILLED = """
import asyncio, sys
from pathlib import Path
from care.clock import StandingClock
from care.storage.database import Database
from datetime import datetime
from server.alerts.sender import Sender
from server.alerts.ways import ways_out
from server.configuration import read_configuration

async def main():
    clock = StandingClock(datetime(2026, 12, 1, 14, 20))
    webhook = {"url": sys.argv[3], "secret_file": "webhook.secret", "timeout_seconds": 60}
    ways = ways_out(read_configuration(Path(sys.argv[2]), {}, webhook=webhook), clock)
    one = Sender(Database(sys.argv[1]), clock, ways, "")
    one.open()
    await one.turn()

asyncio.run(main())
"""


async def test_killed_in_the_middle_nothing_is_lost(
    sqlite_database: Database, clock: StandingClock, gateway: Gateway, secrets: Path
) -> None:
    """kill -9 while the gateway holds the answer: when the try counts as dead it goes again, same id."""
    clock.set(datetime(2026, 12, 1, 14, 20))
    async with sqlite_database.write() as session:
        anna = await make_staff(session, await make_town(session), "Anna")
        session.add(
            AlertWish(
                id=new_id(), staff_id=anna.id, phone="+46701740658", verified_at=LONG_AGO, kinds=[]
            )
        )  # fmt: skip
    await write(sqlite_database, clock, anna)
    gateway.answers = ["slow", 200]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(sqlite_database.url), str(secrets), gateway.url,
        cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip

    async def has_come() -> bool:
        assert child.returncode is None, "it ended by itself"
        return bool(gateway.got)

    await until(has_come)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    async with sender(sqlite_database, clock, secrets, settings(gateway, "webhook")) as one:
        assert await one.turn() == 0
        clock.move(timedelta(seconds=91))
        assert await one.turn() == 1
    first, second = gateway.got
    assert first.headers["Samtid-Message-Id"] == second.headers["Samtid-Message-Id"]
    assert (await stored(sqlite_database)).sent_at == clock.now()


async def test_without_configuration_nothing_leaves_the_server(
    sqlite_database: Database, clock: StandingClock
) -> None:
    """A message that waits stays where it is: there is no sender, and no connection is even tried."""
    ways: list[object] = []
    listening = True

    def heard(event: str, given: tuple[Any, ...]) -> None:
        if listening and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            ways.append(given)

    async with sqlite_database.write() as session:
        anna = await make_staff(session, await make_town(session), "Anna")
        session.add(
            AlertWish(
                id=new_id(), staff_id=anna.id, phone="+46701740658", verified_at=LONG_AGO, kinds=[]
            )
        )  # fmt: skip
    await write(sqlite_database, clock, anna)
    sys.addaudithook(heard)
    app = cold_app(sqlite_database, clock)
    assert SENDER not in app
    app.freeze()
    await app.startup()
    for _ in range(3):
        await asyncio.sleep(0)
    await app.cleanup()
    listening = False
    assert ways == []
    assert (await stored(sqlite_database)).tries == 0
