"""The messages of rooms, the same on every socket. ``docs/protocol.md`` explains them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from server.calls.message import Asked, Message, Short
from server.media.engine import LARGEST_ROOM, Line

#: The longest description of a connection: an answer to eleven places has about 40 KB.
Sdp = Annotated[str, Meta(min_length=1, max_length=60_000)]

# From a client


class EnterRoom(Asked, tag="enter_room", kw_only=True):
    room: UUID


class Publish(Asked, tag="publish", kw_only=True):
    room: UUID
    sdp: Sdp


class Subscribe(Asked, tag="subscribe", kw_only=True):
    room: UUID
    #: Whom to see, the most important first; none is everybody, as they come.
    sources: Annotated[list[UUID], Meta(max_length=LARGEST_ROOM)] | None = None
    renew: bool = False


class RoomAnswer(Asked, tag="room_answer", kw_only=True):
    room: UUID
    number: Annotated[int, Meta(ge=0, lt=2**31)]
    sdp: Sdp


class RoomCandidate(Asked, tag="room_candidate", kw_only=True):
    room: UUID
    line: Line
    #: None says that there are no more.
    candidate: Annotated[str, Meta(max_length=1000)] | None
    mid: Short = ""


class RoomSending(Asked, tag="room_sending", kw_only=True):
    room: UUID
    audio: bool
    video: bool


class LeaveRoom(Asked, tag="leave_room", kw_only=True):
    room: UUID


# To a client


class Present(Struct, kw_only=True):
    """Somebody in the room, as the others see them."""

    who: UUID
    name: str
    role: str
    audio: bool = True
    video: bool = True
    #: The line is broken; the seat is kept.
    away: bool = False


class Entered(Message, tag="entered", kw_only=True):
    room: UUID
    who: UUID
    people: list[Present]
    #: The connections of this seat that still stand.
    lines: list[Line]
    ice_servers: list[dict[str, Any]]
    relay_only: bool
    answers: int | None = None


class Published(Message, tag="published", kw_only=True):
    room: UUID
    sdp: str
    answers: int | None = None


class OfferedRoom(Message, tag="offered", kw_only=True):
    room: UUID
    number: int
    sdp: str
    answers: int | None = None


class People(Message, tag="people", kw_only=True):
    room: UUID
    people: list[Present]


class Spot(Struct, kw_only=True):
    """Where somebody is seen and heard in the subscribe connection."""

    who: UUID
    audio: str | None = None
    video: str | None = None
    held: bool = False


class PlacedRoom(Message, tag="placed", kw_only=True):
    room: UUID
    places: list[Spot]


class LineLost(Message, tag="line_lost", kw_only=True):
    room: UUID
    line: Line


class LostRoom(Message, tag="room_lost", kw_only=True):
    room: UUID


class RoomClosed(Message, tag="room_closed", kw_only=True):
    room: UUID
    cause: str
    words: str


FromRoom = EnterRoom | Publish | Subscribe | RoomAnswer | RoomCandidate | RoomSending | LeaveRoom
ToRoom = Entered | Published | OfferedRoom | People | PlacedRoom | LineLost | LostRoom | RoomClosed
