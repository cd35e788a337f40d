"""The home in the pictures: Ingrid at 14.12, an ordinary day, and what changes between pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect
from sqlalchemy import delete, select, update

from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.devices import Device
from care.kiosk import Reach, Switch, TextSize
from care.municipality import Group, Municipality
from care.notices import Notice
from care.outbox import announce
from care.services import Service
from care.staff import Staff
from server.tablets.choice import choose
from server.tablets.home import move_in
from tests.builders import Town, make_client, make_contact, make_staff, moment
from tests.e2e.running import Running, build

WALL = "2026-11-24 14:12"
_ORDINARY: dict[str, Any] = {
    "reach": Reach.BOTH, "text_size": TextSize.NORMAL, "switch": Switch.KEYBOARD, "flash": False,
}  # fmt: skip


class Home:
    """A running server with one home, and the tablet that stands in it."""

    def __init__(self, running: Running, maja: Staff, erik: Staff, town: Town) -> None:
        self.running, self.maja, self.erik, self.town = running, maja, erik, town
        #: Rather too late than too early: the server's own clock begins when it has started.
        self.began = datetime.now(UTC) + timedelta(seconds=5)

    @property
    def now(self) -> datetime:
        """The server's time, a moment ago at most."""
        return moment(WALL) + (datetime.now(UTC) - self.began)

    async def tell(self, topic: str = "client.changed", **facts: Any) -> None:
        """Let the tablet fetch its day anew."""
        ingrid = self.running.ingrid
        async with self.running.database.write() as session:
            await announce(session, self.now, topic, group_id=ingrid.group_id, client_id=ingrid.id, **facts)

    async def change(self, **values: Any) -> None:
        """Columns of Ingrid: night, language, hearing aid."""
        async with self.running.database.write() as session:
            await session.execute(update(Client).where(Client.id == self.running.ingrid.id).values(**values))
        await self.tell()

    async def set_up(self, **more: Any) -> None:
        """The screen's own settings."""
        async with self.running.database.write() as session:
            device = (await session.scalars(select(Device).where(Device.revoked_at.is_(None)))).first()
            assert device is not None
            await choose(session, device, at=self.now, **{**_ORDINARY, **more})

    async def clear(self) -> None:
        """Nothing is planned."""
        async with self.running.database.write() as session:
            await session.execute(delete(Notice))
            await session.execute(update(PlannedContact).values(status=Status.CANCELLED))
        await self.tell()

    async def plan(
        self, code: str, minutes: float, channel: Channel, staff: Sequence[Staff],
        status: Status = Status.PLANNED, client: Client | None = None, **more: Any,
    ) -> PlannedContact:  # fmt: skip
        """A row that begins in so many minutes."""
        start = (self.now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
        async with self.running.database.write() as session:
            people = [await session.get_one(Staff, one.id) for one in staff]
            return await make_contact(
                session, client or self.running.ingrid, self.town.services[code], start,
                staff=people, channel=channel, status=status, **more,
            )  # fmt: skip

    async def ordinary_day(self) -> PlannedContact:
        """Lunch is over; Anna rings at half past two, Erik comes in the evening and Maja rings."""
        await self.clear()
        lunch = await self.plan("MA-STO", -117, Channel.PHYSICAL, [self.maja], Status.DONE)
        async with self.running.database.write() as session:
            stored = await session.get_one(PlannedContact, lunch.id)
            stored.actual_start, stored.actual_end = stored.start, stored.start + timedelta(minutes=20)
        call = await self.plan("SO-SAM", 18, Channel.VIDEO, [self.running.anna])
        await self.plan("PV-MOR", 228, Channel.PHYSICAL, [self.erik])
        await self.plan("SO-SAM", 378, Channel.VIDEO, [self.maja])
        await self.tell()
        return call

    async def notice(self, contact: PlannedContact) -> None:
        """A change of plan is to be told."""
        async with self.running.database.write() as session:
            session.add(
                Notice(
                    client_id=contact.client_id,
                    contact_id=contact.id,
                    made_at=self.now,
                    facts={"kind": "move", "channel": "video", "names": ["Anna"]},
                )
            )
        await self.tell("notice.made")

    async def second(self) -> Client:
        """Karl, who lives with Ingrid: the tablet is his too."""
        async with self.running.database.write() as session:
            karl = await make_client(session, self.town, "Karl", "Berg", night_from="00:00", night_to="00:00")
            device = (await session.scalars(select(Device).where(Device.revoked_at.is_(None)))).first()
            assert device is not None
            await move_in(session, device, karl, self.now)
        return karl


async def make_home(folder: Path, *consents: Any) -> Home:
    """Before the server runs: Maja and Erik have faces, and Anna too."""
    running = await build(folder, *consents, wall=WALL)
    async with running.database.write() as session:
        town = Town(
            (await session.scalars(select(Municipality))).one(),
            (await session.scalars(select(Group))).one(),
            {one.code: one for one in await session.scalars(select(Service))},
        )
        anna = await session.get_one(Staff, running.anna.id)
        anna.portrait = "worker-003"
        maja = await make_staff(session, town, "Maja", "Ek", portrait="worker-012")
        erik = await make_staff(session, town, "Erik", "Sund", portrait="worker-021")
    return Home(running, maja, erik, town)


async def open_tablet(browser: Browser, home: Home, address: str = "") -> Page:
    """The tablet's page, not started; without `address` the one that pairs it."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="sv-SE", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(address or home.running.pair_url)
    return page


async def stands(page: Page, name: str) -> None:
    """The screen of that name is up and takes touches."""
    await expect(page.locator(f"kiosk-{name}")).to_be_visible(timeout=20_000)
    await expect(page.locator("main > [inert]")).to_have_count(0)
