"""``office``: a running server with a weekly check-in, and people who can come into its room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aioice.ice
import pytest
from aiohttp import ClientSession, CookieJar

from care.accounts import Account, AccountRole, Role
from care.gatherings import Gathering, GatheringKind
from care.ids import new_id
from care.staff import Staff
from server.configuration import Configuration, Media
from server.keys import ROOMS
from server.media.engine import Offer
from server.rooms.desk import RoomDesk
from server.security import sessions
from tests.builders import make_account, make_staff, moment
from tests.server.calls.lines import Line, open_page
from tests.server.conftest import Site
from tests.server.media.conftest import LOOPBACK, until
from tests.server.media.peer import Person


@pytest.fixture
def configuration(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """Media on the loopback alone, for the engine's process and for the peers of this one."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [LOOPBACK])
    return Configuration(data=tmp_path, media=Media(addresses=[LOOPBACK]))


@dataclass
class Wire:
    """The part of an engine that a page has, over its socket."""

    line: Line

    async def publish(self, room: UUID, who: UUID, offer: str) -> str:  # noqa: ARG002 - an engine's signature
        said = await self.line.ask("publish", room=room, sdp=offer)
        assert said["type"] == "published", said
        return str(said["sdp"])

    async def subscribe(
        self,
        room: UUID,
        who: UUID,  # noqa: ARG002
        sources: Sequence[UUID] | None = None,
        *,
        renew: bool = False,
    ) -> Offer | None:
        more = {} if sources is None else {"sources": [str(one) for one in sources]}
        said = await self.line.ask("subscribe", room=room, renew=renew, **more)
        assert said["type"] in {"offered", "ok"}, said
        return Offer(said["number"], said["sdp"]) if said["type"] == "offered" else None

    async def answer(self, room: UUID, who: UUID, number: int, sdp: str) -> None:  # noqa: ARG002
        said = await self.line.ask("room_answer", room=room, number=number, sdp=sdp)
        assert said["type"] == "ok", said


@dataclass
class Office:
    """The server, one check-in, and everybody's pages."""

    site: Site
    room: UUID
    opened: list[ClientSession] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    @property
    def desk(self) -> RoomDesk:
        return self.site.app[ROOMS]

    @property
    def origin(self) -> str:
        return str(self.site.server.make_url("")).rstrip("/")

    async def worker(self, username: str, role: Role = Role.CARE_WORKER, **more: Any) -> tuple[Staff, str]:
        """Somebody of the group with an account; the staff and the cookie of a sign-in."""
        group = more.pop("group", self.site.town.group)
        async with self.site.database.write() as session:
            staff = await make_staff(session, self.site.town, first_name=username.title(), **more)
            account = await make_account(session, staff, username)
            session.add(AccountRole(id=new_id(), account_id=account.id, role=role, group_id=group.id))
        return staff, await self.sign_in(account.id)

    async def sign_in(self, account_id: UUID) -> str:
        async with self.site.database.write() as session:
            account = await session.get_one(Account, account_id)
            return await sessions.open_session(session, account, self.site.clock.now(), 12, None)

    async def page(self, cookie: str) -> Line:
        """A page of somebody who is signed in, welcomed."""
        browser = ClientSession(cookie_jar=CookieJar(unsafe=True), cookies={"samtid": cookie})
        self.opened.append(browser)
        line = await open_page(browser, self.origin)
        await line.hear("welcome")
        return line

    async def enter(self, line: Line) -> dict[str, Any]:
        entered = await line.ask("enter_room", room=self.room)
        assert entered["type"] == "entered", entered
        return entered

    async def join(self, line: Line, who: str) -> Person:
        """Picture and sound of who sits there: sends and sees, connected."""
        person = Person(UUID(who))
        self.people.append(person)
        await person.join(Wire(line), self.room)  # type: ignore[arg-type]
        await until(
            lambda: person.publisher.states[-1:] == person.viewer.states[-1:] == ["connected"], "connected"
        )
        return person

    async def flows(self, true: Callable[[], object], what: str) -> None:
        """Everybody sends until something holds."""

        def holds() -> object:
            for person in self.people:
                person.publisher.beat(0.04)
            return true()

        await until(holds, what, each=0.04)


@pytest.fixture
async def office(site: Site) -> AsyncIterator[Office]:
    async with site.database.write() as session:
        gathering = Gathering(
            id=new_id(),
            kind=GatheringKind.WEEKLY_CHECKIN,
            group_id=site.town.group.id,
            start=moment("2026-12-07 08:30"),
            week="2026-W49",
        )
        session.add(gathering)
    made = Office(site, gathering.id)
    yield made
    for person in made.people:
        await person.close()
    for browser in made.opened:
        await browser.close()
