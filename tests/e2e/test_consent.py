"""The client's word holds at once: a consent withdrawn in the middle of a call, and a lost tablet."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Page, WebSocketRoute, expect
from sqlalchemy import select

from care.calls.life import Cause
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.devices import Device, DeviceEnd
from care.services import Service
from care.staff import Staff
from care.tasks import Task, TaskKind
from tests.builders import make_contact
from tests.e2e.running import Running, accessible, open_kiosk, sign_in, until
from tests.e2e.test_call_ends import talking
from tests.e2e.test_kiosk import MEMORY

#: What the tablet remembers of people and of itself.
REMEMBERED = (
    MEMORY
    + "return (await Promise.all(['key', 'device', 'day'].map(memory.recall))).filter(Boolean).length; }"
)
CLOSED = "peers.every((peer) => peer.connectionState === 'closed')"


async def another(running: Running, later: timedelta) -> PlannedContact:
    """A further call with Ingrid, by Anna."""
    async with running.database.write() as session:
        service = (await session.scalars(select(Service).where(Service.code == "TI-DAG"))).one()
        anna = await session.get_one(Staff, running.anna.id)
        start = datetime.now(UTC) + later
        return await make_contact(
            session, running.ingrid, service, start, staff=[anna], channel=Channel.VIDEO
        )


async def client_page(page: Page, running: Running) -> Page:
    """The client's page beside what the worker has open."""
    beside = await page.context.new_page()
    await beside.goto(f"{running.url}/brukare/{running.ingrid.id}")
    return beside


async def test_a_consent_withdrawn_in_a_call_ends_it_in_words_on_both_sides(
    running: Running, chromium: Browser
) -> None:
    """At once and politely; cause kept; tomorrow's call is a visit; no call button is left anywhere."""
    later = await another(running, timedelta(days=1))
    page, kiosk = await talking(running, chromium)
    beside = await client_page(page, running)
    beside.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await beside.get_by_role("button", name="Ta tillbaka: Besök på video").click()
    await expect(page.locator("#call-state")).to_have_text(
        "Samtalet är slut. Samtycket till video gäller inte längre.", timeout=20_000
    )
    await expect(kiosk.get_by_text("Vi ringer inte mer på video.").first).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("button", name="Ring Ingrid")).to_be_hidden()
    await until(lambda: kiosk.evaluate(CLOSED))
    assert [one.cause for one in await running.calls()] == [Cause.CONSENT_WITHDRAWN]
    row = await running.row()
    assert (row.status, row.cause, row.owner_id) == (Status.AWAITING, "consent_withdrawn", running.anna.id)
    async with running.database.read() as session:
        moved = await session.get_one(PlannedContact, later.id)
        staff = list(await session.scalars(select(Assignment.id).where(Assignment.contact_id == later.id)))
    assert (moved.channel, moved.cause, staff) == (Channel.PHYSICAL, "consent_withdrawn", [])
    await expect(beside.get_by_text("Det finns inget giltigt samtycke till video.")).to_be_visible()
    for path in ("/min-dag", f"/kontakt/{running.contact_id}", f"/kontakt/{running.contact_id}/samtal"):
        await page.goto(running.url + path)
        await expect(page.get_by_text("Det finns inget giltigt samtycke till video.").first).to_be_visible()
        await expect(page.get_by_role("button", name="Ring Ingrid")).to_have_count(0)
        await expect(page.get_by_role("button", name="Ring ändå")).to_have_count(0)


async def test_a_lost_tablet_is_revoked_while_offline_and_erases_itself(
    running: Running, chromium: Browser
) -> None:
    """Blocked from the moment it is said to be lost; what it holds goes as soon as it has contact."""
    is_offline = False
    lines: list[WebSocketRoute] = []

    async def line(socket: WebSocketRoute) -> None:
        if is_offline:
            await socket.close()
            return
        lines.extend([socket, socket.connect_to_server()])

    kiosk = await open_kiosk(chromium, running)
    await kiosk.context.route_web_socket("**/socket/kiosk*", line)
    await kiosk.reload()
    await until(lambda: kiosk.evaluate(REMEMBERED))
    is_offline = True
    await kiosk.context.set_offline(True)
    for one in lines:
        await one.close()
    assert await kiosk.evaluate(REMEMBERED) == 3

    page = await sign_in(chromium, running)
    async with running.database.read() as session:
        (device,) = await session.scalars(select(Device))
    await page.goto(f"{running.url}/surfplattor/{device.id}")
    await accessible(page)
    await page.get_by_label("Är förlorad").check()
    await page.get_by_role("button", name="Ta ur bruk").click()
    await page.get_by_text("Inte i bruk längre").click()
    await expect(page.get_by_text("har inte haft kontakt sedan dess")).to_be_visible()
    await accessible(page)
    async with running.database.read() as session:
        lost = await session.get_one(Device, device.id)
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.TABLET_GONE))
    assert (lost.end_why, lost.erased_at, lost.ended_by_id) == (DeviceEnd.LOST, None, running.account_id)
    assert lost.revoked_at is not None
    assert task.facts["contacts"] == [str(running.contact_id)]
    assert await kiosk.evaluate(REMEMBERED) == 3

    is_offline = False
    await kiosk.context.set_offline(False)
    await expect(kiosk.get_by_text("Skärmen är inte kopplad längre.").first).to_be_visible(timeout=60_000)
    assert await kiosk.evaluate(REMEMBERED) == 0
    await page.reload()
    await page.get_by_text("Inte i bruk längre").click()
    await expect(page.get_by_text("suddade sin dag")).to_be_visible()
    async with running.database.read() as session:
        assert (await session.get_one(Device, device.id)).erased_at is not None
        assert "erased" in (await session.get_one(Task, task.id)).facts
