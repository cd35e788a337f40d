"""The report measures real rows of the record, the same on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.localtime import SWEDEN
from care.measures.gather import gather
from care.measures.report import report
from care.pulse import ClientPulse, Face
from care.receipts import Receipt, Result
from care.storage.database import Database
from tests.builders import make_client, make_contact, make_group, make_town

DAY = date(2026, 12, 1)


async def test_the_report_changes_by_exactly_one_done_receipted_call(
    database: Database, clock: StandingClock
) -> None:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        contacts = [
            await make_contact(
                session, client, town.services["SO-SAM"], f"2026-12-01 {hour:02}:00", channel=Channel.VIDEO
            )
            for hour in range(8, 16)
        ]
        for contact in contacts[:6]:
            contact.status, contact.actual_start = Status.DONE, contact.start
            session.add(await receipt_of(session, contact.id, clock))
    before = await _report(database, {town.group.id: "Bräcke"})
    assert (before["same_day"]["part"], before["same_day"]["n"]) == (6, 8)

    async with database.write() as session:
        last = await session.get_one(PlannedContact, contacts[6].id)
        last.status, last.actual_start = Status.DONE, last.start
        session.add(await receipt_of(session, last.id, clock))
    after = await _report(database, {town.group.id: "Bräcke"})
    assert (after["same_day"]["part"], after["same_day"]["n"]) == (7, 8)
    assert (after["receipts"]["social"]["part"], after["receipts"]["social"]["n"]) == (7, 7)
    assert after["receipts"]["social"]["reached"]["value"] == 1.0


async def test_a_done_contact_without_a_receipt_lowers_the_receipt_rate(
    database: Database, clock: StandingClock
) -> None:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        for hour in range(8, 14):
            contact = await make_contact(session, client, town.services["SO-SAM"], f"2026-12-01 {hour:02}:00")
            contact.status, contact.actual_start = Status.DONE, contact.start
            if hour < 11:
                session.add(await receipt_of(session, contact.id, clock))
    told = await _report(database, {town.group.id: "Bräcke"})
    assert told["receipts"]["social"] == {
        "value": 0.5, "n": 6, "part": 3, "hidden": False, "reached": {"value": None, "hidden": True},
    }  # fmt: skip


async def test_a_press_on_klart_is_done_the_same_day_but_no_receipt_of_a_goal(
    database: Database, clock: StandingClock
) -> None:
    """Five receipted calls of six stay five of six, however many reminders somebody pressed away."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        for minute in range(12):
            is_prompt = minute >= 6
            contact = await make_contact(
                session, client, town.services["SO-SAM"], f"2026-12-01 08:{minute:02}",
                channel=Channel.PROMPT if is_prompt else Channel.VIDEO,
            )  # fmt: skip
            contact.status, contact.actual_start = Status.DONE, contact.start
            if minute != 0:
                receipt = await receipt_of(session, contact.id, clock)
                receipt.result = Result.PRESSED if is_prompt else Result.REACHED
                session.add(receipt)
    told = await _report(database, {town.group.id: "Bräcke"})
    assert (told["same_day"]["part"], told["same_day"]["n"]) == (12, 12)
    social = told["receipts"]["social"]
    assert (social["part"], social["n"]) == (5, 6)
    assert (social["reached"]["part"], social["reached"]["n"]) == (5, 5)
    assert (told["all_receipts"]["part"], told["all_receipts"]["n"]) == (5, 6)


async def test_a_small_pulse_in_one_group_hides_the_next_smallest_group_too(database: Database) -> None:
    async with database.write() as session:
        town = await make_town(session)
        names = {town.group.id: "Bräcke"}
        for name in ("Gällö", "Kälarne"):
            names[(await make_group(session, town.municipality, name)).id] = name
        for group_id, answers in zip(names, (3, 8, 9), strict=True):
            for _ in range(answers):
                session.add(ClientPulse(group_id=group_id, date=DAY, face=Face.HAPPY))
    told = await _report(database, names)
    assert told["pulse"]["clients"]["n"] == 20
    hidden = {group["name"] for group in told["groups"] if group["client_pulse"].get("hidden")}
    assert hidden == {"Bräcke", "Gällö"}


async def test_an_empty_range_of_days_hides_everything_and_fails_nowhere(database: Database) -> None:
    async with database.write() as session:
        town = await make_town(session)
    told = await _report(database, {town.group.id: "Bräcke"})
    assert told["same_day"]["hidden"]
    assert told["pulse"]["staff"]["hidden"]
    assert told["receipts"] == {}


async def receipt_of(session: AsyncSession, contact_id: UUID, clock: StandingClock) -> Receipt:
    line_id = (
        await session.scalars(select(ContactLine.id).where(ContactLine.contact_id == contact_id))
    ).one()
    return Receipt(id=new_id(), contact_id=contact_id, line_id=line_id, result=Result.REACHED, at=clock.now())


async def _report(database: Database, names: dict[UUID, str]) -> dict[str, Any]:
    async with database.read() as session:
        figures = await gather(session, DAY, DAY, SWEDEN)
    return report(figures, DAY, DAY, names)
