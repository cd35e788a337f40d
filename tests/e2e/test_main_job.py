"""The main job on the demo, as a newcomer does it: sign in, ring, answer, talk, receipt, pulse, measures."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from care.calls.call import Call
from care.calls.life import Cause
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.localtime import SWEDEN
from care.measures.gather import gather
from care.receipts import Receipt, Result
from care.services import Service
from care.storage.database import Database, sqlite_url
from tests.e2e.demo import NOW, Demo, running_demo
from tests.e2e.running import WATCH_PEERS, decodes, until

DAY = NOW[:10]


async def measures(folder: Path) -> dict[str, Any]:
    """What ``samtid measures`` says of the day, beside the running server."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("SAMTID_")}
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("samtid")), "measures", "--from", DAY, "--to", DAY,
        "--data", str(folder), "--json",
        stdout=asyncio.subprocess.PIPE, env={**env, "SAMTID_NOW": NOW},
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    told: dict[str, Any] = json.loads(out)
    return told


async def counts(database: Database) -> Counter[tuple[Any, ...]]:
    """Everything that the measures of the day are made of, also what is too small to be shown."""
    day = date.fromisoformat(DAY)
    async with database.read() as session:
        figures = await gather(session, day, day, SWEDEN)
    found: Counter[tuple[Any, ...]] = Counter(
        ("contact", one.group_id, one.channel, one.done_same_day) for one in figures.contacts
    )
    for name, cells in [
        *((("receipt", goal), cells) for goal, cells in figures.receipts.items()),
        *((("reached", goal), cells) for goal, cells in figures.reached.items()),
        (("clients",), figures.client_pulse),
        (("staff",), figures.staff_pulse),
    ]:
        for (group, _), share in cells.items():
            found[(*name, group, "part")] += share.part
            found[(*name, group, "whole")] += share.whole
    return found


async def kiosk_of(browser: Browser, demo: Demo) -> Page:
    """The first call's tablet: the address from demo.json, and one touch on Starta."""
    (pair_url,) = (
        one["pair_url"] for one in demo.tablets if one["client_id"] == demo.first_call["client_id"]
    )
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_init_script(WATCH_PEERS)
    page = await context.new_page()
    await page.goto(pair_url)
    await page.get_by_role("button", name="Starta").click()
    return page


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async for made in running_demo(tmp_path):
        yield made


@pytest.fixture
async def database(demo: Demo, tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(sqlite_url(tmp_path))
    yield made
    await made.close()


@pytest.mark.timeout(240)
async def test_from_sign_in_to_the_measures(
    demo: Demo, database: Database, tmp_path: Path, chromium: Browser
) -> None:
    """Both browsers decode picture and sound; the measures change by that one contact and no more."""
    told, before = await measures(tmp_path), await counts(database)
    kiosk = await kiosk_of(chromium, demo)
    worker = await demo.signed_in(chromium, "care_worker")
    await worker.add_init_script(WATCH_PEERS)
    page = await worker.new_page()
    await page.goto(f"{demo.url}/min-dag")
    name = await demo.ring(page)
    contact_id = page.url.partition("?")[0].split("/")[-2]

    await expect(kiosk.get_by_role("heading", name="från hemtjänsten ringer")).to_be_visible(timeout=20_000)
    await kiosk.get_by_role("button", name="Svara").click()
    state = page.locator("#call-state")
    await expect(state).to_contain_text(f"I samtal med {name}", timeout=20_000)
    await asyncio.gather(decodes(page), decodes(kiosk))
    await page.get_by_role("button", name="Lägg på").click()
    await expect(state).to_have_text("Samtalet är slut")

    await page.locator("label", has_text="Uppnått").first.click()
    await page.get_by_role("button", name="Spara kvittensen").click()
    await expect(page.get_by_text("Kvittensen är sparad")).to_be_visible()
    await kiosk.get_by_role("button", name="Nöjd", exact=True).click(timeout=20_000)

    async with database.read() as session:
        (call,) = [one for one in await session.scalars(select(Call)) if str(one.contact_id) == contact_id]
        contact = await session.get_one(PlannedContact, call.contact_id)
        receipts = list(await session.scalars(select(Receipt).where(Receipt.call_id == call.id)))
        (goal,) = await session.scalars(
            select(Service.goal_type)
            .join(ContactLine, ContactLine.service_id == Service.id)
            .where(ContactLine.contact_id == call.contact_id)
        )
    assert call.cause is Cause.HUNG_UP
    assert call.setup_ms is not None
    assert [one.result for one in receipts] == [Result.REACHED]

    group = contact.group_id

    async def felt() -> Counter[tuple[Any, ...]] | None:
        now = await counts(database)
        return now if now["clients", group, "part"] > before["clients", group, "part"] else None

    after = await until(felt)
    after.subtract(before)
    assert {what: change for what, change in after.items() if change} == {
        ("contact", group, Channel.VIDEO, True): 1,
        ("contact", group, Channel.VIDEO, False): -1,
        ("receipt", goal, group, "part"): 1,
        ("receipt", goal, group, "whole"): 1,
        ("reached", goal, group, "part"): 1,
        ("reached", goal, group, "whole"): 1,
        ("clients", group, "part"): 1,
        ("clients", group, "whole"): 1,
    }
    # And what the municipality reads says the same.
    said = await measures(tmp_path)
    for cell in ("same_day", "all_receipts"):
        assert said[cell]["part"] == told[cell]["part"] + 1
    assert said["same_day"]["n"] == told["same_day"]["n"]
    assert said["same_day"]["digital"]["part"] == told["same_day"]["digital"]["part"] + 1
    assert said["same_day"]["physical"] == told["same_day"]["physical"]
