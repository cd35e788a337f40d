"""Looking at a page as its readers do: phone, desk and wall, light and dark, and with axe.

Pictures of everything looked at are left in ``test-results/pages`` for a pair of eyes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import BrowserContext, ConsoleMessage, FloatRect, Page

from tests.e2e.accessible import flaws

PICTURES = Path(__file__).parents[2] / "test-results" / "pages"
Scheme = Literal["light", "dark"]
PHONE, DESK, WALL = (390, 844), (1280, 900), (1920, 1200)
#: Size, scheme, and whether axe looks: a full run costs about a second, and more on a very long page.
VIEWS: tuple[tuple[tuple[int, int], Scheme, bool], ...] = (
    (PHONE, "light", True),
    (PHONE, "dark", False),
    (DESK, "dark", True),
    (DESK, "light", False),
    (WALL, "light", False),
)
_BUILD = """
() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true });
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .filter((one) => seen(one) && !one.closest("dialog")).map((one) => Number(one.tagName[1]));
  const low = [...document.querySelectorAll("main .button.primary")].filter(seen)
    .map((one) => [one.textContent.trim(), Math.round(one.getBoundingClientRect().height)])
    .filter(([, height]) => height < 56);
  return {
    lang: document.documentElement.lang,
    title: document.title.trim(),
    ones: levels.filter((level) => level === 1).length,
    leaps: levels.filter((level, at) => level > (at ? levels[at - 1] : 0) + 1).length,
    low: innerWidth < 600 ? low : [],
    elements: document.querySelectorAll("*").length,
    tall: document.documentElement.scrollHeight,
    wide: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth,
  };
}
"""
LET_GO = """
() => { for (const bar of document.querySelectorAll(".top, .bottom-nav")) bar.style.position = "static"; }
"""


@dataclass
class Watched:
    """A page and everything its console complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        # A page that answers 404 on purpose is itself a failed load.
        own = message.text.startswith("Failed to load resource") and (
            message.location.get("url") == self.page.url
        )
        if message.type in ("error", "warning") and not own:
            self.complaints.append(f"{message.text} ({message.location.get('url')})")


async def watched(context: BrowserContext) -> Watched:
    """A fresh page whose console is listened to."""
    made = Watched(await context.new_page())
    made.page.on("console", made.heard)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    return made


async def look(one: Watched, name: str, lang: str = "sv", views: tuple[Any, ...] = VIEWS) -> list[str]:
    """Everything that is wrong with the page as it stands; pictures of it under `name`."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page, wrong = one.page, []
    for number, (size, scheme, with_axe) in enumerate(views):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # What a bar at the edge covers now is reached by scrolling: it must not hide anything from axe.
        await page.evaluate(LET_GO)
        # The new size and colours are there when they have been painted.
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        view = f"{name} {size[0]} {scheme}"
        built = await page.evaluate(_BUILD)
        if built["wide"] > 0:
            wrong.append(f"{view}: {built['wide']} px wider than the screen")
        if built["lang"] != lang or not built["title"]:
            wrong.append(f"{view}: lang {built['lang']}, title {built['title']!r}")
        if built["ones"] != 1 or built["leaps"]:
            wrong.append(f"{view}: {built['ones']} h1, {built['leaps']} leaps between headings")
        wrong += [f"{view}: the button {words!r} is {height} px high" for words, height in built["low"]]
        if with_axe and (number == 0 or built["elements"] < 4000):
            wrong += [f"{view}: {found}" for found in await flaws(page)]
        file = re.sub(r"[^\w.-]+", "-", view).strip("-")
        tall = size[1] if size == WALL else max(size[1], min(built["tall"], 3000))
        clip: FloatRect = {"x": 0, "y": 0, "width": size[0], "height": tall}
        # JPEG: quickly written, and good enough for a pair of eyes.
        await page.screenshot(
            path=PICTURES / f"{file}.jpg", type="jpeg", quality=75, full_page=True, clip=clip
        )
    wrong += [f"{name}: {complaint}" for complaint in one.complaints]
    one.complaints.clear()
    return wrong
