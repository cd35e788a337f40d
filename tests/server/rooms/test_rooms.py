"""A room over the sockets, with the real engine: who comes in sees all, and a seat outlasts a broken line."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from care.accounts import Account, AccountRole, Role
from care.gatherings import Gathering, Participant
from care.ids import new_id
from care.municipality import SmallTeam
from care.outbox import announce
from server.calls.hub import HUB
from server.media.embedded.supervisor import EmbeddedEngine
from server.rooms.desk import room_address
from tests.builders import make_group
from tests.server.calls.lines import Line
from tests.server.media.conftest import until
from tests.server.media.peer import Person
from tests.server.rooms.conftest import Office


def engine(office: Office) -> EmbeddedEngine:
    return cast(EmbeddedEngine, office.desk._engine)


async def two(office: Office) -> tuple[Line, dict[str, Any], Line, dict[str, Any]]:
    """Anna and Bo in the room."""
    _, anna = await office.worker("anna")
    _, bo = await office.worker("bo")
    first, second = await office.page(anna), await office.page(bo)
    return first, await office.enter(first), second, await office.enter(second)


async def test_two_see_each_other_and_the_engine_lives_as_long_as_the_room(office: Office) -> None:
    """Nothing runs before the first entry; names are shown, ids are not; who is in it was there."""
    assert engine(office).process_id is None
    first, anna, second, bo = await two(office)
    assert (anna["lines"], anna["ice_servers"], anna["relay_only"]) == ([], [], False)
    told = await first.hear("people")
    while len(told["people"]) < 2:
        told = await first.hear("people")
    assert [(one["name"], one["role"], one["away"]) for one in told["people"]] == [
        ("Anna Lind", "colleague", False),
        ("Bo Lind", "colleague", False),
    ]
    assert set(told["people"][0]) == {"who", "name", "role", "audio", "video", "away"}
    one, other = await office.join(first, anna["who"]), await office.join(second, bo["who"])
    await office.flows(
        lambda: one.viewer.seen(other.who, "video") and other.viewer.seen(one.who, "audio"), "seen"
    )
    placed = await second.hear("placed")
    while not placed["places"]:
        placed = await second.hear("placed")
    assert [spot["who"] for spot in placed["places"]] == [anna["who"]]
    async with office.site.database.read() as session:
        rows = list(await session.scalars(select(Participant).where(Participant.attended.is_(True))))
    assert {row.gathering_id for row in rows} == {office.room}
    assert len(rows) == 2
    await first.ask("leave_room", room=office.room)
    assert len((await second.hear("people", room=str(office.room)))["people"]) in {1, 2}
    await second.ask("leave_room", room=office.room)
    assert office.desk.rooms == 0


async def test_what_somebody_sends_is_told_to_the_others(office: Office) -> None:
    first, anna, second, _ = await two(office)
    assert (await first.ask("room_sending", room=office.room, audio=False, video=True))["type"] == "ok"
    while True:
        told = await second.hear("people")
        mine = next(one for one in told["people"] if one["who"] == anna["who"])
        if not mine["audio"]:
            assert mine["video"]
            return


async def test_a_broken_line_keeps_the_seat_and_its_picture(office: Office) -> None:
    """The socket goes, picture and sound stay; the same person comes back to the same seat and lines."""
    _, cookie = await office.worker("anna")
    first = await office.page(cookie)
    anna = await office.enter(first)
    _, other = await office.worker("bo")
    second = await office.page(other)
    bo = await office.enter(second)
    one, two_ = await office.join(first, anna["who"]), await office.join(second, bo["who"])
    await first.close()
    await second.hear("people")
    await until(lambda: not all(seat.deliver for seat in seats(office)), "away")
    count = len(two_.viewer.seen(one.who, "video"))
    await office.flows(lambda: len(two_.viewer.seen(one.who, "video")) > count + 5, "still flowing")
    again = await office.page(cookie)
    back = await office.enter(again)
    assert (back["who"], sorted(back["lines"])) == (anna["who"], ["publish", "subscribe"])
    assert (await again.hear("placed"))["places"][0]["who"] == bo["who"]
    assert not any(present["away"] for present in (await again.hear("people"))["people"])


def seats(office: Office) -> list[Any]:
    return list(office.desk._rooms[office.room].seats.values())


async def test_who_does_not_come_back_gives_up_the_seat_and_the_room_closes(office: Office) -> None:
    office.desk.grace = 0.05
    first, _, second, _ = await two(office)
    await first.close()
    while len((await second.hear("people"))["people"]) > 1:
        pass
    await second.close()
    await until(lambda: office.desk.rooms == 0, "closed")


async def test_a_second_page_of_the_same_person_takes_the_seat_over(office: Office) -> None:
    _, cookie = await office.worker("anna")
    phone, computer = await office.page(cookie), await office.page(cookie)
    first = await office.enter(phone)
    second = await office.enter(computer)
    assert first["who"] == second["who"]
    closed = await phone.hear("room_closed")
    assert (closed["cause"], closed["words"]) == (
        "moved",
        "Du är med från en annan sida nu. Här är du inte med längre.",
    )
    refused = await phone.ask("room_sending", room=office.room, audio=False, video=False)
    assert refused["code"] == "media.not_there"
    # The old page closing does not touch the new one.
    await phone.close()
    assert (await computer.ask("room_sending", room=office.room, audio=True, video=False))["type"] == "ok"
    assert len(office.desk.people(office.room)) == 1


async def test_a_killed_engine_is_told_at_once_and_all_connect_anew(office: Office) -> None:
    """The seats stay; what was asked before the new process stands waits for it."""
    first, anna, second, bo = await two(office)
    await office.join(first, anna["who"])
    await office.join(second, bo["who"])
    process = engine(office).process_id
    assert process is not None
    os.kill(process, signal.SIGKILL)
    await first.hear("room_lost", room=str(office.room))
    await second.hear("room_lost", room=str(office.room))
    back, other = await office.enter(first), await office.enter(second)
    assert (back["who"], back["lines"], other["who"]) == (anna["who"], [], bo["who"])
    one, two_ = await office.join(first, anna["who"]), await office.join(second, bo["who"])
    await office.flows(lambda: two_.viewer.seen(one.who, "video"), "seen again")
    assert office.desk.lost >= 1


async def test_a_thirteenth_finds_it_full_until_somebody_has_no_line(office: Office) -> None:
    """The place of who has been away longest goes first."""
    lines = []
    for number in range(12):
        _, cookie = await office.worker(f"worker{number}")
        line = await office.page(cookie)
        await office.enter(line)
        lines.append(line)
    _, cookie = await office.worker("late")
    late = await office.page(cookie)
    refused = await late.ask("enter_room", room=office.room)
    assert (refused["type"], refused["code"]) == ("error", "media.full")
    await lines[3].close()
    await until(lambda: not all(seat.deliver for seat in seats(office)), "away")
    await office.enter(late)
    assert "Worker3 Lind" not in {person.name for person in office.desk.people(office.room)}


@pytest.mark.parametrize("kind", ["publish", "subscribe", "room_answer", "room_candidate", "room_sending"])
async def test_nothing_is_done_in_a_room_one_has_not_entered(office: Office, kind: str) -> None:
    """Knowing the room's id is not enough, nor having been there before."""
    first, _, _, _ = await two(office)
    await first.ask("leave_room", room=office.room)
    given: dict[str, dict[str, Any]] = {
        "publish": {"sdp": "v=0"},
        "subscribe": {},
        "room_answer": {"number": 1, "sdp": "v=0"},
        "room_candidate": {"line": "publish", "candidate": None, "mid": "0"},
        "room_sending": {"audio": True, "video": True},
    }
    refused = await first.ask(kind, room=office.room, **given[kind])
    assert (refused["type"], refused["code"]) == ("error", "media.not_there")


async def test_a_ping_is_answered_while_the_engine_is_waited_for(office: Office) -> None:
    """A page that connects for the first time does not lose its line over it."""
    _, cookie = await office.worker("anna")
    line = await office.page(cookie)
    await line.say("enter_room", room=str(office.room), n=7)
    await line.say("ping", n=8)
    heard = [await line.next() for _ in range(2)]
    assert [one["type"] for one in heard if one["type"] in {"pong", "entered"}] == ["pong", "entered"]


async def test_another_group_and_an_unknown_room_do_not_exist(office: Office) -> None:
    async with office.site.database.write() as session:
        group = await make_group(session, office.site.town.municipality, "Tuve")
    _, cookie = await office.worker("eva", group=group)
    line = await office.page(cookie)
    for room in (office.room, uuid4()):
        refused = await line.ask("enter_room", room=room)
        assert (refused["type"], refused["code"]) == ("error", "not_found")
    assert engine(office).process_id is None


async def test_a_small_teams_room_is_for_its_members_and_those_who_lead(office: Office) -> None:
    town = office.site.town
    async with office.site.database.write() as session:
        team, other = (
            SmallTeam(id=new_id(), group_id=town.group.id, name=name) for name in ("Bräcke 1", "Bräcke 2")
        )
        session.add_all([team, other])
        await session.flush()
        await session.execute(
            update(Gathering).where(Gathering.id == office.room).values(small_team_id=team.id)
        )
    for name, role, of, may in (
        ("anna", Role.CARE_WORKER, team, True),
        ("bo", Role.CARE_WORKER, other, False),
        ("cia", Role.CARE_WORKER, None, False),
        ("dag", Role.COORDINATOR, None, True),
        ("mia", Role.UNIT_MANAGER, None, True),
    ):
        _, cookie = await office.worker(name, role, small_team_id=of.id if of else None)
        answer = await (await office.page(cookie)).ask("enter_room", room=office.room)
        assert answer["type"] == ("entered" if may else "error"), name
        if not may:
            assert (answer["code"], answer["sentence"]) == (
                "checkin.other_team",
                "Den här avstämningen är för Bräcke 1.",
            )


async def test_who_loses_the_right_is_taken_out_at_once(office: Office) -> None:
    """A role taken away, or a sign-in ended, does not leave a camera behind."""
    _, cookie = await office.worker("anna")
    line = await office.page(cookie)
    await office.enter(line)
    async with office.site.database.write() as session:
        role = (await session.scalars(select(AccountRole))).one()
        await session.delete(role)
    (socket,) = office.site.app[HUB].workers
    await socket.check_session()
    assert (await line.hear("room_closed"))["cause"] == "removed"
    assert office.desk.people(office.room) == []


async def test_who_is_locked_out_without_a_line_has_no_seat_left(office: Office) -> None:
    """Picture and sound go on while a seat is kept: not for whose account has been closed meanwhile."""
    staff, anna = await office.worker("anna")
    _, bo = await office.worker("bo")
    first, second = await office.page(anna), await office.page(bo)
    await office.enter(first)
    await office.enter(second)
    await first.close()
    while not any(one["away"] for one in (await second.hear("people"))["people"]):
        pass
    async with office.site.database.write() as session:
        account = (await session.scalars(select(Account).where(Account.staff_id == staff.id))).one()
        await announce(session, office.site.clock.now(), "account.changed", account=account.id)
    while len((await second.hear("people"))["people"]) > 1:
        pass
    assert [one.name for one in office.desk.people(office.room)] == ["Bo Lind"]


@pytest.mark.parametrize("kind", ["publish", "subscribe"])
async def test_who_is_put_out_while_a_line_is_made_has_none(
    office: Office, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The engine may be slow, or on its way to another node: what comes of it is taken back."""
    first, anna, _, _ = await two(office)
    running, real = engine(office), getattr(engine(office), kind)

    async def slow(room: UUID, who: UUID, *given: Any, **named: Any) -> Any:
        await office.desk.leave(room, who)
        return await real(room, who, *given, **named)

    monkeypatch.setattr(running, kind, slow)
    person = Person(UUID(anna["who"]))
    office.people.append(person)
    await person.publisher.peer.setLocalDescription()
    asked = {"sdp": person.publisher.peer.localDescription.sdp} if kind == "publish" else {}
    assert (await first.ask(kind, room=office.room, **asked))["code"] == "media.not_there"
    assert person.who not in [one.who for one in (await running.stats(office.room)).people]


async def test_an_ended_room_says_so_to_all(office: Office) -> None:
    first, _, second, _ = await two(office)
    await office.desk.end(office.room)
    for line in (first, second):
        closed = await line.hear("room_closed")
        assert (closed["cause"], closed["words"]) == ("ended", "Samtalet är avslutat.")
    assert office.desk.rooms == 0


async def test_another_nodes_room_is_refused_rather_than_opened_beside_it(office: Office) -> None:
    """Two rooms under one id would each look empty to half of the people."""
    relay = office.site.app[HUB].relay
    await relay.listen(room_address(office.room), lambda _: None)
    _, cookie = await office.worker("anna")
    refused = await (await office.page(cookie)).ask("enter_room", room=office.room)
    assert refused["code"] == "room.elsewhere"
    assert office.desk.rooms == 0


async def test_many_who_come_and_go_at_once_leave_nothing_behind(office: Office) -> None:
    cookies = [(await office.worker(f"worker{number}"))[1] for number in range(6)]
    lines = [await office.page(cookie) for cookie in cookies]

    async def visit(line: Line) -> None:
        for _ in range(5):
            await line.say("enter_room", room=str(office.room))
            await line.ask("leave_room", room=office.room)

    await asyncio.gather(*(visit(line) for line in lines))
    assert office.desk.rooms == office.desk.seats == 0
    assert UUID(int=0) not in office.desk._rooms
