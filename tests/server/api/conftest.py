"""``program``: with a token of the town's coordinator; ``made``: one of everything in two groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import ClientResponse

from care.accounts import Role
from server.security.tokens import make, offered
from tests.builders import make_group
from tests.server.conftest import Browser, Site
from tests.server.security.side import Side, make_side


@dataclass(frozen=True, slots=True)
class Program:
    """Somebody else's program: no cookies, a token in every request."""

    browser: Browser
    token: str

    async def ask(self, method: str, path: str, **more: Any) -> ClientResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return await self.browser.request(method, f"/api/v1{path}", headers=headers, **more)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def make_program(
    site: Site, username: str, role: Role, *, changing: bool = True, days: int = 30, **more: Any
) -> Program:
    """A program that speaks for a fresh account in one role."""
    account = await site.account(username, role, **more)
    async with site.database.write() as session:
        _, text = await make(
            session, account, role, offered(role, changing=changing), "Planeringen", days, site.clock.now()
        )
    return Program(await site.browser(), text)


@dataclass(frozen=True, slots=True)
class Made:
    """One's own group, and another with names that must never be seen."""

    own: Side
    theirs: Side


@pytest.fixture
async def made(site: Site) -> Made:
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        theirs = await make_side(session, replace(site.town, group=elsewhere), "Stina")
        own = await make_side(session, site.town, "Karin")
    return Made(own, theirs)


@pytest.fixture
async def program(site: Site, made: Made) -> Program:
    return await make_program(site, "planeringen", Role.COORDINATOR)
