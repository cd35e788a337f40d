"""A call between a worker's page and the example tablet, which knows docs/protocol.md and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from care.calls.life import CallState, Cause
from care.consent import ConsentKind
from care.contacts.life import Status
from care.receipts import Result
from examples.tablet import Tablet, pair
from tests.e2e.running import Running, decodes, sign_in, until


@pytest.fixture
async def tablet(running: Running) -> AsyncIterator[Tablet]:
    """The example, paired by its address and connected."""
    made = Tablet(await pair(running.pair_url))
    task = asyncio.create_task(made.run())
    async with asyncio.timeout(20):
        await made.is_welcome.wait()
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if made.call is not None:
        await made.call.close()


async def ring(page: Page) -> None:
    """The worker presses Ring Ingrid on Min dag."""
    await page.get_by_role("button", name="Ring Ingrid").first.click()
    await page.wait_for_url("**/samtal")


async def tablet_decodes(tablet: Tablet, patience: float = 20.0) -> None:
    """The example has decoded picture and sound of the worker, and goes on doing so."""

    async def more() -> bool:
        call = tablet.call
        return call is not None and call.frames["video"] > start["video"] + 3 and (
            call.frames["audio"] > start["audio"] + 10)  # fmt: skip

    start = dict(tablet.call.frames) if tablet.call else {"video": 0, "audio": 0}
    await until(more, patience)


async def test_ring_answer_talk_hang_up_receipt(running: Running, chromium: Browser, tablet: Tablet) -> None:
    """The whole way: both sides decode picture and sound, and the receipt has machine-made times."""
    page = await sign_in(chromium, running)
    await ring(page)
    state = page.locator("#call-state")
    await expect(state).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await asyncio.gather(decodes(page), tablet_decodes(tablet))

    await page.get_by_role("button", name="Rätt person?").click()
    await expect(page.get_by_text("Rätt person, bekräftat av dig")).to_be_visible()
    await page.get_by_role("button", name="Lägg på").click()
    await expect(state).to_have_text("Samtalet är slut")
    call = (await running.calls())[0]
    assert call.state is CallState.ENDED
    assert call.cause is Cause.HUNG_UP
    assert call.setup_ms is not None
    assert call.person_confirmed_by_id == running.account_id
    assert (await running.row()).status is Status.DONE

    # Two taps: the outcome, and save.
    await page.locator("label", has_text="Uppnått").first.click()
    await page.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.get_by_text("Kvittensen är sparad")).to_be_visible()
    receipts = await running.receipts()
    assert [(one.result, one.call_id, one.staff_id) for one in receipts] == [
        (Result.REACHED, call.id, running.anna.id)
    ]

    async def both_measured() -> bool:
        figures = await running.figures(call.id)
        return "worker" in figures and figures["worker"].path is not None

    await until(both_measured)
    figures = await running.figures(call.id)
    assert figures["worker"].setup_ms is not None
    assert figures["client"].setup_ms is not None


async def test_ring_pressed_before_the_line_is_there(
    running: Running, chromium: Browser, tablet: Tablet
) -> None:
    """A slow line is waited for: nobody has to press twice."""

    async def slow(socket: WebSocketRoute) -> None:
        await asyncio.sleep(2)
        socket.connect_to_server()

    page = await sign_in(chromium, running)
    await page.context.route_web_socket("**/socket/personal", slow)
    await page.goto(f"{running.url}/kontakt/{running.contact_id}/samtal")
    await page.get_by_role("button", name="Ring Ingrid").click()
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await expect(page.locator("#trouble")).to_be_hidden()


async def test_mute_camera_and_a_page_read_again(running: Running, chromium: Browser, tablet: Tablet) -> None:
    """The other side hears of mute and camera; a page read again in the middle takes the same call up."""
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_contain_text("I samtal", timeout=20_000)
    await page.get_by_role("button", name="Stäng av mikrofonen").click()
    await page.get_by_role("button", name="Stäng av kameran").click()
    await expect(page.get_by_role("button", name="Slå på kameran")).to_be_visible()

    async def heard() -> bool:
        said = [one for one in tablet.heard if one["type"] == "sending"]
        return bool(said) and (said[-1]["audio"], said[-1]["video"]) == (False, False)

    await until(heard)
    await page.reload()
    await expect(page.locator("#call-state")).to_contain_text("I samtal", timeout=20_000)
    await asyncio.gather(decodes(page), tablet_decodes(tablet))
    assert len(await running.calls()) == 1, "the same call, not another"


async def test_the_server_is_killed_in_the_middle(
    running: Running, chromium: Browser, tablet: Tablet
) -> None:
    """Picture and sound go on while the server is dead; afterwards the same call continues and ends well."""
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_contain_text("I samtal", timeout=20_000)
    await asyncio.gather(decodes(page), tablet_decodes(tablet))
    await running.kill()
    await asyncio.gather(decodes(page), tablet_decodes(tablet))
    await running.start()
    async with asyncio.timeout(30):
        await tablet.is_welcome.wait()
    await expect(page.locator("#call[data-line=open]")).to_be_visible(timeout=20_000)
    await asyncio.gather(decodes(page), tablet_decodes(tablet))

    async def resumed() -> bool:
        return any(one["type"] == "resumed" for one in tablet.heard)

    await until(resumed)
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Samtalet är slut", timeout=20_000)
    calls = await running.calls()
    assert [(one.state, one.cause) for one in calls] == [(CallState.ENDED, Cause.HUNG_UP)]
    assert (await running.row()).status is Status.DONE


async def test_not_now(running: Running, chromium: Browser, tablet: Tablet) -> None:
    """ "Inte nu" is said kindly, and the row stays due with an owner and a time."""
    tablet.answer = "not_now"
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_contain_text("Ingrid vill prata senare", timeout=20_000)
    await expect(page.get_by_role("button", name="Ring Ingrid")).to_be_visible()
    row = await running.row()
    assert row.status is Status.DUE
    assert row.owner_id == running.anna.id
    assert row.deadline is not None


async def test_nobody_answers_and_the_worker_stops(
    running: Running, chromium: Browser, tablet: Tablet
) -> None:
    """While nobody answers it says so; Lägg på stops the ring and leaves the row as it was."""
    tablet.answer = "never"
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_have_text("Ringer…", timeout=20_000)
    before = await running.row()
    await page.get_by_role("button", name="Lägg på").click()
    await expect(page.locator("#call-state")).to_have_text("Du slutade ringa")
    assert (await running.row()).status is before.status
    assert (await running.calls())[0].cause is Cause.CANCELLED


async def test_the_tablet_is_out_of_reach(running: Running, chromium: Browser) -> None:
    """A paired tablet that is not connected is said to be so at once, with the phone beside it."""
    await pair(running.pair_url)
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_have_text(
        "Ingrids skärm går inte att nå just nu", timeout=20_000
    )
    await expect(page.get_by_role("link", name="Ring på telefon")).to_have_attribute(
        "href", "tel:070-1740658"
    )
    row = await running.row()
    assert row.status is Status.DUE
    assert row.deadline is not None


@pytest.mark.parametrize("running", [(ConsentKind.AUTO_ANSWER,)], indirect=True)
async def test_automatic_answer(running: Running, chromium: Browser, tablet: Tablet) -> None:
    """Agreed: it answers after ten seconds by itself, and is seen only when it has looked for three."""
    tablet.answer = "auto"
    page = await sign_in(chromium, running)
    await ring(page)
    await expect(page.locator("#call-state")).to_have_text("Ingrid har svarat", timeout=25_000)

    async def seen_first() -> bool:
        return tablet.call is not None and tablet.call.is_flowing

    await until(seen_first)
    assert tablet.call is not None
    assert not tablet.call._tracks, "the client looks before being seen"
    await expect(page.locator("#call-state")).to_contain_text("I samtal med Ingrid", timeout=20_000)
    await decodes(page)
    call = (await running.calls())[0]
    assert call.auto_answered
    assert call.answered_at is not None
    assert (call.answered_at - call.rung_at).total_seconds() >= 9
