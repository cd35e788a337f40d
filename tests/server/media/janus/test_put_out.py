"""Whoever is put out while Janus is asked leaves nothing behind there that goes on sending or seeing."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from care.errors import Fault
from server.media.embedded.connection import closed
from server.media.janus.home import Home
from server.media.janus.node import Handle, Node
from server.media.janus.room import Room
from server.media.janus.session import Said
from tests.server.media.peer import Publisher


class Slow:
    """A handle at a node that answers only when somebody has been put out."""

    def __init__(self, room: Room, who: UUID) -> None:
        self.room, self.who = room, who
        self.is_detached = False

    async def say(self, body: dict[str, object], **_: Any) -> Said:
        await self.room.leave(self.who)
        return Said({"request": body["request"]}, sdp="v=0")

    async def detach(self) -> None:
        self.is_detached = True


@pytest.mark.parametrize("kind", ["publish", "subscribe"])
async def test_a_line_made_for_somebody_put_out_meanwhile_is_taken_away(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The caller hears that they are not there; the node is left with no connection of theirs."""
    who = uuid4()
    room = Room(uuid4(), 3, lambda _: None, lambda _: None)
    slow = Slow(room, who)

    async def attach(*_: object) -> Handle:
        return cast(Handle, slow)

    monkeypatch.setattr(Handle, "attach", attach)
    other = f"{uuid4().hex}.a"
    room.home = Home(cast(Node, None), "room", "secret", cast(Handle, slow), sources={other: {"audio": "0"}})
    publisher = Publisher(who)
    await publisher.peer.setLocalDescription()
    with pytest.raises(Fault) as refused:
        if kind == "publish":
            await room.publish(who, publisher.peer.localDescription.sdp)
        else:
            await room.subscribe(who, None, renew=True)
    await closed(publisher.peer)
    assert refused.value.code == "media.not_there"
    assert slow.is_detached
    assert not room.seats
