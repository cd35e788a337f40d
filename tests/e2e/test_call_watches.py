"""What is wrong during a call is told to the worker; large words, a picture and loudness reach the kiosk."""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from sqlalchemy import select

from care.devices import Device
from care.ids import new_id
from care.kiosk import KioskChoice, Reach, Switch, TextSize
from tests.e2e.accessible import flaws
from tests.e2e.running import CHROMIUM, Running, accessible, launch, open_kiosk, sign_in

#: Where to keep pictures of what is seen, for a person to look at; none: nothing is kept.
SHOTS = os.environ.get("SAMTID_SHOTS")


#: Every word of the placard is on the screen, above what stands at its foot.
WHOLE = """
() => {
  const words = document.querySelector("kiosk-placard .words"), foot = document.querySelector(".call .foot");
  const [seen, button] = [words, document.querySelector("kiosk-placard button")]
    .map((one) => one.getBoundingClientRect());
  return words.scrollHeight <= words.clientHeight && words.scrollWidth <= words.clientWidth
    && button.bottom <= foot.getBoundingClientRect().top
    && (button.top >= seen.bottom || button.left >= seen.right);
}
"""


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


def silence(folder: Path) -> str:
    """A microphone that gives nothing at all, as one that is broken or muted on its cord."""
    file = folder / "silence.wav"
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        sound.writeframes(bytes(2 * 48_000))
    return f"--use-file-for-fake-audio-capture={file}"


def darkness(folder: Path) -> str:
    """A camera with a hand over it."""
    file, wide, high = folder / "black.y4m", 320, 240
    frame = b"FRAME\n" + bytes([16]) * (wide * high) + bytes([128]) * (wide * high // 2)
    file.write_bytes(f"YUV4MPEG2 W{wide} H{high} F15:1 Ip A1:1 C420\n".encode() + frame * 15)
    return f"--use-file-for-fake-video-capture={file}"


Open = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def open_browser() -> AsyncIterator[Open]:
    """Opens browsers with devices of their own."""
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        opened: list[Browser] = []

        async def one(*flags: str) -> Browser:
            opened.append(await launch(playwright, more=flags))
            return opened[-1]

        yield one
        for browser in opened:
            await browser.close()


async def talk(page: Page, kiosk: Page) -> None:
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await kiosk.get_by_role("button", name="Svara").click(timeout=20_000)
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)


async def test_the_worker_is_told_of_her_own_silent_microphone(
    running: Running, chromium: Browser, open_browser: Open, tmp_path: Path
) -> None:
    """In words, with one thing to try; muted on purpose it is nobody's worry."""
    kiosk = await open_kiosk(chromium, running)
    page = await sign_in(
        await open_browser(silence(tmp_path)), running, viewport={"width": 390, "height": 844}
    )
    await talk(page, kiosk)
    told = page.locator("#watch")
    again = told.get_by_role("button", name="Öppna mikrofonen igen")
    await expect(told).to_contain_text("Det kommer inget ljud från din mikrofon", timeout=40_000)
    await expect(again).to_be_visible()
    await shoot(page, "own-microphone-390-light")
    await accessible(page)
    await shoot(page, "own-microphone-390-dark")
    await again.click()
    await expect(told).to_contain_text("Öppnad igen")
    await page.get_by_role("button", name="Stäng av mikrofonen").click()
    await expect(told).not_to_contain_text("inget ljud från din mikrofon", timeout=20_000)


async def test_the_worker_is_told_of_a_black_camera_at_the_kiosk(
    running: Running, chromium: Browser, open_browser: Open, tmp_path: Path
) -> None:
    """The kiosk finds it by itself, and says nothing on its screen that could worry anybody."""
    kiosk = await open_kiosk(await open_browser(darkness(tmp_path)), running)
    page = await sign_in(chromium, running, viewport={"width": 1280, "height": 800})
    await talk(page, kiosk)
    await expect(page.locator("#watch")).to_contain_text("Bilden från Ingrid är svart", timeout=40_000)
    await shoot(page, "their-camera-1280-light")
    said = (await kiosk.locator("kiosk-call").inner_text()).split("\n")
    assert [line for line in said if line.strip()] == ["Samtal med Anna", "Kameran är på", "Lägg på"]


async def test_large_words_a_picture_and_loudness(
    running: Running, chromium: Browser, tmp_path: Path
) -> None:
    """At 200 per cent text: the words fill the screen whole, stand until touched, and the worker knows."""
    kiosk = await open_kiosk(chromium, running)
    async with running.database.write() as session:
        device = (await session.scalars(select(Device))).one()
        session.add(
            KioskChoice(
                id=new_id(), device_id=device.id, reach=Reach.BOTH, text_size=TextSize.LARGEST,
                switch=Switch.KEYBOARD, flash=False,
            )
        )  # fmt: skip
    await kiosk.reload()
    page = await sign_in(chromium, running, viewport={"width": 1280, "height": 800})
    await talk(page, kiosk)
    words = "Vi tar medicinen i den gula dosetten nu. Ta tre djupa andetag först."
    await page.get_by_label("Stor text").fill(words)
    await page.get_by_role("button", name="Visa texten").click()
    placard = kiosk.locator("kiosk-placard")
    await expect(placard.get_by_text(words)).to_be_visible()
    await expect(page.get_by_text("Visas nu på skärmen hos Ingrid.")).to_be_visible()
    await expect(kiosk.locator("#said")).to_have_text(words)
    await shoot(page, "tools-1280-light")
    await accessible(page)
    await shoot(page, "tools-1280-dark")
    for name, wide, high in (("landscape", 1280, 800), ("portrait", 800, 1280), ("small", 1024, 600)):
        await kiosk.set_viewport_size({"width": wide, "height": high})
        assert await flaws(kiosk) == []
        await kiosk.wait_for_function(WHOLE)
        await shoot(kiosk, f"text-{name}")
    await kiosk.evaluate("document.documentElement.toggleAttribute('data-night', true)")
    await shoot(kiosk, "text-night")
    await placard.locator(".words").click()
    await expect(placard).to_be_hidden()
    await expect(page.get_by_text("Det är borta från skärmen hos Ingrid.")).to_be_visible()

    picture = tmp_path / "bild.png"
    picture.write_bytes(await page.screenshot())
    await page.set_input_files("#picture", picture)
    shown = placard.get_by_role("img", name="Bild som Anna visar")
    await expect(shown).to_be_visible(timeout=20_000)
    assert await shown.evaluate("(one) => one.naturalWidth") == 1280
    await expect(page.get_by_text("Visas nu på skärmen hos Ingrid.")).to_be_visible()
    await shoot(kiosk, "picture-small")
    await page.get_by_role("button", name="Ta bort den").click()
    await expect(placard).to_be_hidden()

    await page.get_by_role("button", name="Högre").click()
    await expect(page.locator("#loudness-now")).to_have_text("125 procent")
    await page.get_by_role("button", name="Högre").click()
    await expect(page.locator("#loudness-now")).to_have_text("150 procent")
    await expect(page.get_by_role("button", name="Högre")).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#watch")).to_be_hidden()
    await page.set_viewport_size({"width": 390, "height": 844})
    await shoot(page, "tools-390-light")
