"""The tablet in a home, in real Chromium: starting, reminders, changes, no cover, no touch, keys alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from sqlalchemy import select

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.devices import Device, Pairing
from care.ids import new_id
from care.notices import Notice
from care.outbox import announce
from care.pairing import invite
from care.pulse import ClientPulse, Face
from care.receipts import Receipt, Result
from care.services import Service
from care.staff import Staff
from care.tasks import Task, TaskKind
from server.tablets.home import revoke
from tests.builders import make_contact
from tests.e2e.accessible import WELL, bigness, flaws
from tests.e2e.running import Running, launch, sign_in, until
from tests.server.tablets.keys import TabletKey

#: Counts how often camera and microphone are opened, and which of their tracks still run.
WATCH_CAMERA = """
(() => {
  window.opened = [];
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await real(wish);
    window.opened.push(...stream.getTracks());
    return stream;
  };
})();
"""
MEMORY = """
async () => {
  const page = document.querySelector("script[type=module]").src;
  const memory = await import(page.replace("kiosk.js", "memory.js"));
"""
#: Addresses of faces and spoken sentences that the tablet keeps.
KEPT_FACES = """
async () => {
  const cache = await caches.open("kiosk-faces");
  return (await cache.keys()).map(({ url }) => new URL(url).pathname);
}
"""
LIVE = "opened.filter((track) => track.readyState === 'live').length"
SIZES = ((1280, 800), (1920, 1200), (800, 1280))
#: Pixels between the card of the next contact and the lower edge of the screen.
FREE_BELOW = """
async () => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  return innerHeight - document.querySelector(".next").getBoundingClientRect().bottom;
}
"""
SERVER_AWAY = "Ingen kontakt just nu – personalen vet det"


async def tablet_page(browser: Browser, **more: Any) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, **more)
    await context.add_init_script(WATCH_CAMERA)
    return await context.new_page()


async def started(browser: Browser, running: Running, **more: Any) -> Page:
    """Ingrid's tablet with the day on its screen."""
    page = await tablet_page(browser, **more)
    await page.goto(running.pair_url)
    await page.get_by_role("button", name="Starta").click()
    await page.get_by_role("button", name="Visa dagen").click()
    await expect(page.locator("kiosk-day .clock")).to_be_visible()
    return page


async def device(running: Running) -> Device:
    async with running.database.read() as session:
        (found,) = await session.scalars(select(Device).where(Device.revoked_at.is_(None)))
        return found


async def row(running: Running, contact_id: UUID) -> PlannedContact:
    async with running.database.read() as session:
        return await session.get_one(PlannedContact, contact_id)


async def planned(
    running: Running,
    code: str,
    start: datetime,
    channel: Channel,
    status: Status = Status.PLANNED,
    **more: Any,
) -> PlannedContact:
    """A row that is planned now, told to the tablet as any change is."""
    async with running.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == code))).one()
        anna = await session.get_one(Staff, running.anna.id)
        contact = await make_contact(
            session, running.ingrid, service, start, staff=[anna], channel=channel, status=status, **more
        )
        await announce(
            session, datetime.now(UTC), "contact.changed", group_id=contact.group_id,
            client_id=contact.client_id, contact=contact.id, event="made", status=status.value, staff=[],
        )  # fmt: skip
    return contact


async def test_starting_asks_reports_and_lets_go(running: Running, chromium: Browser) -> None:
    """Camera and microphone are opened once and let go at once; what was granted is the tablet's health."""
    page = await tablet_page(chromium)
    await page.goto(running.pair_url)
    start = page.get_by_role("button", name="Starta")
    await expect(start).to_be_visible()
    assert "#" not in page.url, "the secret must not stay in the address"
    assert await page.evaluate("opened.length") == 0
    assert await flaws(page, enhanced=True) == []
    await start.click()
    for words in ("Kameran fungerar", "Mikrofonen fungerar", "Ljudet är på"):
        await expect(page.get_by_text(words)).to_be_visible()
    assert await page.evaluate("opened.length") == 2
    assert await page.evaluate(LIVE) == 0
    assert await flaws(page, enhanced=True) == []

    async def healthy() -> bool:
        health = (await device(running)).health
        return (health.get("camera"), health.get("microphone"), health.get("sound")) == (
            "granted",
            "granted",
            "ok",
        )

    await until(healthy)
    # The day comes by itself when all is well.
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=15_000)
    assert await page.evaluate("opened.length") == 2


async def test_the_day_is_big_readable_and_does_not_scroll(running: Running, chromium: Browser) -> None:
    """Every size, light and dark: 22 px, 96 px, 7:1, nothing outside; the clock at least 160 px."""
    now = datetime.now(UTC)
    for number in range(1, 6):
        await planned(running, "PV-MOR", now + timedelta(hours=2 * number), Channel.PHYSICAL)
    page = await started(chromium, running)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            await expect(page.locator("kiosk-day .row.focus")).to_contain_text("Anna ringer")
            assert await bigness(page) == WELL, (scheme, width)
            clock = await page.locator(".clock").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
            assert clock >= 160
            assert await page.locator(".row:visible").count() <= 4
            assert await flaws(page, enhanced=True) == [], (scheme, width)


async def test_text_at_200_percent_keeps_what_matters(running: Running, chromium: Browser) -> None:
    """Twice the text, or the browser's zoom: the next contact is whole, rows give way, nothing is cut."""
    now = datetime.now(UTC)
    for number in range(1, 4):
        await planned(running, "PV-MOR", now + timedelta(hours=2 * number), Channel.PHYSICAL)
    page = await started(chromium, running)
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        await expect(page.locator(".next .who")).to_be_in_viewport(ratio=1)
        # What stands in its card already gives way before what is told nowhere else.
        await expect(page.locator(".row.coming").first).to_be_in_viewport(ratio=1)
        assert (await bigness(page))["outside"] == [], width
    # However low the screen, the card keeps clear of its edge.
    for height in range(600, 820, 20):
        await page.set_viewport_size({"width": 1280, "height": height})
        assert await page.evaluate(FREE_BELOW) >= 20, height
    await page.evaluate("document.documentElement.style.fontSize = ''")
    await page.set_viewport_size({"width": 640, "height": 400})
    await expect(page.locator(".next .who")).to_be_in_viewport(ratio=1)
    assert (await bigness(page))["outside"] == []


async def test_klart_is_a_press_with_a_time(running: Running, chromium: Browser) -> None:
    """A reminder stands with Klart and Inte nu; Klart ends the row with the client's own receipt."""
    page = await started(chromium, running)
    contact = await planned(
        running, "MA-PAM", datetime.now(UTC) - timedelta(seconds=5), Channel.PROMPT, Status.DUE
    )
    await expect(page.get_by_role("heading", name="Lunch")).to_be_visible(timeout=10_000)
    await expect(page.get_by_text("Nu är det dags för lunch.").first).to_be_visible()
    assert await flaws(page, enhanced=True) == []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL
    await page.get_by_role("button", name="Klart").click()

    async def done() -> bool:
        return (await row(running, contact.id)).status is Status.DONE

    await until(done)
    async with running.database.read() as session:
        (receipt,) = await session.scalars(select(Receipt).where(Receipt.contact_id == contact.id))
    assert receipt.result is Result.PRESSED
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=10_000)


async def test_inte_nu_puts_a_reminder_off(running: Running, chromium: Browser) -> None:
    """It goes away, the row stays open, and a person is told."""
    page = await started(chromium, running)
    contact = await planned(
        running, "MA-PAM", datetime.now(UTC) - timedelta(seconds=5), Channel.PROMPT, Status.DUE
    )
    await page.get_by_role("button", name="Inte nu").click(timeout=10_000)
    await expect(page.get_by_role("heading", name="Påminnelsen kommer snart igen")).to_be_visible()

    async def told() -> bool:
        async with running.database.read() as session:
            return await session.scalar(select(Task.id).where(Task.contact_id == contact.id)) is not None

    await until(told)
    assert (await row(running, contact.id)).status is Status.DUE
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=10_000)
    await expect(page.locator("kiosk-prompt")).to_have_count(0)


async def test_a_change_is_told_once_and_stands_until_touched(running: Running, chromium: Browser) -> None:
    """Shown is reported when it is shown, touched when it is touched; a reload shows it again."""
    page = await started(chromium, running)
    async with running.database.write() as session:
        notice = Notice(
            id=new_id(), client_id=running.ingrid.id, contact_id=running.contact_id,
            made_at=datetime.now(UTC), facts={"kind": "move"},
        )  # fmt: skip
        session.add(notice)
        await announce(
            session, datetime.now(UTC), "notice.made", group_id=running.ingrid.group_id,
            client_id=running.ingrid.id, notice=notice.id,
        )  # fmt: skip

    async def stored() -> Notice:
        async with running.database.read() as session:
            return await session.get_one(Notice, notice.id)

    async def was_shown() -> bool:
        return (await stored()).shown_at is not None

    await expect(page.get_by_role("heading", name="Det har blivit en ändring")).to_be_visible(timeout=10_000)
    await until(was_shown)
    assert (await stored()).touched_at is None
    assert await flaws(page, enhanced=True) == []
    await page.reload()
    await page.get_by_role("button", name="Jag har läst").click(timeout=15_000)

    async def was_touched() -> bool:
        return (await stored()).touched_at is not None

    await until(was_touched)
    await expect(page.locator("kiosk-day")).to_be_visible()


async def test_without_cover_the_day_stays_and_klart_is_told_later(
    running: Running, chromium: Browser
) -> None:
    """The server is gone, the tablet is restarted: the day, a reminder by itself, all told afterwards."""
    page = await started(chromium, running)
    await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    # Soon, but not before the server is gone.
    start = datetime.now(UTC) + timedelta(seconds=15)
    contact = await planned(running, "MA-PAM", start, Channel.PROMPT)
    await expect(page.locator(".row.prompt")).to_be_visible(timeout=10_000)
    await running.kill()
    assert datetime.now(UTC) < start
    await page.reload()
    await expect(page.locator(".row.prompt")).to_be_visible()
    await expect(page.get_by_text(SERVER_AWAY)).to_be_visible(timeout=30_000)
    await expect(page.locator(".row .face").first).to_be_visible()
    assert await flaws(page, enhanced=True) == []
    assert (await bigness(page)) == WELL
    await page.get_by_role("button", name="Klart").click(timeout=60_000)
    pressed = datetime.now(UTC)
    await page.reload()
    await expect(page.locator("kiosk-day")).to_be_visible()
    await running.start()

    async def done() -> bool:
        return (await row(running, contact.id)).status is Status.DONE

    await until(done, 60)
    stored = await row(running, contact.id)
    assert stored.actual_start is not None
    assert abs(stored.actual_start - pressed) < timedelta(seconds=10)
    await expect(page.get_by_text(SERVER_AWAY)).to_be_hidden(timeout=30_000)


async def test_a_day_is_forgotten_after_24_hours(running: Running, chromium: Browser) -> None:
    """A tablet that has been without contact for a day shows nobody's name any more, and keeps nothing."""
    page = await started(chromium, running)
    await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    await expect(page.locator(".row.focus")).to_contain_text("Anna")
    await running.kill()
    await page.evaluate(
        MEMORY
        + """
          const day = await memory.recall("day");
          const made_at = new Date(Date.parse(day.made_at) - 25 * 3600e3).toISOString();
          await memory.remember("day", { ...day, made_at });
        }"""
    )
    await page.reload()
    await expect(page.get_by_text("Dagen visas när kontakten är tillbaka.", exact=True)).to_be_visible()
    assert "Anna" not in await page.locator("main").inner_text()
    assert "day" not in await remembered(page)
    assert await page.evaluate(KEPT_FACES) == []


async def remembered(page: Page) -> list[str]:
    """What the tablet keeps, by name."""
    kept: list[str] = await page.evaluate(
        """async () => {
          const opened = await new Promise((done) => {
            const request = indexedDB.open("samtid-kiosk");
            request.onsuccess = () => done(request.result);
          });
          const store = opened.transaction("things").objectStore("things");
          return new Promise((done) => { store.getAllKeys().onsuccess = (e) => done(e.target.result); });
        }"""
    )
    return kept


async def test_only_the_faces_of_the_day_are_kept(running: Running, chromium: Browser) -> None:
    """Who comes no more leaves no picture behind."""
    async with running.database.write() as session:
        (await session.get_one(Staff, running.anna.id)).portrait = "worker-003"
    page = await started(chromium, running)
    await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    await page.evaluate("fetch('/kiosk/face/worker-005').then((answer) => answer.blob())")
    await page.reload()

    async def kept() -> bool:
        faces: list[str] = await page.evaluate(KEPT_FACES)
        return faces == ["/kiosk/face/worker-003"]

    await until(kept)


async def test_a_revoked_tablet_forgets_everything(running: Running, chromium: Browser) -> None:
    """At once when it is on; with a plain sentence; and the key was never to be read."""
    page = await started(chromium, running)
    await expect(page.locator(".row.focus")).to_be_visible()
    assert {"key", "device", "day"} <= set(await remembered(page))
    assert not await page.evaluate(MEMORY + "return (await memory.recall('key')).privateKey.extractable; }")
    async with running.database.write() as session:
        (stored,) = await session.scalars(select(Device))
        await revoke(session, stored, datetime.now(UTC))
    await expect(page.get_by_role("heading", name="Koppla skärmen")).to_be_visible(timeout=10_000)
    await expect(page.get_by_text("Skärmen är inte kopplad längre.").first).to_be_visible()
    assert await remembered(page) == []
    assert not await page.evaluate("caches.has('kiosk-faces')")
    assert await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    assert await flaws(page, enhanced=True) == []
    await page.reload()
    await expect(page.get_by_role("heading", name="Koppla skärmen")).to_be_visible()


async def test_a_code_is_typed_on_big_keys_or_real_ones(running: Running, chromium: Browser) -> None:
    """A wrong code says so; the right one waits for a worker with the number that she sees."""
    async with running.database.write() as session:
        made = await invite(session, running.ingrid.id, datetime.now(UTC))
    page = await tablet_page(chromium)
    await page.goto(f"{running.url}/kiosk")
    await expect(page.get_by_role("button", name="Sudda")).to_be_visible()
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL
    wrong = f"{(int(made.code) + 1) % 1_000_000:06d}"
    for digit in wrong:
        await page.get_by_role("button", name=digit, exact=True).click()
    await expect(page.get_by_text("Koden stämmer inte.")).to_be_visible()
    assert await flaws(page, enhanced=True) == []
    await page.keyboard.type(made.code)
    number = await page.locator(".check-number").inner_text()
    assert len(number) == 4
    assert await flaws(page, enhanced=True) == []
    worker = await sign_in(chromium, running)
    await worker.goto(f"{running.url}/surfplattor")
    await expect(worker.get_by_text(number)).to_be_visible()
    assert await flaws(worker) == []
    await worker.get_by_role("button", name="Godkänn").click()
    await expect(page.get_by_role("button", name="Starta")).to_be_visible(timeout=10_000)


async def test_keys_alone_are_enough(running: Running, chromium: Browser) -> None:
    """Enter starts, Space answers, Tab and Enter hang up, and an answer can never hang up by mistake."""
    page = await tablet_page(chromium)
    await page.goto(running.pair_url)
    start = page.get_by_role("button", name="Starta")
    await expect(start).to_be_focused()
    outline = await start.evaluate(
        "e => getComputedStyle(e).outlineStyle + parseFloat(getComputedStyle(e).outlineWidth)"
    )
    assert outline.startswith("solid")
    assert float(outline.removeprefix("solid")) >= 3
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Visa dagen")).to_be_focused()
    await page.keyboard.press("Enter")
    worker = await sign_in(chromium, running)
    await worker.get_by_role("button", name="Ring Ingrid").first.click()
    await expect(page.get_by_role("heading", name="Anna från hemtjänsten ringer")).to_be_visible(
        timeout=20_000
    )
    assert await flaws(page, enhanced=True) == []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await bigness(page) == WELL
    await expect(page.get_by_role("button", name="Svara")).to_be_focused()
    # Who does not see hears it once: urgently that it rings, then calmly what changes.
    await expect(page.get_by_role("alert")).to_have_text(
        "Anna från hemtjänsten ringer. Tryck på Svara när du vill prata."
    )
    await expect(page.get_by_role("status")).to_be_empty()
    await page.keyboard.press(" ")
    camera = page.locator(".camera-state", has_text="Kameran är på")
    await expect(camera).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("status")).to_contain_text("Kameran är på")
    await expect(page.get_by_role("alert")).to_be_empty()
    await page.keyboard.press(" ")
    await page.keyboard.press("Enter")
    await expect(camera).to_be_visible()
    assert await flaws(page, enhanced=True) == []
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Lägg på")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Är du nöjd i dag?")).to_be_visible()
    assert await page.evaluate(LIVE) == 0
    assert await flaws(page, enhanced=True) == []
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    async def answered() -> bool:
        async with running.database.read() as session:
            return list(await session.scalars(select(ClientPulse.face))) == [Face.HAPPY]

    await until(answered)


async def test_a_restart_without_a_touch_says_so_and_somebody_knows(running: Running) -> None:
    """A browser lets nothing be heard after a restart: "Tryck på skärmen", and a task until touched."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, media=False, more=("--use-fake-device-for-media-stream",))
        page = await started(browser, running, permissions=["camera", "microphone"])
        await expect(page.get_by_text("Tryck på skärmen")).to_be_hidden()
        opened = await reopened(page)

        async def task() -> Task | None:
            async with running.database.read() as session:
                return await session.scalar(select(Task).where(Task.kind == TaskKind.TABLET_SOUND))

        # The page is left alone until then: what a test asks of a page counts as a touch for the browser.
        made = await until(task, 40)
        assert made.facts["troubles"] == ["touch"]
        assert made.client_id == running.ingrid.id
        await expect(opened.get_by_text("Tryck på skärmen")).to_be_visible()
        assert await flaws(opened, enhanced=True) == []
        worker = await sign_in(browser, running)
        await worker.goto(f"{running.url}/surfplattor")
        await expect(worker.get_by_text("Någon behöver trycka på skärmen")).to_be_visible()
        # It rings for the eye, and does not answer by itself: the client could not hear who it is.
        await worker.goto(f"{running.url}/min-dag")
        await worker.get_by_role("button", name="Ring Ingrid").first.click()
        await expect(opened.get_by_role("button", name="Svara")).to_be_visible(timeout=20_000)
        await opened.get_by_role("button", name="Inte nu").click()

        async def closed() -> bool:
            found = await task()
            return found is not None and found.closed_at is not None

        await until(closed)
        await expect(opened.get_by_text("Tryck på skärmen")).to_be_hidden()
        await browser.close()


async def reopened(page: Page) -> Page:
    """The tablet's page in a fresh tab: a restart, without anybody's touch."""
    context: BrowserContext = page.context
    await page.close()
    fresh = await context.new_page()
    await fresh.goto(page.url)
    return fresh


async def test_the_night_is_dim_and_asks_nothing(running: Running, chromium: Browser) -> None:
    """ "Det är natt": no reminder, no change, no light; in the morning they come."""
    async with running.database.write() as session:
        ingrid = await session.merge(running.ingrid)
        ingrid.night_from, ingrid.night_to = "00:00", "23:59"
    page = await tablet_page(chromium)
    await page.goto(running.pair_url)
    await page.get_by_role("button", name="Starta").click()
    await page.get_by_role("button", name="Visa dagen").click()
    contact = await planned(
        running, "MA-PAM", datetime.now(UTC) - timedelta(seconds=5), Channel.PROMPT, Status.DUE
    )
    await expect(page.get_by_role("heading", name="Det är natt")).to_be_visible()
    # Who is awake and alone may ask for somebody; there is nothing else.
    await expect(page.get_by_role("button")).to_have_text(["Be någon ringa mig"])
    background = await page.locator("kiosk-night").evaluate("e => getComputedStyle(e).backgroundColor")
    assert max(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")) < 24
    assert await flaws(page, enhanced=True) == []
    async with running.database.write() as session:
        ingrid = await session.merge(running.ingrid)
        ingrid.night_from, ingrid.night_to = "00:00", "00:00"
        stored = await session.get_one(PlannedContact, contact.id)
        await step(session, stored, Status.AWAITING, at=datetime.now(UTC), hand=Hand(by="test"))
    await expect(page.get_by_role("button", name="Klart")).to_be_visible(timeout=10_000)


async def test_the_screen_is_tried_from_afar(running: Running, chromium: Browser) -> None:
    """A worker presses Prova skärmen: the tablet shows it, and camera and microphone stay closed."""
    page = await started(chromium, running)
    opened = await page.evaluate("opened.length")
    worker = await sign_in(chromium, running)
    await worker.goto(f"{running.url}/surfplattor")
    await worker.get_by_role("link", name="Ingrid B.").click()
    assert await flaws(worker) == []
    await worker.get_by_role("button", name="Prova skärmen").click()
    await expect(page.get_by_role("heading", name="Personalen provar skärmen")).to_be_visible()
    assert await flaws(page, enhanced=True) == []
    assert await page.evaluate("opened.length") == opened
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=20_000)


async def test_a_second_window_takes_over_and_the_first_says_so(running: Running, chromium: Browser) -> None:
    page = await started(chromium, running)
    other = await page.context.new_page()
    await other.goto(f"{running.url}/kiosk")
    await expect(other.locator("kiosk-day")).to_be_visible()
    await expect(page.get_by_role("heading", name="Skärmen är öppen i ett annat fönster")).to_be_visible()
    assert await flaws(page, enhanced=True) == []


async def test_the_screen_speaks_the_clients_language(running: Running, chromium: Browser) -> None:
    """English when the client speaks it: the page, the day, and also without contact."""
    async with running.database.write() as session:
        ingrid = await session.merge(running.ingrid)
        ingrid.language = "en"
    page = await tablet_page(chromium)
    await page.goto(running.pair_url)
    await page.get_by_role("button", name="Start", exact=True).click(timeout=15_000)
    await page.get_by_role("button", name="Show the day").click()
    await expect(page.locator(".next .who")).to_have_text("Anna calls")
    assert await page.evaluate("document.documentElement.lang") == "en"
    await until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    await running.kill()
    await page.reload()
    await expect(page.get_by_text("No contact right now – the staff know")).to_be_visible(timeout=30_000)


async def test_a_tablet_that_is_in_use_is_not_taken_by_another_address(
    running: Running, chromium: Browser
) -> None:
    """The new invitation is not used up, the screen says why, and the day comes back."""
    page = await started(chromium, running)
    async with running.database.write() as session:
        made = await invite(session, running.ingrid.id, datetime.now(UTC), confirm=False)
    await page.goto("about:blank")
    await page.goto(f"{running.url}/kiosk#{made.secret}")
    await expect(page.get_by_role("heading", name="Skärmen är redan kopplad")).to_be_visible()
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=20_000)
    async with running.database.read() as session:
        assert (await session.get_one(Pairing, made.pairing.id)).used_at is None


async def test_a_server_that_does_not_know_the_tablet_makes_it_forget_nothing(
    running: Running, chromium: Browser
) -> None:
    """An empty database by mistake must not cost every home a new pairing; a new address still pairs it."""
    page = await started(chromium, running)
    async with running.database.write() as session:
        (stored,) = await session.scalars(select(Device))
        own, stored.public_key = stored.public_key, TabletKey().public
    await page.reload()
    await expect(page.get_by_text("Skärmen känns inte igen.").first).to_be_visible(timeout=15_000)
    assert {"key", "device"} <= set(await remembered(page))
    async with running.database.write() as session:
        (stored,) = await session.scalars(select(Device))
        stored.public_key = own
    await page.reload()
    await expect(page.locator("kiosk-day")).to_be_visible(timeout=15_000)
