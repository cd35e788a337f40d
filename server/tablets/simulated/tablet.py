"""One simulated tablet: the protocol of docs/protocol.md at its proper pace, without picture and sound."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

from server.calls.messages import PROTOCOLS
from server.tablets.simulated.key import Key

Message = dict[str, Any]
#: Seconds, by pace: between pings, until a silent socket is given up, and the longest wait for the next one.
PING = {"near": 2.0, "idle": 20.0}
SILENT = {"near": 5.0, "idle": 45.0}
LONGEST = {"near": 2.0, "idle": 30.0}
#: A busy server is waited for longer than a page waits: what is measured is how long it takes.
_OPEN_WITHIN = 30.0
_FOR_GOOD = frozenset({4401, 4409, 4426})
HEALTH: Message = {
    "camera": "granted", "microphone": "granted", "sound": "ok", "wake_lock": "ok",
    "voice": True, "touch_needed": False,
}  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """What a simulated tablet does when it rings."""

    answer: Literal["touch", "not_now", "never"] = "touch"
    #: Seconds until somebody presses, and until it hangs up again (0: never).
    after: float = 2.0
    talk: float = 0.0


class SimulatedTablet:
    """Connects, stays connected for ever, pings, and answers as its manner is.

    `counts` is shared by a fleet: ``connected`` is how many are in touch now; the others only grow.
    """

    def __init__(
        self,
        origin: str,
        device_id: UUID,
        key: Key,
        *,
        manner: Manner,
        counts: Counter[str],
        heard: Callable[[Message], None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.device_id = device_id
        self._origin, self._key, self._manner, self._counts = origin, key, manner, counts
        self._heard, self._tls = heard, tls
        self._pace = "idle"
        self._is_welcome = False
        self._number = 0
        self._call: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, session: ClientSession) -> None:
        """Until it is cancelled, or told for good to go."""
        attempt = 0
        try:
            while True:
                try:
                    code = await self._once(session)
                    if code in _FOR_GOOD:
                        self._counts["refused"] += 1
                        return
                except (ClientError, TimeoutError, ConnectionError):
                    self._counts["failed"] += 1
                if self._is_welcome:
                    attempt = 0
                self._went()
                wait = min(LONGEST[self._pace], 0.5 * 2**attempt)
                await asyncio.sleep(random.uniform(0, wait))  # noqa: S311 - jitter
                attempt = min(attempt + 1, 20)
        finally:
            self._went()
            for task in self._tasks:
                task.cancel()

    def _went(self) -> None:
        if self._is_welcome:
            self._is_welcome = False
            self._counts["connected"] -= 1
            self._counts["lost"] += 1

    async def _once(self, session: ClientSession) -> int | None:
        """One socket, from the greeting to its end; its close code."""
        async with asyncio.timeout(_OPEN_WITHIN):
            socket = await session.ws_connect(
                f"{self._origin}/socket/kiosk",
                headers={"Origin": self._origin},
                ssl=self._tls if self._tls is not None else True,
            )
        loop = asyncio.get_running_loop()
        async with socket:
            ping, silent = loop.time() + _OPEN_WITHIN, loop.time() + _OPEN_WITHIN
            while True:
                now = loop.time()
                if now >= silent:
                    return None
                if now >= ping:
                    self._number += 1
                    await self._say(socket, "ping", n=self._number)
                    # The next is not put off by what comes meanwhile.
                    ping = now + PING[self._pace]
                try:
                    frame = await socket.receive(timeout=max(0.01, min(ping, silent) - now))
                except TimeoutError:
                    continue
                if frame.type is not WSMsgType.TEXT:
                    return socket.close_code
                silent = loop.time() + SILENT[self._pace]
                message: Message = msgspec.json.decode(frame.data)
                if message["type"] in {"welcome", "pace"}:
                    self._pace = message["pace"]
                    # Tablets do not ping in step, though they may have come together.
                    ping = min(ping, loop.time() + random.uniform(0, PING[self._pace]))  # noqa: S311
                await self._take(socket, message)

    async def _take(self, socket: ClientWebSocketResponse, message: Message) -> None:
        kind = message["type"]
        if self._heard is not None:
            self._heard(message)
        if kind == "greeting":
            signature = self._key.sign(PROTOCOLS[0], self._origin, message["nonce"], self.device_id)
            await self._say(
                socket, "hello", protocol=PROTOCOLS[0], device=str(self.device_id), signature=signature
            )
        elif kind == "welcome":
            self._is_welcome = True
            self._counts["connected"] += 1
            await self._say(socket, "health", **HEALTH)
            await self._go_on(socket, message.get("call"))
        elif kind == "ring":
            await self._ring(socket, message["call"])
        elif kind == "state" and message["call"] == self._call:
            await self._state(socket, message["state"])
        elif kind == "error":
            self._counts["errors"] += 1
            if message["code"] == "call.step" and message.get("call") == self._call:
                # Answered already, on a line that broke before it was told.
                await self._go_on(socket, {"call": self._call, "state": "connecting"})

    async def _go_on(self, socket: ClientWebSocketResponse, call: Message | None) -> None:
        """A call that the tablet was in before its line broke."""
        if call is None or call["state"] == "ringing":
            self._call = None
            return
        self._call = call["call"]
        await self._say(socket, "resume", call=self._call, connection=self._name)
        await self._say(socket, "media", call=self._call, state="flowing")

    async def _ring(self, socket: ClientWebSocketResponse, call: str) -> None:
        if call == self._call:
            return
        self._call = call
        self._counts["rings"] += 1
        await self._say(socket, "ringing", call=call, connection=self._name)
        if self._manner.answer == "touch":
            self._later(self._press(socket, call, self._manner.after, "answer", by="touch"))
        elif self._manner.answer == "not_now":
            self._later(self._press(socket, call, self._manner.after, "not_now"))

    async def _state(self, socket: ClientWebSocketResponse, state: str) -> None:
        if state == "connecting":
            self._counts["answered"] += 1
            await self._say(socket, "media", call=self._call, state="flowing")
            if self._manner.talk:
                assert self._call is not None  # noqa: S101 - the state is that of a call
                self._later(self._press(socket, self._call, self._manner.talk, "hang_up"))
        elif state == "ended":
            self._call = None

    async def _press(
        self, socket: ClientWebSocketResponse, call: str, after: float, kind: str, **fields: Any
    ) -> None:
        if after:
            await asyncio.sleep(after)
        if call == self._call:
            await self._say(socket, kind, call=call, **fields)

    @property
    def _name(self) -> str:
        """The name of a peer connection that there is not."""
        return self.device_id.hex

    async def _say(self, socket: ClientWebSocketResponse, type: str, **fields: Any) -> None:
        try:
            await socket.send_str(msgspec.json.encode({"type": type, **fields}).decode())
        except ConnectionError:
            # Noticed by who reads.
            return

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
