"""The demo municipality on a free port, at a fixed morning, and its people's browsers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

#: A Tuesday in the middle of the morning round: some contacts are done, some late, most to come.
NOW = "2026-11-24T10:10"


@dataclass(frozen=True)
class Demo:
    """A running ``samtid demo``: what its ``demo.json`` says."""

    url: str
    accounts: list[dict[str, Any]]
    tablets: list[dict[str, Any]]
    first_call: dict[str, str]

    def account(self, role: str, group: str | None = None) -> dict[str, Any]:
        """The account to sign in with: for care workers the one who has a call to make now."""
        first = self.first_call["username"]
        fitting = [one for one in self.accounts if one["role"] == role and group in (None, one["group"])]
        return next((one for one in fitting if one["username"] == first), fitting[0])

    async def signed_in(
        self, browser: Browser, role: str, group: str | None = None, **more: Any
    ) -> BrowserContext:
        """A browser in which somebody of the role has signed in."""
        return await self.enter(browser, self.account(role, group), **more)

    async def enter(self, browser: Browser, account: dict[str, Any], **more: Any) -> BrowserContext:
        """A browser in which the holder of `account` has signed in."""
        context = await browser.new_context(locale="sv-SE", **more)
        page = await context.new_page()
        await page.goto(f"{self.url}/logga-in")
        await page.locator("[name=username]").fill(account["username"])
        await page.locator("[name=password]").fill(account["password"])
        await page.locator("form:has([name=password]) button[type=submit]").click()
        await page.wait_for_url(lambda url: "/logga-in" not in url)
        await page.close()
        return context

    async def ring(self, page: Page) -> str:
        """Press Ring on Min dag at the client of the first call, alone or not; the client's first name."""
        name = self.first_call["client"].split()[0]
        await page.get_by_role("button", name=f"Ring {name}").first.click()
        alone = page.get_by_role("button", name="Jag är ensam, ring")
        if await alone.is_visible():  # the worker may be at another client's just then
            await alone.click()
        await page.wait_for_url("**/samtal*")
        return name


async def running_demo(folder: Path, now: str = NOW) -> AsyncIterator[Demo]:
    """Plant the demo in `folder`, serve it from the wall time `now`, and end it in order."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("SAMTID_")}
    samtid = Path(sys.executable).with_name("samtid")
    process = await asyncio.create_subprocess_exec(
        str(samtid), "demo", "--data", str(folder), "--port", "0",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={**env, "SAMTID_NOW": now},
    )  # fmt: skip
    told = folder / "demo.json"
    try:
        async with asyncio.timeout(240):
            while not told.exists():
                if process.returncode is not None:
                    assert process.stderr is not None
                    raise RuntimeError((await process.stderr.read()).decode())
                await asyncio.sleep(0.2)
        # Read on, so that a full pipe never stops the server.
        reading = asyncio.create_task(_drain(process))
        made = json.loads(told.read_text(encoding="utf-8"))
        yield Demo(made["url"], made["accounts"], made["tablets"], made["first_call"])
        reading.cancel()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 15)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass
