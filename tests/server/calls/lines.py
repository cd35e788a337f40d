"""Plain websocket clients for the tests: a tablet with a key of its own and a worker's page."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Said = dict[str, Any]
#: Longer than anything here may take; a test that waits so long has failed.
PATIENCE = 10.0


class Key:
    """A tablet's key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _text(numbers.x.to_bytes(32, "big")),
                "y": _text(numbers.y.to_bytes(32, "big"))}  # fmt: skip

    def sign(self, text: str) -> str:
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return _text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


@dataclass
class Line:
    """One open websocket. What has been heard and not asked for stays in `heard`."""

    socket: ClientWebSocketResponse
    heard: list[Said] = field(default_factory=list)
    number: int = 0

    async def hear(self, kind: str, **fields: Any) -> Said:
        """The next message of that type with these fields; earlier ones of other types stay."""
        for at, message in enumerate(self.heard):
            if _fits(message, kind, fields):
                return self.heard.pop(at)
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.next()
                if _fits(message, kind, fields):
                    return message
                self.heard.append(message)

    async def next(self) -> Said:
        frame = await self.socket.receive()
        if frame.type is not WSMsgType.TEXT:
            raise ConnectionError(f"closed with {self.socket.close_code}; heard {self.heard}")
        said: Said = json.loads(frame.data)
        return said

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}, default=str))

    async def ask(self, kind: str, **fields: Any) -> Said:
        """Say it and wait for the answer, whatever it is."""
        self.number += 1
        n = self.number
        await self.say(kind, n=n, **fields)
        async with asyncio.timeout(PATIENCE):
            while True:
                for at, message in enumerate(self.heard):
                    if message.get("answers") == n:
                        return self.heard.pop(at)
                self.heard.append(await self.next())

    async def settle(self) -> list[Said]:
        """Everything heard until now: a ping is answered after all that was sent before it."""
        self.number += 1
        await self.say("ping", n=self.number)
        await self.hear("pong", answers=self.number)
        heard, self.heard = self.heard, []
        return heard

    async def closed(self) -> int:
        """Read to the end; the close code."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.socket.receive()
                if frame.type is not WSMsgType.TEXT:
                    return self.socket.close_code or 0
                self.heard.append(json.loads(frame.data))

    async def close(self) -> None:
        await self.socket.close()


def _fits(message: Said, kind: str, fields: dict[str, Any]) -> bool:
    return message["type"] == kind and all(message.get(key) == value for key, value in fields.items())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def open_line(session: ClientSession, origin: str, path: str, **headers: str) -> Line:
    socket = await session.ws_connect(origin + path, headers={"Origin": origin, **headers})
    return Line(socket)


async def open_tablet(session: ClientSession, origin: str, device_id: UUID, key: Key, **hello: Any) -> Line:
    """A tablet that has said hello; its welcome is the next thing heard."""
    line = await open_line(session, origin, "/socket/kiosk")
    greeting = await line.hear("greeting")
    text = f"samtid-hello\n1\n{origin}\n{greeting['nonce']}\n{device_id}"
    await line.say("hello", **{"protocol": 1, "device": device_id, "signature": key.sign(text), **hello})
    return line


async def open_page(session: ClientSession, origin: str, **hello: Any) -> Line:
    """A worker's page that has said hello."""
    line = await open_line(session, origin, "/socket/personal")
    await line.hear("greeting")
    await line.say("hello", **{"protocol": 1, **hello})
    return line
