"""axe in the page, and what a tablet in a home needs beyond it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

_AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
#: WCAG 2.2 AA and good practice; on the tablet also the 7:1 of level AAA.
_RUN = """
async (enhanced) => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const rules = enhanced ? { "color-contrast-enhanced": { enabled: true } } : {};
  const runOnly = { type: "tag", values: tags };
  const found = await axe.run(document, { runOnly, rules, resultTypes: ["violations"] });
  const words = ({ html, failureSummary }) => html + " " + failureSummary;
  return found.violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(words) }));
}
"""
#: Words smaller than 22 px, buttons under 96 px, what lies outside the screen, and whether anything scrolls.
_BIG = """
() => {
  const small = [], low = [], outside = [];
  for (const one of document.querySelectorAll("main *")) {
    const box = one.getBoundingClientRect();
    if (!one.checkVisibility() || box.width < 2) continue;
    const said = one.textContent.trim();
    const own = [...one.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (own && size < 22) small.push([said, size]);
    const least = Math.min(box.width, box.height);
    if (one instanceof HTMLButtonElement && least < 95.5) low.push([said, least]);
    const below = box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
    if (own && (below || box.left < -1 || box.top < -1)) outside.push([said, box.toJSON()]);
  }
  const screen = document.querySelector("main > *");
  const tall = screen.scrollHeight > screen.clientHeight + 1;
  const scrolls = tall || screen.scrollWidth > screen.clientWidth + 1;
  return { small, low, outside, scrolls };
}
"""


@cache
def _source() -> str:
    return _AXE.read_text(encoding="utf-8")


async def flaws(page: Page, *, enhanced: bool = False) -> list[Any]:
    """What axe finds on the page; `enhanced` asks for contrast 7:1."""
    # A screen of the tablet takes no touch in its first moment, and is not read either.
    await expect(page.locator("main > [inert]")).to_have_count(0)
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(_source())
    found: list[Any] = await page.evaluate(_RUN, enhanced)
    return found


async def bigness(page: Page) -> dict[str, Any]:
    """What of the tablet's screen is too small, out of sight or scrolls; `WELL` when nothing is."""
    found: dict[str, Any] = await page.evaluate(_BIG)
    return found


WELL: dict[str, Any] = {"small": [], "low": [], "outside": [], "scrolls": False}
