"""How the two sides of a call reach each other, whichever node their sockets are on.

A note is published to an address; every socket that listens there is handed it. An address is
``device/<id>`` or ``worker/<call>``. Nothing is kept: who is not there misses it, and asks anew
when it comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.background import ended
from server.calls.notes import Note, decode_note, encode_note

log = logging.getLogger("samtid.calls")

Deliver = Callable[[Note], None]


class Relay(Protocol):
    """Publish and subscribe between sockets."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def listen(self, address: str, deliver: Deliver) -> None:
        """Hand every note to `address` to `deliver`, which must not wait."""
        ...

    async def leave(self, address: str, deliver: Deliver) -> None: ...

    async def publish(self, address: str, note: Note) -> int:
        """Hand out a note; how many nodes or sockets took it. 0: nobody is there."""
        ...

    async def is_there(self, address: str) -> bool:
        """True when anybody listens."""
        ...


class OneNode:
    """Everything in this process."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Deliver]] = defaultdict(list)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self._listeners.clear()

    async def listen(self, address: str, deliver: Deliver) -> None:
        if deliver not in self._listeners[address]:
            self._listeners[address].append(deliver)

    async def leave(self, address: str, deliver: Deliver) -> None:
        listeners = self._listeners.get(address, [])
        if deliver in listeners:
            listeners.remove(deliver)
        if not listeners:
            self._listeners.pop(address, None)

    async def publish(self, address: str, note: Note) -> int:
        listeners = list(self._listeners.get(address, ()))
        for deliver in listeners:
            try:
                deliver(note)
            except Exception:
                # One that cannot take it keeps nobody else from hearing.
                log.exception("a note of signalling could not be handed over")
        return len(listeners)

    async def is_there(self, address: str) -> bool:
        return bool(self._listeners.get(address))


class ManyNodes:
    """Several nodes behind one proxy, through Redis pub/sub. The addresses stand under one prefix."""

    def __init__(self, url: str, prefix: str = "samtid:") -> None:
        self._redis: Redis = Redis.from_url(url)
        self._prefix = prefix
        self._local = OneNode()
        self._bus: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._bus = self._redis.pubsub(ignore_subscribe_messages=True)
        # A bus without any subscription cannot be read: this one is never published to.
        await self._bus.subscribe(self._prefix + "awake")
        self._task = asyncio.create_task(self._read(), name="signalling between nodes")

    async def stop(self) -> None:
        await ended(self._task)
        if self._bus is not None:
            await self._bus.aclose()
        await self._redis.aclose()

    async def listen(self, address: str, deliver: Deliver) -> None:
        await self._local.listen(address, deliver)
        await self._bus.subscribe(self._prefix + address)

    async def leave(self, address: str, deliver: Deliver) -> None:
        await self._local.leave(address, deliver)
        if not await self._local.is_there(address):
            await self._bus.unsubscribe(self._prefix + address)

    async def publish(self, address: str, note: Note) -> int:
        return int(await self._redis.publish(self._prefix + address, encode_note(note)))

    async def is_there(self, address: str) -> bool:
        (_, count), *_ = await self._redis.pubsub_numsub(self._prefix + address)
        return int(count) > 0

    async def _read(self) -> None:
        while True:
            try:
                message = await self._bus.get_message(timeout=None)
                if message is None:
                    continue
                address = message["channel"].decode().removeprefix(self._prefix)
                await self._local.publish(address, decode_note(message["data"]))
            except RedisError:
                # The client subscribes again by itself when Redis is back.
                log.exception("signalling between nodes is broken; trying again")
                await asyncio.sleep(1)
            except (msgspec.DecodeError, UnicodeDecodeError):
                log.exception("a note between nodes could not be read")


def make_relay(redis: str) -> Relay:
    """The relay for the configured address of Redis; within this process when there is none."""
    return ManyNodes(redis) if redis else OneNode()
