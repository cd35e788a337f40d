"""Who comes into a room, and who decides whether they may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from aiohttp import web
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from care.calls.call import CallRole
from server.security.actor import Actor


class Person(Struct, frozen=True, kw_only=True):
    """Somebody a door has let in. The others see the name and the role; the ids never leave the server.

    At least one of the ids must be given: it tells who comes back after a break and so gets the same seat.
    """

    #: What the others see: the first name alone where a client is shown.
    name: str
    role: CallRole
    account: UUID | None = None
    staff: UUID | None = None
    client: UUID | None = None
    device: UUID | None = None
    guest: UUID | None = None
    #: Only through the TURN server.
    relay_only: bool = False
    who: UUID = field(default_factory=uuid4)

    @property
    def key(self) -> tuple[str, UUID]:
        """One person has one seat in a room, whichever page or machine they come back from."""
        for kind, found in (("guest", self.guest), ("device", self.device), ("account", self.account)):
            if found is not None:
                return kind, found
        raise ValueError("a person in a room needs an id")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks to come in, as their socket knows them: exactly one of the three."""

    request: web.Request
    actor: Actor | None = None
    device: UUID | None = None
    guest: UUID | None = None


class Door(Protocol):
    """Decides for one kind of rooms."""

    async def admit(self, visitor: Visitor, session: AsyncSession, room: UUID) -> Person | None:
        """Whom to let in; None when the room is none of this door's. Raises `Fault` for who may not."""
        ...

    async def arrived(self, room: UUID, person: Person) -> None:
        """Somebody has taken a new seat (not: come back to it)."""
        ...
