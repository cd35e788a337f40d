""" "Är du nöjd i dag?": at most once a day, and nobody can see who answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from care.errors import Fault
from care.pulse import ClientPulse, ClientPulseAsked, Face
from server.tablets.pulse import answer, may_ask
from tests.builders import make_client
from tests.server.tablets.conftest import Home


async def ask(home: Home) -> bool:
    async with home.database.write() as session:
        return await may_ask(session, home.ingrid.id, home.clock)


async def say(home: Home, face: str = "happy") -> None:
    async with home.database.write() as session:
        await answer(session, home.tablet.id, home.ingrid.id, face, home.clock)


async def test_the_question_is_asked_once_a_day(home: Home) -> None:
    assert [await ask(home), await ask(home)] == [True, False]
    home.clock.move(timedelta(days=1))
    assert await ask(home)


async def test_one_answer_a_day_with_group_and_day_and_nothing_else(home: Home) -> None:
    """Said twice it is one; when the question is gone nothing ties the answer to anybody."""
    await ask(home)
    await say(home, "so_so")
    await say(home, "so_so")
    async with home.database.write() as session:
        (kept,) = await session.scalars(select(ClientPulse))
        (question,) = await session.scalars(select(ClientPulseAsked))
        assert (kept.face, kept.group_id, kept.date) == (Face.SO_SO, home.town.group.id, home.clock.today())
        assert kept.id not in (question.id, home.ingrid.id)
        assert {column.name for column in ClientPulse.__table__.columns} == {"id", "group_id", "date", "face"}
        await session.execute(delete(ClientPulseAsked))


async def test_an_answer_that_nobody_asked_for_is_refused(home: Home) -> None:
    with pytest.raises(Fault) as fault:
        await say(home)
    assert fault.value.code == "pulse.over"


async def test_a_tablet_answers_for_its_own_home_only(home: Home) -> None:
    async with home.database.write() as session:
        karl = await make_client(session, home.town, "Karl")
        await may_ask(session, karl.id, home.clock)
    with pytest.raises(Fault) as fault:
        async with home.database.write() as session:
            await answer(session, home.tablet.id, karl.id, Face.HAPPY, home.clock)
    assert fault.value.status == 404
