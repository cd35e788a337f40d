"""Which engine a server uses for rooms: made here from the configuration, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from care.clock import Clock
from care.ids import new_id
from server.calls.ice import ice_servers
from server.configuration import Configuration, Media
from server.media.embedded.supervisor import EmbeddedEngine
from server.media.engine import IceServer, MediaEngine
from server.media.janus.engine import JanusEngine


def make_engine(configuration: Configuration, clock: Clock) -> MediaEngine:
    """The configured engine, not started yet."""
    media = configuration.media or Media()
    if media.engine == "janus":
        return JanusEngine(media.nodes)

    def ice() -> Sequence[IceServer]:
        return [
            IceServer(tuple(one["urls"]), one.get("username"), one.get("credential"))
            for one in ice_servers(configuration.turn, new_id(), clock.now())
        ]

    return EmbeddedEngine(addresses=media.addresses, ports=media.ports, ice=ice, relay_only=media.relay_only)
