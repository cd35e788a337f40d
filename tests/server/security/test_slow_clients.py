"""Slow and greedy clients against the server as it runs: they lose their places, others notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web

from care.accounts import AccountRole, Role
from care.clock import StandingClock
from care.ids import new_id
from care.storage.database import Database
from server import connections, running
from server.configuration import Configuration
from server.connections import CONNECTIONS, Connections
from server.keys import PASSWORDS
from server.running import listen, run
from server.security.passwords import Passwords
from tests.builders import make_account, make_staff, make_town
from tests.server.conftest import PASSWORD, WEAK, cold_app

HALF_A_HEAD = b"GET /logga-in HTTP/1.1\r\nHost: x\r\nX-Slow: "
FORM = b"username=anna&password=fel"


def head(length: int, more: bytes = b"") -> bytes:
    return (
        b"POST /logga-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%b"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % (more, length)
    )


@dataclass
class Served:
    """A server as `samtid serve` runs it, and somebody who wants to work."""

    app: web.Application
    port: int
    stack: AsyncExitStack

    async def open(self, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that has sent this and waits."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.stack.callback(writer.close)
        writer.write(sent)
        await writer.drain()
        return reader, writer

    async def worker(self) -> ClientSession:
        """Anna's browser, signed in."""
        session = ClientSession(f"http://127.0.0.1:{self.port}", cookie_jar=CookieJar(unsafe=True))
        await self.stack.enter_async_context(session)
        await self.works(session)
        return session

    async def works(self, session: ClientSession) -> None:
        """She signs in with a form and reads her day."""
        form = {"username": "anna", "password": PASSWORD}
        async with session.post("/logga-in", data=form) as answer:
            assert answer.status == 200
        async with session.get("/min-dag") as answer:
            assert (answer.status, answer.url.path) == (200, "/min-dag")


Serve = Callable[[], Awaitable[Served]]


@pytest.fixture
async def serve(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Serve]:
    """Starts the server: after the test has set the limits."""
    monkeypatch.setattr(running, "PATIENCE", 0.1)
    async with sqlite_database.write() as session:
        town = await make_town(session)
        account = await make_account(session, await make_staff(session, town))
        account.password_hash = WEAK.hash(PASSWORD)
        session.add(
            AccountRole(id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=town.group.id)
        )
    async with AsyncExitStack() as stack:

        async def begin() -> Served:
            app = cold_app(sqlite_database, clock, Configuration(data=tmp_path))
            app[PASSWORDS] = Passwords(WEAK)
            opened, ready = listen("127.0.0.1", 0), asyncio.Event()
            port: int = opened.getsockname()[1]
            task = asyncio.create_task(run(app, opened, None, ready.set))

            async def end() -> None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

            stack.push_async_callback(end)
            async with asyncio.timeout(20):
                await ready.wait()
            return Served(app, port, stack)

        yield begin


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """True when the server has closed it; waits a moment only."""
    try:
        async with asyncio.timeout(0.01):
            return await reader.read(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def left_of(readers: list[asyncio.StreamReader], wanted: int) -> int:
    """How many are still open, when it has become `wanted` or has had long to."""
    still = readers
    async with asyncio.timeout(20):
        while len(still) > wanted:
            still = [one for one in still if not await is_closed(one)]
    return len(still)


async def test_half_heads_without_end_lose_their_places(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address keeps so many connections that ask nothing; who works from the same one notices nothing."""
    monkeypatch.setattr(connections, "MOST_WAITING", 20)
    served = await serve()
    worker = await served.worker()
    socket = await worker.ws_connect(
        "/socket/personal", headers={"Origin": f"http://127.0.0.1:{served.port}"}
    )
    held = [(await served.open(HALF_A_HEAD))[0] for _ in range(150)]
    await served.works(worker)
    # The last twenty, or nineteen and the worker's own idle one.
    assert await left_of(held, 20) >= 19
    await served.works(await served.worker())
    await socket.send_str('{"type": "nothing"}')
    async with asyncio.timeout(10):
        heard = [await socket.receive_json(), await socket.receive_json()]
    assert [one["type"] for one in heard] == ["greeting", "error"], "a websocket is nobody who waits"


async def test_a_head_must_come_in_time(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few may wait, but not for ever: neither for a head nor having said nothing at all."""
    monkeypatch.setattr(running, "WAITS", 0.3)
    served = await serve()
    held = [(await served.open(sent))[0] for sent in (HALF_A_HEAD, b"", HALF_A_HEAD)]
    assert await left_of(held, 0) == 0


async def test_a_trickled_body_ends_in_words(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte is too slow: 408, and the connection is closed, however the length was told."""
    monkeypatch.setattr(connections, "GRACE", 0.3)
    monkeypatch.setattr(connections, "_LOOK_EVERY", 0.05)
    served = await serve()
    chunked = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    for start, piece in ((head(1000), b"u"), (chunked, b"1\r\nu\r\n")):
        reader, writer = await served.open(start)

        async def trickle(writer: asyncio.StreamWriter = writer, piece: bytes = piece) -> None:
            while True:
                writer.write(piece)
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(trickle())
        async with asyncio.timeout(20):
            answer = await reader.readuntil(b"</html>")
        dripping.cancel()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert "för långsamt".encode() in answer
    await served.worker()


async def test_a_slow_net_is_no_attack(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that keeps the pace goes through, long after the moment that it has for nothing."""
    monkeypatch.setattr(connections, "GRACE", 0.1)
    monkeypatch.setattr(connections, "_LOOK_EVERY", 0.02)
    served = await serve()
    body = FORM + b"&x=" + b"x" * 6000
    reader, writer = await served.open(head(len(body)))
    for start in range(0, len(body), 1200):
        writer.write(body[start : start + 1200])
        await asyncio.sleep(0.1)
    async with asyncio.timeout(20):
        assert (await reader.read()).startswith(b"HTTP/1.1 422 ")


async def test_many_slow_bodies_leave_room(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many from one address; beyond that a refusal, and when they have gone there is room again."""
    monkeypatch.setattr(connections, "MOST_BODIES", 3)
    served = await serve()
    worker = await served.worker()
    held = [await served.open(head(1000) + b"u") for _ in range(3)]
    bodies = served.app[CONNECTIONS].bodies

    async def on_their_way(number: int) -> None:
        async with asyncio.timeout(20):
            while sum(map(len, bodies.values())) != number:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)

    await on_their_way(3)
    refused, writer = await served.open(head(1000) + b"u")
    async with asyncio.timeout(20):
        assert (await refused.readline()).startswith(b"HTTP/1.1 429 ")
    writer.close()
    # What arrives whole is not on its way: others work.
    await served.works(worker)
    for _, one in held:
        one.close()
    await on_their_way(0)
    reader, _ = await served.open(head(len(FORM)) + FORM)
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 422 ")


class Line:
    """A connection as `Connections` sees it."""

    def __init__(self, address: str) -> None:
        self.peername, self.transport, self.is_closed = (address, 1), object(), False

    def force_close(self) -> None:
        self.is_closed = True


class Lines:
    def __init__(self, connections: list[Line]) -> None:
        self.connections = connections


@pytest.mark.parametrize(
    ("trusted", "most", "closed"),
    [
        pytest.param(set(), 1000, {"10.0.0.1": 50}, id="one that takes too many"),
        pytest.param({"10.0.0.1"}, 1000, {}, id="our proxy"),
        pytest.param({"10.0.0.1"}, 200, {"10.0.0.2": 100, "10.0.0.3": 10}, id="few places beside our proxy"),
        pytest.param(set(), 340, {"10.0.0.1": 70}, id="few places left"),
    ],
)
def test_who_goes_first(trusted: set[str], most: int, closed: dict[str, int]) -> None:
    """The oldest of each address beyond its share, then the oldest of all; never one that is answered."""
    lines = [Line("10.0.0.1") for _ in range(connections.MOST_WAITING + 50)]
    lines += [Line("10.0.0.2") for _ in range(100)] + [Line("10.0.0.3") for _ in range(10)]
    watched = Connections()
    busy = [Line("10.0.0.1") for _ in range(50)]
    watched.answered |= set(busy)
    watched.sweep(Lines(busy + lines), trusted.__contains__, most)  # type: ignore[arg-type]
    gone = [one.peername[0] for one in lines if one.is_closed]
    assert {address: gone.count(address) for address in set(gone)} == closed
    assert not any(one.is_closed for one in busy)
    # The oldest of an address first.
    oldest = [one for one in lines if one.peername[0] == "10.0.0.1"]
    assert [one.is_closed for one in oldest] == sorted((one.is_closed for one in oldest), reverse=True)
