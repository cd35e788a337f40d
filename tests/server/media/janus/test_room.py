"""A room at a node that refuses it leaves nothing behind there."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

import pytest

from server.media.janus.address import NodeAddress
from server.media.janus.node import Node
from server.media.janus.room import Room
from server.media.janus.session import Refused, Said, Session


class Refusing:
    """A line to a node that makes the room, and then lets nobody in."""

    def __init__(self) -> None:
        self.handles: set[int] = set()

    async def attach(self) -> int:
        self.handles.add(7)
        return 7

    async def detach(self, handle: int) -> None:
        self.handles.discard(handle)

    async def message(self, _handle: int, body: dict[str, Any], **_: Any) -> Said:
        if body["request"] == "join":
            raise Refused(426, "no such room")
        return Said({})


async def test_a_room_that_cannot_be_joined_leaves_no_handle() -> None:
    """It went between being made and being joined: the next try begins with nothing."""
    node = Node(NodeAddress(url="ws://127.0.0.1:8188", secret="s" * 16), lambda _: None)
    line = Refusing()
    node.session = cast("Session", line)
    room = Room(uuid4(), 3, lambda _: None, lambda _: None)
    with pytest.raises(Refused):
        await room.begin(node)
    assert not node.ears
    assert not line.handles
