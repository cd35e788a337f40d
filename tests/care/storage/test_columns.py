"""Columns keep instants as instants and words as words, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.storage.database import Database
from care.ticks import Tick
from tests.builders import make_client, make_contact, make_town

MOMENT = datetime(2026, 12, 1, 5, 40, 1, 234567, tzinfo=UTC)


async def test_a_naive_time_is_refused(database: Database) -> None:
    """Nothing without a zone gets into the database, as a value or in a question."""
    with pytest.raises(StatementError, match="naive"):
        async with database.write() as session:
            session.add(Tick(name="x", last_run_at=MOMENT.replace(tzinfo=None)))
    with pytest.raises(StatementError, match="naive"):
        async with database.read() as session:
            await session.scalars(select(Tick).where(Tick.last_run_at < MOMENT.replace(tzinfo=None)))


@pytest.mark.parametrize("hours", [0, 1, -8, 14])
async def test_an_instant_comes_back_as_the_same_instant_in_utc(database: Database, hours: int) -> None:
    """Whatever zone it was written in, to the microsecond."""
    async with database.write() as session:
        session.add(Tick(name="x", last_run_at=MOMENT.astimezone(timezone(timedelta(hours=hours)))))
    async with database.read() as session:
        read = (await session.get_one(Tick, "x")).last_run_at
    assert read == MOMENT
    assert read is not None
    assert read.tzinfo is UTC


async def test_instants_compare_and_sort_right_whatever_their_zone(database: Database) -> None:
    """The database orders instants, not texts."""
    moments = [MOMENT + timedelta(minutes=17 * n, microseconds=n) for n in range(8)]
    async with database.write() as session:
        for n, moment in enumerate(moments):
            session.add(Tick(name=str(n), last_run_at=moment.astimezone(timezone(timedelta(hours=n - 4)))))
    async with database.read() as session:
        assert list(await session.scalars(select(Tick.last_run_at).order_by(Tick.last_run_at))) == moments
        later = await session.scalars(select(Tick.name).where(Tick.last_run_at > moments[3]))
        assert sorted(later) == ["4", "5", "6", "7"]


async def test_words_are_kept_as_themselves(database: Database) -> None:
    """The stored word is the value, readable by hand."""
    async with database.write() as session:
        town = await make_town(session)
        client = await make_client(session, town)
        await make_contact(
            session, client, town.services["SO-SAM"], "2026-12-01 08:00", channel=Channel.VIDEO
        )
        found = (await session.execute(text("SELECT channel, status FROM planned_contact"))).one()
        assert tuple(found) == ("video", "planned")
        with pytest.raises(StatementError):
            await session.execute(select(PlannedContact).where(PlannedContact.channel == "carrier pigeon"))
