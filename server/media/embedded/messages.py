"""What the server and the forwarder's process say to each other: MessagePack in frames."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from server.media.engine import (
    Connected,
    IceServer,
    Line,
    Lost,
    Offer,
    Offered,
    Placed,
    RoomStats,
)

#: Longest frame, bytes: a subscribe offer of eleven places has about 40 KB.
LARGEST = 1 << 20


class Ask(Struct, tag=True, kw_only=True):
    """Something the server wants done; `n` comes back with the answer."""

    n: int = 0


class OpenRoom(Ask):
    room: UUID
    seats: int


class CloseRoom(Ask):
    room: UUID


class Publish(Ask):
    room: UUID
    who: UUID
    offer: str
    ice: tuple[IceServer, ...] = ()


class Subscribe(Ask):
    room: UUID
    who: UUID
    sources: tuple[UUID, ...] | None
    renew: bool = False
    ice: tuple[IceServer, ...] = ()


class TakeAnswer(Ask):
    room: UUID
    who: UUID
    number: int
    sdp: str


class Trickle(Ask):
    room: UUID
    who: UUID
    line: Line
    candidate: str | None
    mid: str


class RequestKeyframe(Ask):
    room: UUID
    who: UUID
    source: UUID


class AskStats(Ask):
    room: UUID


class Leave(Ask):
    room: UUID
    who: UUID


class Ping(Ask):
    pass


class Done(Struct, tag=True, kw_only=True):
    """It was done; at most one of the values is there."""

    n: int
    sdp: str | None = None
    offer: Offer | None = None
    stats: RoomStats | None = None


class Refused(Struct, tag=True, kw_only=True):
    """It was not; `code` is the word of a Fault."""

    n: int
    code: str


class Told(Struct, tag=True):
    """Unasked."""

    event: Connected | Lost | Offered | Placed


Question = (
    OpenRoom
    | CloseRoom
    | Publish
    | Subscribe
    | TakeAnswer
    | Trickle
    | RequestKeyframe
    | AskStats
    | Leave
    | Ping
)
Reply = Done | Refused | Told

encode = msgspec.msgpack.Encoder().encode
read_question = msgspec.msgpack.Decoder(Question).decode
read_reply = msgspec.msgpack.Decoder(Reply).decode


def framed(message: Any) -> bytes:
    """The message with its length before it."""
    body = encode(message)
    return len(body).to_bytes(4, "big") + body


async def frame(reader: asyncio.StreamReader) -> bytes:
    """The next body. Raises `asyncio.IncompleteReadError` at the end, `ValueError` when one is too long."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > LARGEST:
        raise ValueError("frame too long")
    return await reader.readexactly(length)
