"""Every page of the demo, by every role: accessible, quiet in the console, inside the screen, well built."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.demo import Demo, running_demo
from tests.e2e.looking import DESK, PHONE, VIEWS, Watched, look, watched
from tests.e2e.running import launch

#: Kinds of pages that an earlier role's test has seen in every size: of those one picture is enough.
LOOKED_AT: set[str] = set()
pytestmark = pytest.mark.asyncio(loop_scope="module")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-W?\d\d(-\d\d)?")
#: Where reading changes something or leaves the pages: not followed.
_NOT_PAGES = re.compile(r"/logga-ut|\.(csv|pdf|xlsx|json|crt|ics)$|/static/|/samtal$|/kiosk|/export/|/api/")
_LINKS = "[...document.querySelectorAll('a[href]')].map((one) => new URL(one.href, location.href))"
_PATHS = f"{_LINKS}.filter((one) => one.origin === location.origin).map((one) => one.pathname + one.search)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async for made in running_demo(tmp_path_factory.mktemp("demo")):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(demo: Demo) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await launch(playwright)
        yield made
        await made.close()


def kind_of(path: str) -> str:
    """The address without its ids and values: pages of one kind are looked at once."""
    bare, _, query = path.partition("?")
    return _ID.sub("id", bare) + ("?" if query else "")


async def links(page: Page) -> dict[str, str]:
    """Kind → address of the pages that this one leads to."""
    found: dict[str, str] = {}
    for path in await page.evaluate(_PATHS):
        if not _NOT_PAGES.search(path.partition("?")[0]):
            found.setdefault(kind_of(path), path)
    return found


async def visit(one: Watched, demo: Demo, path: str) -> None:
    answer = await one.page.goto(demo.url + path)
    assert answer is not None
    assert answer.ok, (path, answer.status)
    await one.page.wait_for_load_state("networkidle")


@pytest.mark.timeout(300, func_only=True)
@pytest.mark.parametrize(
    "role",
    [
        "care_worker",
        "coordinator",
        "unit_manager",
        "administrator",
        "licensed_professional",
        "needs_assessor",
    ],
)
async def test_every_page_that_a_role_is_led_to(demo: Demo, browser: Browser, role: str) -> None:
    """From the start page on, one page of every kind that a link leads to."""
    context = await demo.signed_in(browser, role)
    one = await watched(context)
    waiting, seen, wrong = {"/": "/"}, set[str](), list[str]()
    while waiting:
        kind, path = waiting.popitem()
        seen.add(kind)
        await visit(one, demo, path)
        # Every role leads here too; once is enough.
        if kind != "/":
            wrong += await look(one, f"{role} {kind}", views=VIEWS[:1] if kind in LOOKED_AT else VIEWS)
            LOOKED_AT.add(kind)
        waiting |= {other: to for other, to in (await links(one.page)).items() if other not in seen}
    await context.close()
    assert not wrong, "\n".join(wrong)
    assert len(seen) >= 4, seen


async def test_sign_in_and_what_is_not_there(demo: Demo, browser: Browser) -> None:
    """The door, a wrong password, and an address that leads nowhere."""
    context = await browser.new_context(locale="sv-SE")
    one = await watched(context)
    await visit(one, demo, "/logga-in")
    wrong = await look(one, "sign in")
    await one.page.locator("[name=username]").fill("anna")
    await one.page.locator("[name=password]").fill("fel")
    await one.page.get_by_role("button", name="Logga in").click()
    await expect(one.page.get_by_role("alert")).to_be_visible()
    wrong += await look(one, "sign in refused")
    await context.close()
    context = await demo.signed_in(browser, "coordinator")
    one = await watched(context)
    await one.page.goto(demo.url + "/finns-inte")
    wrong += await look(one, "not found")
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_a_form_that_is_not_right_yet(demo: Demo, browser: Browser) -> None:
    """What is wrong stands in words at its field."""
    context = await demo.signed_in(browser, "coordinator")
    one = await watched(context)
    await visit(one, demo, "/planera")
    page = one.page
    form = page.locator("form:has(button[value=save])")
    await form.evaluate("form => { form.noValidate = true; }")
    await form.locator("[name=minutes]").fill("0")
    await page.locator("button[value=save]").click()
    await expect(page.locator(".error").first).to_be_visible()
    wrong = await look(one, "plan call with errors")
    await context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(300, func_only=True)
async def test_snow_is_reported_and_a_proposal_comes(demo: Demo, browser: Browser) -> None:
    """From what has happened to the proposal, its list, and the approval."""
    context = await demo.signed_in(browser, "coordinator")
    one = await watched(context)
    page = one.page
    await visit(one, demo, "/hant?slag=snow")
    await page.locator("[name=groups]").first.check()
    await page.get_by_role("button", name="Ta fram förslag").click()
    await page.wait_for_url("**/forslag/*", timeout=60_000)
    wrong = await look(one, "proposal")
    await page.locator("button[value=all]").click()
    await expect(page.locator("button[value=undo_all]")).to_be_visible()
    wrong += await look(one, "proposal approved", views=VIEWS[:1])
    await visit(one, demo, next(to for kind, to in (await links(page)).items() if kind.endswith("/lista")))
    wrong += await look(one, "proposal list", views=VIEWS[:3])
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_the_call_page_and_the_receipt(demo: Demo, browser: Browser) -> None:
    """Before the ring, with nobody at the other side, and the receipt."""
    context = await demo.signed_in(browser, "care_worker", permissions=["camera", "microphone"])
    one = await watched(context)
    page = one.page
    await visit(one, demo, "/min-dag")
    await demo.ring(page)
    # The tablet has not been paired yet: it is said at once.
    await expect(page.locator("#trouble")).to_be_visible(timeout=20_000)
    wrong = await look(one, "call without a tablet")
    call = page.url.partition("?")[0]
    await page.goto(call.removesuffix("/samtal") + "/kvittens")
    wrong += await look(one, "receipt")
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_in_english(demo: Demo, browser: Browser) -> None:
    """The same pages in the other language fit as well."""
    context = await demo.signed_in(browser, "coordinator")
    one = await watched(context)
    await visit(one, demo, "/konto")
    await one.page.get_by_role("button", name="In English").click()
    wrong = []
    for path in (await links(one.page)).values():
        await visit(one, demo, path)
        wrong += await look(
            one, f"english {kind_of(path)}", "en", ((PHONE, "light", False), (DESK, "light", False))
        )
    await context.close()
    assert not wrong, "\n".join(wrong)
