"""What a room is called at a node, and what proves that it is ours: the same for every server of the node."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

#: What stands on every room of ours; it tells nothing.
DESCRIPTION = "samtid"


def name_of(secret: str, room: UUID) -> str:
    """The room's name: nobody can tell from it which room it is."""
    return _made(secret, f"room {room.hex}")


def secret_of(secret: str, name: str) -> str:
    """What the room of that name can be taken away with."""
    return _made(secret, f"secret {name}")


def _made(secret: str, what: str) -> str:
    return hmac.new(secret.encode(), what.encode(), hashlib.sha256).hexdigest()[:32]
