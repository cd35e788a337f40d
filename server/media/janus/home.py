"""Where a room stands: at which node, under which name, and what is sent there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from server.media.embedded.uplink import ceiling
from server.media.janus.naming import DESCRIPTION
from server.media.janus.node import Handle, Node
from server.media.janus.viewing import Wish


@dataclass(eq=False)
class Home:
    """Where a room stands: the node, its name and secret there, and the handle that hears who sends."""

    node: Node
    name: str
    secret: str
    watch: Handle
    #: What is sent, by feed: the m-lines by kind. Later feeds of a person are newer.
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Streams that never carry anything: who sees nobody yet has a line all the same.
    nothing: list[Wish] = field(default_factory=list)

    @property
    def present(self) -> set[str]:
        """The feeds that Janus has."""
        return {*self.sources, *(feed for feed, _ in self.nothing)}


def creation(home: Home, secret: str, size: int) -> dict[str, Any]:
    """The request that makes a room of `size`."""
    return {
        "request": "create", "room": home.name, "secret": home.secret, "admin_key": secret,
        "description": DESCRIPTION, "is_private": True, "permanent": False,
        # We count seats ourselves; a new connection stands beside the old one for a moment.
        "publishers": 2 * size, "bitrate": ceiling(size), "fir_freq": 0,
        "audiocodec": "opus", "videocodec": "vp8", "opus_fec": True,
        "notify_joining": False, "dummy_publisher": True, "transport_wide_cc_ext": True,
        "record": False, "lock_record": True,
    }  # fmt: skip


def mids_of(publisher: dict[str, Any]) -> dict[str, str]:
    """The m-lines of a publisher by kind; what is switched off is left out."""
    return {
        str(stream["type"]): str(stream["mid"])
        for stream in publisher.get("streams", ())
        if not stream.get("disabled") and stream["type"] in ("audio", "video")
    }
