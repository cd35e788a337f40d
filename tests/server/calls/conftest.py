"""``house``: a running server, Anna who may call Ingrid, Ingrid's tablet, and a video row due now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from care.accounts import Account, AccountRole, Role
from care.calls.call import Call, CallQuality
from care.clients import Client
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.devices import Device
from care.ids import new_id
from care.staff import Staff
from care.storage.database import Database
from server.calls.hub import HUB, Hub
from server.calls.routes import SWEEP
from server.configuration import Configuration
from server.security import sessions
from tests.builders import (
    Town,
    make_account,
    make_client,
    make_contact,
    make_digital,
    make_shift,
    make_staff,
    make_town,
    moment,
)
from tests.server.calls.lines import Key, Line, open_page, open_tablet
from tests.server.conftest import cold_app


@dataclass
class House:
    """The server and everybody in the story. Seven o'clock is not there yet: it is 06.40, the row 06.45."""

    database: Database
    clock: StandingClock
    town: Town
    anna: Staff
    account_id: UUID
    ingrid: Client
    device: Device
    contact_id: UUID
    key: Key
    server: TestServer
    cookies: dict[str, str] = field(default_factory=dict)
    opened: list[ClientSession] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def hub(self) -> Hub:
        return self.server.app[HUB]

    def browser(self) -> ClientSession:
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), cookies=self.cookies)
        self.opened.append(session)
        return session

    async def tablet(self, **hello: Any) -> Line:
        """Ingrid's tablet, welcomed."""
        line = await open_tablet(self.browser(), self.origin, self.device.id, self.key, **hello)
        await line.hear("welcome")
        return line

    async def page(self, **hello: Any) -> Line:
        """Anna's call page, welcomed."""
        line = await open_page(self.browser(), self.origin, contact=self.contact_id, **hello)
        await line.hear("welcome")
        return line

    async def ring(self, page: Line, tablet: Line, **more: Any) -> str:
        """Ring, and let the tablet say that it rings; the call's id."""
        calling = await page.ask("call", contact=self.contact_id, connection="w1", **more)
        assert calling["type"] == "calling", calling
        call = str(calling["call"])
        await tablet.hear("ring", call=call)
        await tablet.say("ringing", call=call, connection="t1")
        await page.hear("state", call=call, state="ringing")
        return call

    async def talk(self, page: Line, tablet: Line) -> str:
        """Ring, answer, and let both sides see each other."""
        call = await self.ring(page, tablet)
        await tablet.say("answer", call=call, by="touch")
        await page.hear("state", call=call, state="connecting")
        await page.ask("media", call=call, state="flowing", first_ms=310)
        await tablet.ask("media", call=call, state="flowing", first_ms=280)
        await page.hear("state", call=call, state="connected")
        return call

    async def sweep(self) -> None:
        await self.server.app[SWEEP].once()

    async def row(self) -> PlannedContact:
        async with self.database.read() as session:
            found = await session.get(PlannedContact, self.contact_id)
        assert found is not None
        return found

    async def call(self, call_id: str | UUID) -> Call:
        async with self.database.read() as session:
            found = await session.get(Call, UUID(str(call_id)))
        assert found is not None
        return found

    async def events(self) -> list[str]:
        """What has happened to the row, in order."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(ContactHistory.event)
                .where(ContactHistory.contact_id == self.contact_id)
                .order_by(ContactHistory.id)
            )
            return list(rows)

    async def figures(self, call_id: str) -> dict[str, CallQuality]:
        async with self.database.read() as session:
            rows = await session.scalars(select(CallQuality).where(CallQuality.call_id == UUID(call_id)))
            return {row.role.value: row for row in rows}

    async def sign_in(self, account_id: UUID) -> str:
        async with self.database.write() as session:
            account = await session.get_one(Account, account_id)
            return await sessions.open_session(session, account, self.clock.now(), 12, None)

    async def start(self) -> None:
        self.server = TestServer(cold_app(self.database, self.clock))
        await self.server.start_server()

    async def stop(self) -> None:
        for session in self.opened:
            await session.close()
        self.opened.clear()
        await self.server.close()


async def build(
    database: Database, clock: StandingClock, configuration: Configuration | None = None, **row: Any
) -> House:
    key = Key()
    async with database.write() as session:
        town = await make_town(session)
        anna = await make_staff(session, town)
        await make_shift(session, anna)
        account = await make_account(session, anna)
        session.add(
            AccountRole(id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=town.group.id)
        )
        ingrid = await make_client(session, town, lives_alone=True)
        device = await make_digital(session, ingrid, clock.now())
        device.public_key = key.public
        contact = await make_contact(
            session,
            ingrid,
            town.services["TI-DAG"],
            row.pop("start", moment("2026-12-01 06:45")),
            staff=[anna],
            channel=Channel.VIDEO,
            **row,
        )
    server = TestServer(cold_app(database, clock, configuration))
    house = House(database, clock, town, anna, account.id, ingrid, device, contact.id, key, server)
    house.cookies = {"samtid": await house.sign_in(account.id)}
    await server.start_server()
    return house


@pytest.fixture
async def house(database: Database, clock: StandingClock) -> AsyncIterator[House]:
    """On both databases."""
    made = await build(database, clock)
    yield made
    await made.stop()


@pytest.fixture
async def small_house(sqlite_database: Database, clock: StandingClock) -> AsyncIterator[House]:
    """On SQLite alone, for what has nothing to do with the database."""
    made = await build(sqlite_database, clock)
    yield made
    await made.stop()
