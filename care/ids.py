"""Identifiers made by the application: UUID version 7 (RFC 9562, 5.7).

48 bits of milliseconds, then 74 random bits: ids sort by the time they were made and can be made
anywhere without asking the database.
"""

from __future__ import annotations

import os
import time
from uuid import UUID


def new_id(milliseconds: int | None = None) -> UUID:
    """A fresh UUIDv7. `milliseconds` since 1970 in UTC, by default the machine's own."""
    stamp = (time.time_ns() // 1_000_000) if milliseconds is None else milliseconds
    value = (stamp & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def read_id(text: str) -> UUID | None:
    """The id in `text`, or None when it is not one."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
