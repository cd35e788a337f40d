"""``python -m tests.e2e.gallery DIR [WORD]``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import click
from playwright.async_api import async_playwright

from tests.e2e.gallery.camera import Camera
from tests.e2e.gallery.staff import staff_tour
from tests.e2e.gallery.tablet import tour, tour_by_itself
from tests.e2e.running import launch


async def main(folder: Path, only: str) -> int:
    camera = Camera(folder, only)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for one in (tour, tour_by_itself, staff_tour):
            with tempfile.TemporaryDirectory() as home:
                await one(browser, Path(home), camera)
        await browser.close()
    for line in camera.wrong:
        click.echo(line)
    return 1 if camera.wrong else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else "")))
