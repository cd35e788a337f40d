"""The week is counted in the group and the ISO week it belongs to."""

from __future__ import annotations

from datetime import date

import pytest

from care.checkin.week import read_week, week_days, week_name
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.errors import Fault
from care.localtime import SWEDEN
from care.measures.hiding import Share
from care.storage.database import Database
from tests.builders import make_client, make_contact, make_group, make_town


def test_the_last_days_of_a_year_may_belong_to_the_next_years_first_week() -> None:
    assert week_name(date(2025, 12, 29)) == "2026-W01"


def test_a_week_is_monday_to_sunday() -> None:
    assert week_days("2026-W49") == (date(2026, 11, 30), date(2026, 12, 6))


@pytest.mark.parametrize("text", ["", "2026-49", "2026-W54", "x-Wy", "2026-W"])
def test_a_week_that_is_none_is_said_in_words(text: str) -> None:
    with pytest.raises(Fault) as said:
        week_days(text)
    assert said.value.code == "checkin.week"


async def test_only_the_groups_own_week_is_counted(database: Database, clock: StandingClock) -> None:
    async with database.write() as session:
        town = await make_town(session)
        other = await make_group(session, town.municipality, "Gällö")
        client = await make_client(session, town)
        neighbour = await make_client(session, town, "Gunnar", group_id=other.id)
        service = town.services["SO-SAM"]
        for who, day in ((client, "2026-12-01"), (client, "2026-12-08"), (neighbour, "2026-12-01")):
            await make_contact(
                session, who, service, f"{day} 10:00", channel=Channel.VIDEO, status=Status.MISSED
            )
        done = await make_contact(session, client, service, "2026-12-02 10:00", status=Status.DONE)
        done.actual_start = done.start
    async with database.read() as session:
        week = await read_week(session, town.group.id, week_name(clock.today()), SWEDEN)
        monday = await read_week(
            session, town.group.id, week_name(clock.today()), SWEDEN, until=date(2026, 11, 30)
        )
        tuesday = await read_week(
            session, town.group.id, week_name(clock.today()), SWEDEN, until=date(2026, 12, 1)
        )
    assert (week.missed, week.same_day, week.unreceipted) == (1, Share(1, 2), {"social": 1})
    # In the middle of a week its coming days have not been left undone.
    assert (monday.same_day, tuesday.same_day) == (Share(0, 0), Share(0, 1))
