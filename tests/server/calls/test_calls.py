"""A call from ring to receipt, and every way in which it does not come about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog
from care.accounts import AccountRole, Role
from care.calls.call import Call
from care.calls.life import CallState, Cause
from care.calls.ring import live_calls
from care.consent import Consent, ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.outbox import announce
from tests.builders import make_account, make_consent, make_contact, make_shift, make_staff, moment
from tests.server.calls.conftest import House


async def test_a_call_is_answered_talked_and_hung_up(house: House) -> None:
    """A ring that is answered makes the row underway, hanging up makes it done, with machine-made times."""
    page, tablet = await house.page(), await house.tablet()
    calling = await page.ask("call", contact=house.contact_id, connection="w1")
    assert calling["type"] == "calling"
    assert calling["words"] == "Söker Ingrids skärm…"
    call = calling["call"]
    ring = await tablet.hear("ring")
    assert ring["caller"] == {"first_name": "Anna"}
    assert ring["text"] == "Anna från hemtjänsten ringer"
    assert "auto_answer_seconds" not in ring
    assert (await house.row()).status is Status.PLANNED, "ringing lives in the call alone"

    await tablet.say("ringing", call=call, connection="t1")
    peer = await page.hear("peer")
    assert (peer["connection"], peer["asks"]) == ("t1", True)
    assert (await page.hear("state"))["words"] == "Ringer…"
    await page.say("connection", call=call, connection="w1")
    peer = await tablet.hear("peer")
    assert (peer["connection"], "asks" in peer) == ("w1", False)

    house.clock.move(timedelta(seconds=8))
    await tablet.say("answer", call=call, by="touch")
    assert (await page.hear("state", state="connecting"))["words"] == "Ingrid har svarat"
    assert (await house.row()).status is Status.UNDERWAY
    await page.ask("media", call=call, state="flowing", first_ms=310)
    assert (await house.call(call)).state is CallState.CONNECTING, "one side alone is no conversation"
    await tablet.ask("media", call=call, state="flowing", first_ms=280)
    await tablet.hear("state", state="connected")

    house.clock.move(timedelta(minutes=4))
    await tablet.say("hang_up", call=call)
    ended = await page.hear("state", state="ended")
    assert ended["cause"] == "hung_up"
    assert (await tablet.hear("state", state="ended"))["ask_pulse"] is True
    await page.ask("quality", call=call, round_trip_ms=40.5, loss_percent=0.2, path="host")

    row, made = await house.row(), await house.call(call)
    assert row.status is Status.DONE
    assert row.actual_start == made.answered_at == made.rung_at + timedelta(seconds=8)
    assert made.answered_at is not None
    assert row.actual_end == made.ended_at == made.answered_at + timedelta(minutes=4)
    assert made.setup_ms == 310, "the slower side counts"
    figures = await house.figures(call)
    assert figures["worker"].round_trip_ms == 40.5
    assert figures["client"].setup_ms == 280
    assert await house.events() == ["call.answered", "call.hung_up"]


async def test_descriptions_and_candidates_pass_to_the_other_side_only(house: House) -> None:
    """What one side sends reaches the other as it was, and nobody else."""
    page, other, tablet = await house.page(), await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    offer = {"type": "offer", "sdp": "v=0\r\n"}
    await page.say("description", call=call, **{"from": "w1"}, to="t1", description=offer)
    heard = await tablet.hear("description")
    assert heard == {"type": "description", "call": call, "from": "w1", "to": "t1", "description": offer}
    await tablet.say("candidate", call=call, **{"from": "t1"}, to="w1", candidate=None)
    assert (await page.hear("candidate"))["candidate"] is None
    assert not [one for one in await other.settle() if one["type"] in ("description", "candidate", "peer")]


async def test_nobody_answers(house: House) -> None:
    """After 60 seconds the call ends, and the row awaits with an owner and a next deadline."""
    page, tablet = await house.page(), await house.tablet()
    house.hub.desk.ring_seconds = 0.05
    call = await house.ring(page, tablet)
    ended = await page.hear("state", state="ended")
    assert (ended["cause"], ended["words"]) == ("no_answer", "Ingrid svarar inte")
    await tablet.hear("state", call=call, state="ended")
    row = await house.row()
    assert row.status is Status.AWAITING
    assert row.owner_id == house.anna.id
    assert row.deadline == house.clock.now() + timedelta(minutes=5)


async def test_the_sweep_stands_in_for_a_desk_that_died(house: House) -> None:
    """A ring whose server was killed ends all the same."""
    page, tablet = await house.page(), await house.tablet()
    await house.ring(page, tablet)
    house.clock.move(timedelta(seconds=66))
    await house.sweep()
    assert (await page.hear("state", state="ended"))["cause"] == "no_answer"
    await house.sweep()
    assert (await house.events()).count("call.no_answer") == 1


async def test_a_call_that_cannot_be_ended_keeps_no_other_going(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep goes on to the next when one fails, instead of beginning anew with the same one for ever."""
    page, tablet = await house.page(), await house.tablet()
    await house.ring(page, tablet)
    house.clock.move(timedelta(seconds=66))
    end, tried = house.hub.desk.end, []

    async def with_a_broken_one(session: AsyncSession) -> list[Call]:
        return 2 * list(await live_calls(session))

    async def breaks_first(*given: Any, **more: Any) -> CallState | None:
        tried.append(given)
        if len(tried) == 1:
            raise RuntimeError("the record refuses")
        return await end(*given, **more)

    monkeypatch.setattr("server.calls.sweep.live_calls", with_a_broken_one)
    monkeypatch.setattr(house.hub.desk, "end", breaks_first)
    await house.sweep()
    assert (await page.hear("state", state="ended"))["cause"] == "no_answer"


async def test_not_now_is_later_and_never_a_no(house: House) -> None:
    """ "Inte nu" leaves the row due, with its owner, to be rung again in five minutes."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.say("not_now", call=call)
    ended = await page.hear("state", state="ended")
    assert ended["cause"] == "not_now"
    assert "fem minuter" in ended["words"]
    row = await house.row()
    assert row.status is Status.DUE
    assert (row.owner_id, row.deadline) == (house.anna.id, house.clock.now() + timedelta(minutes=5))
    # And it can be rung again.
    assert await house.ring(page, tablet) != call


async def test_the_worker_stops_ringing(house: House) -> None:
    """Cancelling changes nothing of the row but its history."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await page.say("cancel", call=call)
    await tablet.hear("state", state="ended", cause="cancelled")
    assert (await house.row()).status is Status.PLANNED
    assert await house.events() == ["call.cancelled"]


async def test_a_tablet_without_a_socket_is_out_of_reach_at_once(house: House) -> None:
    """Nobody waits for a screen that is not there; the row stays due with owner and deadline."""
    page = await house.page()
    calling = await page.ask("call", contact=house.contact_id, connection="w1")
    ended = await page.hear("state", call=calling["call"], state="ended")
    assert ended["cause"] == "tablet_offline"
    assert ended["words"] == "Ingrids skärm går inte att nå just nu"
    row = await house.row()
    assert row.status is Status.DUE
    assert row.owner_id == house.anna.id
    assert row.deadline is not None


async def test_a_dead_line_is_found_out(house: House) -> None:
    """A tablet whose socket still stands but that does not say it rings counts as out of reach."""
    page, tablet = await house.page(), await house.tablet()
    house.hub.desk.heard_within = 0.1
    await page.ask("call", contact=house.contact_id, connection="w1")
    await tablet.hear("ring")
    assert (await page.hear("state", state="ended"))["cause"] == "tablet_offline"


async def test_a_tablet_in_another_call_is_busy(house: House) -> None:
    """Two who share a tablet are not called at once."""
    page, tablet = await house.page(), await house.tablet()
    async with house.database.write() as session:
        second = await make_contact(
            session, house.ingrid, house.town.services["SO-SAM"], moment("2026-12-01 06:48"),
            staff=[house.anna], channel=Channel.VIDEO,
        )  # fmt: skip
    await house.talk(page, tablet)
    other = await house.page()
    await other.ask("call", contact=second.id, connection="w2")
    assert (await other.hear("state", state="ended"))["cause"] == "busy"
    answer = await other.ask("call", contact=house.contact_id, connection="w2")
    assert (answer["type"], answer["code"]) == ("error", "call.busy")


async def test_ringing_before_time_needs_a_reason(house: House) -> None:
    """From ten minutes before without, at any other time with a reason, which is kept."""
    async with house.database.write() as session:
        row = await session.get_one(PlannedContact, house.contact_id)
        row.start = house.clock.now() + timedelta(minutes=11)
    page, tablet = await house.page(), await house.tablet()
    refused = await page.ask("call", contact=house.contact_id, connection="w1")
    assert (refused["type"], refused["code"], refused["place"]) == ("error", "call.too_early", "reason")
    refused = await page.ask("call", contact=house.contact_id, connection="w1", reason="   ")
    assert refused["code"] == "call.too_early"
    call = await house.ring(page, tablet, reason="Ingrid bad om det")
    assert (await house.call(call)).reason == "Ingrid bad om det"
    await tablet.say("not_now", call=call)
    await page.hear("state", state="ended")
    assert (await house.row()).status is Status.PLANNED, "the row itself is still to come"


async def test_no_consent_no_ring(house: House) -> None:
    """Without a valid yes to video nothing rings, and the page says why."""
    async with house.database.write() as session:
        consent = await session.scalar(select(Consent).where(Consent.client_id == house.ingrid.id))
        assert consent is not None
        consent.withdrawn_at = house.clock.now() - timedelta(hours=1)
    page, tablet = await house.page(), await house.tablet()
    refused = await page.ask("call", contact=house.contact_id, connection="w1")
    assert (refused["code"], refused["place"]) == ("consent.missing", "client_consents")
    assert "samtycke" in refused["sentence"]
    assert not [one for one in await tablet.settle() if one["type"] == "ring"]


async def test_a_visit_cannot_be_rung(house: House) -> None:
    """Only rows with channel video ring on a screen."""
    async with house.database.write() as session:
        visit = await make_contact(session, house.ingrid, house.town.services["PV-MOR"], house.clock.now())
    page = await house.page()
    refused = await page.ask("call", contact=visit.id, connection="w1")
    assert refused["code"] == "call.not_video"


async def test_an_ended_row_cannot_be_rung_but_a_broken_talk_can_go_on(house: House) -> None:
    """Half an hour after a talk it may be rung again, without touching the row; later not."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await page.say("hang_up", call=call)
    await page.hear("state", state="ended")
    version = (await house.row()).version
    again = await house.talk(page, tablet)
    await page.say("hang_up", call=again)
    await page.hear("state", call=again, state="ended")
    row = await house.row()
    assert (row.status, row.version) == (Status.DONE, version)
    house.clock.move(timedelta(minutes=31))
    refused = await page.ask("call", contact=house.contact_id, connection="w1")
    assert refused["code"] == "call.ended"


async def test_automatic_answer_only_when_agreed_and_counted_down(house: House) -> None:
    """With consent the ring counts down ten seconds; the tablet cannot answer by itself any sooner."""
    async with house.database.write() as session:
        await make_consent(session, house.ingrid, ConsentKind.AUTO_ANSWER)
    house.clock.set(moment("2026-12-01 07:05"))
    page, tablet = await house.page(), await house.tablet()
    await page.ask("call", contact=house.contact_id, connection="w1")
    ring = await tablet.hear("ring")
    assert (ring["auto_answer_seconds"], ring["look_seconds"]) == (10, 3)
    call = ring["call"]
    await tablet.say("ringing", call=call, connection="t1")
    refused = await tablet.ask("answer", call=call, by="auto")
    assert (refused["code"], refused["call"]) == ("call.auto_refused", call)
    house.clock.move(timedelta(seconds=10))
    assert (await tablet.ask("answer", call=call, by="auto"))["type"] == "ok"
    assert (await house.call(call)).auto_answered is True


async def test_no_automatic_answer_at_night_or_without_consent(house: House) -> None:
    """Between 21 and 07 the tablet waits for a hand, whatever was agreed; without a yes it always does."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    house.clock.move(timedelta(seconds=12))
    assert (await tablet.ask("answer", call=call, by="auto"))["code"] == "call.auto_refused"
    await page.say("cancel", call=call)
    await page.hear("state", state="ended")
    async with house.database.write() as session:
        await make_consent(session, house.ingrid, ConsentKind.AUTO_ANSWER)
    calling = await page.ask("call", contact=house.contact_id, connection="w1")
    ring = await tablet.hear("ring", call=calling["call"])
    assert "auto_answer_seconds" not in ring
    await tablet.say("ringing", call=ring["call"], connection="t1")
    house.clock.move(timedelta(seconds=12))
    assert (await tablet.ask("answer", call=ring["call"], by="auto"))["code"] == "call.auto_refused"


async def test_only_once_is_a_call_answered_or_hung_up(house: House) -> None:
    """A second answer is told so; a second hanging up is no fault, for both may do it at once."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    assert (await tablet.ask("answer", call=call, by="touch"))["code"] == "call.step"
    assert (await page.ask("hang_up", call=call))["type"] == "ok"
    assert (await tablet.ask("hang_up", call=call))["type"] == "ok"
    assert (await house.events()).count("call.hung_up") == 1


async def test_hung_up_before_anybody_was_seen_is_no_conversation(house: House) -> None:
    """Answered and hung up without picture or sound: the row awaits, it is not done."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.ask("answer", call=call, by="touch")
    await tablet.ask("hang_up", call=call)
    row = await house.row()
    assert row.status is Status.AWAITING
    assert row.deadline is not None


async def test_picture_lost_and_found(house: House) -> None:
    """The call goes to reconnecting and back; nothing of the row changes."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    await tablet.say("media", call=call, state="lost")
    assert (await page.hear("state", state="reconnecting"))["words"].startswith("Bilden är borta en stund")
    await tablet.say("media", call=call, state="flowing")
    await page.hear("state", state="connected", call=call)
    made = await house.call(call)
    assert made.setup_ms == 310
    assert await house.events() == ["call.answered"]


async def test_answered_but_nothing_comes_through(house: House) -> None:
    """After a minute without picture or sound the call ends as such, and the row awaits."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.ring(page, tablet)
    await tablet.ask("answer", call=call, by="touch")
    house.clock.move(timedelta(seconds=40))
    await house.sweep()
    assert (await house.call(call)).state is CallState.CONNECTING
    house.clock.move(timedelta(seconds=25))
    await house.sweep()
    assert (await page.hear("state", state="ended"))["cause"] == "media_failed"
    assert (await house.row()).status is Status.AWAITING


async def test_the_right_person_is_confirmed_and_logged(house: House) -> None:
    """ "Rätt person?" is kept with who and when, and stands in the access log."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    assert (await page.ask("confirm_person", call=call))["type"] == "ok"
    made = await house.call(call)
    assert (made.person_confirmed_at, made.person_confirmed_by_id) == (house.clock.now(), house.account_id)
    async with house.database.read() as session:
        log = list(await session.scalars(select(AccessLog).where(AccessLog.client_id == house.ingrid.id)))
    assert [(one.purpose, one.thing) for one in log][-1] == ("right_person", f"call:{call}")
    assert log[0].thing == f"contact:{house.contact_id}"


async def test_consent_taken_back_ends_the_call(house: House) -> None:
    """A no to video counts at once, also in the middle of a call."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    async with house.database.write() as session:
        consent = await session.scalar(select(Consent).where(Consent.client_id == house.ingrid.id))
        assert consent is not None
        consent.withdrawn_at = house.clock.now()
        await announce(
            session, house.clock.now(), "consent.changed", client_id=house.ingrid.id, kind="digital_visit"
        )
    ended = await tablet.hear("state", state="ended")
    assert ended["cause"] == "consent_withdrawn"
    assert (await house.call(call)).cause is Cause.CONSENT_WITHDRAWN


async def test_somebody_else_cannot_touch_the_call(house: House) -> None:
    """A colleague's page and another home's tablet do not know the call."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    async with house.database.write() as session:
        bosse = await make_staff(session, house.town, "Bosse", "Ek")
        await make_shift(session, bosse)
        account = await make_account(session, bosse, "bosse")
        session.add(
            AccountRole(
                id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=house.town.group.id
            )
        )
    house.cookies = {"samtid": await house.sign_in(account.id)}
    other = await house.page()
    assert (await other.ask("resume", call=call, connection="x"))["code"] == "call.unknown"
    for kind, fields in (
        ("hang_up", {}),
        ("media", {"state": "lost"}),
        ("confirm_person", {}),
        ("quality", {}),
        ("description", {"from": "x", "to": "t1", "description": {"type": "offer", "sdp": ""}}),
    ):
        assert (await other.ask(kind, call=call, **fields))["code"] == "call.unknown"
    unknown = await other.ask("resume", call=UUID(int=7), connection="x")
    assert unknown["code"] == "call.unknown"
    assert (await house.call(call)).state is CallState.CONNECTED
