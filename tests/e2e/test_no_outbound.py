"""Nothing leaves the house: no page asks another host for anything, and the server calls nobody unasked."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from care.accounts import Account, AccountRole, Role
from care.ids import new_id
from tests.e2e.running import PASSWORD, WEAK, Running, build, until
from tests.e2e.test_pages import links

ROLES = (
    Role.COORDINATOR, Role.UNIT_MANAGER, Role.CARE_WORKER, Role.ADMINISTRATOR, Role.LICENSED_PROFESSIONAL,
    Role.NEEDS_ASSESSOR,
)  # fmt: skip
#: Runs at the start of every Python process of the server, its planner too, and notes each way out.
HOOK = """
import json, os, sys

_FILE = os.open(os.environ["WAYS_OUT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"}


def _heard(event, given):
    if event in _EVENTS:
        where = given[0] if event.startswith("socket.get") else given[1] if len(given) > 1 else None
        if isinstance(where, (tuple, list)):
            where = where[0]
        if isinstance(where, bytes):
            where = where.decode("utf-8", "replace")
        os.write(_FILE, (json.dumps([event, where]) + "\\n").encode())


sys.addaudithook(_heard)
"""


def is_ours(host: object) -> bool:
    """True for this machine: no host at all, a file's name, or a loopback address."""
    if host is None or str(host) in {"", "localhost", "0.0.0.0", "::"} or str(host).startswith("/"):  # noqa: S104
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@dataclass
class Listening:
    """Every request and socket of a browser that does not go to the server itself."""

    url: str
    addresses: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def to(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.note(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self.note(socket.url)))

    def note(self, address: str) -> None:
        self.addresses.append(address)
        parts = urlsplit(address)
        # data:, blob: and the browser's own parts (its PDF viewer) are no requests to anybody.
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != urlsplit(self.url).netloc:
            self.foreign.append(address)


async def people(running: Running) -> None:
    """Somebody of every role, who may sign in."""
    async with running.database.write() as session:
        for role in ROLES:
            account = Account(
                id=new_id(), username=role.value, password_hash=WEAK.hash(PASSWORD),
                display_name=role.value.title(), created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )  # fmt: skip
            session.add(account)
            await session.flush()
            group = running.ingrid.group_id
            session.add(AccountRole(id=new_id(), account_id=account.id, role=role, group_id=group))


async def enter(page: Page, running: Running, role: Role) -> None:
    await page.goto(running.url + "/logga-in")
    await page.get_by_label("Användarnamn").fill(role.value)
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url(lambda url: "/logga-in" not in url)


async def sweep(browser: Browser, running: Running, listening: Listening) -> set[str]:
    """One page of every kind that each role is led to from its start page; the kinds."""
    seen: set[str] = set()
    for role in ROLES:
        context = await browser.new_context(locale="sv-SE")
        listening.to(context)
        page = await context.new_page()
        await enter(page, running, role)
        waiting = await links(page)
        while waiting:
            kind, path = waiting.popitem()
            if kind in seen:
                continue
            seen.add(kind)
            answer = await page.goto(running.url + path)
            assert answer is not None
            assert answer.status < 400, (role, path, answer.status)
            waiting |= await links(page)
        await context.close()
    return seen


async def tablet(browser: Browser, running: Running, listening: Listening) -> None:
    """Ingrid's tablet: paired, started, and in touch with the server."""
    context = await browser.new_context(locale="sv-SE", viewport={"width": 1280, "height": 800})
    listening.to(context)
    page = await context.new_page()
    async with page.expect_response(lambda answer: "/static/" in answer.url):
        await page.goto(running.pair_url)
    await page.get_by_role("button", name="Starta").click()

    async def is_in_touch() -> bool:
        return any("/socket/kiosk" in address for address in listening.addresses)

    await until(is_in_touch)
    await context.close()


async def try_ways_out(log: Path) -> set[str]:
    """What the hook hears of a program that looks up, connects and sends: proof that it listens."""
    program = """
import contextlib, socket
with contextlib.suppress(OSError):
    socket.getaddrinfo("127.0.0.1", 9)
with contextlib.suppress(OSError), socket.socket() as one:
    one.connect(("127.0.0.1", 9))
with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as one:
    one.sendto(b"x", ("127.0.0.1", 9))
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0
    return {event for event, _ in heard(log)}


def heard(log: Path) -> list[list[Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.timeout(180)
async def test_nothing_leaves_the_house(
    tmp_path: Path, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start of the server, over sign-in and every page of every role, to a tablet that is on."""
    hook, log, folder = tmp_path / "hook", tmp_path / "ways_out", tmp_path / "data"
    hook.mkdir()
    folder.mkdir(mode=0o700)
    (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(hook))
    monkeypatch.setenv("WAYS_OUT", str(log))
    assert await try_ways_out(log) == {"socket.getaddrinfo", "socket.connect", "socket.sendto"}
    log.write_text("", encoding="utf-8")
    running = await build(folder)
    await people(running)
    listening = Listening(running.url)
    try:
        await running.start()
        kinds = await sweep(chromium, running, listening)
        await tablet(chromium, running, listening)
    finally:
        await running.stop()
    assert len(kinds) >= 15, kinds
    assert len(listening.addresses) > len(kinds)
    assert listening.foreign == []
    assert [one for one in heard(log) if not is_ours(one[1])] == []


async def test_a_foreign_request_would_be_seen(chromium: Browser) -> None:
    """The ear is not deaf: a picture from another host is heard."""
    listening = Listening("http://127.0.0.1:1")
    context = await chromium.new_context()
    listening.to(context)
    page = await context.new_page()
    await page.set_content('<img src="http://127.0.0.2:9/foreign.png">', wait_until="load")
    await context.close()
    assert listening.foreign == ["http://127.0.0.2:9/foreign.png"]
