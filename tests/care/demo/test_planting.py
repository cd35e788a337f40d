"""Planting, waking, pairing and the first call, on a real database of each kind."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from care.accounts import Account, AccountRole
from care.clients import Client, ClientAbsence
from care.clock import StandingClock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, PlannedContact
from care.contacts.digital import judge
from care.contacts.facts import gather_facts
from care.contacts.life import END_STATES, Status
from care.contacts.rule import ContactRule
from care.demo.catching_up import catch_up
from care.demo.devices import keep_alive, renew_pairings
from care.demo.first_call import first_call
from care.demo.planting import SEED
from care.demo.town import make_town
from care.devices import Device, DeviceAssignment, Pairing
from care.errors import Fault
from care.localtime import SWEDEN, day_span
from care.pairing import hash_secret, is_code
from care.pulse import ClientPulse, StaffPulse
from care.staff import Delegation, Shift
from care.storage.database import Database
from care.storage.tables import metadata
from tests.care.demo.rows import TODAY, VAULT, plant_in

pytestmark = pytest.mark.timeout(300)


async def content(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, save what is secret or changes by design."""
    found: dict[str, list[Any]] = {}
    async with database.read() as session:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name != "personal_number_sealed"]
            rows = (await session.execute(select(*columns))).all()
            found[table.name] = sorted(str(row) for row in rows)
    return found


async def count(database: Database, *where: Any) -> int:
    async with database.read() as session:
        return (await session.scalar(select(func.count()).select_from(PlannedContact).where(*where))) or 0


async def test_the_demo_is_planted_whole(planted: Database) -> None:
    """After planting, the register, the days and the accounts are there, and rows read as objects do."""
    town = make_town(SEED, TODAY)
    async with planted.read() as session:
        client = (await session.scalars(select(Client).where(Client.extern_id == "B0001"))).one()
        assert client.personal_number_sealed is not None
        assert VAULT.unseal(client.personal_number_sealed, about=str(client.id)) == town.people[0].number
        account = (await session.scalars(select(Account).where(Account.username == "admin"))).one()
        assert account.password_hash == "hash of secret of admin"
        roles = (await session.scalars(select(AccountRole.role))).all()
        assert len(set(roles)) == 6
        days = (await session.scalars(select(PlannedContact.rule_day).distinct())).all()
        assert len(days) == 16
        shift = (await session.scalars(select(Shift).where(Shift.kind == "day").limit(1))).one()
        assert shift.start.astimezone(SWEDEN).strftime("%H:%M") == "07:00"


async def test_a_database_with_a_municipality_is_left_alone(planted_sqlite: Database) -> None:
    """Demo people share no database with others: planting twice is refused, and nothing changes."""
    before = await content(planted_sqlite)
    with pytest.raises(Fault) as caught:
        await plant_in(planted_sqlite)
    assert (caught.value.code, caught.value.status) == ("demo.not_empty", 409)
    assert await content(planted_sqlite) == before


async def test_planting_that_fails_leaves_nothing(sqlite_database: Database) -> None:
    """A demo is whole or not there: when a day fails, the database is as empty as before."""
    told: list[tuple[int, int]] = []

    def fail(done: int, of: int) -> None:
        told.append((done, of))
        if done == 3:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await plant_in(sqlite_database, history=0, progress=fail)
    assert told == [(1, 15), (2, 15), (3, 15)]
    assert not any((await content(sqlite_database)).values())


@pytest.mark.postgres
async def test_two_databases_of_the_same_seed_hold_the_same(
    planted_sqlite: Database, planted_postgres: Database
) -> None:
    """SQLite and PostgreSQL get the very same rows from the same seed and moment."""
    assert await content(planted_sqlite) == await content(planted_postgres)


async def test_todays_calls_are_allowed_by_the_hard_rules(
    sqlite_database: Database, clock: StandingClock
) -> None:
    """Every video or reminder row of today in a home with a tablet passes the rules that the server asks."""
    planted = sqlite_database
    await plant_in(planted, history=8)
    async with planted.read() as session:
        start, end = day_span(clock.today())
        rows = (
            await session.execute(
                select(PlannedContact.id, PlannedContact.channel, PlannedContact.client_id).where(
                    PlannedContact.start.between(start, end),
                    PlannedContact.channel.in_([Channel.VIDEO, Channel.PROMPT]),
                )
            )
        ).all()
        there = set(
            await session.scalars(select(DeviceAssignment.client_id).where(DeviceAssignment.end.is_(None)))
        )
        facts = await gather_facts(session, [row.id for row in rows], clock)
    judged = [judge(facts[row.id], row.channel) for row in rows if row.client_id in there]
    assert len(judged) > 30
    assert [verdict.against for verdict in judged if not verdict.allowed] == []


async def test_a_start_on_the_same_day_changes_nothing(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """Started again an hour later, the demo is as it was: ticks see to the hour."""
    before = await content(planted_sqlite)
    clock.move(timedelta(hours=1))
    assert await catch_up(planted_sqlite, now=clock.now()) == 0
    assert await content(planted_sqlite) == before


async def test_days_gone_by_are_filled_before_anything_rings(planted: Database, clock: StandingClock) -> None:
    """Three days later every row that has passed has ended, and fourteen days lie ahead again."""
    clock.set(datetime(2026, 12, 4, 10, 0))
    assert await catch_up(planted, now=clock.now()) == 3
    open_ = (
        PlannedContact.status.not_in([*END_STATES, Status.UNDERWAY]),
        PlannedContact.start < clock.now() - timedelta(hours=2),
    )
    assert await count(planted, *open_) == 0
    async with planted.read() as session:
        last = await session.scalar(select(func.max(PlannedContact.rule_day)))
        assert last == clock.today() + timedelta(days=14)
        shifts = await session.scalar(select(func.max(Shift.date)))
        assert shifts == last
        rules = (await session.scalars(select(ContactRule.made_until).distinct())).all()
        assert rules == [last]
        days = set((await session.scalars(select(ClientPulse.date).distinct())).all())
        assert {clock.today() - timedelta(days=back) for back in (1, 2, 3)} <= days
        assert len((await session.scalars(select(StaffPulse.id))).all()) > 60
        assert await session.scalar(select(func.count()).select_from(ClientAbsence)) is not None


async def test_waking_again_the_same_day_changes_nothing(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """The second start of the new day finds everything filled."""
    clock.set(datetime(2026, 12, 2, 13, 0))
    await catch_up(planted_sqlite, now=clock.now())
    before = await content(planted_sqlite)
    assert await catch_up(planted_sqlite, now=clock.now()) == 0
    assert await content(planted_sqlite) == before


@pytest.mark.postgres
async def test_waking_is_the_same_in_one_stride_or_two(
    planted_sqlite: Database, planted_postgres: Database, clock: StandingClock
) -> None:
    """Slept through or woken in between: the days turn out alike."""
    clock.set(datetime(2026, 12, 2, 23, 55))
    await catch_up(planted_postgres, now=clock.now())
    clock.set(datetime(2026, 12, 4, 8, 0))
    await catch_up(planted_sqlite, now=clock.now())
    await catch_up(planted_postgres, now=clock.now())
    one, two = await content(planted_sqlite), await content(planted_postgres)
    for table in ("planned_contact", "assignment", "receipt", "call", "client_pulse", "staff_pulse", "shift"):
        assert one[table] == two[table], table


async def test_a_filled_history_is_lawful(planted_sqlite: Database, clock: StandingClock) -> None:
    """After waking, nobody is in two places, and each row's last step is the state that it has."""
    clock.set(datetime(2026, 12, 6, 12, 0))
    await catch_up(planted_sqlite, now=clock.now())
    async with planted_sqlite.read() as session:
        rows = (
            await session.execute(
                select(Assignment.staff_id, PlannedContact.start, PlannedContact.minutes)
                .join(PlannedContact, PlannedContact.id == Assignment.contact_id)
                .order_by(Assignment.staff_id, PlannedContact.start, PlannedContact.minutes)
            )
        ).all()
        steps = (
            await session.execute(
                select(ContactHistory.contact_id, ContactHistory.status_after).order_by(
                    ContactHistory.at, ContactHistory.id
                )
            )
        ).all()
        status = dict((await session.execute(select(PlannedContact.id, PlannedContact.status))).all())
    for a, b in pairwise(rows):
        if a.staff_id == b.staff_id:
            assert a.start + timedelta(minutes=a.minutes) <= b.start
    last: dict[UUID, str | None] = {step.contact_id: step.status_after for step in steps}
    assert {contact: status[contact].value for contact in last} == last


async def test_what_people_did_on_the_demo_stands(planted_sqlite: Database, clock: StandingClock) -> None:
    """Rows that ended, rules that were ended, and rows moved by hand are not put back by waking."""
    town = make_town(SEED, TODAY)
    rule = town.rules[next(order.no for order in town.cycle.orders if order.pattern.rrule == "FREQ=DAILY")]
    async with planted_sqlite.write() as session:
        row = (
            await session.scalars(
                select(PlannedContact)
                .where(PlannedContact.status == Status.PLANNED, PlannedContact.start > clock.now())
                .order_by(PlannedContact.start)
                .limit(1)
            )
        ).one()
        row.status, row.cause = Status.CANCELLED, "rule_ended"
        await session.execute(update(ContactRule).where(ContactRule.id == rule).values(ended_at=clock.now()))
    clock.set(datetime(2026, 12, 3, 8, 0))
    await catch_up(planted_sqlite, now=clock.now())
    async with planted_sqlite.read() as session:
        again = (await session.scalars(select(PlannedContact).where(PlannedContact.id == row.id))).one()
        assert (again.status, again.cause) == (Status.CANCELLED, "rule_ended")
        days = (
            await session.scalars(select(PlannedContact.rule_day).where(PlannedContact.rule_id == rule))
        ).all()
        assert max(day for day in days if day) == clock.today() + timedelta(days=12)


async def test_rows_that_a_tick_made_without_staff_are_manned(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """A row made beyond the roster while the demo ran gets the plan's time and workers when it wakes."""
    town = make_town(SEED, TODAY)
    horizon = clock.today() + timedelta(days=15)
    order = next(o for o in town.cycle.orders if o.pattern.rrule == "FREQ=DAILY" and o.channel == "physical")
    async with planted_sqlite.write() as session:
        model = (
            await session.scalars(
                select(PlannedContact).where(
                    PlannedContact.rule_id == town.rules[order.no],
                    PlannedContact.rule_day == horizon - timedelta(days=1),
                )
            )
        ).one()
        columns = {column.key: getattr(model, column.key) for column in PlannedContact.__table__.columns}
        day = timedelta(days=1)
        made = PlannedContact(**columns | {
            "id": UUID(int=model.id.int + 1), "extern_id": None, "rule_day": horizon, "owed_date": horizon,
            "planned_date": horizon, "start": model.start + day, "window_start": model.window_start + day,
            "window_end": model.window_end + day, "owner_id": None})  # fmt: skip
        session.add(made)
    clock.set(datetime(2026, 12, 2, 8, 0))
    await catch_up(planted_sqlite, now=clock.now())
    async with planted_sqlite.read() as session:
        staff = (
            await session.scalars(select(Assignment.staff_id).where(Assignment.contact_id == made.id))
        ).all()
        rows = (
            await session.scalars(
                select(PlannedContact.id).where(
                    PlannedContact.rule_id == made.rule_id, PlannedContact.rule_day == horizon
                )
            )
        ).all()
    assert len(staff) == order.staff
    assert rows == [made.id]


async def test_there_may_be_nothing_to_fill(
    sqlite_database: Database, planted_sqlite: Database, clock: StandingClock
) -> None:
    """No demo at all is nothing to fill, and neither is a clock that has gone backwards."""
    assert await catch_up(sqlite_database, now=clock.now()) == 0
    before = await content(planted_sqlite)
    assert await catch_up(planted_sqlite, now=clock.now() - timedelta(days=30)) == 0
    assert await content(planted_sqlite) == before


async def test_delegations_near_their_end_are_given_for_another_year(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """However long the demo sleeps, delegated tasks are planned for workers whose delegation holds."""
    async with planted_sqlite.write() as session:
        await session.execute(update(Delegation).values(valid_to=clock.today() + timedelta(days=3)))
    clock.move(timedelta(days=1))
    await catch_up(planted_sqlite, now=clock.now())
    async with planted_sqlite.read() as session:
        ends = (await session.scalars(select(Delegation.valid_to))).all()
    assert min(ends) > clock.today() + timedelta(days=300)


async def test_the_first_call_is_due_now_for_a_waiting_tablet(
    planted: Database, clock: StandingClock
) -> None:
    """A video row due now, outside the seeded set, with a worker who can sign in and a client who agreed."""
    clock.set(datetime(2026, 12, 1, 10, 20, 45))
    before = await content(planted)
    first = await first_call(planted, clock)
    async with planted.read() as session:
        row = (
            await session.scalars(select(PlannedContact).where(PlannedContact.source == "demo-start"))
        ).one()
        assert (row.channel, row.status, row.client_id) == (Channel.VIDEO, Status.PLANNED, first.client.id)
        assert timedelta(0) <= clock.now() - row.start < timedelta(minutes=1)
        line = (await session.scalars(select(ContactLine).where(ContactLine.contact_id == row.id))).one()
        assert line.goal_type == "social"
        staff = await session.scalar(select(Assignment.staff_id).where(Assignment.contact_id == row.id))
        assert staff == row.owner_id == first.staff.id
        account = (await session.scalars(select(Account).where(Account.username == first.username))).one()
        assert account.staff_id == first.staff.id
        consents = (await session.scalars(select(Consent).where(Consent.client_id == first.client.id))).all()
        assert has_consent(consents, ConsentKind.DIGITAL_VISIT, clock.now())
        assert not has_consent(consents, ConsentKind.AUTO_ANSWER, clock.now())
        at_work = await session.scalar(
            select(Shift.id).where(
                Shift.staff_id == first.staff.id, Shift.start <= clock.now(), Shift.end > clock.now()
            )
        )
        assert at_work is not None
        facts = await gather_facts(session, [row.id], clock)
    waiting = [one.client.id for one in await renew_pairings(planted, clock)]
    assert first.client.id in waiting
    against = {no.rule for no in judge(facts[row.id], Channel.VIDEO).against}
    assert against <= {"not_only_digital", "tablet_is_usable"}
    assert len((await content(planted))["planned_contact"]) == len(before["planned_contact"]) + 1


async def test_an_open_first_call_is_told_again_and_not_made_twice(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """Started again, the same worker and client are named; once it has ended, a new row is made."""
    first = await first_call(planted_sqlite, clock)
    again = await first_call(planted_sqlite, clock)
    assert (first.staff.id, first.client.id, first.username) == (
        again.staff.id,
        again.client.id,
        again.username,
    )
    assert await count(planted_sqlite, PlannedContact.source == "demo-start") == 1
    async with planted_sqlite.write() as session:
        await session.execute(
            update(PlannedContact).where(PlannedContact.source == "demo-start").values(status=Status.DONE)
        )
    await first_call(planted_sqlite, clock)
    assert await count(planted_sqlite, PlannedContact.source == "demo-start") == 2


async def test_at_night_the_first_call_has_a_worker_all_the_same(
    planted_sqlite: Database, clock: StandingClock
) -> None:
    """At three in the night nobody of the groups is at work, and any care worker of the group is named."""
    clock.set(datetime(2026, 12, 1, 3, 0))
    first = await first_call(planted_sqlite, clock)
    assert first.staff.group_id == first.client.group_id


async def test_at_least_five_tablets_wait_with_a_fresh_secret_each(
    planted: Database, clock: StandingClock
) -> None:
    """Each start gives secret and code anew, kept as hashes, without an end or a worker's confirmation."""
    one = await renew_pairings(planted, clock)
    two = await renew_pairings(planted, clock)
    assert len(one) >= 5
    assert [invitation.client.id for invitation in one] == [invitation.client.id for invitation in two]
    assert {invitation.secret for invitation in one}.isdisjoint(invitation.secret for invitation in two)
    assert all(len(invitation.code) == 6 and invitation.code.isdigit() for invitation in two)
    async with planted.read() as session:
        rows = (await session.scalars(select(Pairing))).all()
    open_ = {row.client_id: row for row in rows if row.expires_at is None}
    assert len(open_) == len(two)
    for invitation in two:
        row = open_[invitation.client.id]
        assert row.secret_hash == hash_secret(invitation.secret)
        assert is_code(row, invitation.code)
        assert (row.confirm, row.used_at) == (False, None)


async def test_when_tablets_have_been_paired_others_are_freed(
    planted: Database, clock: StandingClock
) -> None:
    """However many somebody has paired, five wait at the next start, and theirs stay paired."""
    mine = [invitation.client.id for invitation in await renew_pairings(planted, clock)]
    async with planted.write() as session:
        for number, client in enumerate(mine):
            device = Device(id=UUID(int=number + 1), label=f"Min {number}", health={}, paired_at=clock.now())
            session.add(device)
            await session.flush()
            session.add(DeviceAssignment(device_id=device.id, client_id=client, start=clock.now()))
    others = [invitation.client.id for invitation in await renew_pairings(planted, clock)]
    assert len(others) >= 5
    assert not set(others) & set(mine)


async def test_pretended_tablets_are_kept_heard_of(planted_sqlite: Database, clock: StandingClock) -> None:
    """34 tablets pretend to be on; they are heard of now, and the taken ones are not."""
    clock.move(timedelta(minutes=20))
    assert await keep_alive(planted_sqlite, clock.now()) == 34
    async with planted_sqlite.read() as session:
        devices = (await session.scalars(select(Device))).all()
    assert sum(device.last_seen_at == clock.now() for device in devices) == 34
    assert all(device.last_seen_at != clock.now() for device in devices if device.revoked_at)


def test_the_seed_of_the_demo_is_fixed() -> None:
    """Everybody's demo is the same one, unless asked otherwise."""
    assert SEED == 20250601
