"""The weekly check-in on video, in real browsers against a real server and its engine."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.accounts import AccountRole, Role
from care.checkin.week import week_name
from care.gatherings import Gathering, GatheringKind, Participant
from care.ids import new_id
from care.staff import Staff
from tests.builders import make_account
from tests.e2e.looking import DESK, PHONE, PICTURES
from tests.e2e.running import PASSWORD, WEAK, Running, accessible, build, sign_in, until

#: Frames shown so far in the tile of somebody, by name.
FRAMES = """
(name) => {
  for (const tile of document.querySelectorAll(".tile-person")) {
    if (tile.querySelector(".name").textContent !== name) continue;
    const video = tile.querySelector("video");
    return tile.dataset.picture === "yes" ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
  }
  return -1;
}
"""
#: Samples of sound that were really received, whoever they are from.
SOUND = """
async () => {
  let samples = 0;
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== "inbound-rtp" || entry.kind !== "audio") continue;
      samples += Math.max(0, (entry.totalSamplesReceived ?? 0) - (entry.concealedSamples ?? 0));
    }
  }
  return samples;
}
"""
#: Notes all that is said of the room from now on: what stands there for a moment is not to be missed.
NOTE = """
() => {
  const place = document.getElementById("room-state");
  const noted = (window.noted = []);
  new MutationObserver(() => noted.push(place.textContent)).observe(place, { childList: true });
}
"""
AGAIN = "Kopplar upp igen… Du behöver inte göra något."
#: What a failed test wants to know.
STANDING = """
() => ({
  phase: document.getElementById("room").dataset.phase,
  said: document.getElementById("room-state").textContent,
  lines: window.peers.map((one) => one.connectionState + "/" + one.signalingState),
  tiles: [...document.querySelectorAll(".tile-person")].map((one) => [
    one.querySelector(".name").textContent, { ...one.dataset }, one.querySelector("video").readyState,
  ]),
})
"""


@dataclass
class Meeting:
    """A server with a check-in of this week, and who is awaited: Mia leads, Anna and Bo work."""

    running: Running
    id: UUID

    @property
    def url(self) -> str:
        return f"{self.running.url}/avstamning/{self.id}"

    async def joined(self, browser: Browser, username: str, size: tuple[int, int] = DESK) -> Page:
        """Somebody's page, gone in by one press."""
        width, height = size
        page = await sign_in(
            browser, self.running, username, viewport={"width": width, "height": height},
            permissions=["camera", "microphone"],
        )  # fmt: skip
        await page.goto(self.url)
        await page.get_by_role("button", name="Gå med").click()
        return page

    def engine(self) -> int:
        """The process of the engine: the child of the server that forwards."""
        assert self.running.process is not None
        parent = self.running.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        (found,) = (
            int(one) for one in children
            if b"server.media.embedded" in Path(f"/proc/{one}/cmdline").read_bytes()
        )  # fmt: skip
        return found


@pytest.fixture
def media_settings() -> str:
    """What stands in samtid.toml about the engine."""
    return '[media]\naddresses = ["127.0.0.1"]\n'


@pytest.fixture
async def meeting(tmp_path: Path, media_settings: str) -> AsyncIterator[Meeting]:
    running = await build(tmp_path)
    (tmp_path / "samtid.toml").write_text(media_settings, encoding="utf-8")
    now = datetime.now(UTC)
    async with running.database.write() as session:
        group_id = running.anna.group_id
        for username, first, last, role in (
            ("mia", "Mia", "Ek", Role.UNIT_MANAGER),
            ("bo", "Bo", "Åberg", Role.CARE_WORKER),
        ):
            staff = Staff(
                id=new_id(), first_name=first, last_name=last, title=running.anna.title, group_id=group_id,
                source="test", extern_id=username,
            )  # fmt: skip
            session.add(staff)
            await session.flush()
            account = await make_account(session, staff, username)
            account.password_hash = WEAK.hash(PASSWORD)
            session.add(AccountRole(id=new_id(), account_id=account.id, role=role, group_id=group_id))
        gathering = Gathering(
            id=new_id(), kind=GatheringKind.WEEKLY_CHECKIN, group_id=group_id, start=now,
            week=week_name(now.date()),
        )  # fmt: skip
        session.add(gathering)
    try:
        await running.start()
        yield Meeting(running, gathering.id)
    finally:
        await running.stop()


async def sees(page: Page, *names: str) -> None:
    """Until the pictures of all of them move, and sound comes."""

    async def moves(name: str) -> bool:
        now = max(0, await page.evaluate(FRAMES, name))
        # A connection made anew counts from the beginning.
        before[name] = min(before.get(name, now), now)
        return bool(now > before[name] + 5)

    async def hears() -> bool:
        return bool(await page.evaluate(SOUND) > heard)

    before: dict[str, int] = {}
    try:
        for name in names:
            await until(lambda name=name: moves(name), 40)
        heard = await page.evaluate(SOUND)
        await until(hears)
    except TimeoutError:
        raise AssertionError(await page.evaluate(STANDING)) from None


async def was_told(page: Page, words: str) -> None:
    """Until `words` have stood there since `NOTE`, be it for a moment."""
    await until(lambda: page.evaluate("(words) => window.noted.includes(words)", words))


@pytest.mark.timeout(300, func_only=True)
async def test_three_meet_one_reloads_and_the_engine_dies(chromium: Browser, meeting: Meeting) -> None:
    """Everybody sees and hears everybody, and does so again by itself after a reload and a killed engine."""
    mia = await meeting.joined(chromium, "mia")
    anna = await meeting.joined(chromium, "anna", PHONE)
    bo = await meeting.joined(chromium, "bo")
    await sees(mia, "Anna Lind", "Bo Åberg")
    await sees(anna, "Mia Ek", "Bo Åberg")
    await sees(bo, "Mia Ek", "Anna Lind")
    await look(mia, "three")
    await look(anna, "three-phone")

    await bo.reload()
    await sees(bo, "Mia Ek", "Anna Lind")
    await sees(mia, "Bo Åberg")

    await mia.evaluate(NOTE)
    os.kill(meeting.engine(), signal.SIGKILL)
    await was_told(mia, AGAIN)
    await sees(mia, "Anna Lind", "Bo Åberg")
    await sees(anna, "Mia Ek", "Bo Åberg")
    await sees(bo, "Mia Ek", "Anna Lind")

    await anna.get_by_role("button", name="Lämna").click()
    await expect(anna.get_by_role("button", name="Gå med")).to_be_focused()
    await expect(mia.locator(".tile-person", has_text="Anna Lind")).to_have_count(0)
    async with meeting.running.database.read() as session:
        there = await session.scalars(select(Participant.attended).where(Participant.attended.is_(True)))
    assert len(list(there)) == 3


@pytest.mark.timeout(300, func_only=True)
async def test_what_is_done_by_one_is_there_for_all_and_nobody_falls_out(
    chromium: Browser, meeting: Meeting
) -> None:
    """The clock, mute, notes, a question about a name, attendance; a page that only reads follows too."""
    mia, bo = await meeting.joined(chromium, "mia", PHONE), await meeting.joined(chromium, "bo")
    anna = await sign_in(chromium, meeting.running)
    await anna.goto(meeting.url)
    await look(anna, "before")
    await sees(mia, "Bo Åberg")

    await mia.get_by_role("button", name="Starta klockan").click()
    for page in (mia, anna, bo):
        await expect(page.locator("[data-clock-word]")).to_have_text("kvar")
        await expect(page.get_by_role("timer")).to_have_text(re.compile(r"^9:\d\d$"))

    await bo.get_by_role("button", name="Stäng av mikrofonen").click()
    await expect(mia.locator(".tile-person", has_text="Bo Åberg").locator(".muted-mark")).to_be_visible()
    await bo.get_by_role("button", name="Stäng av kameran").click()
    await expect(mia.locator('.tile-person[data-picture="no"]', has_text="Bo Åberg")).to_be_visible()

    lessons = mia.get_by_label("Ny punkt under lärdomar")
    await lessons.fill("Ring tidigare på dagen")
    await lessons.press("Enter")
    for page in (mia, anna, bo):
        await expect(page.get_by_text("Ring tidigare på dagen")).to_be_visible()
    await lessons.fill("Ingrid ville ha te")
    await lessons.press("Enter")
    await expect(mia.get_by_text("Det ser ut som ett namn på en brukare: Ingrid.")).to_be_visible()
    await expect(lessons).to_be_focused()
    await look(mia, "question")
    await lessons.fill("En brukare ville ha te")
    await lessons.press("Enter")
    await expect(anna.get_by_text("En brukare ville ha te")).to_be_visible()
    await expect(mia.get_by_role("checkbox", name="Bo Åberg")).to_be_checked()
    await bo.get_by_role("button", name="Slå på kameran").click()
    await sees(mia, "Bo Åberg")


async def look(page: Page, name: str) -> None:
    """axe in both schemes, and a picture of each for a pair of eyes."""
    await accessible(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size is not None
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=PICTURES / f"checkin-{name}-{size['width']}-{scheme}.png", full_page=True)
