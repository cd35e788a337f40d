"""``home``: the house of the calls with a TURN server, Lisa on Ingrid's list, and consent to relatives."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, CookieJar

from care.approved import ApprovedPerson, approve
from care.clients import Client
from care.clock import StandingClock
from care.consent import Consent, ConsentKind
from care.guests.invitation import Invitation
from care.ids import new_id
from care.storage.database import Database
from server.configuration import Configuration, Turn
from tests.builders import make_consent
from tests.server.calls.conftest import House, build
from tests.server.calls.lines import PATIENCE, Line, open_line

TURN = Turn(urls=["turn:127.0.0.1:3478"], secret="hemligt")


@dataclass
class Home:
    house: House
    lisa: ApprovedPerson
    consent: Consent

    @property
    def origin(self) -> str:
        return self.house.origin

    @property
    def headers(self) -> dict[str, str]:
        """As a script of the page sends them."""
        return {"Origin": self.origin, "Accept": "application/json"}

    def phone(self) -> ClientSession:
        """Somebody's own browser, with cookies of its own and nobody signed in."""
        made = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.house.opened.append(made)
        return made

    async def invite(self, whom: str | UUID | None = None, name: str = "") -> str:
        """The secret of a link that Anna has made, as it stands in the address."""
        answer = await self.house.browser().post(
            f"{self.origin}/kontakt/{self.house.contact_id}/gast",
            data={"whom": str(whom or self.lisa.id), "name": name},
            headers={"Origin": self.origin},
        )
        text = await answer.text()
        assert answer.status == 200, text
        return text.split("/gast#")[1][:43]

    async def show(self, phone: ClientSession, secret: str) -> tuple[int, dict[str, Any]]:
        """Show the secret of a link, as the guest's page does."""
        answer = await phone.post(f"{self.origin}/gast/in", json={"secret": secret}, headers=self.headers)
        return answer.status, await answer.json(content_type=None)

    async def come(self, phone: ClientSession, guest: str | UUID | None) -> Line:
        """The guest's socket, after its hello."""
        line = await open_line(phone, self.origin, "/socket/gast")
        await line.hear("greeting")
        await line.say("hello", protocol=1, guest=guest)
        return line

    async def wait(self, secret: str | None = None) -> tuple[Line, str]:
        """A guest who waits in the lobby, and the id of the invitation."""
        phone = self.phone()
        status, said = await self.show(phone, secret or await self.invite())
        assert status == 200, said
        line = await self.come(phone, said["guest"])
        await line.hear("welcome")
        await line.hear("lobby")
        return line, said["guest"]

    async def invitation(self, guest: str) -> Invitation:
        async with self.house.database.read() as session:
            return await session.get_one(Invitation, UUID(guest))


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it is true."""
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.fixture
async def home(sqlite_database: Database, clock: StandingClock) -> AsyncIterator[Home]:
    folder = Path(tempfile.gettempdir(), f"samtid-{new_id()}")
    house = await build(sqlite_database, clock, Configuration(data=folder, turn=TURN))
    async with sqlite_database.write() as session:
        ingrid = await session.get_one(Client, house.ingrid.id)
        consent = await make_consent(session, ingrid, ConsentKind.RELATIVE_CALLS)
        lisa = await approve(
            session, ingrid, name="Lisa", relation="dotter", given_by="Ingrid", now=clock.now(),
            account_id=house.account_id,
        )  # fmt: skip
    yield Home(house, lisa, consent)
    await house.stop()
