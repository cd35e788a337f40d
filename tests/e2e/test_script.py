"""Script in every text, in a real browser: nothing runs, and the policy has nothing to stop."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from care.accounts import Role
from tests.e2e.running import Running, open_kiosk, sign_in, until
from tests.e2e.test_no_outbound import enter, people
from tests.e2e.test_pages import links
from tests.server.security.script import MARK, write_script

#: Before anything of the page: what the policy stopped is kept.
LISTEN = """
window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.stopped.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
FOUND = f"""
() => ({{
  ran: window.ran ?? null,
  stopped: window.stopped,
  out: document.querySelectorAll("{MARK}, img[src=x], svg[onload]").length,
  said: document.body.innerText.includes("<{MARK}>"),
}})
"""
QUIET: dict[str, Any] = {"ran": None, "stopped": [], "out": 0}


async def look(page: Page, name: str) -> bool:
    """Nothing ran, nothing was stopped, no tag got out; true when the script is read there as text."""
    found: dict[str, Any] = await page.evaluate(FOUND)
    said: bool = found.pop("said")
    assert found == QUIET, (name, found)
    return said


@pytest.mark.timeout(180)
async def test_script_in_every_text_runs_nowhere(running: Running, chromium: Browser) -> None:
    """The pages of those who see most, and the client's own screen."""
    await people(running)
    async with running.database.write() as session:
        await write_script(session)
    said: set[str] = set()
    for role in (Role.COORDINATOR, Role.ADMINISTRATOR, Role.CARE_WORKER):
        context = await chromium.new_context(locale="sv-SE")
        await context.add_init_script(LISTEN)
        page = await context.new_page()
        await enter(page, running, role)
        waiting, seen = await links(page), set[str]()
        while waiting:
            kind, path = waiting.popitem()
            seen.add(kind)
            await page.goto(running.url + path)
            if await look(page, f"{role} {kind}"):
                said.add(kind)
            waiting |= {one: to for one, to in (await links(page)).items() if one not in seen}
        await context.close()
    assert {"/brukare", "/brukare/id", "/planen", "/konton"} <= said, said
    kiosk = await open_kiosk(chromium, running)
    await kiosk.get_by_role("button", name="Visa dagen").click()
    await expect(kiosk.locator("kiosk-day")).to_contain_text(f"<{MARK}>", timeout=40_000)
    found = await kiosk.evaluate(FOUND.replace("window.stopped", "[]"))
    assert {**found, "said": True} == {**QUIET, "said": True}


async def test_script_that_a_page_did_let_out_is_stopped(running: Running, chromium: Browser) -> None:
    """The eye is not blind, and the policy holds: script put into a page by hand is stopped, not run."""
    page = await sign_in(chromium, running)
    await page.evaluate(LISTEN)
    await page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')"
    )

    async def stopped() -> bool:
        found: dict[str, Any] = await page.evaluate(FOUND)
        assert found["ran"] is None
        assert found["out"] == 1
        return any("script-src" in one for one in found["stopped"])

    await until(stopped)
