"""A call on an installed Samtid, seen from outside: demo, sign-in, pairing, ring, picture and sound, hang-up.

    python tests/wheel/run_call.py VENV/bin/samtid

The caller is a checkout's Python, which has the browser driver; the program under test is the one named. On
the way every page of every menu is opened once, so that a file which the wheel lacks is found here. Ends
with 0 and one line, or with 1 and the reason.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, async_playwright
from playwright.async_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parents[2]
# Not by installation: the folder that this file lies in decides.
sys.path.insert(0, str(ROOT))

from examples.tablet import Tablet, pair  # noqa: E402
from tests.e2e.running import WATCH_PEERS, decodes, launch, until  # noqa: E402

#: Seconds. Only so that a failure ends at some time; nothing is measured here.
START, STEP = 600, 60
#: What the tablet must decode of the worker: pictures, and pieces of sound of 20 ms each.
PICTURES, SOUNDS = 20, 50
T = TypeVar("T")


class Failed(Exception):
    """What did not work, in words."""


@dataclass
class Watched:
    """What the pages complained about."""

    flaws: list[str] = field(default_factory=list)

    def response(self, answer: Response) -> None:
        if answer.status >= 400:
            self.flaws.append(f"{answer.status} {answer.request.method} {answer.url}")

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.flaws.append(f"console: {message.text}")

    async def context(self, browser: Browser) -> BrowserContext:
        """A browser of somebody's own, whose complaints are kept."""
        made = await browser.new_context(locale="sv-SE")
        made.set_default_timeout(STEP * 1000)
        await made.add_init_script(WATCH_PEERS)
        made.on("response", self.response)
        made.on("console", self.console)
        made.on("weberror", lambda error: self.flaws.append(f"script: {error.error}"))
        return made


async def main(samtid: Path) -> str:
    """Everything in turn; the closing line."""
    await is_installed(samtid)
    with tempfile.TemporaryDirectory() as folder:
        async with demo(samtid, Path(folder)) as told, async_playwright() as playwright:
            browser = await launch(playwright)
            try:
                return await walk(browser, told)
            finally:
                await browser.close()


async def walk(browser: Browser, told: dict[str, Any]) -> str:
    """Pages, then the call."""
    watched = Watched()
    pages = await open_pages(browser, told, watched)
    first = told["first_call"]
    pair_url = next(one["pair_url"] for one in told["tablets"] if one["client_id"] == first["client_id"])
    tablet = Tablet(await pair(pair_url))
    connected = asyncio.create_task(tablet.run())
    try:
        await within(STEP, tablet.is_welcome.wait(), "the tablet was not let in")
        pictures, sounds, seen = await call(browser, told, tablet, watched)
    except (Failed, PlaywrightError) as error:
        raise Failed("\n".join([str(error), *watched.flaws])) from None
    finally:
        connected.cancel()
        await asyncio.gather(connected, return_exceptions=True)
        if tablet.call is not None:
            await tablet.call.close()
    if watched.flaws:
        raise Failed("the pages complained:\n" + "\n".join(sorted(set(watched.flaws))))
    return (
        f"The installed samtid works: {pages} pages opened; {first['username']} rang {first['client']}; the"
        f" tablet decoded {pictures} pictures and {sounds} pieces of sound, the worker's page"
        f" {seen['video']} pictures and {seen['audio']} samples; then they hung up."
    )


async def is_installed(samtid: Path) -> None:
    """The program named is one of a wheel, not of this checkout."""
    ask = "import care, server, webclient; print(server.__path__[0])"
    process = await asyncio.create_subprocess_exec(
        samtid.with_name("python"), "-c", ask, stdout=PIPE, env=environment(), cwd="/"
    )
    found = Path((await process.communicate())[0].decode().strip())
    if process.returncode or found.is_relative_to(ROOT):
        raise Failed(f"{samtid} is not installed from a wheel (it is taken from {found})")


def environment() -> dict[str, str]:
    """Ours without what would point at a checkout or at other data."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SAMTID_", "PYTHON", "VIRTUAL_ENV"))
    }


@asynccontextmanager
async def demo(samtid: Path, folder: Path) -> AsyncIterator[dict[str, Any]]:
    """``samtid demo`` in `folder` on a free port; what its demo.json says."""
    process = await asyncio.create_subprocess_exec(
        samtid, "demo", "--port", "0", "--data", folder / "data",
        cwd=folder, env=environment(), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    said: list[str] = []
    reader = asyncio.create_task(listen(process, said))
    try:
        yield await within(START, ready(process, folder / "data" / "demo.json"), "the demo did not start")
    except BaseException:
        print("".join(said[-60:]), file=sys.stderr)
        raise
    else:
        await end(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(reader, return_exceptions=True)


async def listen(process: Process, said: list[str]) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        said.append(line.decode(errors="replace"))


async def ready(process: Process, file: Path) -> dict[str, Any]:
    """Wait for demo.json, which is written when the server answers."""
    while (told := read_told(file)) is None:
        if process.returncode is not None:
            raise Failed(f"samtid demo ended with {process.returncode}")
        await asyncio.sleep(0.1)
    return told


def read_told(file: Path) -> dict[str, Any] | None:
    """demo.json when it is there; it holds passwords, and nobody else may read it."""
    if not file.exists():
        return None
    if (mode := file.stat().st_mode & 0o777) != 0o600:
        raise Failed(f"demo.json may be read by others (mode {mode:o})")
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


async def end(process: Process) -> None:
    """An orderly end, as by Ctrl-C."""
    process.send_signal(signal.SIGINT)
    code = await within(STEP, process.wait(), "the demo did not end")
    if code not in (0, 130):
        raise Failed(f"the demo ended with {code}")


async def within(seconds: float, work: Awaitable[T], complaint: str) -> T:
    """`work`, or the complaint when it takes too long."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise Failed(f"{complaint} within {seconds} s") from None


async def open_pages(browser: Browser, told: dict[str, Any], watched: Watched) -> int:
    """Every page of the menu as each role sees it, and the kiosk before pairing; how many pages."""
    kiosk = await (await watched.context(browser)).new_page()
    await kiosk.goto(f"{told['url']}/kiosk", wait_until="networkidle")
    opened = 1
    for account in {one["role"]: one for one in told["accounts"]}.values():
        page = await sign_in(browser, told, account, watched)
        links = await page.eval_on_selector_all("nav a[href^='/']", "found => found.map(one => one.pathname)")
        for path in sorted(set(links)):
            answer = await page.goto(told["url"] + path, wait_until="load")
            if answer is None or not answer.ok:
                raise Failed(f"{path} does not open for {account['role']}")
            opened += 1
        await page.context.close()
    await kiosk.context.close()
    return opened


async def sign_in(browser: Browser, told: dict[str, Any], account: dict[str, Any], watched: Watched) -> Page:
    """The first page of somebody, in a browser of their own."""
    page = await (await watched.context(browser)).new_page()
    await page.goto(f"{told['url']}/logga-in")
    await page.get_by_label("Användarnamn").fill(account["username"])
    await page.get_by_label("Lösenord").fill(account["password"])
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url(lambda url: "/logga-in" not in url)
    return page


async def call(
    browser: Browser, told: dict[str, Any], tablet: Tablet, watched: Watched
) -> tuple[int, int, dict[str, int]]:
    """Ring, talk, hang up; pictures and pieces of sound decoded by the tablet, and what the page decoded."""
    first = told["first_call"]
    worker = next(one for one in told["accounts"] if one["username"] == first["username"])
    page = await sign_in(browser, told, worker, watched)
    await page.goto(f"{told['url']}/min-dag")
    name = first["client"].split()[0]
    await page.get_by_role("button", name=f"Ring {name}").first.click()
    await page.wait_for_url("**/samtal")
    await says(page, f"I samtal med {name}")
    seen, pictures_and_sounds = await asyncio.gather(
        within(STEP, decodes(page, STEP), "the worker's page decoded no picture and sound of the tablet"),
        within(STEP, decoded(tablet), "the tablet decoded no picture and sound of the worker"),
    )
    await page.get_by_role("button", name="Lägg på").click()
    await says(page, "Samtalet är slut")
    await within(STEP, let_go(tablet), "the tablet did not hear of the end")
    await page.context.close()
    return *pictures_and_sounds, seen


async def says(page: Page, words: str) -> None:
    """Wait until the call page says so."""
    state = page.locator("#call-state")
    await within(STEP, state.filter(has_text=words).wait_for(), f"the call page did not say {words!r}")


async def decoded(tablet: Tablet) -> tuple[int, int]:
    """Wait until enough has come out of the tablet's decoders."""

    async def enough() -> tuple[int, int] | None:
        frames = tablet.call.frames if tablet.call else {"video": 0, "audio": 0}
        is_enough = frames["video"] >= PICTURES and frames["audio"] >= SOUNDS
        return (frames["video"], frames["audio"]) if is_enough else None

    counted: tuple[int, int] = await until(enough, STEP)
    return counted


async def let_go(tablet: Tablet) -> None:
    """Wait until the tablet has heard that the call is over."""

    async def over() -> bool:
        return tablet.call is None

    await until(over, STEP)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/wheel/run_call.py PATH-TO-SAMTID")
    try:
        print(asyncio.run(main(Path(sys.argv[1]).absolute())))
    except (Failed, PlaywrightError) as error:
        raise SystemExit(f"The installed samtid failed: {error}") from None
