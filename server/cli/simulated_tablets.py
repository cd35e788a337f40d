"""``samtid tablets simulate``: tablets without people against a running server, to see what it carries."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from typing import Any, Literal
from urllib.parse import urlsplit

import click

from care.errors import Fault
from server.cli.ground import Ground, grounded
from server.tablets.simulated.fleet import check_files, fleet
from server.tablets.simulated.homes import furnish, read_or_make_key
from server.tablets.simulated.tablet import Manner

#: Seconds between two looks at how many are there.
_LOOK = 0.1
_TELL = 5.0


@click.command("simulate", short_help="Connect simulated tablets to a running demo server.")
@click.option("--count", type=click.IntRange(1, 20_000), default=100, show_default=True, help="How many.")
@click.option("--url", help="Address of the server (default: that of the settings).")
@click.option(
    "--answer", type=click.Choice(["touch", "not_now", "never"]), default="touch", show_default=True,
    help="What is done when one rings.",
)  # fmt: skip
@click.option(
    "--after", type=click.FloatRange(0, 600), default=2.0, show_default=True, help="Seconds until it is done."
)
@click.option(
    "--talk", type=click.FloatRange(0, 3600), default=0.0, show_default=True,
    help="Seconds until the tablet hangs up (0: the other side does).",
)  # fmt: skip
@click.option(
    "--rate", type=click.FloatRange(0.1, 1000), default=50.0, show_default=True, help="New ones a second."
)
@click.option("--seconds", type=click.FloatRange(0), default=0.0, help="End after so long (0: on Ctrl-C).")
@grounded
async def command(  # noqa: PLR0917 - click gives them by name
    ground: Ground,
    count: int,
    url: str | None,
    answer: Literal["touch", "not_now", "never"],
    after: float,
    talk: float,
    rate: float,
    seconds: float,
) -> None:
    """Tablets that sign in, ping at the right pace and answer by rule, without picture and sound.

    Their homes are made in the database of --data, in a group of their own; only in a demo municipality.
    With --json one line comes when all are connected, and one at the end.
    """
    check_files(count)
    configuration = ground.configuration
    origin = _origin(url or configuration.url)
    async with ground.database() as database:
        key = read_or_make_key(configuration.data)
        homes = await furnish(database, ground.clock, key, count)
    authority = configuration.data / "samtid-ca.crt"
    began = time.monotonic()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with fleet(
        origin, homes, key, manner=Manner(answer, after, talk), rate=rate,
        authority=authority if origin.startswith("https:") and authority.is_file() else None,
    ) as counts:  # fmt: skip
        if await _connected(ground, counts, count, stop):
            took = time.monotonic() - began
            ground.give(
                {"connected": count, "seconds": round(took, 1)},
                ground.say("%(count)s surfplattor är anslutna efter %(seconds)s s.", count=count,
                           seconds=f"{took:.0f}"),
            )  # fmt: skip
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds or None)
        told = _told(counts)
    ground.give(
        told,
        ground.say(
            "Anslutna: %(connected)s. Samtal som ringde: %(rings)s, besvarade: %(answered)s. "
            "Tappade anslutningar: %(lost)s, misslyckade försök: %(failed)s, fel från servern: %(errors)s.",
            **told,
        ),
    )


def _origin(url: str) -> str:
    """Scheme, host and port. Raises `Fault` ``simulate.url``."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Fault(
            "simulate.url", "Adressen ska vara en servers, till exempel http://127.0.0.1:8080.", place="--url"
        )
    return f"{parts.scheme}://{parts.netloc}"


async def _connected(ground: Ground, counts: Counter[str], count: int, stop: asyncio.Event) -> bool:
    """Wait until all are there; False when somebody stopped it before."""
    told = time.monotonic()
    while counts["connected"] < count and not stop.is_set():
        await asyncio.sleep(_LOOK)
        if time.monotonic() - told > _TELL:
            told = time.monotonic()
            ground.tell("%(connected)s av %(count)s är anslutna.", connected=counts["connected"], count=count)
    return not stop.is_set()


def _told(counts: Counter[str]) -> dict[str, Any]:
    names = ("connected", "rings", "answered", "lost", "failed", "refused", "errors")
    return {name: counts[name] for name in names}
