"""Numbers and ids that follow from the seed and a name, and from nothing else."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from random import Random
from struct import Struct
from uuid import UUID

_WORD = 1 << 32
_SIXTEEN = Struct(">16I")


def stream(*key: object) -> Random:
    """A stream of numbers of its own for `key`, the same on every machine."""
    return Random(":".join(map(str, key)))


def chances(*key: object) -> tuple[float, ...]:
    """Sixteen numbers in [0, 1) for `key`: quicker than a stream where a few are enough."""
    digest = blake2b(":".join(map(str, key)).encode(), digest_size=64).digest()
    return tuple([number / _WORD for number in _SIXTEEN.unpack(digest)])


def made_id(at: datetime | int, *key: object) -> UUID:
    """An id of UUIDv7's shape, with the time `at` (an instant, or milliseconds) and the rest from `key`."""
    stamp = at if isinstance(at, int) else int(at.timestamp() * 1000)
    digest = blake2b(":".join(map(str, key)).encode(), digest_size=10).digest()
    value = (stamp & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(digest, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def nameless_id(*key: object) -> UUID:
    """An id of UUIDv4's shape: it says nothing of when (the pulse)."""
    value = int.from_bytes(blake2b(":".join(map(str, key)).encode(), digest_size=16).digest(), "big")
    value = value & ~(0xF << 76) | 0x4 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
