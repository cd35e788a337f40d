"""Takes the pictures: every size, light and dark, ordinary and large text; and says what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

from tests.e2e.accessible import bigness, flaws
from tests.e2e.looking import LET_GO

TABLET = ((1280, 800), (800, 1280))
STAFF = ((390, 844), (820, 1180), (1280, 900))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TAKE_UP = LET_GO.replace('"static"', '""')
_PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SIZE = "(size) => { document.documentElement.dataset.text = size; }"


@dataclass
class Camera:
    """Where the pictures lie, which are wanted, and what was wrong in those that were taken."""

    folder: Path
    only: str = ""
    wrong: list[str] = field(default_factory=list)

    def wants(self, name: str) -> bool:
        return name.startswith(self.only)

    async def tablet(self, page: Page, name: str, *, axe: bool = True) -> None:
        """A screen of the tablet: both ways up, 100 and 200 %, light and dark."""
        if not self.wants(name):
            return
        before = page.viewport_size
        own = await page.evaluate("document.documentElement.dataset.text ?? '100'")
        for size in TABLET:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            for text in ("100", "200"):
                await page.evaluate(_SIZE, text)
                for scheme in SCHEMES:
                    view = f"{name} {size[0]} {text} {scheme}"
                    await self._take(page, view, scheme)
                    if scheme == "light":
                        self._note(view, await bigness(page))
                    # Nothing of what axe looks for depends on the size alone; contrast depends on the scheme.
                    if axe and (text, size) in (("100", TABLET[0]), ("200", TABLET[1])):
                        self.wrong += [f"{view}: {found}" for found in await flaws(page, enhanced=True)]
        await page.evaluate(_SIZE, own)
        if before is not None:
            await page.set_viewport_size(before)

    def _note(self, view: str, found: dict[str, Any]) -> None:
        self.wrong += [f"{view}: outside {one}" for one in found["outside"]]
        self.wrong += [f"{view}: button {one}" for one in found["low"]]
        self.wrong += [f"{view}: small {one}" for one in found["small"]]
        if found["scrolls"]:
            self.wrong.append(f"{view}: scrolls")

    async def staff(self, page: Page, name: str) -> None:
        """A page of the staff: phone, tablet and desk, light and dark."""
        if not self.wants(name):
            return
        for size in STAFF:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            for scheme in SCHEMES:
                view = f"{name} {size[0]} {scheme}"
                await self._take(page, view, scheme)
                wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    self.wrong.append(f"{view}: {wide} px wider than the screen")
                # What a bar at the edge covers now is reached by scrolling.
                await page.evaluate(LET_GO)
                if size[0] != 820:
                    self.wrong += [f"{view}: {found}" for found in await flaws(page)]
                await page.evaluate(TAKE_UP)

    async def _take(self, page: Page, view: str, scheme: Literal["light", "dark"]) -> None:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate(_PAINTED)
        await page.screenshot(path=self.folder / f"{view.replace(' ', '-')}.png")
