"""Which addresses and ports media uses on this machine: aioice asks for neither."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import aioice.ice


class PortRange(asyncio.SelectorEventLoop):
    """A loop whose unbound datagram sockets get a port of the range, so that a firewall can know them.

    Parameters
    ----------
    ports
        Lowest and highest port, both used; ``None`` leaves the choice to the system.
    """

    def __init__(self, ports: tuple[int, int] | None = None) -> None:
        super().__init__()
        self._ports = ports

    async def create_datagram_endpoint(self, *given: Any, **named: Any) -> Any:
        """As asyncio's; raises `OSError` when no port of the range is free."""
        address = named.get("local_addr")
        if self._ports is None or address is None or address[1] != 0:
            return await super().create_datagram_endpoint(*given, **named)
        low, high = self._ports
        last: OSError | None = None
        # Chance spreads the sockets; trying them all in order finds the last free one.
        start = random.randrange(high - low + 1)  # noqa: S311
        for step in range(high - low + 1):
            port = low + (start + step) % (high - low + 1)
            try:
                return await super().create_datagram_endpoint(
                    *given, **{**named, "local_addr": (address[0], port)}
                )
            except OSError as error:
                last = error
        raise last or OSError("empty range")


def only(addresses: Sequence[str]) -> None:
    """Have this process use these addresses for media instead of all the machine has."""

    def chosen(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [one for one in addresses if (use_ipv6 if ":" in one else use_ipv4)]

    aioice.ice.get_host_addresses = chosen
