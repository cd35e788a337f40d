"""``running``: a real server with one home; ``chromium``: a real browser with a made-up camera."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from care.consent import ConsentKind
from tests.e2e.running import CHROMIUM, Running, launch, running_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
async def running(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """With ``@pytest.mark.parametrize("running", [(ConsentKind.…,)], indirect=True)``: further consents."""
    consents: tuple[ConsentKind, ...] = getattr(request, "param", ())
    async for made in running_server(tmp_path, *consents):
        yield made


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()
