"""What a gathering may be."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from care.clock import StandingClock
from care.gatherings import Gathering, GatheringKind
from care.ids import new_id
from care.municipality import Group, SmallTeam
from care.storage.database import Database
from tests.builders import make_town


def gathering(
    clock: StandingClock, group: Group, week: str | None, kind: GatheringKind = GatheringKind.WEEKLY_CHECKIN
) -> Gathering:
    return Gathering(id=new_id(), kind=kind, group_id=group.id, start=clock.now(), week=week)


async def test_a_group_has_one_check_in_a_week(database: Database, clock: StandingClock) -> None:
    """Whatever writes it: a second one would split notes and promises."""
    async with database.write() as session:
        group = (await make_town(session)).group
        session.add_all([gathering(clock, group, "2026-W49"), gathering(clock, group, "2026-W50")])
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(gathering(clock, group, "2026-W49"))


async def test_each_small_team_has_one_beside_its_groups(database: Database, clock: StandingClock) -> None:
    """A team's second one in a week is refused too."""
    async with database.write() as session:
        group = (await make_town(session)).group
        teams = [SmallTeam(id=new_id(), group_id=group.id, name=name) for name in ("1", "2")]
        session.add_all(teams)
        await session.flush()
        session.add(gathering(clock, group, "2026-W49"))
        for team in teams:
            one = gathering(clock, group, "2026-W49")
            one.small_team_id = team.id
            session.add(one)
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            one = gathering(clock, group, "2026-W49")
            one.small_team_id = teams[0].id
            session.add(one)


async def test_other_gatherings_have_no_week_and_are_as_many_as_they_are(
    database: Database, clock: StandingClock
) -> None:
    """Two couples' visits on the same day."""
    async with database.write() as session:
        group = (await make_town(session)).group
        session.add_all(gathering(clock, group, None, GatheringKind.COUPLE_VISIT) for _ in range(2))
