"""Identifiers made by the application: UUID version 7 (RFC 9562, 5.7).

48 bits of milliseconds, then 74 random bits: ids sort by the time they were made and can be made
anywhere without asking the database. Within one process each id is larger than the one before, also in the
same millisecond (RFC 9562, 6.2, method 2), so that rows written together keep their order.
"""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_RANDOM_BITS = 74
#: The next id in the same millisecond is this much larger at most: room for 2^41 of them.
_STEP_BYTES = 4

_turn = threading.Lock()
_last_stamp = -1
_last_random = 0


def new_id(milliseconds: int | None = None) -> UUID:
    """A fresh UUIDv7. `milliseconds` since 1970 in UTC, by default the machine's own."""
    global _last_stamp, _last_random
    if milliseconds is not None:
        return _assemble(milliseconds, _random())
    with _turn:
        # A machine's clock that is set back must not turn the order round.
        stamp = max(time.time_ns() // 1_000_000, _last_stamp)
        number = _random() if stamp != _last_stamp else _last_random + 1 + _random(_STEP_BYTES)
        if number >> _RANDOM_BITS:
            stamp, number = stamp + 1, _random()
        _last_stamp, _last_random = stamp, number
    return _assemble(stamp, number)


def _random(size: int = 10) -> int:
    # The highest bit is left free, so that there is room to count upwards.
    return int.from_bytes(os.urandom(size), "big") & ((1 << (_RANDOM_BITS - 1)) - 1)


def _assemble(stamp: int, number: int) -> UUID:
    value = (stamp & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | number >> 62 << 64
    value |= 0x2 << 62 | number & ((1 << 62) - 1)
    return UUID(int=value)


def read_id(text: str) -> UUID | None:
    """The id in `text`, or None when it is not one."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
