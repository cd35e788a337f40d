"""A call survives what happens around it; what nobody comes back to is ended with its cause."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from care.calls.course import GRACE
from care.calls.life import CallState, Cause
from care.contacts.life import Status
from server.calls import socket
from tests.server.calls.conftest import House
from tests.server.calls.lines import open_page, open_tablet


async def test_both_come_back_after_the_server_died(house: House) -> None:
    """A new server knows the call from the table: both resume with their old names and it goes on."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await house.stop()
    await house.start()
    tablet = await house.tablet()
    page = await house.page()
    resumed = await page.ask("resume", call=call, connection="w1")
    assert (resumed["state"], resumed["role"], resumed["name"]) == ("connected", "worker", "Ingrid")
    resumed = await tablet.ask("resume", call=call, connection="t1")
    assert (resumed["role"], resumed["name"], resumed["look_seconds"]) == ("client", "Anna", 3)
    peer = await page.hear("peer")
    assert (peer["connection"], peer["asks"]) == ("t1", True)
    await house.sweep()
    house.clock.move(GRACE * 2)
    await house.sweep()
    assert (await house.call(call)).state is CallState.CONNECTED
    await tablet.ask("hang_up", call=call)
    assert (await page.hear("state", state="ended"))["cause"] == "hung_up"
    assert (await house.row()).status is Status.DONE


async def test_the_welcome_tells_of_a_call_that_goes_on(house: House) -> None:
    """A page or tablet that has forgotten everything is told which call to take up."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    fresh = await open_page(house.browser(), house.origin, contact=house.contact_id)
    assert (await fresh.hear("welcome"))["call"] == {
        "call": call, "state": "connected", "contact": str(house.contact_id)}  # fmt: skip
    other = await open_tablet(house.browser(), house.origin, house.device.id, house.key)
    assert (await other.hear("welcome"))["call"]["call"] == call
    # The tablet's older socket has to go, and does not come back by itself.
    assert await tablet.closed() == socket.MOVED
    assert tablet.heard[-1]["again"] is False


async def test_a_ring_finds_a_tablet_that_comes_in_the_middle_of_it(house: House) -> None:
    """The socket breaks while it rings: the same ring is there again after the hello."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.close()
    tablet = await house.tablet()
    ring = await tablet.hear("ring")
    assert ring["call"] == call
    await tablet.say("ringing", call=call, connection="t2")
    assert (await page.hear("peer", connection="t2"))["present"] is True
    await tablet.ask("answer", call=call, by="touch")
    assert (await page.hear("state", state="connecting"))["call"] == call


async def test_a_second_page_takes_the_call_over(house: House) -> None:
    """The first is told to let go; the other side only hears of a new connection."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.settle()
    second = await house.page()
    await second.ask("resume", call=call, connection="w2")
    assert (await page.hear("taken"))["call"] == call
    assert (await tablet.hear("peer"))["connection"] == "w2"
    await page.close()
    assert not [one for one in await tablet.settle() if one["type"] == "peer" and not one["present"]]
    assert (await house.call(call)).state is CallState.CONNECTED


async def test_the_other_side_hears_of_a_broken_line(house: House) -> None:
    """The socket is gone, the call is not."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.close()
    assert (await page.hear("peer", present=False))["call"] == call
    assert (await house.call(call)).state is CallState.CONNECTED


async def test_a_side_that_stays_away_ends_the_call(house: House) -> None:
    """After 120 seconds: lost. They had talked, so the row is done."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.close()
    await page.hear("peer", present=False)
    await house.sweep()
    house.clock.move(GRACE - timedelta(seconds=1))
    await house.sweep()
    assert (await house.call(call)).state is CallState.CONNECTED
    house.clock.move(timedelta(seconds=1))
    await house.sweep()
    ended = await page.hear("state", state="ended")
    assert (ended["cause"], ended["words"]) == ("lost", "Kontakten med Ingrids skärm bröts")
    assert (await house.row()).status is Status.DONE


async def test_nobody_comes_back_after_the_server_died(house: House) -> None:
    """The call ends as ``server_restart``; before anybody had talked, the row gets owner and deadline."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.ask("answer", call=call, by="touch")
    await house.stop()
    house.clock.move(timedelta(seconds=20))
    await house.start()
    await house.sweep()
    house.clock.move(GRACE)
    await house.sweep()
    made = await house.call(call)
    assert (made.state, made.cause) == (CallState.ENDED, Cause.SERVER_RESTART)
    row = await house.row()
    assert row.status is Status.AWAITING
    assert (row.owner_id, row.deadline) == (house.anna.id, house.clock.now() + timedelta(minutes=5))


async def test_a_ring_whose_caller_has_gone_stops(house: House) -> None:
    """The worker's page is closed while it rings: nobody answers to nobody."""
    page, tablet = await house.page(), await house.tablet()
    await house.ring(page, tablet)
    await page.close()
    await tablet.hear("peer", present=False)
    await house.sweep()
    house.clock.move(timedelta(seconds=11))
    await house.sweep()
    assert (await tablet.hear("state", state="ended"))["cause"] == "cancelled"


async def test_picture_that_never_comes_back_ends_the_call(house: House) -> None:
    """Both sockets stand, but nothing has flowed for the whole grace."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await page.ask("media", call=call, state="lost")
    await house.sweep()
    house.clock.move(GRACE)
    await house.sweep()
    assert (await tablet.hear("state", state="ended"))["cause"] == "line_lost"


async def test_hung_up_without_a_line_is_said_afterwards(house: House) -> None:
    """A page that had no line when it hung up says so on its next socket, without resuming."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await page.close()
    again = await house.page()
    assert (await again.ask("hang_up", call=call))["type"] == "ok"
    assert (await tablet.hear("state", state="ended"))["cause"] == "hung_up"


async def test_resuming_what_is_over_tells_how_it_ended(house: House) -> None:
    """The state comes first, then the refusal."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.ask("hang_up", call=call)
    again = await house.page()
    refused = await again.ask("resume", call=call, connection="w2")
    assert refused["code"] == "call.over"
    assert (await again.hear("state", state="ended"))["cause"] == "hung_up"


async def test_an_answer_given_while_the_server_was_away_counts(house: House) -> None:
    """The ring is over by the clock when the server is back; who answered meanwhile is heard first."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await house.stop()
    house.clock.move(timedelta(seconds=70))
    await house.start()
    await house.sweep()
    tablet = await open_tablet(house.browser(), house.origin, house.device.id, house.key)
    assert (await tablet.hear("welcome"))["call"] == {
        "call": call, "state": "ringing", "contact": str(house.contact_id)}  # fmt: skip
    await tablet.hear("ring")
    page = await house.page()
    await page.ask("resume", call=call, connection="w1")
    await tablet.say("ringing", call=call, connection="t1")
    assert (await tablet.ask("answer", call=call, by="touch"))["type"] == "ok"
    assert (await page.hear("state", state="connecting"))["call"] == call


async def test_a_ring_that_nobody_answered_meanwhile_ends(house: House) -> None:
    """Five seconds after the restart nobody has said anything: the ring is over."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await house.stop()
    house.clock.move(timedelta(seconds=70))
    await house.start()
    await house.sweep()
    assert (await house.call(call)).state is CallState.RINGING
    house.clock.move(timedelta(seconds=6))
    await house.sweep()
    assert (await house.call(call)).cause is Cause.NO_ANSWER


async def test_picture_that_came_while_the_server_was_away_is_heard_of_first(house: House) -> None:
    """Answered before the crash, back two minutes later: both get the time of a fresh set-up to say so."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.ask("answer", call=call, by="touch")
    await house.stop()
    house.clock.move(timedelta(seconds=110))
    await house.start()
    tablet, page = await house.tablet(), await house.page()
    await page.ask("resume", call=call, connection="w1")
    await tablet.ask("resume", call=call, connection="t1")
    await house.sweep()
    assert (await house.call(call)).state is CallState.CONNECTING
    house.clock.move(timedelta(seconds=64))
    await house.sweep()
    assert (await house.call(call)).cause is Cause.MEDIA_FAILED


async def test_a_talk_may_outlast_its_credentials(house: House) -> None:
    """Who takes part gets fresh ones; nobody else does, and nobody after the end."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    for line in (page, tablet):
        fresh = await line.ask("renew", call=call)
        assert (fresh["type"], fresh["call"], fresh["relay_only"]) == ("renewed", call, False)
        assert fresh["ice_servers"] == []
    stranger = await house.page()
    assert (await stranger.ask("renew", call=call))["code"] == "call.unknown"
    await tablet.ask("hang_up", call=call)
    assert (await page.ask("renew", call=call))["code"] == "call.over"


async def test_why_the_picture_is_away_is_told(house: House) -> None:
    """A poor line and a lost camera are told apart from what somebody has switched off."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.say("sending", call=call, audio=True, video=False, why="line")
    assert (await page.hear("sending", video=False))["why"] == "line"
    await tablet.say("sending", call=call, audio=True, video=True)
    assert "why" not in await page.hear("sending", video=True)


@pytest.mark.parametrize("who", ["page", "tablet"])
async def test_the_server_says_goodbye(small_house: House, who: str) -> None:
    """A server that is stopped in order tells everybody to come back."""
    line = await (small_house.page() if who == "page" else small_house.tablet())
    code, _ = await asyncio.gather(line.closed(), small_house.hub.say_goodbye())
    assert code == 1001
    bye = line.heard[-1]
    assert (bye["type"], bye["code"], bye["again"]) == ("bye", "server.stops", True)
