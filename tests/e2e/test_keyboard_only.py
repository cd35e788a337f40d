"""The main pages of the staff by keyboard alone: all that can be pressed is reached, seen, and pressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import select

from care.accounts import AccountRole, Role
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.ids import new_id
from care.services import Service
from tests.builders import make_contact
from tests.e2e.running import Running, open_kiosk, sign_in

#: What a keyboard must reach: of the choices that belong together the one that is chosen, or the first.
ALL = """
() => {
  const can = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const groups = new Set();
  window.reachable = [...document.querySelectorAll(can)].filter((one) => {
    if (one.disabled || one.closest("[inert]")) return false;
    if (!one.checkVisibility({ visibilityProperty: true })) return false;
    if (one.closest("details:not([open])") && !one.matches("summary")) return false;
    if (one.type !== "radio") return true;
    const own = [...document.getElementsByName(one.name)];
    if (own.some((other) => other.checked) ? !one.checked : groups.has(one.name)) return false;
    groups.add(one.name);
    return true;
  });
  return window.reachable.length;
}
"""
#: The mark: where it is, whether it is seen, and whether anything lies over all of it.
MARK = """
() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const said = (one.innerText || one.getAttribute("aria-label") || one.outerHTML).trim().slice(0, 60);
  const looks = [one, one.closest("label"), one.nextElementSibling].filter(Boolean);
  const marked = looks.map((part) => getComputedStyle(part)).some((style) =>
    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
  const box = (one.closest("label") ?? one).getBoundingClientRect();
  const parts = [0.1, 0.5, 0.9];
  const points = parts.flatMap((x) => parts.map((y) => [box.x + box.width * x, box.y + box.height * y]));
  const free = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (one.contains(top) || top.contains(one) || one.closest("label")?.contains(top));
  });
  return { at: window.reachable.indexOf(one), said, marked, free };
}
"""
SIZES = ((390, 844), (1280, 900))


async def walk(page: Page, what: str) -> None:
    """Tab from the beginning to the end: nothing is left out, unseen, or under a bar."""
    count: int = await page.evaluate(ALL)
    assert count > 3, what
    reached: dict[int, dict[str, Any]] = {}
    last: int | None = None
    for _ in range(count + 10):
        await page.keyboard.press("Tab")
        mark = await page.evaluate(MARK)
        if mark is None:
            continue  # past the end: the next one is the first again
        if mark["at"] == last:
            continue  # a date has parts of its own
        if mark["at"] in reached:
            break
        last = mark["at"]
        assert mark["marked"], f"{what}: the mark is not seen on {mark['said']!r}"
        assert mark["free"], f"{what}: {mark['said']!r} lies under something"
        reached[mark["at"]] = mark
    if -1 in reached:
        # The page has read itself anew meanwhile, as Min dag does when its news are open.
        await walk(page, what)
        return
    missing = await page.evaluate(
        "(seen) => reachable.filter((_, at) => !seen.includes(at)).map((one) => one.outerHTML.slice(0, 120))",
        list(reached),
    )
    assert missing == [], f"{what}: not reached by Tab"


async def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the mark is there."""
    for _ in range(most):
        if await target.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"not reached: {target}")


async def coordinated(running: Running) -> None:
    """Anna coordinates too, and there is something without staff."""
    now = datetime.now(UTC)
    async with running.database.write() as session:
        role = Role.COORDINATOR
        session.add(
            AccountRole(id=new_id(), account_id=running.account_id, role=role, group_id=running.anna.group_id)
        )
        service = (await session.scalars(select(Service).where(Service.code == "PV-MOR"))).one()
        for minutes in (20, 50):
            start = now + timedelta(minutes=minutes)
            await make_contact(session, running.ingrid, service, start, channel=Channel.PHYSICAL)
        await make_contact(
            session, running.ingrid, service, now - timedelta(minutes=90), status=Status.AWAITING
        )


async def test_everything_is_reached_and_seen(running: Running, chromium: Browser) -> None:
    """Min dag, the contact, its call, Planen and Behöver en människa; on a phone and at a desk."""
    page = await sign_in(chromium, running, reduced_motion="reduce")
    await coordinated(running)
    paths = (
        "min-dag",
        f"kontakt/{running.contact_id}",
        f"kontakt/{running.contact_id}/samtal",
        "planen",
        "behover",
    )
    for path in paths:
        await page.goto(f"{running.url}/{path}")
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            await walk(page, f"{path} {width}")


async def test_a_call_and_its_receipt_without_a_pointer(running: Running, chromium: Browser) -> None:
    """Sign in, ring, talk, hang up, say how it went: Tab, Enter, Space and arrows on both sides."""
    kiosk = await open_kiosk(chromium, running)
    await kiosk.keyboard.press("Enter")
    page = await sign_in(chromium, running)
    await tab_to(page, page.get_by_role("button", name="Ring Ingrid").first)
    await page.keyboard.press("Enter")
    await expect(kiosk.get_by_role("button", name="Svara")).to_be_focused(timeout=20_000)
    await kiosk.keyboard.press("Enter")
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await tab_to(page, page.get_by_role("button", name="Lägg på"))
    await page.keyboard.press("Enter")
    choice = page.get_by_role("radio", name="Uppnått", exact=True).first
    await expect(choice).to_be_visible(timeout=10_000)
    await tab_to(page, choice)
    await page.keyboard.press("Space")
    await expect(choice).to_be_checked()
    await tab_to(page, page.get_by_role("button", name="Spara kvittensen"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Kvittensen är sparad")).to_be_visible()
