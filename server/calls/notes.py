"""What sockets tell each other inside the server. Notes have no language: each socket puts them in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from care.calls.life import CallState, Cause
from server.calls.in_call import AnyInCall
from server.calls.messages import Candidate, Description, Sending


class Base(Struct, frozen=True, kw_only=True, tag_field="note"):
    pass


class Rung(Base, frozen=True, kw_only=True, tag="rung"):
    """To a tablet: it rings."""

    call: UUID
    contact: UUID | None
    caller: str
    #: First name of the client it is for.
    to: str
    portrait: str | None
    since: datetime
    auto_answer: bool
    ice_servers: list[dict[str, Any]]
    relay_only: bool


class Stated(Base, frozen=True, kw_only=True, tag="stated"):
    """To both sides: the state of their call."""

    call: UUID
    contact: UUID | None
    state: CallState
    cause: Cause | None
    version: int
    #: First name of the client.
    name: str
    answered_at: datetime | None = None
    connected_at: datetime | None = None
    ask_pulse: bool = False
    room: bool = False


class Here(Base, frozen=True, kw_only=True, tag="here"):
    """To the other side: I am here with this connection, or my socket is gone."""

    call: UUID
    present: bool
    connection: str | None = None
    #: The receiver is to say the same of itself.
    asks: bool = False


class Passed(Base, frozen=True, kw_only=True, tag="passed"):
    """To the other side, as it was sent. Exactly one is given."""

    description: Description | None = None
    candidate: Candidate | None = None
    sending: Sending | None = None
    beside: AnyInCall | None = None


class TakenOver(Base, frozen=True, kw_only=True, tag="taken_over"):
    """To an address: the socket `by` speaks for it from now on; any other lets go."""

    by: str
    call: UUID | None = None


class Knocked(Base, frozen=True, kw_only=True, tag="knocked"):
    """To the pages that look at the lobby of a contact: a guest has come or gone."""

    contact: UUID


AnyNote = Rung | Stated | Here | Passed | TakenOver | Knocked
Note = AnyNote

_decoder = msgspec.json.Decoder(AnyNote)


def encode_note(note: Note) -> bytes:
    return msgspec.json.encode(note)


def decode_note(data: bytes) -> Note:
    """Raises `msgspec.DecodeError`."""
    note: Note = _decoder.decode(data)
    return note
