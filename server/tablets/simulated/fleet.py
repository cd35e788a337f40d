"""Many simulated tablets in one process, connected at a pace that a server stands."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from care.errors import Fault
from server.tablets.simulated.homes import Home
from server.tablets.simulated.key import Key
from server.tablets.simulated.tablet import Manner, SimulatedTablet

#: Files that the process needs beside its sockets.
_SPARE = 100


def check_files(count: int) -> None:
    """Let this process have a socket for each tablet.

    Raises `Fault` ``simulate.files`` when the system does not allow it so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if count + _SPARE > hard:
        raise Fault(
            "simulate.files",
            "Systemet låter ett program ha %(files)s öppna filer; det räcker till %(most)s surfplattor. Höj "
            "gränsen (ulimit -n) eller kör flera mindre omgångar.",
            place="--count",
            values={"files": hard, "most": max(0, hard - _SPARE)},
        )


@asynccontextmanager
async def fleet(
    origin: str,
    homes: Sequence[Home],
    key: Key,
    *,
    manner: Manner,
    rate: float,
    authority: Path | None = None,
) -> AsyncIterator[Counter[str]]:
    """Connect a tablet for each home, `rate` a second, and keep them until the end; what they count.

    `authority`: the certificate (PEM) of a server that has one of its own.
    """
    counts: Counter[str] = Counter()
    tls = ssl.create_default_context(cafile=authority) if authority is not None else None
    connector = TCPConnector(limit=0)
    timeout = ClientTimeout(total=None)
    async with ClientSession(connector=connector, timeout=timeout) as session:
        tasks: list[asyncio.Task[None]] = []

        async def come() -> None:
            for home in homes:
                one = SimulatedTablet(origin, home.device_id, key, manner=manner, counts=counts, tls=tls)
                tasks.append(asyncio.create_task(one.run(session)))
                await asyncio.sleep(1 / rate)

        coming = asyncio.create_task(come())
        try:
            yield counts
        finally:
            coming.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(coming, *tasks, return_exceptions=True)
