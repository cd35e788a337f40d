"""What may be wrong with the Janus nodes: each is really connected to, and opens and closes a room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from server.language import N_
from server.media.janus.address import NodeAddress, is_private
from server.media.janus.probe import Finding, probe
from server.operations.check import Check, bad, good, warning

_WORDS = {
    Finding.AWAY: N_("Medianoden %(node)s svarar inte. Är Janus igång, och släpper brandväggen fram oss?"),
    Finding.NOT_LET_IN: N_("Medianoden %(node)s godtar inte hemligheten under [[media.nodes]]."),
    Finding.PLUGIN: N_(
        "Medianoden %(node)s (Janus %(version)s) saknar insticksmodulen VideoRoom. Skriv dess inställningar "
        "med ”samtid media-node”."
    ),
    Finding.ROOMS: N_(
        "Medianoden %(node)s (Janus %(version)s) öppnar inga rum åt oss. Skriv dess inställningar med "
        "”samtid media-node”."
    ),
    Finding.NO_FIGURES: N_(
        "Medianoden %(node)s (Janus %(version)s) öppnar rum, men svarar inte på admin_url. Siffror om samtal "
        "med fler än två saknas därifrån."
    ),
    Finding.GOOD: N_("Medianoden %(node)s (Janus %(version)s) svarar och öppnar rum."),
}
_UNSEALED = N_(
    "Medianoden %(node)s nås okrypterat (ws) på en adress som kan ligga utanför det egna nätet. Använd wss."
)


async def examine_nodes(nodes: Sequence[NodeAddress]) -> AsyncIterator[Check]:
    """One check for each node, and a warning where the way to it is open."""
    for node, found in zip(nodes, await asyncio.gather(*map(probe, nodes)), strict=True):
        say = {Finding.GOOD: good, Finding.NO_FIGURES: warning}.get(found.finding, bad)
        yield say("media", _WORDS[found.finding], node=node.url, version=found.version)
        if not is_private(node.url):
            yield warning("media", _UNSEALED, node=node.url)
