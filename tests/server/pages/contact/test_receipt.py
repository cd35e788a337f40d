"""The receipt: two taps, one a line, corrected beside and never over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from care.clock import StandingClock
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.receipts import NOTE_LENGTH, Receipt, Result
from care.services import Service
from care.staff import Delegation
from care.storage.database import Database
from care.tasks import Task, TaskKind
from tests.builders import make_client, make_contact, make_group, moment
from tests.server.calls.conftest import House, build


@pytest.fixture
async def house(sqlite_database: Database, clock: StandingClock) -> AsyncIterator[House]:
    """Anna, and a visit at Ingrid's with two lines, under way."""
    made = await build(sqlite_database, clock)
    async with made.database.write() as session:
        services = [made.town.services["PV-MOR"], made.town.services["HS-PAM"]]
        visit = await make_contact(
            session, made.ingrid, services, moment("2026-12-01 06:30"), staff=[made.anna]
        )
        for to in (Status.DUE, Status.UNDERWAY):
            await step(session, visit, to, at=clock.now(), hand=Hand(by="test"), actual_start=clock.now())
    made.contact_id = visit.id
    yield made
    await made.stop()


@pytest.fixture
async def browser(house: House) -> ClientSession:
    return house.browser()


async def lines(house: House) -> list[str]:
    async with house.database.read() as session:
        rows = await session.scalars(
            select(ContactLine.id).where(ContactLine.contact_id == house.contact_id).order_by(ContactLine.seq)
        )
        return [str(row) for row in rows]


async def receipts(house: House) -> list[Receipt]:
    async with house.database.read() as session:
        return list(await session.scalars(select(Receipt).order_by(Receipt.id)))


def address(house: House) -> str:
    return f"{house.origin}/kontakt/{house.contact_id}/kvittens"


async def test_each_line_gets_its_receipt(house: House, browser: ClientSession) -> None:
    """Saved with who and when; the page goes on to Min dag."""
    first, second = await lines(house)
    data = {f"result-{first}": "reached", f"result-{second}": "partly", f"note-{second}": " Tog halva "}
    async with browser.post(address(house), data=data, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/min-dag")
    made = {str(one.line_id): one for one in await receipts(house)}
    assert (made[first].result, made[first].note) == (Result.REACHED, None)
    assert (made[second].result, made[second].note) == (Result.PARTLY, "Tog halva")
    assert made[first].staff_id == house.anna.id
    assert made[first].at == house.clock.now()


async def test_a_line_without_outcome_is_asked_for(house: House, browser: ClientSession) -> None:
    """Nothing is saved, and what was filled in stands."""
    first, second = await lines(house)
    data = {f"result-{first}": "reached", f"note-{first}": "Bra morgon"}
    async with browser.post(address(house), data=data) as answer:
        text = await answer.text()
        assert answer.status == 422
    assert "Välj hur det gick." in text
    assert "Bra morgon" in text
    assert 'value="reached" checked' in text
    assert await receipts(house) == []
    assert second in text


async def test_hostile_forms_are_refused(house: House, browser: ClientSession) -> None:
    """An outcome that is none, a note that is too long: said beside the line, never a server error."""
    first, second = await lines(house)
    for more in ({f"result-{first}": "perfect"}, {f"note-{first}": "å" * (NOTE_LENGTH + 1)}):
        data = {f"result-{first}": "reached", f"result-{second}": "reached", **more}
        async with browser.post(address(house), data=data) as answer:
            assert answer.status == 422
    assert await receipts(house) == []


async def test_a_correction_keeps_what_it_corrects(house: House, browser: ClientSession) -> None:
    """The same said twice is once; a change stands beside the old one."""
    first, second = await lines(house)
    same = {f"result-{first}": "reached", f"result-{second}": "reached"}
    for _ in range(2):
        async with browser.post(address(house), data=same) as answer:
            assert answer.status == 200
    assert len(await receipts(house)) == 2
    house.clock.move(timedelta(minutes=5))
    async with browser.post(address(house), data={**same, f"result-{second}": "not_reached"}) as answer:
        assert answer.status == 200
    old, new = [one for one in await receipts(house) if str(one.line_id) == second]
    assert (old.result, old.superseded_by_id) == (Result.REACHED, new.id)
    assert (new.result, new.superseded_by_id) == (Result.NOT_REACHED, None)
    async with browser.get(address(house)) as answer:
        assert 'value="not_reached" checked' in await answer.text()


async def test_follow_up_makes_one_task(house: House, browser: ClientSession) -> None:
    """Ticked for both lines, it is one task for the contact, with owner and deadline."""
    data: dict[str, str] = {}
    for line in await lines(house):
        data |= {f"result-{line}": "partly", f"follow_up-{line}": "1"}
    async with browser.post(address(house), data=data) as answer:
        assert answer.status == 200
    async with house.database.read() as session:
        (task,) = list(await session.scalars(select(Task)))
    assert (task.kind, task.contact_id, task.owner_id) == (
        TaskKind.FOLLOW_UP,
        house.contact_id,
        house.anna.id,
    )
    assert task.deadline > house.clock.now()


async def test_what_has_not_been_cannot_be_receipted(house: House, browser: ClientSession) -> None:
    """A planned row is refused, in words."""
    async with house.database.write() as session:
        later = await make_contact(
            session,
            house.ingrid,
            house.town.services["PV-MOR"],
            moment("2026-12-01 12:00"),
            staff=[house.anna],
        )
    async with browser.post(f"{house.origin}/kontakt/{later.id}/kvittens", data={}) as answer:
        assert answer.status == 409
        assert "inte varit än" in await answer.text()


async def test_another_groups_row_does_not_exist(house: House, browser: ClientSession) -> None:
    """Neither its receipt nor its call page."""
    async with house.database.write() as session:
        far = await make_group(session, house.town.municipality, "Kälarne")
        sven = await make_client(session, house.town, "Sven", "Ek", group_id=far.id)
        row = await make_contact(
            session, sven, house.town.services["TI-DAG"], house.clock.now(), group_id=far.id
        )
    for page in ("kvittens", "samtal"):
        async with browser.get(f"{house.origin}/kontakt/{row.id}/{page}") as answer:
            assert answer.status == 404
    async with browser.get(f"{house.origin}/kontakt/none/kvittens") as answer:
        assert answer.status == 404


async def test_the_call_page_shows_what_matters(sqlite_database: Database, clock: StandingClock) -> None:
    """Name, note, goals and the button by its name; a visit has no call page; too early asks for a reason."""
    house = await build(sqlite_database, clock, start=moment("2026-12-01 09:00"))
    try:
        async with house.database.write() as session:
            client = await session.get_one(type(house.ingrid), house.ingrid.id)
            client.important_to_me = "Kaffe klockan tre."
        browser = house.browser()
        address = f"{house.origin}/kontakt/{house.contact_id}/samtal"
        async with browser.get(address) as answer:
            text = await answer.text()
        assert "Varför ringer du Ingrid nu?" in text
        assert 'id="ring"' not in text
        async with browser.get(address, params={"anledning": "asked"}) as answer:
            text = await answer.text()
        assert 'data-reason="Personen har bett om att vi ringer nu"' in text
        assert "Kaffe klockan tre." in text
        assert "Tillsyn dag" in text
        assert "Ring Ingrid" in text
        async with house.database.write() as session:
            row = await session.get_one(PlannedContact, house.contact_id)
            row.channel = type(row.channel)("physical")
        async with browser.get(address) as answer:
            assert answer.status == 409
    finally:
        await house.stop()


async def test_a_press_on_klart_is_told_as_a_press_and_can_be_judged_afterwards(
    house: House, browser: ClientSession
) -> None:
    """No outcome is chosen beforehand, nobody can choose "pressed", and a judgement stands instead of it."""
    first, second = await lines(house)
    async with house.database.write() as session:
        contact = await session.get_one(PlannedContact, house.contact_id)
        await step(
            session, contact, Status.DONE, at=house.clock.now(), hand=Hand(by="tablet"),
            event="done_by_client", actual_end=house.clock.now(),
        )  # fmt: skip
        for line in (first, second):
            session.add(
                Receipt(
                    contact_id=house.contact_id,
                    line_id=UUID(line),
                    result=Result.PRESSED,
                    at=house.clock.now(),
                )
            )
    async with browser.get(address(house)) as answer:
        text = await answer.text()
    assert text.count("Ingrid tryckte Klart 06.40.") == 2
    assert "checked" not in text
    async with browser.get(f"{house.origin}/kontakt/{house.contact_id}") as answer:
        text = await answer.text()
    assert "Tryckte Klart 06.40" in text
    assert "Gjord" not in text
    hostile = {f"result-{line}": "pressed" for line in (first, second)}
    async with browser.post(address(house), data=hostile) as answer:
        assert answer.status == 422
    data = {f"result-{first}": "reached", f"result-{second}": "not_reached"}
    async with browser.post(address(house), data=data, allow_redirects=False) as answer:
        assert answer.status == 303
    standing = {str(one.line_id): one.result for one in await receipts(house) if one.superseded_by_id is None}
    assert standing == {first: Result.REACHED, second: Result.NOT_REACHED}


class TestDelegation:
    """What needs a delegation is receipted by somebody who has one; nothing is lost on the way."""

    @pytest.fixture(autouse=True)
    async def health_care(self, house: House) -> None:
        async with house.database.write() as session:
            service = await session.get_one(Service, house.town.services["HS-PAM"].id)
            service.delegation_required = True

    @staticmethod
    async def delegate(house: House, last: str = "2026-12-31") -> None:
        async with house.database.write() as session:
            session.add(
                Delegation(
                    staff_id=house.anna.id, valid_from=date(2026, 1, 1), valid_to=date.fromisoformat(last)
                )
            )

    async def test_the_rest_is_saved_and_somebody_is_asked(
        self, house: House, browser: ClientSession
    ) -> None:
        """Said beside the line; one task for the group, however often it is saved."""
        first, second = await lines(house)
        async with browser.get(address(house)) as answer:
            text = await answer.text()
        assert "Bara den som har delegering kan kvittera det här." in text
        assert f'name="result-{second}"' not in text
        for result in ("reached", "partly"):
            async with browser.post(
                address(house), data={f"result-{first}": result}, allow_redirects=False
            ) as answer:
                assert answer.status == 303
        assert {str(one.line_id) for one in await receipts(house)} == {first}
        async with house.database.read() as session:
            (task,) = await session.scalars(select(Task))
        assert (task.kind, task.facts, task.closed_at) == (TaskKind.FOLLOW_UP, {"why": "delegation"}, None)

    async def test_what_was_written_all_the_same_is_shown_again(
        self, house: House, browser: ClientSession
    ) -> None:
        """The delegation ran out while the form stood open: nothing is saved, and the words stand."""
        first, second = await lines(house)
        data = {f"result-{first}": "reached", f"result-{second}": "reached", f"note-{second}": "Tog halva"}
        async with browser.post(address(house), data=data) as answer:
            text = await answer.text()
            assert answer.status == 422
        assert "Spara resten utan det, så ber vi någon annan." in text
        assert "Tog halva" in text
        assert await receipts(house) == []

    async def test_with_a_delegation_it_is_receipted_and_the_task_is_done(
        self, house: House, browser: ClientSession
    ) -> None:
        first, second = await lines(house)
        await (await browser.post(address(house), data={f"result-{first}": "reached"})).read()
        await self.delegate(house)
        data = {f"result-{first}": "reached", f"result-{second}": "reached"}
        async with browser.post(address(house), data=data, allow_redirects=False) as answer:
            assert answer.status == 303
        assert {str(one.line_id) for one in await receipts(house)} == {first, second}
        async with house.database.read() as session:
            (task,) = await session.scalars(select(Task))
        assert (task.outcome, task.closed_at) == ("done", house.clock.now())

    async def test_a_delegation_holds_to_its_last_day(self, house: House, browser: ClientSession) -> None:
        """It was for yesterday: today it does not count."""
        await self.delegate(house, last="2026-11-30")
        async with browser.get(address(house)) as answer:
            assert "Bara den som har delegering" in await answer.text()
