"""A change is told once, and what happened to the telling is known."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from care.errors import Fault
from care.ids import new_id
from care.notices import Notice
from care.tasks import Task, TaskKind, open_task
from server.tablets.notice import note_shown, note_touched
from tests.builders import make_client, make_contact, make_tablet
from tests.server.tablets.conftest import Home


async def told(home: Home) -> UUID:
    """A notice that nobody has seen, and the task to ring and tell that came of it."""
    now = home.clock.now()
    async with home.database.write() as session:
        contact = await make_contact(session, home.ingrid, home.town.services["TI-DAG"], "2026-12-01 10:00")
        task = await open_task(
            session,
            TaskKind.TELL_CLIENT,
            group_id=home.town.group.id,
            at=now,
            deadline=now,
            once_key="tell",
            client_id=home.ingrid.id,
            facts={},
        )
        assert task is not None
        notice = Notice(
            id=new_id(),
            client_id=home.ingrid.id,
            contact_id=contact.id,
            made_at=now,
            facts={},
            task_id=task.id,
        )
        session.add(notice)
    return notice.id


async def test_shown_and_touched_are_written_once(home: Home) -> None:
    """The first time counts; a tablet may say it again."""
    notice_id, first = await told(home), home.clock.now()
    for act in (note_shown, note_shown, note_touched, note_touched):
        async with home.database.write() as session:
            await act(session, home.tablet.id, notice_id, home.clock)
        home.clock.move(timedelta(minutes=1))
    async with home.database.read() as session:
        notice = await session.get(Notice, notice_id)
        assert notice is not None
        assert (notice.shown_at, notice.touched_at) == (first, first + timedelta(minutes=2))


async def test_a_touch_spares_the_phone_call(home: Home) -> None:
    """ "Ring och berätta" is closed with its outcome; showing alone does not close it."""
    notice_id = await told(home)
    for act, closed in ((note_shown, False), (note_touched, True)):
        async with home.database.write() as session:
            await act(session, home.tablet.id, notice_id, home.clock)
        async with home.database.read() as session:
            (task,) = await session.scalars(select(Task))
            assert task.outcome == ("read_on_tablet" if closed else None)


async def test_another_tablet_knows_nothing_of_it(home: Home) -> None:
    notice_id = await told(home)
    async with home.database.write() as session:
        karl = await make_client(session, home.town, "Karl")
        other = await make_tablet(session, karl, last_seen_at=home.clock.now())
    for device, notice in ((other.id, notice_id), (home.tablet.id, new_id())):
        with pytest.raises(Fault) as fault:
            async with home.database.write() as session:
                await note_touched(session, device, notice, home.clock)
        assert fault.value.code == "notice.unknown"
