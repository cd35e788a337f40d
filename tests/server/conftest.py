"""A real server on a free port, with people who can sign in.

``site``        a `Site`: the application running on SQLite with one town; see its methods
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Account, AccountRole, Role
from care.clock import Clock, StandingClock
from care.ids import new_id
from care.storage.database import Database
from scheduler.planning import PlanningPool
from server.application import create_app
from server.configuration import Configuration
from server.keys import PASSWORDS, PLANNING
from server.security.passwords import Passwords
from tests.builders import LONG_AGO, Town, make_town

PASSWORD = "fyra ord som inte hör ihop"
#: As weak as the library allows: the strength is not what these tests are about.
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

Browser = TestClient[web.Request, web.Application]


class ColdPool(PlanningPool):
    """The planner of a server under test: its process is started by who plans, and most tests never do."""

    async def start(self) -> None:
        pass


def cold_app(database: Database, clock: Clock, configuration: Configuration | None = None) -> web.Application:
    """The application as it is, but for a planner that nobody warms."""
    # Never the folder of somebody who runs a demo here, nor that of another test process.
    nowhere = Path(tempfile.gettempdir(), f"samtid-{new_id()}")
    app = create_app(configuration or Configuration(data=nowhere), database, clock)
    app[PLANNING] = ColdPool()
    return app


@dataclass
class Site:
    """The server under test, and ways in."""

    server: TestServer
    database: Database
    clock: StandingClock
    town: Town
    opened: list[Browser] = field(default_factory=list)

    @property
    def app(self) -> web.Application:
        return self.server.app

    async def browser(self) -> Browser:
        """Somebody's browser, with cookies of its own and nobody signed in."""
        made: Browser = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.opened.append(made)
        return made

    async def account(
        self,
        username: str,
        *roles: Role,
        group_id: UUID | None = None,
        staff_id: UUID | None = None,
        **more: Any,
    ) -> Account:
        """An account with `PASSWORD` and these roles, in the town's group unless another is given."""
        more = {"display_name": username.title(), "created_at": LONG_AGO, **more}
        account = Account(
            id=new_id(),
            username=username,
            password_hash=self.app[PASSWORDS].hash_now(PASSWORD),
            staff_id=staff_id,
            **more,
        )
        async with self.database.write() as session:
            session.add(account)
            await session.flush()
            session.add_all(
                AccountRole(
                    id=new_id(), account_id=account.id, role=role, group_id=group_id or self.town.group.id
                )
                for role in roles
            )
        return account

    async def signed_in(self, username: str, *roles: Role, **more: Any) -> Browser:
        """The browser of somebody who has just signed in through the page."""
        await self.account(username, *roles, **more)
        browser = await self.browser()
        answer = await sign_in(browser, username)
        assert answer.status == 303, await answer.text()
        return browser

    async def log(self) -> list[AccessLog]:
        """The access log so far, oldest first, without the sign-ins."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(AccessLog).where(AccessLog.action != "sign_in").order_by(AccessLog.id)
            )
            return list(rows)


async def sign_in(browser: Browser, username: str, password: str = PASSWORD, **more: Any) -> ClientResponse:
    """Fill in the sign-in page and press the button; redirections are not followed."""
    return await browser.post(
        "/logga-in", data={"username": username, "password": password, **more}, allow_redirects=False
    )


@pytest.fixture
def more_routes() -> web.RouteTableDef:
    """Routes beside the program's own; a test module overrides this."""
    return web.RouteTableDef()


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """How the server is set up; a test module overrides this."""
    return Configuration(data=tmp_path)


@pytest.fixture
async def site(
    sqlite_database: Database,
    clock: StandingClock,
    configuration: Configuration,
    more_routes: web.RouteTableDef,
) -> AsyncIterator[Site]:
    """A running server with one town and no accounts yet."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
    app = cold_app(sqlite_database, clock, configuration)
    app[PASSWORDS] = Passwords(WEAK)
    app.add_routes(more_routes)
    server = TestServer(app)
    await server.start_server()
    made = Site(server, sqlite_database, clock, town)
    yield made
    for browser in made.opened:
        await browser.session.close()
    await server.close()
