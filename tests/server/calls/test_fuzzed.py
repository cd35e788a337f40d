"""Signalling in any order, by anybody, good, bad, stale and foreign: a state machine over real sockets.

Three homes with a tablet each, three workers, pages and tablets that come, vanish and come back, a server
that is started anew, time that passes. Whatever happens:

- nothing is ever `unexpected`: no 500, no error in the log, no socket closed with 1011;
- a socket hears of a call only when it sits in it: it rang it, was rung by it, or has taken it up, and nobody
  has taken it over; what one side says reaches the other side of the same call, unchanged, and nobody else;
- a tablet has at most one call, and in the end every call has ended with one cause.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from care.accounts import AccountRole, Role
from care.calls.call import Call, CallParticipant, CallRole
from care.calls.life import CallState
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.ids import new_id
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from care.storage.migrations import migrate
from server.calls.routes import SWEEP
from server.security import sessions
from tests.builders import (
    make_account,
    make_client,
    make_contact,
    make_digital,
    make_shift,
    make_staff,
    make_town,
)
from tests.server.calls.fuzzed import BROKEN, FROM_TABLET, FROM_WORKER, Ref
from tests.server.calls.lines import Key, Line, Said, open_page, open_tablet
from tests.server.conftest import cold_app

HOMES = 3
#: Messages of a call that only who sits in it may hear. (`changed` goes to all who may see the row, and an
#: `error` repeats the id that was said.)
OF_A_CALL = frozenset(
    {"calling", "ring", "state", "peer", "description", "candidate", "sending", "resumed", "renewed", "taken",
     "show_text", "shown", "trouble", "volume"}
)  # fmt: skip
#: How a socket may be closed; 1006: cut.
CLOSED = {1000, 1001, 1006, 4400, 4401, 4408, 4409, 4426, None}
PATIENCE = 20.0
#: What everybody says at once.
AT_ONCE = ("resume", "hang_up", "description", "candidate", "media")


@dataclass
class Wire:
    """One socket, and what may be said on it."""

    line: Line
    session: ClientSession
    is_tablet: bool
    #: Number of the tablet's home or of the worker.
    who: int
    #: Calls that it sits in.
    seats: set[str] = field(default_factory=set)
    #: ... and those that it has ever sat in.
    sat: set[str] = field(default_factory=set)


@dataclass
class Home:
    device_id: UUID
    contact_id: UUID
    key: Key


class Complaints(logging.Handler):
    """What the program itself calls an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Signalling(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.complaints = Complaints()
        logging.getLogger().addHandler(self.complaints)
        self.folder = tempfile.TemporaryDirectory(prefix="samtid-fuzz-")
        self.wires: list[Wire] = []
        self.calls: list[str] = []
        self.said = 0

    # The world

    @initialize()
    def world(self) -> None:
        shutil.copy(self.template, Path(self.folder.name) / SQLITE_FILE)
        self.clock = StandingClock(datetime(2026, 12, 1, 6, 40))
        self.database = Database(sqlite_url(Path(self.folder.name)))
        self.runner.run(self._world())

    async def _world(self) -> None:
        self.homes: list[Home] = []
        self.cookies: list[str] = []
        self.accounts: list[UUID] = []
        async with self.database.write() as session:
            town = await make_town(session)
            for number, (worker, client) in enumerate(
                [("Anna", "Ingrid"), ("Bo", "Karin"), ("Cia", "Sven")][:HOMES]
            ):
                staff = await make_staff(session, town, worker)
                await make_shift(session, staff)
                account = await make_account(session, staff, username=worker.lower())
                role = AccountRole(
                    id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=town.group.id
                )
                session.add(role)
                home = await make_client(session, town, client, lives_alone=True)
                device = await make_digital(session, home, self.clock.now())
                key = Key()
                device.public_key = key.public
                contact = await make_contact(
                    session, home, town.services["TI-DAG"], datetime(2026, 12, 1, 6, 45 + number),
                    staff=[staff], channel=Channel.VIDEO,
                )  # fmt: skip
                self.homes.append(Home(device.id, contact.id, key))
                self.accounts.append(account.id)
                self.cookies.append(await sessions.open_session(session, account, self.clock.now(), 12, None))
        await self._start()

    async def _start(self) -> None:
        self.server = TestServer(cold_app(self.database, self.clock))
        await self.server.start_server()
        self.origin = str(self.server.make_url("")).rstrip("/")

    def teardown(self) -> None:
        try:
            if hasattr(self, "server"):
                self.runner.run(self._end())
        finally:
            self.runner.close()
            self.folder.cleanup()
            logging.getLogger().removeHandler(self.complaints)
        assert not self.complaints.lines, self.complaints.lines

    async def _end(self) -> None:
        """Nobody is there any more, and time passes: every call ends, with a cause."""
        try:
            for wire in list(self.wires):
                await self._forget(wire)
            for _ in range(6):
                self.clock.move(timedelta(seconds=60))
                await self.server.app[SWEEP].once()
            async with self.database.read() as session:
                for call in await session.scalars(select(Call)):
                    assert call.state is CallState.ENDED, f"{call.id} goes on without anybody"
                    assert call.cause is not None
        finally:
            await self.server.close()
            await self.database.close()

    # Coming and going

    @rule(home=st.integers(0, HOMES - 1))
    def a_tablet_comes(self, home: int) -> None:
        self.runner.run(self._tablet(home))

    async def _tablet(self, home: int) -> Wire:
        session = ClientSession()
        one = self.homes[home]
        line = await open_tablet(session, self.origin, one.device_id, one.key)
        return await self._came(Wire(line, session, is_tablet=True, who=home))

    @rule(worker=st.integers(0, HOMES - 1), home=st.integers(0, HOMES - 1))
    def a_page_comes(self, worker: int, home: int) -> None:
        self.runner.run(self._page(worker, home))

    async def _page(self, worker: int, home: int) -> Wire:
        session = ClientSession(cookie_jar=CookieJar(unsafe=True), cookies={"samtid": self.cookies[worker]})
        line = await open_page(session, self.origin, contact=self.homes[home].contact_id)
        return await self._came(Wire(line, session, is_tablet=False, who=worker))

    async def _came(self, wire: Wire) -> Wire:
        self.wires.append(wire)
        await self._settle()
        # The browser's memory is small: the oldest page is closed.
        while len(self.wires) > 7:
            await self._forget(self.wires[0])
        return wire

    @rule(at=st.integers(0, 9), politely=st.booleans())
    def a_socket_goes(self, at: int, politely: bool) -> None:
        if self.wires:
            self.runner.run(self._go(self.wires[at % len(self.wires)], politely=politely))

    async def _go(self, wire: Wire, *, politely: bool) -> None:
        if not politely:
            transport = wire.session.connector and wire.line.socket._response.connection
            if transport and transport.transport:
                transport.transport.abort()
        await self._forget(wire)
        await self._settle()

    @precondition(lambda self: len(self.wires) > 2)
    @rule()
    def the_server_starts_anew(self) -> None:
        self.runner.run(self._restart())

    async def _restart(self) -> None:
        for wire in list(self.wires):
            await self._forget(wire)
        await self.server.close()
        await self._start()

    @rule(seconds=st.sampled_from([1, 11, 61, 125]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move(timedelta(seconds=seconds))
        self.runner.run(self._swept())

    async def _swept(self) -> None:
        await self.server.app[SWEEP].once()
        await self._settle()

    # Talking

    @rule(home=st.integers(0, HOMES - 1))
    def what_should_come_next(self, home: int) -> None:
        """One right step of this home's call: so that there are calls to disturb."""
        self.runner.run(self._next(home))

    async def _next(self, home: int) -> None:
        tablet = next((one for one in self.wires if one.is_tablet and one.who == home), None)
        tablet = tablet or await self._tablet(home)
        async with self.database.read() as session:
            call = await session.scalar(
                select(Call)
                .where(Call.contact_id == self.homes[home].contact_id, Call.state != CallState.ENDED)
                .limit(1)
            )
        if call is None:
            page = await self._page(home, home)
            await self._say(page, {"type": "call", "contact": str(self.homes[home].contact_id),
                                   "connection": "w1", "reason": "prov"})  # fmt: skip
        elif call.state is CallState.RINGING:
            await self._say(tablet, {"type": "ringing", "call": str(call.id), "connection": "t1"})
            await self._settle()
            await self._say(tablet, {"type": "answer", "call": str(call.id), "by": "touch"})
        else:
            for wire in [*self.wires]:
                if str(call.id) not in wire.seats and (wire.is_tablet is False or wire.who == home):
                    name = "t1" if wire.is_tablet else "w1"
                    await self._say(wire, {"type": "resume", "call": str(call.id), "connection": name})
                await self._say(wire, {"type": "media", "call": str(call.id), "state": "flowing"})
        await self._settle()

    @rule(data=st.data(), at=st.integers(0, 9))
    def somebody_says_something(self, data: st.DataObject, at: int) -> None:
        if not self.wires:
            return
        wire = self.wires[at % len(self.wires)]
        kinds = _messages(wire)
        kind = data.draw(st.sampled_from(sorted(kinds)), "type")
        self.runner.run(self._say_drawn(wire, data.draw(kinds[kind], "message")))

    @rule(data=st.data())
    def all_talk_at_once(self, data: st.DataObject) -> None:
        """Nobody waits for an answer."""
        messages = [
            (wire, data.draw(st.one_of(*(_messages(wire)[name] for name in AT_ONCE)))) for wire in self.wires
        ]
        self.runner.run(self._at_once(messages))

    async def _at_once(self, messages: list[tuple[Wire, Said]]) -> None:
        for wire, message in messages:
            await self._say(wire, self._filled(wire, message))
        await self._settle()

    @rule(at=st.integers(0, 9), text=BROKEN)
    def somebody_says_nonsense(self, at: int, text: str) -> None:
        if self.wires:
            self.runner.run(self._nonsense(self.wires[at % len(self.wires)], text))

    async def _nonsense(self, wire: Wire, text: str) -> None:
        raw = text.encode("utf-8", "surrogatepass")
        with contextlib.suppress(ConnectionError):
            await wire.line.socket._writer.send_frame(raw, WSMsgType.TEXT)
        await self._settle()

    async def _say_drawn(self, wire: Wire, message: Said) -> None:
        await self._say(wire, self._filled(wire, message))
        await self._settle()

    def _filled(self, wire: Wire, message: Any) -> Any:
        """With ids in their places, and marked with who says it where it is passed on."""
        if isinstance(message, Ref):
            return self._id(message)
        if isinstance(message, list):
            return [self._filled(wire, one) for one in message]
        if not isinstance(message, dict):
            return message
        filled = {key: self._filled(wire, value) for key, value in message.items()}
        if filled.get("type") == "description":
            self.said += 1
            filled["description"]["sdp"] = json.dumps([filled["call"], wire.is_tablet, wire.who, self.said])
        return filled

    def _id(self, ref: Ref) -> str:
        if ref.at is None:
            return str(new_id())
        known: list[Any] = {
            "contact": [home.contact_id for home in self.homes],
            "device": [home.device_id for home in self.homes],
        }.get(ref.kind, self.calls[::-1])
        return str(known[ref.at % len(known)]) if known else str(new_id())

    async def _say(self, wire: Wire, message: Said) -> None:
        with contextlib.suppress(ConnectionError):
            await wire.line.socket.send_str(json.dumps(message))

    # Hearing

    async def _settle(self) -> None:
        """Everybody has heard everything that was said until now."""
        for wire in list(self.wires):
            wire.line.number += 1
            await self._say(wire, {"type": "ping", "n": wire.line.number})
            async with asyncio.timeout(PATIENCE):
                while wire in self.wires:
                    frame = await wire.line.socket.receive()
                    if frame.type is not WSMsgType.TEXT:
                        await self._forget(wire)
                        break
                    message = json.loads(frame.data)
                    await self._check(wire, message)
                    if message["type"] == "pong" and message["answers"] == wire.line.number:
                        break

    async def _forget(self, wire: Wire) -> None:
        if wire in self.wires:
            self.wires.remove(wire)
        await wire.line.socket.close()
        code = wire.line.socket.close_code
        await wire.session.close()
        assert code in CLOSED, f"closed with {code}"

    async def _check(self, wire: Wire, message: Said) -> None:
        kind = message["type"]
        assert message.get("code") != "unexpected", message
        if kind not in OF_A_CALL:
            return
        call = message["call"]
        if call not in self.calls:
            self.calls.append(call)
        if kind in {"calling", "resumed", "ring"}:
            await self._check_party(wire, call)
            wire.seats.add(call)
            wire.sat.add(call)
        elif kind == "taken":
            # Two who take it over in the same moment are told of one by one.
            assert call in wire.sat, f"{wire} never sat in the call of {message}"
            wire.seats.discard(call)
        elif kind == "state" and (wire.is_tablet or message["state"] == "ended"):
            # A tablet that has come back hears how it is before it resumes; `resume` may come too late.
            await self._check_party(wire, call)
        else:
            assert call in wire.seats, f"{wire} does not sit in the call of {message}"
        if kind == "description":
            of, was_tablet, who, _ = json.loads(message["description"]["sdp"])
            assert of == call, "said in another call"
            assert was_tablet is not wire.is_tablet, "one's own words, or those of the same side"
            if not wire.is_tablet:
                side = await self._side(call, CallRole.CLIENT)
                assert self.homes[who].device_id == side.device_id, "another home's words"

    async def _check_party(self, wire: Wire, call: str) -> None:
        """A tablet is told of calls to its own home only, a page of calls that its worker made."""
        side = await self._side(call, CallRole.CLIENT if wire.is_tablet else CallRole.WORKER)
        if wire.is_tablet:
            assert side.device_id == self.homes[wire.who].device_id
        else:
            assert side.account_id == self.accounts[wire.who]

    async def _side(self, call: str, role: CallRole) -> CallParticipant:
        async with self.database.read() as session:
            found = await session.scalar(
                select(CallParticipant).where(
                    CallParticipant.call_id == UUID(call), CallParticipant.role == role
                )
            )
        assert found is not None
        return found

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.complaints.lines, self.complaints.lines
        if hasattr(self, "server"):
            self.runner.run(self._one_call_a_home())

    async def _one_call_a_home(self) -> None:
        async with self.database.read() as session:
            live = list(await session.scalars(select(Call).where(Call.state != CallState.ENDED)))
        assert len({call.contact_id for call in live}) == len(live), "two calls in one home"
        assert all(call.cause is None for call in live)


def _messages(wire: Wire) -> dict[str, st.SearchStrategy[Said]]:
    return FROM_TABLET if wire.is_tablet else FROM_WORKER


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> type[Signalling]:
    """The machine, with a database of empty tables."""
    folder = tmp_path_factory.mktemp("tables")
    asyncio.run(migrate(sqlite_url(folder)))
    return type("Fuzzed", (Signalling,), {"template": folder / SQLITE_FILE})


def _run(machine: type[Signalling], examples: int, steps: int, *, is_random: bool) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None,
            derandomize=not is_random, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_nothing_leaks_and_nothing_breaks(machine: type[Signalling]) -> None:
    """The same histories in every run."""
    _run(machine, 15, 40, is_random=False)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nothing_leaks_and_nothing_breaks_in_other_histories(machine: type[Signalling]) -> None:
    """Fresh histories in every run, many and longer."""
    _run(machine, 400, 60, is_random=True)
