"""What the rules look at is gathered right, and in a few questions however many contacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from care.clients import AbsenceKind, Client, ClientAbsence, DecisionAbility, VideoWish
from care.clock import StandingClock
from care.consent import ConsentPerson
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.digital import DigitalFacts, judge
from care.contacts.facts import gather_facts
from care.contacts.life import Status
from care.devices import Device
from care.ids import new_id
from care.services import Priority
from care.storage.database import Database
from tests.builders import (
    Town,
    make_client,
    make_consent,
    make_contact,
    make_digital,
    make_staff,
    make_tablet,
    make_town,
    make_visit_done,
    moment,
)


class Home:
    """A client with everything that video needs, and a social call at 14.30 today."""

    def __init__(self, town: Town, client: Client, device: Device, row: PlannedContact) -> None:
        self.town, self.client, self.device, self.row = town, client, device, row


async def make_home(database: Database, clock: StandingClock) -> Home:
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        device = await make_digital(session, client, clock.now())
        row = await make_contact(
            session, client, town.services["SO-SAM"], "2026-12-01 14:30", channel=Channel.VIDEO
        )
    return Home(town, client, device, row)


async def facts_of_row(database: Database, clock: StandingClock, row: PlannedContact) -> DigitalFacts:
    async with database.read() as session:
        return (await gather_facts(session, [row.id], clock))[row.id]


async def change(database: Database, thing: Any, **values: Any) -> None:
    async with database.write() as session:
        kept = await session.get_one(type(thing), thing.id)
        for name, value in values.items():
            setattr(kept, name, value)


async def test_a_home_with_everything_may_have_video(database: Database, clock: StandingClock) -> None:
    """Every fact is found where it lies."""
    home = await make_home(database, clock)
    facts = await facts_of_row(database, clock, home.row)
    assert judge(facts, Channel.VIDEO).allowed
    assert facts.at == home.row.start
    assert facts.day == date(2026, 12, 1)
    assert facts.priority is Priority.P3
    assert [line.service_code for line in facts.lines] == ["SO-SAM"]
    assert facts.last_physical == date(2026, 11, 30)
    assert facts.has_phone


@pytest.mark.parametrize(
    ("field", "value", "fact", "seen"),
    [
        ("video_wish", VideoWish.NO, "video_wish", VideoWish.NO),
        ("decision_ability", DecisionAbility.UNCLEAR, "decision_ability", DecisionAbility.UNCLEAR),
        ("phone", None, "has_phone", False),
        ("choking_risk", True, "choking_risk", True),
        ("lives_alone", False, "lives_with_somebody", True),
        ("no_video_on", date(2026, 12, 1), "no_video_today", True),
        ("no_video_on", date(2026, 11, 30), "no_video_today", False),
    ],
)
async def test_what_stands_on_the_client(
    sqlite_database: Database, clock: StandingClock, field: str, value: Any, fact: str, seen: Any
) -> None:
    """Each field reaches its fact."""
    home = await make_home(sqlite_database, clock)
    await change(sqlite_database, home.client, **{field: value})
    assert getattr(await facts_of_row(sqlite_database, clock, home.row), fact) == seen


async def test_a_cohabitants_consent_is_another_persons(database: Database, clock: StandingClock) -> None:
    """The client's own yes does not speak for who lives there."""
    home = await make_home(database, clock)
    await change(database, home.client, lives_alone=False)
    assert not (await facts_of_row(database, clock, home.row)).consent_cohabitant
    async with database.write() as session:
        await make_consent(session, home.client, person=ConsentPerson.COHABITANT)
    assert (await facts_of_row(database, clock, home.row)).consent_cohabitant


@pytest.mark.parametrize(
    ("minutes", "usable"), [(0, True), (15, True), (15.1, False), (600, False), (None, False)]
)
async def test_a_tablet_counts_today_when_it_was_heard_of_lately(
    sqlite_database: Database, clock: StandingClock, minutes: float | None, usable: bool
) -> None:
    """Within fifteen minutes; never heard of is not usable today, but will do for another day."""
    home = await make_home(sqlite_database, clock)
    seen = None if minutes is None else clock.now() - timedelta(minutes=minutes)
    await change(sqlite_database, home.device, last_seen_at=seen)
    assert (await facts_of_row(sqlite_database, clock, home.row)).tablet_usable is usable
    async with sqlite_database.write() as session:
        later = await make_contact(session, home.client, home.town.services["SO-SAM"], "2026-12-02 14:30")
    assert (await facts_of_row(sqlite_database, clock, later)).tablet_usable


@pytest.mark.parametrize(
    "broken",
    [
        {"paired_at": None},
        {"revoked_at": moment("2026-11-30 12:00")},
        {"health": {"camera": "denied"}},
        {"health": {"microphone": "missing"}},
    ],
    ids=["unpaired", "revoked", "no camera", "no microphone"],
)
async def test_a_tablet_that_cannot_be_used(
    sqlite_database: Database, clock: StandingClock, broken: dict[str, Any]
) -> None:
    """Unpaired, revoked, or without eyes or ears: no video today nor another day."""
    home = await make_home(sqlite_database, clock)
    await change(sqlite_database, home.device, **broken)
    assert not (await facts_of_row(sqlite_database, clock, home.row)).tablet_usable


async def test_a_tablet_in_another_home_is_not_theirs(database: Database, clock: StandingClock) -> None:
    """Only the tablet that stands with the client counts."""
    home = await make_home(database, clock)
    async with database.write() as session:
        other = await make_client(session, home.town, "Karl", "Ek")
        await make_consent(session, other)
        row = await make_contact(session, other, home.town.services["SO-SAM"], "2026-12-01 15:00")
    assert not (await facts_of_row(database, clock, row)).tablet_usable
    async with database.write() as session:
        await make_tablet(session, other, last_seen_at=clock.now())
    assert (await facts_of_row(database, clock, row)).tablet_usable


async def test_away_counts_at_the_time_of_the_row(database: Database, clock: StandingClock) -> None:
    """A hospital stay with or without an end covers the rows inside it only."""
    home = await make_home(database, clock)
    async with database.write() as session:
        absence = ClientAbsence(
            id=new_id(),
            client_id=home.client.id,
            kind=AbsenceKind.HOSPITAL,
            start=moment("2026-12-01 10:00"),
            end=moment("2026-12-01 14:30"),
        )
        session.add(absence)
    assert not (await facts_of_row(database, clock, home.row)).is_away
    await change(database, absence, end=None)
    assert (await facts_of_row(database, clock, home.row)).is_away


async def test_planned_visits_count_when_they_need_hands(database: Database, clock: StandingClock) -> None:
    """Two rows must not each stay digital by leaning on the other; morning help will surely be a visit."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        call = await make_contact(session, client, town.services["SO-SAM"], "2026-12-03 14:30")
        await make_contact(session, client, town.services["TI-DAG"], "2026-12-02 10:00")
    facts = await facts_of_row(database, clock, call)
    assert (facts.last_physical, facts.next_physical) == (None, None)
    async with database.write() as session:
        await make_contact(session, client, town.services["PV-MOR"], "2026-12-02 08:00")
        await make_contact(session, client, town.services["PV-MOR"], "2026-12-04 08:00")
        await make_contact(
            session, client, town.services["PV-MOR"], "2026-12-03 08:00", status=Status.CANCELLED
        )
    assert (await facts_of_row(database, clock, call)).next_physical == date(2026, 12, 2)


async def test_the_row_itself_is_no_visit_beside_itself(database: Database, clock: StandingClock) -> None:
    """A visit that is to become a call does not count as the visit that allows it."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_visit_done(session, client, moment("2026-11-25 08:00"))
        row = await make_contact(session, client, town.services["PV-MOR"], "2026-12-01 08:00")
    facts = await facts_of_row(database, clock, row)
    assert (facts.last_physical, facts.next_physical) == (date(2026, 11, 25), None)


async def test_a_nurses_word_lies_on_the_line(database: Database, clock: StandingClock) -> None:
    """Health care lines carry who allows them at a distance."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        nurse = await make_staff(session, town, "Sara", "Syster")
        service = town.services["HS-PAM"]
        without = await make_contact(session, client, service, "2026-12-01 08:00")
        allowed = await make_contact(session, client, service, "2026-12-01 20:00", nurse=nurse)
    async with database.read() as session:
        facts = await gather_facts(session, [without.id, allowed.id], clock)
    assert not facts[without.id].lines[0].nurse_allows
    assert facts[allowed.id].lines[0].nurse_allows


async def test_what_is_not_there_is_left_out(database: Database, clock: StandingClock) -> None:
    """Unknown ids are no error, and nothing asked is nothing found."""
    async with database.read() as session:
        assert await gather_facts(session, [new_id()], clock) == {}
        assert await gather_facts(session, [], clock) == {}


@contextmanager
def questions(database: Database) -> Iterator[list[str]]:
    asked: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
    yield asked
    event.remove(database.engine.sync_engine, "before_cursor_execute", listen)


async def test_five_hundred_contacts_take_as_many_questions_as_one(
    database: Database, clock: StandingClock
) -> None:
    """The number of questions does not grow with the number of contacts."""
    async with database.write() as session:
        town = await make_town(session)
        rows = []
        for number in range(50):
            client = await make_client(session, town, f"Kund {number}", "Ek")
            rows += [
                await make_contact(session, client, town.services["SO-SAM"], f"2026-12-01 {hour:02}:00")
                for hour in range(8, 18)
            ]
    counts = []
    for ids in ([rows[0].id], [row.id for row in rows]):
        with questions(database) as asked:
            async with database.read() as session:
                assert set(await gather_facts(session, ids, clock)) == set(ids)
        counts.append(len([statement for statement in asked if "SELECT" in statement]))
    assert counts[0] == counts[1] <= 8
