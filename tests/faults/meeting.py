"""A check-in room of two over real networks: picture and sound pass the server's own engine."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
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
from server.media.janus.folder import NodeSettings, programs, write
from tests.builders import make_account
from tests.e2e.running import PASSWORD, WEAK, sign_in
from tests.faults.network import Network, Place
from tests.faults.seen import WATCH
from tests.faults.stage import Distant, pages_in, serve


@dataclass
class Meeting:
    """Mia, who leads, and Anna, each in a place of her own."""

    server: Distant
    mia: Page
    anna: Page
    nodes: list[Node]

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


@dataclass
class Node:
    """A Janus beside the server, with our own configuration and UDP ports of its own."""

    settings: NodeSettings
    process: asyncio.subprocess.Process

    @property
    def carries(self) -> bool:
        """Whether somebody's picture goes through it: UDP ports of its range are open."""
        lines = Path(f"/proc/{self.process.pid}/net/udp").read_text(encoding="ascii").splitlines()[1:]
        lowest, highest = self.settings.ports
        return any(lowest <= int(line.split()[1].split(":")[1], 16) <= highest for line in lines)


@asynccontextmanager
async def janus(folder: Path, office: Place, count: int) -> AsyncIterator[list[Node]]:
    """So many nodes in `office`, which answer."""
    installed = programs()
    assert installed is not None
    nodes: list[Node] = []
    try:
        for number in range(count):
            where = folder / f"janus-{number}"
            where.mkdir(mode=0o700)
            lowest = 20_000 + 1000 * number
            settings = NodeSettings(
                secret=secrets.token_urlsafe(24), port=8188 + number, admin_port=7188 + number,
                addresses=(office.address,), ports=(lowest, lowest + 999),
            )  # fmt: skip
            write(where, settings, installed)
            process = await asyncio.create_subprocess_exec(
                *office.inside("janus", "-F", str(where), "-C", str(where / "janus.jcfg")),
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "HOME": str(where)},
            )  # fmt: skip
            nodes.append(Node(settings, process))
            office.run(sys.executable, "-c", _ANSWERS, str(settings.port))
        yield nodes
    finally:
        for node in nodes:
            if node.process.returncode is None:
                node.process.kill()
                await node.process.wait()


#: Waits until somebody listens at the port.
_ANSWERS = """
import socket, sys, time
for _ in range(300):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("nobody listens")
"""


def _setting(nodes: list[Node]) -> str:
    """What the server is told of them."""
    if not nodes:
        return ""
    each = [
        f'[[media.nodes]]\nurl = "ws://127.0.0.1:{one.settings.port}"\nsecret = "{one.settings.secret}"\n'
        f'admin_url = "ws://127.0.0.1:{one.settings.admin_port}"\n'
        for one in nodes
    ]
    return '[media]\nengine = "janus"\n' + "".join(each)


@asynccontextmanager
async def meeting(folder: Path, *, nodes: int = 0) -> AsyncIterator[Meeting]:
    """The places, the server and both browsers, up to two who have gone in.

    `nodes` of Janus carry the rooms; none: the server's own engine.
    """
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Network())
        office, first, second = (network.place(name) for name in ("office", "first", "second"))
        carrying = await stack.enter_async_context(janus(folder, office, nodes)) if nodes else []
        server = await serve(folder, office, more=_setting(carrying))
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
        yield Meeting(server, pages[0], pages[1], carrying)
