"""A reminder: "Klart" is a press of a button at a time, and "Inte nu" means later."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.errors import Fault
from care.ids import new_id
from care.receipts import Receipt, Result
from care.tasks import Task
from server.tablets.day import day_for
from server.tablets.prompt import press_done, put_off
from tests.builders import make_client, make_contact, moment
from tests.server.tablets.conftest import Home


async def reminder(home: Home, services: tuple[str, ...] = ("MA-PAM",), status: Status = Status.DUE) -> UUID:
    """A reminder at 06.40, which is now."""
    async with home.database.write() as session:
        contact = await make_contact(
            session, home.ingrid, [home.town.services[code] for code in services], home.clock.now(),
            staff=[home.anna], channel=Channel.PROMPT, status=status,
        )  # fmt: skip
    return contact.id


async def press(home: Home, contact_id: UUID, **more: object) -> None:
    async with home.database.write() as session:
        await press_done(session, home.tablet.id, contact_id, home.clock, **more)  # type: ignore[arg-type]


async def row(home: Home, contact_id: UUID) -> PlannedContact:
    async with home.database.read() as session:
        found = await session.get(PlannedContact, contact_id)
        assert found is not None
        return found


async def receipts(home: Home, contact_id: UUID) -> list[Receipt]:
    async with home.database.read() as session:
        return list(await session.scalars(select(Receipt).where(Receipt.contact_id == contact_id)))


@pytest.mark.parametrize("status", [Status.PLANNED, Status.DUE, Status.AWAITING, Status.UNKNOWN])
async def test_klart_ends_the_row_with_a_receipt_for_each_line(home: Home, status: Status) -> None:
    """By the client, at the time of the press, by nobody of the staff; also before the tick has come."""
    contact_id = await reminder(home, ("MA-PAM", "HS-PAM"), status)
    home.clock.move(timedelta(minutes=4))
    await press(home, contact_id)
    contact = await row(home, contact_id)
    assert (contact.status, contact.actual_start) == (Status.DONE, home.clock.now())
    made = await receipts(home, contact_id)
    assert len(made) == 2
    for one in made:
        said = (one.result, one.at, one.staff_id, one.account_id)
        assert said == (Result.PRESSED, home.clock.now(), None, None)


async def test_pressing_twice_and_telling_twice_is_once(home: Home) -> None:
    contact_id = await reminder(home)
    await press(home, contact_id)
    await press(home, contact_id)
    assert len(await receipts(home, contact_id)) == 1


async def test_a_press_without_cover_counts_when_it_was_made(home: Home) -> None:
    """Told an hour later: 06.44 stands, and the row has not become late by that."""
    contact_id = await reminder(home)
    pressed = home.clock.now() + timedelta(minutes=4)
    home.clock.move(timedelta(hours=1))
    await press(home, contact_id, pressed_at=pressed)
    assert (await row(home, contact_id)).actual_start == pressed


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(days=-2)])
async def test_a_time_that_cannot_be_is_the_present(home: Home, wrong: timedelta) -> None:
    """A tablet whose clock is wrong cannot write history."""
    contact_id = await reminder(home)
    await press(home, contact_id, pressed_at=home.clock.now() + wrong)
    assert (await row(home, contact_id)).actual_start == home.clock.now()


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.MISSED, Status.DONE_PHONE, Status.DONE])
async def test_what_has_ended_in_another_way_stays_so(home: Home, status: Status) -> None:
    """Staff have written the outcome; a late press does not overwrite it, and is told so."""
    contact_id = await reminder(home, status=status)
    with pytest.raises(Fault) as fault:
        await press(home, contact_id)
    assert fault.value.code == "contact.step"
    assert (await row(home, contact_id)).status is status
    assert await receipts(home, contact_id) == []


async def test_another_homes_reminder_does_not_exist_here(home: Home) -> None:
    """Nor does a visit, nor an id that somebody made up."""
    async with home.database.write() as session:
        other = await make_client(session, home.town, "Karl")
        theirs = await make_contact(
            session,
            other,
            home.town.services["MA-PAM"],
            home.clock.now(),
            channel=Channel.PROMPT,
            status=Status.DUE,
        )
        visit = await make_contact(
            session, home.ingrid, home.town.services["PV-MOR"], home.clock.now(), status=Status.DUE
        )
    for contact_id in (theirs.id, visit.id, new_id()):
        for act in (press_done, put_off):
            with pytest.raises(Fault) as fault:
                async with home.database.write() as session:
                    await act(session, home.tablet.id, contact_id, home.clock)
            assert (fault.value.code, fault.value.status) == ("contact.unknown", 404)
    assert (await row(home, theirs.id)).status is Status.DUE


async def test_inte_nu_comes_again_in_five_minutes_and_a_person_is_told_once(home: Home) -> None:
    """Never a decline: the row stays open, moves five minutes, and for a meal somebody knows."""
    contact_id = await reminder(home)
    for _ in range(2):
        async with home.database.write() as session:
            await put_off(session, home.tablet.id, contact_id, home.clock)
        home.clock.move(timedelta(minutes=1))
    contact = await row(home, contact_id)
    assert contact.status is Status.DUE
    assert contact.start == moment("2026-12-01 06:46")
    async with home.database.read() as session:
        (task,) = await session.scalars(select(Task))
        assert (task.contact_id, task.owner_id, task.closed_at) == (contact_id, home.anna.id, None)
        assert (await day_for(session, home.tablet.id, home.clock, "sv"))["prompt"] is None
        events = list(
            await session.scalars(select(ContactHistory.event).where(ContactHistory.by == "tablet"))
        )
    assert events == ["put_off", "put_off"]
    home.clock.set(moment("2026-12-01 06:46"))
    async with home.database.read() as session:
        prompt = (await day_for(session, home.tablet.id, home.clock, "sv"))["prompt"]
    assert prompt is not None


async def test_a_social_reminder_that_is_put_off_worries_nobody(home: Home) -> None:
    contact_id = await reminder(home, ("SO-SAM",))
    async with home.database.write() as session:
        await put_off(session, home.tablet.id, contact_id, home.clock)
    async with home.database.read() as session:
        assert list(await session.scalars(select(Task))) == []
