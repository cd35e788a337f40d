"""A check-in room of two over real networks: picture and sound pass the server's own engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Page, async_playwright

from care.accounts import AccountRole, Role
from care.checkin.week import week_name
from care.gatherings import Gathering, GatheringKind
from care.ids import new_id
from care.staff import Staff
from tests.builders import make_account
from tests.e2e.running import PASSWORD, WEAK, sign_in
from tests.faults.network import Network
from tests.faults.seen import WATCH
from tests.faults.stage import Distant, pages_in, serve


@dataclass
class Meeting:
    """Mia, who leads, and Anna, each in a place of her own."""

    server: Distant
    mia: Page
    anna: Page

    @property
    def sides(self) -> tuple[Page, Page]:
        return self.mia, self.anna

    def engine(self) -> int:
        """The process of the engine: the child of the server that forwards."""
        assert self.server.process is not None
        parent = self.server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        (found,) = (
            int(one)
            for one in children
            if b"server.media.embedded" in Path(f"/proc/{one}/cmdline").read_bytes()
        )
        return found


async def _awaited(server: Distant) -> str:
    """A check-in of this week, and Mia who leads it; its id."""
    now = datetime.now(UTC)
    async with server.database.write() as session:
        group_id = server.anna.group_id
        mia = Staff(
            id=new_id(), first_name="Mia", last_name="Ek", title=server.anna.title, group_id=group_id,
            source="test", extern_id="mia",
        )  # fmt: skip
        session.add(mia)
        await session.flush()
        account = await make_account(session, mia, "mia")
        account.password_hash = WEAK.hash(PASSWORD)
        role = AccountRole(id=new_id(), account_id=account.id, role=Role.UNIT_MANAGER, group_id=group_id)
        gathering = Gathering(
            id=new_id(), kind=GatheringKind.WEEKLY_CHECKIN, group_id=group_id, start=now,
            week=week_name(now.date()),
        )  # fmt: skip
        session.add_all([role, gathering])
    return str(gathering.id)


@asynccontextmanager
async def meeting(folder: Path) -> AsyncIterator[Meeting]:
    """The places, the server and both browsers, up to two who have gone in."""
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Network())
        office, first, second = (network.place(name) for name in ("office", "first", "second"))
        server = await serve(folder, office)
        gathering = await _awaited(server)
        stack.push_async_callback(server.stop)
        await server.start()
        playwright = await stack.enter_async_context(async_playwright())
        browsers = await pages_in(stack, playwright, folder, first, second)
        pages = []
        for browser, who in zip(browsers, ("mia", "anna"), strict=True):
            page = await sign_in(browser, server, who)
            await page.context.add_init_script(WATCH)
            await page.goto(f"{server.url}/avstamning/{gathering}")
            await page.get_by_role("button", name="Gå med").click()
            pages.append(page)
        yield Meeting(server, *pages)
