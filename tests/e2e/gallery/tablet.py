"""The tour of the tablet: each screen is brought up the way it comes up in a home, and pictured."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from care.consent import ConsentKind
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.kiosk import Reach, Switch
from care.pairing import invite
from tests.e2e.gallery.camera import Camera
from tests.e2e.gallery.home import Home, make_home, open_tablet, stands
from tests.e2e.running import sign_in

#: Camera and microphone are refused, as by somebody who pressed the wrong button.
_REFUSED = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""


async def tour(browser: Browser, folder: Path, camera: Camera) -> None:
    """Every screen of one home, from pairing to the night."""
    if camera.only.startswith("staff"):
        return
    home = await make_home(folder)
    try:
        await home.running.start()
        page = await _beginning(browser, home, camera)
        for names, stage in _STAGES:
            if any(name.startswith(camera.only) or camera.only.startswith(name) for name in names):
                await stage(browser, page, home, camera)
    finally:
        await home.running.stop()


async def tour_by_itself(browser: Browser, folder: Path, camera: Camera) -> None:
    """A home where it is agreed that a call answers by itself: the countdown."""
    if not camera.wants("ring-countdown"):
        return
    home = await make_home(folder, ConsentKind.AUTO_ANSWER)
    try:
        await home.running.start()
        page = await _to_day(await open_tablet(browser, home))
        await home.ordinary_day()
        worker = await _ring(browser, home, page)
        await expect(page.locator("kiosk-ring .bar")).to_be_visible()
        await camera.tablet(page, "ring-countdown")
        await worker.context.close()
    finally:
        await home.running.stop()


async def _to_day(page: Page) -> Page:
    await page.get_by_role("button", name="Starta").click()
    await page.get_by_role("button", name="Visa dagen").click()
    await stands(page, "day")
    return page


async def _beginning(browser: Browser, home: Home, camera: Camera) -> Page:
    fresh = await open_tablet(browser, home, f"{home.running.url}/kiosk")
    await stands(fresh, "pairing")
    await camera.tablet(fresh, "pairing")
    for digit in "123456":
        await fresh.get_by_role("button", name=digit, exact=True).click()
    await expect(fresh.locator(".fault")).not_to_be_empty()
    await fresh.keyboard.type("12")
    await camera.tablet(fresh, "pairing-typing")
    page = await open_tablet(browser, home)
    await stands(page, "start")
    await camera.tablet(page, "start")
    await page.get_by_role("button", name="Starta").click()
    await expect(page.get_by_role("heading", name="Skärmen är klar")).to_be_visible()
    # It goes away by itself: taken at once, in what time there is.
    await page.screenshot(path=camera.folder / "start-good-1280-100-light.png")
    await stands(page, "day")
    async with home.running.database.write() as session:
        made = await invite(session, home.running.ingrid.id, home.now)
    await fresh.keyboard.press("Backspace")
    await fresh.keyboard.press("Backspace")
    await fresh.keyboard.type(made.code)
    await expect(fresh.locator(".check-number")).to_be_visible()
    await camera.tablet(fresh, "pairing-check")
    await fresh.context.close()
    return page


async def _days(_browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    await home.clear()
    await expect(page.locator(".next.nothing")).to_be_visible()
    await camera.tablet(page, "day-nothing")
    await home.ordinary_day()
    await expect(page.locator(".next .who")).to_have_text("Anna ringer")
    await camera.tablet(page, "day")
    await home.change(has_hearing_aid=True)
    await home.plan("SO-SAM", 9, Channel.VIDEO, [home.running.anna])
    await home.plan("PV-MOR", 30, Channel.PHYSICAL, [])
    await home.plan("PV-MOR", 60, Channel.PHYSICAL, [home.erik, home.maja])
    await home.tell()
    await expect(page.get_by_text("hörapparaten")).to_be_visible()
    await camera.tablet(page, "day-hearing-aid")
    await home.change(has_hearing_aid=False)
    await home.ordinary_day()


async def _told(_browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    call = await home.ordinary_day()
    await home.notice(call)
    await stands(page, "notice")
    await camera.tablet(page, "notice")
    await page.get_by_role("button", name="Jag har läst").click()
    await stands(page, "day")
    await home.plan("MA-PAM", -1, Channel.PROMPT, [home.running.anna], Status.DUE)
    await home.tell()
    await stands(page, "prompt")
    await camera.tablet(page, "prompt")
    await page.get_by_role("button", name="Klart").click()
    await stands(page, "words")
    await stands(page, "day")


async def _ring(browser: Browser, home: Home, page: Page) -> Page:
    """Anna rings from her browser."""
    call = await home.plan("SO-SAM", 0, Channel.VIDEO, [home.running.anna])
    await home.tell()
    worker = await sign_in(browser, home.running)
    await worker.goto(f"{home.running.url}/kontakt/{call.id}/samtal")
    await worker.get_by_role("button", name="Ring").first.click()
    await stands(page, "ring")
    return worker


async def _calls(browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    await home.clear()
    worker = await _ring(browser, home, page)
    await camera.tablet(page, "ring")
    await page.get_by_role("button", name="Inte nu").click()
    await stands(page, "words")
    await page.screenshot(path=camera.folder / "later-1280-100-light.png")
    await worker.context.close()
    await stands(page, "day")
    worker = await _ring(browser, home, page)
    await page.get_by_role("button", name="Svara").click()
    await expect(page.locator(".camera-state.on")).to_be_visible(timeout=20_000)
    await expect(page.locator(".cover")).to_be_hidden(timeout=20_000)
    await camera.tablet(page, "call")
    # Anna's network is gone: the same as when she goes into a lift.
    await worker.context.set_offline(True)
    await worker.evaluate("peers.forEach((one) => one.close())")
    await expect(page.locator(".cover", has_text="försöker komma tillbaka")).to_be_visible(timeout=30_000)
    await camera.tablet(page, "call-interrupted")
    await page.get_by_role("button", name="Lägg på").click()
    await stands(page, "pulse")
    await camera.tablet(page, "pulse")
    await worker.context.close()
    await page.get_by_role("button", name="Inte nöjd").click()
    await expect(page.get_by_role("heading", name="Vill du att någon ringer?")).to_be_visible()
    await camera.tablet(page, "wish")
    await page.get_by_role("button", name="Ja").click()
    await page.reload()
    await expect(page.locator(".call-request.promised")).to_be_visible()
    await home.ordinary_day()
    await expect(page.locator(".next .who")).to_have_text("Anna ringer")
    await camera.tablet(page, "request-promised")


async def _set_up(browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    for hand in (Reach.LEFT, Reach.RIGHT):
        await home.set_up(reach=hand)
        await expect(page.locator("html")).to_have_attribute("data-reach", hand.value)
        await camera.tablet(page, f"{hand.value}-hand-day")
        await home.plan("MA-PAM", -1, Channel.PROMPT, [home.running.anna], Status.DUE)
        await home.tell()
        await stands(page, "prompt")
        await camera.tablet(page, f"{hand.value}-hand-prompt")
        await page.get_by_role("button", name="Klart").click()
        await stands(page, "day")
    await home.set_up(reach=Reach.LEFT, switch=Switch.ONE, flash=True)
    await expect(page.locator("html")).to_have_attribute("data-switch", "one")
    worker = await _ring(browser, home, page)
    await expect(page.locator(".flash")).to_be_visible()
    await camera.tablet(page, "left-hand-switch-flash-ring")
    await page.get_by_role("button", name="Inte nu").click()
    await worker.context.close()
    await home.set_up()
    await home.ordinary_day()
    await stands(page, "day")


async def _languages(browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    for language in ("en", "fi", "ar"):
        await home.change(language=language)
        await expect(page.locator("html")).to_have_attribute("lang", language, timeout=15_000)
        await stands(page, "day")
        await camera.tablet(page, f"{language}-day")
        worker = await _ring(browser, home, page)
        await camera.tablet(page, f"{language}-ring")
        await page.locator("kiosk-ring button").first.click()
        await expect(page.locator(".camera-state.on")).to_be_visible(timeout=20_000)
        await camera.tablet(page, f"{language}-call")
        await worker.context.close()
        await page.locator("kiosk-call button").click()
        await home.ordinary_day()
        await stands(page, "day")
    await home.change(language="sv")
    await expect(page.locator("html")).to_have_attribute("lang", "sv", timeout=15_000)


async def _night(browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    await home.change(night_from="00:00", night_to="23:59")
    await stands(page, "night")
    await camera.tablet(page, "night")
    worker = await _ring(browser, home, page)
    await camera.tablet(page, "night-ring")
    await page.get_by_role("button", name="Inte nu").click()
    await worker.context.close()
    await home.change(night_from="00:00", night_to="00:00")
    await stands(page, "day")


async def _two(browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    await home.ordinary_day()
    karl = await home.second()
    await home.plan("PV-MOR", 60, Channel.PHYSICAL, [home.erik, home.maja], client=karl)
    await home.tell()
    await expect(page.get_by_text("Karl").first).to_be_visible()
    await camera.tablet(page, "two-day")
    await page.get_by_role("button", name="Be någon ringa mig").click()
    await stands(page, "asker")
    await camera.tablet(page, "two-asker")
    await page.get_by_role("button", name="Karl").click()
    await expect(page.locator(".call-request.promised")).to_contain_text("Anna ringer Karl före")
    await camera.tablet(page, "two-promised")
    worker = await _ring(browser, home, page)
    await camera.tablet(page, "two-ring")
    await page.get_by_role("button", name="Inte nu").click()
    await worker.context.close()
    await stands(page, "day")


async def _alone(_browser: Browser, page: Page, home: Home, camera: Camera) -> None:
    await home.running.kill()
    await expect(page.locator(".no-contact")).to_be_visible(timeout=30_000)
    await camera.tablet(page, "offline")
    # Where two live and one has been promised, the button is the other's.
    await page.get_by_role("button", name=re.compile("^Be någon ringa ")).click()
    await expect(page.locator(".call-request.failed")).to_be_visible(timeout=15_000)
    await camera.tablet(page, "offline-request")


#: What each stage pictures; a part of the tour is taken by the beginning of a name.
_STAGES: tuple[tuple[tuple[str, ...], Callable[[Browser, Page, Home, Camera], Awaitable[None]]], ...] = (
    (("day",), _days),
    (("notice", "prompt"), _told),
    (("ring", "call", "pulse", "wish", "request"), _calls),
    (("left", "right"), _set_up),
    (("en", "fi", "ar"), _languages),
    (("night",), _night),
    (("two",), _two),
    (("offline",), _alone),
)
