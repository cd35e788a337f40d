"""The stream of news for one worker's list: what is theirs, nothing else, and an end with the session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import ClientResponse

from care.contacts.contact import PlannedContact
from care.contacts.step import Hand, alter
from care.outbox import announce
from care.staff import Staff
from tests.builders import make_client, make_contact, make_staff
from tests.server.conftest import Browser, Site


async def change(site: Site, contact: PlannedContact, **more: Any) -> None:
    async with site.database.write() as session:
        row = await session.get_one(PlannedContact, contact.id)
        await alter(session, row, at=site.clock.now(), hand=Hand("tests"), **more)


async def events(answer: ClientResponse, count: int) -> list[tuple[str, dict[str, Any]]]:
    """The next `count` events of the stream."""
    found: list[tuple[str, dict[str, Any]]] = []
    name = ""
    async with asyncio.timeout(20):
        while len(found) < count:
            line = (await answer.content.readline()).decode().strip()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found


async def test_what_concerns_the_list_is_told(site: Site, anna: Staff, browser: Browser) -> None:
    """A change of an own row, a row given away, a row that is due; rows of others are not heard."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        client = await make_client(session, site.town)
        own, given, others = [
            await make_contact(
                session, client, site.town.services["TI-DAG"], "2026-12-01 10:00", staff=[staff]
            )
            for staff in (anna, anna, bo)
        ]
    answer = await browser.get("/min-dag/nytt")
    assert answer.content_type == "text/event-stream"
    await answer.content.readline()
    await change(site, others, minutes=20)
    await change(site, own, minutes=20)
    assert await events(answer, 1) == [("changed", {"contacts": [str(own.id)]})]
    await change(site, given, staff=[bo.id])
    assert await events(answer, 1) == [("changed", {"contacts": [str(given.id)]})]
    async with site.database.write() as session:
        for contact in (given, own):
            await announce(session, site.clock.now(), "contact.due", contact=contact.id, in_minutes=10)
    assert await events(answer, 1) == [("due", {"contact": str(own.id), "in_minutes": 10})]
    await change(site, others, staff=[anna.id])
    assert await events(answer, 1) == [("changed", {"contacts": [str(others.id)]})]


async def test_the_stream_ends_when_the_session_does(site: Site, browser: Browser) -> None:
    """Whoever signs out, or is signed out, hears nothing more."""
    answer = await browser.get("/min-dag/nytt")
    await browser.post("/logga-ut")
    async with asyncio.timeout(20):
        await answer.content.read()
    assert answer.content.at_eof()


async def test_nobody_hears_without_signing_in(site: Site) -> None:
    stranger = await site.browser()
    answer = await stranger.get("/min-dag/nytt", allow_redirects=False)
    assert answer.status == 303
