"""One tap moves a row to video, telephone or a visit, by the rules, and the client is told."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, VideoWish
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import ContactHistory, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, step
from care.errors import Fault
from care.ids import new_id
from care.notices import Notice
from care.outbox import events_after
from care.services import DigitalClass, Service
from care.storage.database import Database
from scheduler.moving import (
    consent_withdrawn,
    move_to_phone,
    move_to_video,
    move_to_visit,
    no_video_today,
    ways,
)
from scheduler.ticks.due import due
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_digital,
    make_staff,
    make_town,
    moment,
)

HAND = Hand("tests")


async def home(session: AsyncSession, clock: StandingClock) -> tuple[Town, Client]:
    """Ingrid, who may have video; the safety check takes 5 minutes by video instead of 15."""
    town = await make_town(session)
    town.services["TI-DAG"].video_minutes = 5
    client = await make_client(session, town)
    await make_digital(session, client, clock.now())
    return town, client


async def a_visit(
    database: Database, clock: StandingClock, *codes: str, start: str = "2026-12-01 09:00"
) -> PlannedContact:
    async with database.write() as session:
        town, client = await home(session, clock)
        anna = await make_staff(session, town)
        services = [town.services[code] for code in codes or ("TI-DAG",)]
        return await make_contact(session, client, services, start, staff=[anna])


async def read(database: Database, row: PlannedContact) -> PlannedContact:
    async with database.read() as session:
        return await session.get_one(PlannedContact, row.id)


async def test_a_visit_becomes_a_call(database: Database, clock: StandingClock) -> None:
    """Shorter, touched, with history and a notice for the client's screen."""
    row = await a_visit(database, clock)
    async with database.write() as session:
        await move_to_video(session, await fetch(session, row.id, 1), clock=clock, hand=HAND, reason="snö")
    after = await read(database, row)
    assert (after.channel, after.first_channel, after.minutes) == (Channel.VIDEO, Channel.PHYSICAL, 5)
    assert after.touched
    async with database.read() as session:
        (line,) = await session.scalars(select(ContactHistory))
        (notice,) = await session.scalars(select(Notice))
        topics = [event.topic for event in await events_after(session, 0)]
    assert (line.event, line.reason) == ("moved_to_video", "snö")
    assert line.change["channel"] == ["physical", "video"]
    assert (notice.client_id, notice.contact_id, notice.shown_at) == (row.client_id, row.id, None)
    assert notice.facts["channel"] == "video"
    assert topics == ["contact.changed", "notice.made"]


async def test_there_and_back_again(database: Database, clock: StandingClock) -> None:
    """The visit has its own length again, and only the last word waits for the client."""
    row = await a_visit(database, clock)
    for move in (move_to_video, move_to_visit):
        async with database.write() as session:
            await move(session, await fetch(session, row.id), clock=clock, hand=HAND)
    after = await read(database, row)
    assert (after.channel, after.minutes) == (Channel.PHYSICAL, 15)
    async with database.read() as session:
        waiting = list(await session.scalars(select(Notice).where(Notice.told_at.is_(None))))
    assert [notice.facts["channel"] for notice in waiting] == ["physical"]


async def test_a_due_row_gets_the_deadline_of_its_new_channel(
    database: Database, clock: StandingClock
) -> None:
    """A cleaning talk that was to be a visit is a call now, with ten minutes."""
    row = await a_visit(database, clock, "SO-SAM")
    clock.set(moment("2026-12-01 08:50"))
    await due(database, clock)
    assert (await read(database, row)).deadline == moment("2026-12-01 21:30")
    async with database.write() as session:
        await move_to_phone(session, await fetch(session, row.id), clock=clock, hand=HAND)
    assert (await read(database, row)).deadline == moment("2026-12-01 09:10")


async def test_hands_on_never_moves(database: Database, clock: StandingClock) -> None:
    """Neither alone nor beside a social call; the sentence says why, and nothing has changed."""
    row = await a_visit(database, clock, "SO-SAM", "PV-MOR")
    for move in (move_to_video, move_to_phone):
        with pytest.raises(Fault) as fault:
            async with database.write() as session:
                await move(session, await fetch(session, row.id), clock=clock, hand=HAND)
        assert (fault.value.code, fault.value.status) == ("digital.no_hands_needed", 409)
    assert (await read(database, row)).version == 1


async def test_a_worker_who_takes_no_video_is_named(database: Database, clock: StandingClock) -> None:
    """Give the row to somebody else first."""
    async with database.write() as session:
        town, client = await home(session, clock)
        bo = await make_staff(session, town, "Bo", "Ek", may_video=False)
        row = await make_contact(session, client, town.services["TI-DAG"], "2026-12-01 09:00", staff=[bo])
    with pytest.raises(Fault, match=r"moving\.staff") as fault:
        async with database.write() as session:
            await move_to_video(session, await fetch(session, row.id), clock=clock, hand=HAND)
    assert "Bo E." in fault.value.say()


@pytest.mark.parametrize("status", [Status.UNDERWAY, Status.CANCELLED], ids=lambda s: s.value)
async def test_what_has_begun_or_ended_stays(
    sqlite_database: Database, clock: StandingClock, status: Status
) -> None:
    """Too late to move."""
    row = await a_visit(sqlite_database, clock)
    async with sqlite_database.write() as session:
        await step(session, await fetch(session, row.id), status, at=clock.now(), hand=HAND)
    with pytest.raises(Fault, match=r"moving\.begun"):
        async with sqlite_database.write() as session:
            await move_to_video(session, await fetch(session, row.id), clock=clock, hand=HAND)


async def test_a_row_that_is_there_already(sqlite_database: Database, clock: StandingClock) -> None:
    """A second tap says so."""
    row = await a_visit(sqlite_database, clock)
    with pytest.raises(Fault, match=r"moving\.there"):
        async with sqlite_database.write() as session:
            await move_to_visit(session, await fetch(session, row.id), clock=clock, hand=HAND)


async def test_pages_know_where_a_row_may_go(database: Database, clock: StandingClock) -> None:
    """Before anybody taps: allowed or why not."""
    row = await a_visit(database, clock, "PV-MOR")
    async with database.read() as session:
        found = (await ways(session, [row.id], clock))[row.id]
    assert found[Channel.PHYSICAL].allowed
    assert not found[Channel.VIDEO].allowed
    assert {no.rule for no in found[Channel.PHONE].against} >= {"no_hands_needed", "not_bound_to_place"}


async def test_a_withdrawn_consent_brings_visits_back(database: Database, clock: StandingClock) -> None:
    """Every coming call and reminder of that client, nobody else's; what is under way goes on."""
    async with database.write() as session:
        town, client = await home(session, clock)
        other = await make_client(session, town, "Karl", "Ek")
        await make_digital(session, other, clock.now())
        service = town.services["TI-DAG"]
        coming = [
            await make_contact(session, client, service, f"2026-12-0{day} 10:00", channel=channel)
            for day, channel in ((1, Channel.VIDEO), (2, Channel.PROMPT), (3, Channel.VIDEO))
        ]
        begun = await make_contact(
            session, client, service, "2026-12-01 06:35", channel=Channel.VIDEO, status=Status.UNDERWAY
        )
        phone = await make_contact(session, client, service, "2026-12-02 12:00", channel=Channel.PHONE)
        theirs = await make_contact(session, other, service, "2026-12-01 10:00", channel=Channel.VIDEO)
        assert await consent_withdrawn(session, client.id, clock=clock, hand=HAND) == 0
        client.video_wish = VideoWish.NO
        await session.flush()
        # A reminder needs no wish for video, only the consent: it stays until that is gone.
        assert await consent_withdrawn(session, client.id, clock=clock, hand=HAND) == 2
    channels = [(await read(database, row)).channel for row in (*coming, begun, phone, theirs)]
    assert channels == [
        Channel.PHYSICAL, Channel.PROMPT, Channel.PHYSICAL, Channel.VIDEO, Channel.PHONE, Channel.VIDEO,
    ]  # fmt: skip
    assert (await read(database, coming[0])).cause == "consent_withdrawn"


async def test_no_video_today_is_today_only(database: Database, clock: StandingClock) -> None:
    """Tomorrow's call stays a call."""
    async with database.write() as session:
        town, client = await home(session, clock)
        today, tomorrow = [
            await make_contact(
                session, client, town.services["TI-DAG"], f"2026-12-0{day} 10:00", channel=Channel.VIDEO
            )
            for day in (1, 2)
        ]
        client.no_video_on = date(2026, 12, 1)
        await session.flush()
        assert await no_video_today(session, client.id, clock=clock, hand=HAND) == 1
    assert (await read(database, today)).channel is Channel.PHYSICAL
    assert (await read(database, tomorrow)).channel is Channel.VIDEO


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    classes=st.lists(st.sampled_from(DigitalClass), min_size=0, max_size=3),
    tries=st.lists(st.sampled_from(["video", "phone", "visit"]), min_size=1, max_size=5),
)
async def test_no_hands_on_row_ever_gets_video(
    sqlite_database: Database, clock: StandingClock, classes: list[DigitalClass], tries: list[str]
) -> None:
    """Whatever is tapped in whatever order, through the real door and the real tables."""
    moves = {"video": move_to_video, "phone": move_to_phone, "visit": move_to_visit}
    async with sqlite_database.write() as session:
        town = await _one_town(session, clock)
        services = []
        for digital_class in classes:
            service = Service(
                id=new_id(), municipality_id=town.municipality.id, code=str(new_id()), name_sv="Prov",
                standard_minutes=5, digital_class=digital_class, goal_type="social",
            )  # fmt: skip
            services.append(service)
        session.add_all(services)
        await session.flush()
        client = await make_client(session, town)
        await make_digital(session, client, clock.now())
        row = await make_contact(session, client, services, "2026-12-01 10:00")
    for word in tries:
        try:
            async with sqlite_database.write() as session:
                await moves[word](session, await fetch(session, row.id), clock=clock, hand=HAND)
        except Fault:
            pass
        channel = (await read(sqlite_database, row)).channel
        may = bool(classes) and all(one.may_be_digital for one in classes)
        assert channel is Channel.PHYSICAL or may


async def _one_town(session: AsyncSession, clock: StandingClock) -> Town:
    """The town of this test's database, made the first time."""
    from care.municipality import Group, Municipality

    municipality = await session.scalar(select(Municipality))
    if municipality is None:
        return await make_town(session)
    group = await session.scalar(select(Group))
    assert group is not None
    return Town(municipality, group, {})


async def test_moving_and_altering_meet(database: Database, clock: StandingClock) -> None:
    """Who looked at an older version is told, and the move does not happen."""
    row = await a_visit(database, clock)
    async with database.write() as session:
        await alter(session, await fetch(session, row.id), at=clock.now(), hand=HAND, note="x")
    with pytest.raises(Fault, match="stale"):
        async with database.write() as session:
            await move_to_video(session, await fetch(session, row.id, 1), clock=clock, hand=HAND)
    assert (await read(database, row)).channel is Channel.PHYSICAL
