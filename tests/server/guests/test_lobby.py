"""The lobby: who waits is seen, let in, refused and put out; and the call goes on in its room."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from care.access.log import AccessLog
from care.calls.call import Call
from care.clients import Client
from care.consent import Consent
from care.contacts.channel import Channel
from care.ids import new_id
from server.guests.socket import GuestSocket
from server.keys import ROOMS
from tests.builders import make_contact, moment
from tests.server.calls.lines import PATIENCE, Line, open_page
from tests.server.guests.conftest import Home, until


async def talk(home: Home) -> tuple[Line, Line, str]:
    """Anna and Ingrid talk."""
    page, tablet = await home.house.page(), await home.house.tablet()
    call = await home.house.talk(page, tablet)
    return page, tablet, call


async def admitted(home: Home, page: Line, line: Line, guest: str) -> str:
    """Anna lets the guest in; the room."""
    answer = await page.ask("guest_answer", guest=guest, answer="admit")
    assert answer["type"] == "ok", answer
    return str((await line.hear("lobby", state="admitted"))["room"])


async def test_early_says_when_it_begins_and_lets_in_nobody(home: Home) -> None:
    """At 06.30, for a row at 06.45 whose window opens at 06.35; then the clock alone opens the lobby."""
    home.house.clock.move(timedelta(minutes=-10))
    phone = home.phone()
    _, said = await home.show(phone, await home.invite())
    line = await home.come(phone, said["guest"])
    lobby = await line.hear("lobby")
    assert (lobby["state"], lobby["host"]) == ("early", "Anna")
    assert "06.35" in lobby["words"]
    page = await home.house.page()
    (shown,) = (await page.hear("guests"))["guests"]
    assert (shown["state"], shown["words"]) == ("early", "Lisa (dotter) är här redan")
    assert (await page.ask("guest_answer", guest=said["guest"], answer="admit"))["code"] == "guest.early"
    assert (await line.ask("enter_room", room=new_id()))["code"] == "not_found"
    home.house.clock.move(timedelta(minutes=6))
    (socket,) = home.house.hub.guests
    await socket.look()
    assert (await line.hear("lobby"))["state"] == "waiting"


async def test_a_round_that_fails_is_made_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is busy once: the early guest hears of the opening all the same, and goes out in order."""
    monkeypatch.setattr(GuestSocket, "round_seconds", 0.05)
    home.house.clock.move(timedelta(minutes=-10))
    line, _ = await home.wait()
    (socket,) = home.house.hub.guests
    look, tried = socket.look, []

    async def busy_once() -> None:
        tried.append(True)
        if len(tried) == 1:
            raise TimeoutError("no place to read from")
        await look()

    monkeypatch.setattr(socket, "look", busy_once)
    await until(lambda: is_more(tried, 1))
    home.house.clock.move(timedelta(minutes=6))
    assert (await line.hear("lobby", state="waiting"))["host"] == "Anna"
    await line.close()
    await asyncio.wait_for(socket.ended.wait(), PATIENCE)


async def is_more(tried: list[bool], count: int) -> bool:
    return len(tried) > count


async def test_admitted_and_both_sides_hear_of_the_room(home: Home) -> None:
    """Lisa waits, is seen waiting, is let in; the state of the call says that it goes on in a room."""
    page, tablet, call = await talk(home)
    line, guest = await home.wait()
    shown = await page.hear("guests", guests=[
        {"guest": guest, "name": "Lisa", "role": "relative", "words": "Lisa (dotter) väntar",
         "state": "waiting"}])  # fmt: skip
    assert shown["contact"] == str(home.house.contact_id)
    room = await admitted(home, page, line, guest)
    assert room == call
    for side in (page, tablet):
        assert (await side.hear("state", call=call, room=True))["state"] == "connected"
    entered = await line.ask("enter_room", room=room)
    assert entered["type"] == "entered", entered
    assert entered["relay_only"] is True
    for side in (page, tablet):
        assert (await side.ask("enter_room", room=room))["relay_only"] is True
    people = (await tablet.ask("enter_room", room=room))["people"]
    assert [(one["name"], one["role"]) for one in people] == [
        ("Lisa", "relative"), ("Anna", "worker"), ("Ingrid", "client")]  # fmt: skip
    async with home.house.database.read() as session:
        row = (await session.scalars(select(AccessLog).where(AccessLog.action == "guest.join"))).one()
    assert (row.role, row.relation, row.client_id) == ("guest", "own_invitation", home.house.ingrid.id)
    assert (await home.invitation(guest)).joined_at == home.house.clock.now()


async def test_nobody_is_let_in_before_the_answer(home: Home) -> None:
    """A guest never comes into a home that has not answered."""
    page, tablet = await home.house.page(), await home.house.tablet()
    line, guest = await home.wait()
    assert (await page.ask("guest_answer", guest=guest, answer="admit"))["code"] == "guest.no_call"
    await home.house.ring(page, tablet)
    assert (await page.ask("guest_answer", guest=guest, answer="admit"))["code"] == "guest.no_call"
    assert not [one for one in await line.settle() if one["type"] == "lobby"]


async def test_revoked_in_the_middle_is_out_at_once(home: Home) -> None:
    """Out of the room and off the socket, with a kind word; and not in again."""
    page, _, call = await talk(home)
    line, guest = await home.wait()
    room = await admitted(home, page, line, guest)
    await line.ask("enter_room", room=room)
    await page.ask("enter_room", room=room)
    assert len(home.house.server.app[ROOMS].people(UUID(room))) == 2
    await page.ask("guest_answer", guest=guest, answer="revoke")
    bye = await line.hear("bye")
    assert bye["code"] == "guest.revoked"
    await line.closed()
    await page.hear("people", people=[one for one in (await _people(page, call)) if one["name"] == "Anna"])
    again = home.phone()
    assert (await home.show(again, await home.invite()))[0] == 200, "a new link is a new invitation"

    async def has_left() -> bool:
        return (await home.invitation(guest)).left_at is not None

    await until(has_left)


async def test_revoked_without_a_line_is_out_too(home: Home) -> None:
    """Picture and sound go on while a seat is kept: not for who has closed the socket and is then put out."""
    page, _, _ = await talk(home)
    line, guest = await home.wait()
    room = await admitted(home, page, line, guest)
    await line.ask("enter_room", room=room)
    desk = home.house.server.app[ROOMS]
    await line.close()

    async def is_away() -> bool:
        return not home.house.hub.guests

    await until(is_away)
    assert [one.name for one in desk.people(UUID(room))] == ["Lisa"], "the seat is kept"
    await page.ask("guest_answer", guest=guest, answer="revoke")

    async def is_out() -> bool:
        return not desk.people(UUID(room))

    await until(is_out)


async def _people(page: Line, room: str) -> list[dict[str, object]]:
    entered = await page.ask("enter_room", room=room)
    return list(entered["people"])


async def test_consent_withdrawn_in_the_middle_ends_it(home: Home) -> None:
    """And so does being taken off the list: through the client's page, while they talk."""
    page, _, _ = await talk(home)
    line, guest = await home.wait()
    room = await admitted(home, page, line, guest)
    await line.ask("enter_room", room=room)
    address = f"{home.origin}/brukare/{home.house.ingrid.id}/samtycke/{home.consent.id}/ta-tillbaka"
    answer = await home.house.browser().post(address, headers={"Origin": home.origin})
    assert answer.status == 200
    assert (await line.hear("bye"))["code"] == "guest.revoked"
    async with home.house.database.read() as session:
        assert (await session.get_one(Consent, home.consent.id)).withdrawn_at is not None
    answer = await home.house.browser().post(
        f"{home.origin}/kontakt/{home.house.contact_id}/gast",
        data={"whom": str(home.lisa.id)},
        headers={"Origin": home.origin, "Accept": "application/json"},
    )
    assert (answer.status, (await answer.json())["code"]) == (409, "consent.relatives")


async def test_taken_off_the_list_in_the_middle(home: Home) -> None:
    """The link is over in the same moment."""
    page, _, _ = await talk(home)
    line, guest = await home.wait()
    await admitted(home, page, line, guest)
    address = f"{home.origin}/brukare/{home.house.ingrid.id}/far-vara-med/{home.lisa.id}/ta-bort"
    answer = await home.house.browser().post(address, headers={"Origin": home.origin})
    assert answer.status == 200
    assert (await line.hear("bye"))["code"] == "guest.revoked"


async def test_refused(home: Home) -> None:
    """No reason is given, and the link is of no more use."""
    page, _, _ = await talk(home)
    line, guest = await home.wait()
    await page.ask("guest_answer", guest=guest, answer="refuse")
    assert (await line.hear("bye"))["code"] == "guest.refused"
    assert (await page.ask("guest_answer", guest=guest, answer="admit"))["code"] == "guest.refused"


async def test_another_calls_room_stays_shut(home: Home) -> None:
    """Neither by its id, nor the own one before being let in, nor after the call has ended."""
    page, tablet, call = await talk(home)
    line, guest = await home.wait()
    async with home.house.database.write() as session:
        ingrid = await session.get_one(Client, home.house.ingrid.id)
        lunch = await make_contact(
            session, ingrid, home.house.town.services["TI-DAG"], moment("2026-12-01 12:00"),
            channel=Channel.VIDEO,
        )  # fmt: skip
        other = Call(
            id=new_id(), contact_id=lunch.id, rung_at=home.house.clock.now(),
            state="connected", room_at=home.house.clock.now(),
        )  # fmt: skip
        session.add(other)
    for room in (call, str(other.id), str(new_id()), guest):
        answer = await line.ask("enter_room", room=room)
        assert answer["code"] in ("call.unknown", "not_found"), answer
    await admitted(home, page, line, guest)
    assert (await line.ask("enter_room", room=str(other.id)))["code"] == "call.unknown"
    assert (await line.ask("enter_room", room=call))["type"] == "entered"
    await page.ask("hang_up", call=call)
    assert (await line.hear("lobby"))["state"] == "ended"
    assert (await line.hear("room_closed"))["cause"] == "ended"
    assert (await line.ask("enter_room", room=call))["code"] == "call.unknown"
    await tablet.settle()


async def test_the_lobby_is_seen_by_those_who_may_ring(home: Home) -> None:
    """A page that looks at another contact answers for nobody here."""
    _, guest = await home.wait()
    elsewhere = await open_page(home.house.browser(), home.origin)
    await elsewhere.hear("welcome")
    assert (await elsewhere.ask("guest_answer", guest=guest, answer="admit"))["code"] == "not_found"
    assert not [one for one in await elsewhere.settle() if one["type"] == "guests"]
    here = await home.house.page()
    assert (await here.ask("guest_answer", guest=new_id(), answer="admit"))["code"] == "guest.unknown"


async def test_gathered_reaches_the_other_side_alone(home: Home) -> None:
    """Both sides of the call tell each other that the room is seen."""
    page, tablet, call = await talk(home)
    await page.say("gathered", call=call)
    await tablet.hear("gathered", call=call)
    await tablet.say("gathered", call=call)
    await page.hear("gathered", call=call)
