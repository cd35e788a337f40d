"""What every message of the protocol is made of: the limits of its fields, and its two kinds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Number = Annotated[int, Meta(ge=0, lt=2**31)]
Name = Annotated[str, Meta(min_length=1, max_length=36, pattern=r"^[A-Za-z0-9-]+$")]
Short = Annotated[str, Meta(max_length=80)]
Share = Annotated[float, Meta(ge=0, le=1)]
Figure = Annotated[float, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
#: An instant from a client must say its zone.
Instant = Annotated[datetime, Meta(tz=True)]
Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class Message(Struct, tag_field="type", omit_defaults=True, forbid_unknown_fields=True):
    """Anything that is sent."""


class Asked(Message, kw_only=True):
    """Anything a client sends; `n` comes back with the answer."""

    n: Number | None = None
