"""One websocket and one session with a Janus: questions, answers, and what it tells unasked."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType
from msgspec import Struct

PLUGIN = "janus.plugin.videoroom"
#: Seconds: a question may take, a connection may take, between two signs of life, until silence is death.
ANSWER, CONNECT, PING, HUNG = 15.0, 5.0, 2.0, 5.0
#: Questions that an acknowledgement answers.
_BRIEF = {"keepalive", "trickle"}

log = logging.getLogger(__name__)


class Refused(Exception):
    """Janus said no. `code` is its own number; its words are for the log."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class Gone(Exception):
    """Nobody answers: the node, or the way to it, is away."""


class Said(Struct, frozen=True):
    """What the plugin said, and the session description that came with it."""

    data: dict[str, Any]
    sdp: str | None = None
    #: Which handle it was said to.
    handle: int = 0
    #: What Janus itself tells of a connection: ``webrtcup``, ``hangup``, ``slowlink`` …; else ``event``.
    kind: str = "event"


class Session:
    """Opened by `open`. What is told unasked goes to `on_told`, on the loop, in order."""

    def __init__(self, socket: ClientWebSocketResponse, secret: str, on_told: Callable[[Said], None]) -> None:
        self._socket, self._secret, self._on_told = socket, secret, on_told
        #: Its number at the node.
        self.number = 0
        self._waiting: dict[str, tuple[bool, asyncio.Future[dict[str, Any]]]] = {}
        self._reading = asyncio.create_task(self._read())
        self._over = False

    @classmethod
    async def open(
        cls, client: ClientSession, url: str, secret: str, on_told: Callable[[Said], None]
    ) -> Session:
        """Connect and begin a session. Raises `Gone`, or `Refused` when the secret is wrong."""
        try:
            async with asyncio.timeout(CONNECT):
                socket = await client.ws_connect(url, protocols=("janus-protocol",), compress=0)
        except (OSError, ClientError, TimeoutError, ValueError) as error:
            raise Gone(type(error).__name__) from error
        session = cls(socket, secret, on_told)
        try:
            session.number = (await session.ask({"janus": "create"}))["data"]["id"]
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """End it; Janus takes away everything that belonged to it."""
        self._end()
        self._reading.cancel()
        with suppress(ClientError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._socket.close()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def ended(self) -> None:
        """Until the line is dead: closed by the other side, or silent for too long."""
        while not self._reading.done():
            await asyncio.wait((self._reading,), timeout=PING)
            if self._reading.done():
                return
            try:
                await self.ask({"janus": "keepalive"}, seconds=HUNG)
            except (Gone, Refused) as error:
                log.warning("a media node no longer answers: %s", error)
                return

    # What can be asked

    async def attach(self) -> int:
        """A new handle with the plugin."""
        handle: int = (await self.ask({"janus": "attach", "plugin": PLUGIN}))["data"]["id"]
        return handle

    async def detach(self, handle: int) -> None:
        """Take a handle away, and its connection with it. What is gone already is no error."""
        with suppress(Refused, Gone):
            await self.ask({"janus": "detach", "handle_id": handle})

    async def message(
        self, handle: int, body: dict[str, Any], *, offer: str | None = None, answer: str | None = None
    ) -> Said:
        """Say something to the plugin and wait for what comes of it. Raises `Refused`, `Gone`."""
        told: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        if offer is not None:
            told["jsep"] = {"type": "offer", "sdp": offer}
        elif answer is not None:
            told["jsep"] = {"type": "answer", "sdp": answer}
        said = _said(await self.ask(told))
        if "error_code" in said.data:
            raise Refused(int(said.data["error_code"]), str(said.data.get("error", "")))
        return said

    async def trickle(self, handle: int, candidate: dict[str, Any]) -> None:
        await self.ask({"janus": "trickle", "handle_id": handle, "candidate": candidate})

    async def information(self) -> dict[str, Any]:
        """Version, plugins and settings of the node."""
        return await self.ask({"janus": "info"})

    async def ask(self, told: dict[str, Any], *, seconds: float = ANSWER) -> dict[str, Any]:
        """One question, one answer. Raises `Refused`, `Gone`."""
        if self._over:
            raise Gone("closed")
        name = secrets.token_hex(8)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = (told["janus"] in _BRIEF, answer)
        sent = {**told, "transaction": name, "apisecret": self._secret}
        if self.number and told["janus"] != "info":
            sent["session_id"] = self.number
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send_str(msgspec.json.encode(sent).decode())
                said = await answer
        except (TimeoutError, ClientError, OSError) as error:
            raise Gone(type(error).__name__) from error
        finally:
            self._waiting.pop(name, None)
        if said["janus"] == "error":
            raise Refused(int(said["error"]["code"]), str(said["error"].get("reason", "")))
        return said

    # What comes

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                try:
                    said = msgspec.json.decode(message.data)
                    over = self._take(said)
                except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
                    log.warning("a media node said something that cannot be read")
                    continue
                if over:
                    return
        finally:
            self._end()

    def _take(self, said: dict[str, Any]) -> bool:
        """One message; True when the session is over."""
        kind = said["janus"]
        if kind == "timeout" and "sender" not in said:
            return True
        brief, answer = self._waiting.get(said.get("transaction", ""), (False, None))
        if answer is not None and not answer.done():
            # An asynchronous question is acknowledged first; its answer comes as an event.
            if kind != "ack" or brief:
                answer.set_result(said)
        elif "sender" in said:
            self._on_told(_said(said))
        return False

    def _end(self) -> None:
        self._over = True
        for _, answer in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(Gone("closed"))


def _said(said: dict[str, Any]) -> Said:
    data = said.get("plugindata", {}).get("data", {})
    jsep = said.get("jsep")
    kind = said["janus"] if said["janus"] != "success" else "event"
    if kind == "slowlink":
        data = {name: said.get(name) for name in ("mid", "media", "uplink", "lost")}
    return Said(data, jsep["sdp"] if jsep else None, int(said.get("sender", 0)), kind)
