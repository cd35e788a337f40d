"""Import and export in a real browser: a small file with two bad lines, mended and read in again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import func, select

from care.contacts.contact import PlannedContact
from tests.e2e.accessible import flaws
from tests.e2e.running import Running
from tests.e2e.test_plan import coordinator

HEADING = "extern_id;brukare_id;datum;start;minuter;kanal;insatser"


def small_file(running: Running) -> bytes:
    """Two good lines and two bad ones: no such date, and hands by video."""
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    who = running.ingrid.id
    return "\r\n".join(
        (
            HEADING,
            f"K1;{who};{day};10.00;15;fysisk;TI-DAG",
            f"K2;{who};{day.year}-13-01;10.00;15;fysisk;TI-DAG",
            f"K3;{who};{day};18.00;15;video;PV-MOR",
            f"K4;{who};{day};14.00;15;fysisk;TI-DAG",
        )
    ).encode("utf-8-sig")


async def choose(page: Page, data: bytes) -> None:
    await page.get_by_label("Fil", exact=True).set_input_files(
        {"name": "kontakter.csv", "mimeType": "text/csv", "buffer": data}
    )
    await page.get_by_role("button", name="Granska filen").click()
    await expect(page.get_by_role("heading", name="Granska innan du läser in")).to_be_visible()


async def imported(running: Running) -> int:
    async with running.database.read() as session:
        return (
            await session.scalar(
                select(func.count())
                .select_from(PlannedContact)
                .where(PlannedContact.extern_id.in_(["K1", "K2", "K3", "K4"]))
            )
            or 0
        )


async def test_a_file_with_two_bad_lines(running: Running, chromium: Browser, tmp_path: Path) -> None:
    """The good lines are taken, the bad ones come back with reasons, and mended they are taken too."""
    page = await coordinator(chromium, running)
    await page.get_by_text("Mer", exact=True).locator("visible=true").first.click()
    await page.get_by_role("link", name="Import").first.click()
    await choose(page, small_file(running))
    await expect(page.get_by_text("import.no_such_date")).to_be_visible()
    await expect(page.get_by_text("import.hands_needed")).to_be_visible()
    await expect(page.get_by_role("button", name="Läs in allt")).to_have_count(0)
    assert await imported(running) == 0
    await page.get_by_role("button", name="Ta de rader som går").click()
    await expect(page.get_by_text("2 rader är inlästa. 2 rader togs inte med.")).to_be_visible()
    assert await imported(running) == 2
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Hämta de felaktiga raderna").click()
    download = await coming.value
    assert download.suggested_filename == "contacts-fel.csv"
    await download.save_as(tmp_path / "fel.csv")
    text = (tmp_path / "fel.csv").read_text(encoding="utf-8-sig")
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    mended = text.replace(f"{day.year}-13-01", str(day)).replace(";video;", ";fysisk;")
    await page.get_by_text("Välj en annan fil").click()
    await choose(page, mended.encode())
    await page.get_by_role("button", name="Läs in allt").click()
    await expect(page.get_by_text("2 rader är inlästa.")).to_be_visible()
    assert await imported(running) == 4


async def test_an_export_needs_a_purpose_and_comes_as_a_file(
    running: Running, chromium: Browser, tmp_path: Path
) -> None:
    """The file has the import's columns, and a name without anybody's name."""
    page = await coordinator(chromium, running)
    await page.goto(running.url + "/export")
    await page.get_by_label("Vad ska filen användas till?").fill("avstämning")
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Hämta filen").click()
    download = await coming.value
    assert download.suggested_filename.startswith("samtid-contacts-")
    await download.save_as(tmp_path / "ut.csv")
    assert (tmp_path / "ut.csv").read_text(encoding="utf-8-sig").startswith("extern_id;brukare_id")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(running: Running, chromium: Browser, scheme: str) -> None:
    """Import with its preview and result, column maps, export."""
    page = await coordinator(chromium, running, color_scheme=scheme, bypass_csp=True)
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 2400})
        for address in ("/import", "/import/kartor?slag=contacts&karta=lifecare", "/export"):
            await page.goto(running.url + address)
            assert await flaws(page) == [], f"{address} at {width}"
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        await page.goto(running.url + "/import")
        await choose(page, small_file(running))
        assert await flaws(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
