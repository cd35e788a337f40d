"""A screen set up for who lives there, in Chromium: size, hand, switches, light, language, and a wish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.contacts.channel import Channel
from care.contacts.life import Status
from care.kiosk import Reach, Switch, TextSize
from care.tasks import Task, TaskKind
from server.tablets.choice import choose
from tests.e2e.accessible import bigness, flaws
from tests.e2e.running import Running, open_kiosk, sign_in, until
from tests.e2e.test_kiosk import device, planned, started

SMALL = ((1280, 800), (800, 1280), (1024, 600))


async def set_up(running: Running, **more: object) -> None:
    """As the form on the tablet's page does it."""
    ordinary = {
        "reach": Reach.BOTH, "text_size": TextSize.NORMAL, "switch": Switch.KEYBOARD, "flash": False,
        "loudest": 150, "plain_voice": False,
    }  # fmt: skip
    now, tablet = datetime.now(UTC), await device(running)
    async with running.database.write() as session:
        await choose(session, await session.merge(tablet), at=now, **{**ordinary, **more})  # type: ignore[arg-type]


async def reminded(running: Running, page: Page) -> None:
    """A reminder that is due now stands on the screen."""
    due = datetime.now(UTC) - timedelta(seconds=5)
    await planned(running, "MA-PAM", due, Channel.PROMPT, Status.DUE)
    await expect(page.locator("kiosk-prompt")).to_be_visible(timeout=10_000)


async def all_fits(page: Page, what: str) -> None:
    """Nothing small, nothing outside, nothing scrolls, at every size."""
    for width, height in SMALL:
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = await bigness(page)
        assert (found["outside"], found["low"], found["scrolls"]) == ([], [], False), (what, width)
    await page.set_viewport_size({"width": 1280, "height": 800})


async def test_large_text_and_one_hand_follow_at_once_and_lose_nothing(
    running: Running, chromium: Browser
) -> None:
    """200 % on the smallest tablet, and the buttons on the side of the hand; also from right to left."""
    page = await started(chromium, running)
    await set_up(running, reach=Reach.LEFT, text_size=TextSize.LARGEST)
    await expect(page.locator("html")).to_have_attribute("data-text", "200")
    await all_fits(page, "day")
    await reminded(running, page)
    await all_fits(page, "prompt")
    done = await page.get_by_role("button", name="Klart").bounding_box()
    assert done is not None
    assert done["x"] + done["width"] < 640
    assert await flaws(page, enhanced=True) == []
    async with running.database.write() as session:
        (await session.merge(running.ingrid)).language = "ar"
    await set_up(running, text_size=TextSize.LARGEST)
    await expect(page.locator("html")).to_have_attribute("dir", "rtl", timeout=15_000)
    await expect(page.get_by_role("button", name="تم")).to_be_visible()
    await all_fits(page, "prompt from right to left")
    yes, later = [await one.bounding_box() for one in await page.get_by_role("button").all()]
    assert yes is not None
    assert later is not None
    assert yes["x"] > later["x"], "the first button stands where reading begins"
    assert await flaws(page, enhanced=True) == []


async def test_two_switches_move_and_press_and_one_switch_waits_for_the_mark(
    running: Running, chromium: Browser
) -> None:
    """Space moves and Enter presses; with one switch the mark comes round by itself and any key presses."""
    page = await started(chromium, running)
    await set_up(running, switch=Switch.TWO)
    await expect(page.locator("html")).to_have_attribute("data-switch", "two")
    await reminded(running, page)
    yes, later = page.get_by_role("button", name="Klart"), page.get_by_role("button", name="Inte nu")
    await expect(yes).to_be_focused()
    await page.keyboard.press("Space")
    await expect(later).to_be_focused()
    await page.keyboard.press("Space")
    await expect(yes).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Tack!")).to_be_visible()
    await set_up(running, switch=Switch.ONE)
    await expect(page.locator("html")).to_have_attribute("data-switch", "one")
    await reminded(running, page)
    await expect(later).to_be_focused(timeout=10_000)
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("heading", name="Påminnelsen kommer snart igen")).to_be_visible()


async def test_a_ring_is_seen_calmly_and_who_is_not_content_may_ask_to_be_rung(
    running: Running, chromium: Browser
) -> None:
    """Light around the screen while it rings, still with less motion; Ja makes a task with a deadline."""
    page = await open_kiosk(chromium, running, reduced_motion="no-preference")
    await page.get_by_role("button", name="Visa dagen").click()
    async with running.database.write() as session:
        (await session.merge(running.ingrid)).has_hearing_aid = True
    await set_up(running, flash=True, text_size=TextSize.LARGEST)
    await expect(page.locator(".next", has_text="Sätt gärna i hörapparaten.")).to_be_visible(timeout=10_000)
    worker = await sign_in(chromium, running)
    await worker.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(page.locator(".hint", has_text="Har du hörapparaten i?")).to_be_visible(timeout=20_000)
    frame = page.locator(".flash")
    await expect(frame).to_be_visible()
    # Once in two seconds; WCAG 2.3.1 allows three flashes a second.
    assert await frame.evaluate("e => getComputedStyle(e).animationDuration") == "2s"
    await page.emulate_media(reduced_motion="reduce")
    assert await frame.evaluate("e => getComputedStyle(e).animationName") == "none"
    await all_fits(page, "ring")
    await page.get_by_role("button", name="Svara").click()
    await expect(frame).to_be_hidden()
    await expect(page.locator(".camera-state.on")).to_be_visible(timeout=30_000)
    await page.get_by_role("button", name="Lägg på").click()
    await page.get_by_role("button", name="Inte nöjd").click(timeout=10_000)
    await expect(page.get_by_role("heading", name="Vill du att någon ringer?")).to_be_visible()
    await all_fits(page, "wish")
    assert await flaws(page, enhanced=True) == []
    await page.get_by_role("button", name="Ja").click()

    async def asked() -> Task | None:
        async with running.database.read() as session:
            return await session.scalar(select(Task).where(Task.kind == TaskKind.CALL_REQUEST))

    task = await until(asked)
    assert task.deadline > datetime.now(UTC)
    assert "face" not in str(task.facts), "what was pressed stays nobody's"


async def test_a_sentence_spoken_by_staff_is_fetched_from_here_where_no_voice_lives(
    running: Running, chromium: Browser
) -> None:
    """Recorded on the page with a real recorder, kept, and played when a reminder comes."""
    worker = await sign_in(chromium, running)
    await worker.goto(f"{running.url}/surfplattor/meningar?sprak=sv")
    await worker.get_by_role("button", name="Tala in").nth(1).click()
    await expect(worker.get_by_text("Spelar in. Läs meningen nu.")).to_be_visible()
    await worker.wait_for_function("() => new Promise((done) => setTimeout(() => done(true), 700))")
    await worker.get_by_role("button", name="Stopp och spara").click()
    await expect(worker.locator("audio")).to_have_count(1)
    assert await flaws(worker) == []
    page = await started(chromium, running)
    assert not await page.evaluate("speechSynthesis.getVoices().some((one) => one.localService)")
    played: list[str] = []
    page.on("console", lambda said: played.append(said.text))
    async with page.expect_response(lambda answer: "/kiosk/fras/" in answer.url) as heard:
        await reminded(running, page)
    answer = await heard.value
    assert answer.status == 200
    assert answer.url.startswith(running.url)
    assert not [text for text in played if "could not be played" in text]
