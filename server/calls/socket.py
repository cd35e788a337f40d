"""One websocket: limits, hello, one message at a time, and words for everything that is wrong."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import re
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from sqlalchemy.orm.exc import StaleDataError

from care.errors import Fault, stale
from care.ids import new_id
from server.calls.messages import (
    LARGEST,
    PROTOCOLS,
    Asked,
    Bye,
    Error,
    Greeting,
    Health,
    Hello,
    Message,
    Ok,
    Pace,
    Ping,
    Pong,
)
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations

if TYPE_CHECKING:
    from server.calls.hub import Hub

log = logging.getLogger("samtid.calls")

#: Seconds until the hello must have come, and of silence before the socket is closed.
HELLO_WITHIN = 10.0
SILENCE = 60.0
#: Seconds for a client to answer a close.
CLOSE_WITHIN = 2.0
#: Messages a second for long, and at once.
RATE = 30.0
BURST = 150.0
#: More bad messages than this within a minute end the socket.
STRIKES = 10
#: Messages that wait for a reader that does not read.
MOST_WAITING = 500

BAD, NOT_RECOGNISED, SILENT, MOVED, OLD = 4400, 4401, 4408, 4409, 4426

#: The words of msgspec: "… unknown field `x` - at `$.description`".
_FIELD = re.compile(r"field `([^`]*)`")
_PATH = re.compile(r" - at `\$\.([^`]*)`$")

#: What every tablet of a town may say in the same moment, when the server comes back. They wait for each
#: other, and nobody else waits for them.
_CROWDED = frozenset({Hello, Health})

Handler = Callable[[Any], Awaitable[Message | None]]


class Gone(Exception):
    """The socket is to be closed, with what is said and the close code."""

    def __init__(self, fault: Fault, close_code: int, *, again: bool = False, erase: bool = False) -> None:
        super().__init__(fault.code)
        self.fault, self.close_code, self.again, self.erase = fault, close_code, again, erase


class Socket:
    """What both kinds of sockets share. Subclasses give `incoming`, `handlers` and `come_in`."""

    #: Decodes what this kind of client may send.
    incoming: ClassVar[msgspec.json.Decoder[Any]]
    #: What is handled beside what comes after it, because it may take long.
    beside: ClassVar[frozenset[type[Message]]] = frozenset()

    def __init__(self, hub: Hub, request: web.Request, origin: str) -> None:
        self.hub = hub
        self.request = request
        self.origin = origin
        self.app = request.app
        self.clock = request.app[CLOCK]
        self.database = request.app[DATABASE]
        self.language: str = request.get(LANGUAGE, "sv")
        self.id = secrets.token_hex(8)
        self.nonce = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        self.pace = "idle"
        self.is_welcome = False
        self.ended = asyncio.Event()
        #: Set by somebody else: why this socket has to go.
        self.gone: Gone | None = None
        self._ws = web.WebSocketResponse(compress=False, max_msg_size=4 * LARGEST, timeout=CLOSE_WITHIN)
        self._waiting: deque[bytes] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._goodbye: asyncio.Task[None] | None = None
        self._tokens, self._filled = BURST, time.monotonic()
        self._strikes: deque[float] = deque()

    @property
    def handlers(self) -> dict[type[Message], Handler]:
        return {}

    async def come_in(self, hello: Hello) -> None:
        """Check the hello and welcome. Raises `Gone` or `Fault`."""
        raise NotImplementedError

    async def go_out(self) -> None:
        """The socket is closed."""

    def say(self, text: str) -> str:
        return translations(self.language).gettext(text)

    # Sending

    def send(self, message: Message) -> None:
        """Queue a message; never waits. A client that does not read is dropped."""
        if self._ws.closed:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self.drop()
            return
        self._waiting.append(msgspec.json.encode(message))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while self._waiting and not self._ws.closed:
                await self._ws.send_str(self._waiting.popleft().decode())

    def drop(self) -> None:
        """Cut the line without a word."""
        transport = self.request.transport
        if transport is not None:
            transport.abort()

    def set_pace(self, pace: str) -> None:
        if pace != self.pace:
            self.pace = pace
            if self.is_welcome:
                self.send(Pace(pace=pace))

    def leave(self, gone: Gone) -> None:
        """Ask this socket to go, from outside; it says goodbye itself."""
        if self.gone is None:
            self.gone = gone
            self._goodbye = asyncio.create_task(self._bye(gone))

    async def _bye(self, gone: Gone) -> None:
        self.send(
            Bye(
                code=gone.fault.code,
                sentence=gone.fault.say(self.say),
                again=gone.again,
                erase=gone.erase,
            )
        )
        if self._writer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._writer), 2)
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._ws.close(code=gone.close_code)

    # Receiving

    async def run(self) -> web.WebSocketResponse:
        """From the greeting to the end."""
        try:
            await self._ws.prepare(self.request)
        except ConnectionError:
            # It has gone while it waited for its turn: nobody is there to read why.
            raise web.HTTPServiceUnavailable from None
        self.send(Greeting(protocols=list(PROTOCOLS), nonce=self.nonce, now=self.clock.now()))
        try:
            await self._receive()
        except Gone as gone:
            if self.gone is None:
                self.gone = gone
                await self._bye(gone)
        finally:
            try:
                if self._goodbye is not None:
                    # The connection is closed when this method returns: not before the goodbye is out.
                    await asyncio.gather(self._goodbye, return_exceptions=True)
            finally:
                # Also when the request is cancelled because its connection has gone.
                await self.go_out()
                self.ended.set()
        return self._ws

    async def _receive(self) -> None:
        while True:
            try:
                frame = await self._ws.receive(timeout=SILENCE if self.is_welcome else HELLO_WITHIN)
            except TimeoutError:
                raise Gone(_fault("silent"), SILENT, again=True) from None
            if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            try:
                await self._take(frame)
            except Fault as fault:
                self._strike()
                if not self.is_welcome:
                    self.send(Error(code=fault.code, sentence=fault.say(self.say), place=fault.place))
                    raise Gone(fault, BAD) from None
                self.send(Error(code=fault.code, sentence=fault.say(self.say), place=fault.place))

    async def _take(self, frame: Any) -> None:
        if not self._has_token():
            raise _fault("message.too_many")
        if frame.type is not WSMsgType.TEXT:
            raise _fault("message.not_json")
        message = self._read(frame.data)
        if isinstance(message, Ping):
            self.send(Pong(answers=message.n, now=self.clock.now()))
            return
        if isinstance(message, Hello):
            if self.is_welcome:
                raise _fault("hello.again")
            await self._hello(message)
            return
        if not self.is_welcome:
            raise _fault("hello.expected")
        handler = self.handlers.get(type(message))
        if handler is None:
            raise _fault("message.unknown")
        if type(message) in self.beside or type(message) in _CROWDED:
            self.hub.soon(self._answer(handler, message))
        else:
            await self._answer(handler, message)

    async def _answer(self, handler: Handler, message: Message) -> None:
        answers = getattr(message, "n", None)
        try:
            async with self._door(message):
                answer = await self._handle(handler, message)
        except Fault as fault:
            # A wish that could not be granted is no bad message.
            self.send(
                Error(
                    code=fault.code,
                    sentence=fault.say(self.say),
                    place=fault.place,
                    answers=answers,
                    call=getattr(message, "call", None),
                )
            )
            return
        if answer is not None:
            if answers is not None:
                answer.answers = answers  # type: ignore[attr-defined]
            self.send(answer)
        elif answers is not None and isinstance(message, Asked):
            self.send(Ok(answers=answers))

    def _read(self, text: str) -> Message:
        if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
            raise _fault("message.too_large")
        try:
            found: Message = self.incoming.decode(text)
        except msgspec.ValidationError as error:
            place = _place(str(error))
            raise _fault("message.unknown" if place == "type" else "message.bad", place) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _fault("message.not_json") from None
        return found

    async def _hello(self, hello: Hello) -> None:
        if hello.protocol not in PROTOCOLS:
            raise Gone(_fault("hello.protocol"), OLD)
        try:
            async with self._door(hello):
                await self._handle(self.come_in, hello)
        except Fault as fault:
            if fault.status >= 500:
                # Ours: worth another try.
                raise Gone(fault, WSCloseCode.INTERNAL_ERROR, again=True) from None
            self.send(Error(code=fault.code, sentence=fault.say(self.say), place=fault.place))
            raise Gone(fault, NOT_RECOGNISED, erase=fault.code == "device.revoked") from None

    async def _handle(self, handler: Handler, message: Message) -> Message | None:
        try:
            return await handler(message)
        except (Fault, Gone):
            raise
        except StaleDataError:
            raise stale("samtalet") from None
        except Exception:
            reference = new_id().hex[-8:]
            log.exception("unexpected error %s in message %s", reference, type(message).__name__)
            raise Fault(
                "unexpected",
                "Något gick fel hos oss. Inget är sparat. "
                "Försök igen, och uppge %(reference)s om det fortsätter.",
                status=500,
                values={"reference": reference},
            ) from None

    def _door(self, message: Message) -> AbstractAsyncContextManager[object]:
        crowded = type(message) in _CROWDED
        return self.hub.door(type(self)) if crowded else contextlib.nullcontext()

    def _has_token(self) -> bool:
        now = time.monotonic()
        self._tokens = min(BURST, self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _strike(self) -> None:
        now = time.monotonic()
        self._strikes.append(now)
        while self._strikes and now - self._strikes[0] > 60:
            self._strikes.popleft()
        if len(self._strikes) > STRIKES:
            raise Gone(_fault("message.too_many"), BAD)


def going_down() -> Gone:
    """What every socket is told when the server stops."""
    fault = Fault("server.stops", "Systemet startar om. Sidan kopplar upp sig igen av sig själv.", status=503)
    return Gone(fault, WSCloseCode.GOING_AWAY, again=True)


_SENTENCES = {
    "message.too_large": "Meddelandet är för stort.",
    "message.not_json": "Meddelandet är inte JSON.",
    "message.unknown": "Det meddelandet finns inte här.",
    "message.bad": "Ett fält i meddelandet är fel.",
    "message.too_many": "För många meddelanden.",
    "hello.expected": "Säg hej först.",
    "hello.again": "Du har redan sagt hej.",
    "hello.protocol": "Sidan är för gammal. Läs om den.",
    "hello.signature": "Underskriften saknas.",
    "silent": "Ingen har hörts av på en minut.",
}


def _fault(code: str, place: str | None = None) -> Fault:
    return Fault(code, _SENTENCES[code], status=400, place=place)


def _place(error: str) -> str:
    """Where a message is wrong, as ``description.sdp``; what is no object has no place but ``type``."""
    parts = [found.group(1) for found in (_FIELD.search(error), _PATH.search(error)) if found is not None]
    return ".".join(reversed(parts)) or "type"
