"""The messages beside picture and sound, in the middle of a call: what is wrong, large text, volume.

Part of `server.calls.messages`, which unites them with the others.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from care.calls.trouble import Trouble as What
from server.calls.message import Asked, Count, Figure, Milliseconds, Number

#: The loudest a tablet may be asked to be, per cent of its ordinary loudness.
LOUDEST = 200

Loudness = Annotated[int, Meta(ge=0, le=LOUDEST)]


class Trouble(Asked, tag="trouble", kw_only=True):
    call: UUID
    what: What
    state: Literal["found", "mended", "over"]


class Sample(Asked, tag="sample", kw_only=True):
    """The figures of five seconds, as this side receives."""

    call: UUID
    round_trip_ms: Figure | None = None
    loss_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    jitter_ms: Figure | None = None
    freezes: Count | None = None
    kilobits: Figure | None = None
    path: Literal["host", "srflx", "prflx", "relay"] | None = None
    protocol: Literal["udp", "tcp", "tls"] | None = None
    ice_ms: Milliseconds | None = None
    dtls_ms: Milliseconds | None = None


class ShowText(Asked, tag="show_text", kw_only=True):
    call: UUID
    number: Number
    #: Never stored and never logged. Empty: take it away.
    text: Annotated[str, Meta(max_length=200)]


class Shown(Asked, tag="shown", kw_only=True):
    call: UUID
    number: Number
    state: Literal["shown", "put_away", "failed"]


class Volume(Asked, tag="volume", kw_only=True):
    call: UUID
    level: Loudness
    #: From the tablet: the cap that its home has chosen.
    most: Loudness | None = None


class Gathered(Asked, tag="gathered", kw_only=True):
    """The room of the call is seen and heard here: the peer connection is no longer needed."""

    call: UUID


#: From either side, to the other.
FromBoth = Trouble | Volume | Gathered
AnyInCall = Trouble | ShowText | Shown | Volume | Gathered
