"""Samtid in a process of its own, and browsers without a window for it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

SAMTID = Path(sys.executable).with_name("samtid")
#: Seconds for a start, however busy the machine.
PATIENCE = 300


def environment() -> dict[str, str]:
    """Ours, without settings of a Samtid."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SAMTID_")}


@asynccontextmanager
async def served(data: Path, command: str = "serve") -> AsyncIterator[dict[str, Any]]:
    """``samtid serve`` (or ``demo``) on `data` and a free port.

    What it says when it answers (``url`` …), and ``pid``: its process.
    """
    with (data / "bench.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            SAMTID, command, "--data", data, "--port", "0", "--json",
            stdin=DEVNULL, stdout=PIPE, stderr=log, env=environment(), limit=2**20,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            line = await process.stdout.readline()
        if not line:
            raise SystemExit(f"samtid {command} did not start: see {data / 'bench.log'}")
        told: dict[str, Any] = json.loads(line)
        yield {**told, "pid": process.pid}
        process.send_signal(signal.SIGTERM)
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def signed_in(url: str, username: str, password: str) -> aiohttp.ClientSession:
    """A client with the cookie of somebody signed in; the caller closes it."""
    session = aiohttp.ClientSession(
        url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": url.rstrip("/")}
    )
    form = {"username": username, "password": password}
    async with session.post("/logga-in", data=form, allow_redirects=False) as answer:
        if answer.status not in (302, 303):
            raise SystemExit(f"{username} cannot sign in: {answer.status}")
    return session
