"""The messages of the lobby. ``docs/protocol.md`` explains them; `server.calls.messages` unites them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from server.calls.message import Asked, Message


class GuestAnswer(Asked, tag="guest_answer", kw_only=True):
    guest: UUID
    answer: Literal["admit", "refuse", "revoke"]


GuestState = Literal["invited", "early", "waiting", "inside", "away"]


class Guest(Struct, kw_only=True, omit_defaults=True):
    """Somebody invited, as the worker's page shows them."""

    guest: UUID
    name: str
    role: str
    words: str
    state: GuestState


class Guests(Message, tag="guests", kw_only=True):
    contact: UUID
    guests: list[Guest]


class Lobby(Message, tag="lobby", kw_only=True):
    state: Literal["early", "waiting", "admitted", "ended"]
    words: str
    #: First name of who invites.
    host: str
    opens: datetime | None = None
    #: Where to go: the room of the call, for `enter_room`.
    room: UUID | None = None


FromHost = GuestAnswer
ToLobby = Lobby | Guests
