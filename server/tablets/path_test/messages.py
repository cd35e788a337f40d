"""The messages of a path test, part of those that `server.calls.messages` unites."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta

from server.calls.message import Asked, Count, Figure, Message, Milliseconds

_Sdp = Annotated[str, Meta(max_length=60_000)]
Decibel = Annotated[float, Meta(ge=-200, le=20)]


class PathTest(Message, tag="path_test", kw_only=True):
    """Begin: offer a picture and a tone, within so many seconds."""

    #: For the test runner: this is no test.
    __test__: ClassVar[bool] = False

    run: UUID
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    seconds: int


class PathOffer(Asked, tag="path_offer", kw_only=True):
    run: UUID
    sdp: _Sdp


class PathAnswer(Message, tag="path_answer", kw_only=True):
    run: UUID
    sdp: str


class PathSeen(Asked, tag="path_seen", kw_only=True):
    run: UUID
    pictures: Count = 0
    right_pictures: Count = 0
    tone_db: Decibel | None = None
    tone_heard: bool = False
    path: Literal["host", "srflx", "prflx", "relay"] | None = None
    round_trip_ms: Figure | None = None
    connected_ms: Milliseconds | None = None
    problem: Literal["call", "sound", "picture", "webrtc"] | None = None


class PathEnd(Message, tag="path_end", kw_only=True):
    run: UUID


FromTablet = PathOffer | PathSeen
ToTablet = PathTest | PathAnswer | PathEnd
