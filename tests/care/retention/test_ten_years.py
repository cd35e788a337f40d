"""Ten simulated years of a municipality: what the rules say goes and no more, the archive has it first."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import func, insert, select, text

from care.access import chain
from care.access.log import AccessLog
from care.access.rights import Action
from care.clients import CareScope, Client
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, ContactLine, Origin, PlannedContact
from care.errors import Fault
from care.ids import new_id
from care.receipts import Receipt, Result
from care.retention import carrying_out
from care.retention.belongings import APART, links
from care.retention.carrying_out import carry_out
from care.retention.due import ERASED, DueKind, find_due, log_limit
from care.retention.run import RetentionRun, RunState, approve, withdraw
from care.services import Law
from care.storage.columns import Base
from care.storage.database import Database
from tests.builders import Town, make_account, make_client, make_consent, make_town, moment

TODAY = date(2026, 12, 1)
FIVE = TODAY - relativedelta(years=5)
TEN = TODAY - relativedelta(years=10)


@dataclass
class Life:
    """One person as it was drawn: the oracle works from this alone."""

    client_id: UUID
    surname: str
    born: date | None
    is_ended: bool
    #: contact id → (day, has health care)
    contacts: dict[UUID, tuple[date, bool]] = field(default_factory=dict)

    @property
    def last(self) -> date:
        return max(day for day, _ in self.contacts.values())

    @property
    def is_due(self) -> bool:
        return self.is_ended and self.born is not None and self.last < FIVE

    @property
    def goes_whole(self) -> bool:
        health = [day for day, is_health in self.contacts.values() if is_health]
        return self.is_due and (not health or max(health) < TEN)

    @property
    def gone(self) -> set[UUID]:
        """The contacts that must be gone."""
        if self.goes_whole:
            return set(self.contacts)
        return {one for one, (_, is_health) in self.contacts.items() if self.is_due and not is_health}

    @property
    def is_preserved(self) -> bool:
        return self.born is not None and self.born.day in {5, 15, 25}


async def draw_years(database: Database, seed: int = 7) -> tuple[Town, list[Life]]:
    """Sixty people over twelve years, a contact about every ten weeks while they had care."""
    draw = random.Random(seed)
    rows: dict[type[Base], list[dict[str, Any]]] = {
        PlannedContact: [], ContactLine: [], Receipt: [], ContactHistory: [],
    }  # fmt: skip
    lives = []
    async with database.write() as session:
        town = await make_town(session)
        for number in range(60):
            begun = date(2014, 12, 1) + timedelta(days=draw.randrange(365 * 11))
            ended = min(TODAY, begun + timedelta(days=draw.randrange(60, 365 * 6)))
            is_ended = ended < TODAY and number % 11 != 0
            born = None if number % 13 == 0 else date(1935, 1 + number % 12, 1 + number % 28)
            client = await make_client(
                session, town, "Prov", f"Efternamn{number:03d}", birth_date=born,
                care_scope=CareScope.ENDED if is_ended else CareScope.HOME_CARE,
            )  # fmt: skip
            await make_consent(session, client, given_at=moment(f"{begun} 12:00"), confirmed_at=None)
            life = Life(client.id, client.last_name, born, is_ended)
            day = begun
            while day <= ended:
                health = number % 3 == 0 and draw.random() < 0.4
                life.contacts[_contact(rows, town, client, day, health)] = (day, health)
                day += timedelta(days=draw.randrange(40, 100))
            lives.append(life)
        for table, values in rows.items():
            await session.execute(insert(table), values)
    return town, lives


def _contact(
    rows: dict[type[Base], list[dict[str, Any]]], town: Town, client: Client, day: date, health: bool
) -> UUID:
    at, contact_id, line_id = moment(f"{day} 09:00"), new_id(), new_id()
    service = town.services["HS-PAM" if health else "SO-SAM"]
    rows[PlannedContact].append(
        {
            "id": contact_id, "client_id": client.id, "group_id": client.group_id,
            "channel": Channel.PHYSICAL,
            "first_channel": Channel.PHYSICAL, "origin": Origin.HAND, "owed_date": day, "planned_date": day,
            "window_start": at, "window_end": at, "start": at, "minutes": 15, "priority": service.priority,
            "note": f"om {client.last_name}",
        }
    )  # fmt: skip
    rows[ContactLine].append(
        {
            "id": line_id, "contact_id": contact_id, "service_id": service.id, "goal_type": service.goal_type,
            "law": Law.HSL if health else Law.SOL, "minutes": 15,
        }
    )  # fmt: skip
    rows[Receipt].append(
        {"id": new_id(), "contact_id": contact_id, "line_id": line_id, "result": Result.REACHED, "at": at}
    )
    rows[ContactHistory].append(
        {"id": new_id(), "contact_id": contact_id, "at": at, "by": "person", "event": "made", "change": {}}
    )
    return contact_id


async def approved(database: Database, clock: StandingClock) -> UUID:
    """A run of today that one account drew up and another approved."""
    async with database.write() as session:
        one, other = await make_account(session), await make_account(session, username="bo")
        found = await find_due(session, clock.today())
        run = RetentionRun(
            id=new_id(), made_at=clock.now(), made_by_id=one.id, as_of=found.as_of, counts=found.counts,
            items=[[each.kind.value, str(each.client_id), each.is_preserved] for each in found.due],
        )  # fmt: skip
        session.add(run)
        await session.flush()
        await approve(session, run, other.id, clock.now())
    return run.id


def no_number(_: bytes, __: UUID) -> str:
    raise AssertionError("nobody here has a sealed number")


async def everything(database: Database) -> str:
    """Every row of every table as text."""
    found = []
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            found += [repr(tuple(row)) for row in await session.execute(select(table))]
    return "\n".join(found)


async def test_ten_years_exactly_what_the_rules_say(
    database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """Whole files, social visits beside a patient record, the preserved archived first, nothing else."""
    _, lives = await draw_years(database)
    due = [life for life in lives if life.goes_whole or life.gone]
    assert {life.goes_whole for life in due} == {True, False}, "both kinds are drawn"
    assert {life.is_preserved for life in due} == {True, False}
    async with database.read() as session:
        found = await find_due(session, TODAY)
    assert {(one.client_id, one.kind) for one in found.due} == {
        (life.client_id, DueKind.FILE if life.goes_whole else DueKind.SOCIAL) for life in due
    }
    assert found.not_ended == sum(not life.is_ended and life.last < FIVE for life in lives) > 0
    assert (
        found.birth_unknown
        == sum(life.is_ended and life.born is None and life.last < FIVE for life in lives)
        > 0
    )

    run_id = await approved(database, clock)
    run = await carry_out(database, clock, run_id, tmp_path / "archive", no_number)
    assert run.result["erased"] == sum(not life.is_preserved for life in due)
    assert run.result["archived"] == sum(life.is_preserved for life in due)
    assert run.result["skipped"] == 0
    async with database.read() as session:
        left = set(await session.scalars(select(PlannedContact.id)))
        assert left == {one for life in lives for one in set(life.contacts) - life.gone}
        people = set(await session.scalars(select(Client.id)))
        assert people == {life.client_id for life in lives if not life.goes_whole}
        assert (await find_due(session, TODAY)).is_empty
    text_left = await everything(database)
    for life in lives:
        assert (life.surname in text_left) is not life.goes_whole, life.surname

    archived = "".join(path.read_text() for path in (tmp_path / "archive").iterdir())
    rows = [json.loads(line) for line in archived.splitlines()]
    kept = {row["row"]["id"] for row in rows if row["table"] == "planned_contact"}
    assert kept == {str(one) for life in due if life.is_preserved for one in life.gone}
    for life in due:
        assert (life.surname in archived) is life.is_preserved, "what is erased is in no archive"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "archive").iterdir())


async def test_who_has_a_note_after_the_list_is_left_alone(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """Approved, and then somebody writes: that person is skipped, and the record says so."""
    _, lives = await draw_years(sqlite_database)
    run_id = await approved(sqlite_database, clock)
    chosen = next(life for life in lives if life.goes_whole)
    async with sqlite_database.write() as session:
        client = await session.get_one(Client, chosen.client_id)
        await make_consent(session, client, given_at=moment("2026-11-30 12:00"))
    run = await carry_out(sqlite_database, clock, run_id, tmp_path / "archive", no_number)
    assert run.result["skipped"] == 1
    async with sqlite_database.read() as session:
        assert (await session.get_one(Client, chosen.client_id)).last_name == chosen.surname


async def test_an_interrupted_run_goes_on(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the archive and the third portion; once more, and all of it is done."""
    _, lives = await draw_years(sqlite_database)
    run_id = await approved(sqlite_database, clock)
    before, portions = carrying_out._erase, 0

    async def dying(*given: Any) -> None:
        nonlocal portions
        portions += 1
        if portions == 3:
            raise RuntimeError("killed")
        await before(*given)

    monkeypatch.setattr(carrying_out, "_erase", dying)
    with pytest.raises(RuntimeError):
        await carry_out(sqlite_database, clock, run_id, tmp_path / "archive", no_number)
    monkeypatch.undo()
    async with sqlite_database.read() as session:
        half = (await session.get_one(RetentionRun, run_id)).state
    assert half is RunState.APPROVED
    run = await carry_out(sqlite_database, clock, run_id, tmp_path / "archive", no_number)
    due = [life for life in lives if life.gone]
    assert run.result["erased"] + run.result["archived"] == len(due)
    assert run.result["skipped"] == 0
    with pytest.raises(Fault) as fault:
        await carry_out(sqlite_database, clock, run_id, tmp_path / "archive", no_number)
    assert fault.value.code == "stale"


async def test_two_at_the_same_moment_are_one(
    database: Database, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and the command line both begin: one is told that it is under way, nobody is counted twice."""
    _, lives = await draw_years(database)
    run_id = await approved(database, clock)
    before = carrying_out._erase
    told: list[str] = []

    async def meanwhile(*given: Any) -> None:
        if not told:
            other = Database(database.url)
            try:
                with pytest.raises(Fault) as fault:
                    await carry_out(other, clock, run_id, tmp_path / "archive", no_number)
                told.append(fault.value.code)
            finally:
                await other.close()
        await before(*given)

    monkeypatch.setattr(carrying_out, "_erase", meanwhile)
    run = await carry_out(database, clock, run_id, tmp_path / "archive", no_number)
    assert told == ["retention.busy"]
    assert run.result["erased"] + run.result["archived"] == len([life for life in lives if life.gone])
    # It is let go at the end, after a fault too.
    for _ in range(2):
        with pytest.raises(Fault) as fault:
            await carry_out(database, clock, run_id, tmp_path / "archive", no_number)
        assert fault.value.code == "stale"


async def test_the_log_goes_to_the_archive_after_five_years_and_stays_whole(
    database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """Old entries leave by the chain's own door; a person whom younger ones name stays as an id alone."""
    _, lives = await draw_years(database)
    chosen = next(life for life in lives if life.goes_whole)
    days = [log_limit(TODAY) - timedelta(days=40), log_limit(TODAY) + timedelta(days=40)]
    for at in days:
        async with database.write() as session:
            session.add(
                AccessLog(
                    id=new_id(), at=at, role="coordinator", relation="own_group", client_id=chosen.client_id,
                    action=Action.CLIENT_READ.value, thing="client", where="client",
                )
            )  # fmt: skip
    run_id = await approved(database, clock)
    run = await carry_out(database, clock, run_id, tmp_path / "archive", no_number)
    assert run.result["log"] == 1
    async with database.read() as session:
        assert (await chain.verify(session)).is_whole
        assert await session.scalar(select(func.count()).select_from(AccessLog)) == 1
        left = await session.get_one(Client, chosen.client_id)
    assert (left.source, left.first_name, left.last_name, left.address, left.phone) == (
        ERASED,
        "",
        "",
        None,
        None,
    )
    assert chosen.surname not in await everything(database)


async def test_an_account_made_for_it_is_no_second_person(
    sqlite_database: Database, clock: StandingClock
) -> None:
    """Who may make accounts could otherwise approve with one of the same morning; after a week it counts."""
    async with sqlite_database.write() as session:
        one, other = await make_account(session), await make_account(session, username="bo")
        other.created_at = clock.now() - timedelta(hours=1)
        run = RetentionRun(id=new_id(), made_at=clock.now(), made_by_id=one.id, as_of=TODAY)
        session.add(run)
        await session.flush()
        with pytest.raises(Fault) as fault:
            await approve(session, run, other.id, clock.now())
        assert fault.value.code == "retention.new_account"
        await approve(session, run, other.id, clock.now() + timedelta(days=7))


async def test_two_different_people_are_needed(sqlite_database: Database, clock: StandingClock) -> None:
    """Who drew it up cannot approve; nothing is approved twice, or after it was taken back."""
    async with sqlite_database.write() as session:
        one, other = await make_account(session), await make_account(session, username="bo")
        run = RetentionRun(id=new_id(), made_at=clock.now(), made_by_id=one.id, as_of=TODAY)
        session.add(run)
        await session.flush()
        with pytest.raises(Fault) as fault:
            await approve(session, run, one.id, clock.now())
        assert fault.value.code == "retention.same_person"
        await approve(session, run, other.id, clock.now())
        for again in (approve(session, run, other.id, clock.now()), withdraw(session, run)):
            with pytest.raises(Fault) as fault:
                await again
            assert fault.value.code == "stale"


async def test_nothing_is_carried_out_that_is_not_approved(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """A list that waits erases nobody."""
    _, lives = await draw_years(sqlite_database)
    async with sqlite_database.write() as session:
        one = await make_account(session)
        found = await find_due(session, TODAY)
        items = [[each.kind.value, str(each.client_id), each.is_preserved] for each in found.due]
        run = RetentionRun(id=new_id(), made_at=clock.now(), made_by_id=one.id, as_of=TODAY, items=items)
        session.add(run)
    with pytest.raises(Fault):
        await carry_out(sqlite_database, clock, run.id, tmp_path / "archive", no_number)
    async with sqlite_database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Client)) == len(lives)
        assert (await session.execute(text("PRAGMA foreign_key_check"))).first() is None


def test_every_link_to_a_person_is_followed() -> None:
    """A new table that points at a person or a contact goes with it, unless it is kept apart on purpose."""
    pointing = {table.name for table, _, target in links() if target.name in {"client", "planned_contact"}}
    assert pointing >= {"consent", "known_staff", "contact_line", "receipt", "task"}
    for name in pointing - APART:
        assert "id" in Base.metadata.tables[name].c, f"{name} has no id to be found by"
