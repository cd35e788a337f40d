"""Hostile sockets: every bad message is answered by a code, many end the socket, none is a server error."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, CookieJar, WSMsgType, WSServerHandshakeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from care.accounts import AccountRole, Role
from care.calls.life import CallState
from care.ids import new_id
from server.calls import messages, socket
from server.calls.messages import LARGEST
from tests.builders import make_account, make_client, make_staff, make_tablet
from tests.server.calls.conftest import House
from tests.server.calls.lines import Key, open_line, open_page, open_tablet

#: Texts that each are a bad message, with the code that answers them.
BAD = [
    ("hej", "message.not_json"),
    ('{"type": "ping"', "message.not_json"),
    ("[" * 5000, "message.unknown"),
    ("\ud800", "message.not_json"),
    ("[]", "message.unknown"),
    ("null", "message.unknown"),
    ("{}", "message.unknown"),
    ('{"type": "nothing"}', "message.unknown"),
    ('{"type": 7}', "message.unknown"),
    ('{"type": "day"}', "message.unknown"),
    ('{"type": "ring"}', "message.unknown"),
    ('{"type": "ping", "n": "1"}', "message.bad"),
    ('{"type": "ping", "n": -1}', "message.bad"),
    ('{"type": "ping", "n": 1, "more": 2}', "message.bad"),
    ('{"type": "hang_up", "call": "no id"}', "message.bad"),
    ('{"type": "hang_up", "call": null}', "message.bad"),
    ('{"type": "media", "call": "01a20025-94c3-73e9-b7f5-5f2a502b9be1", "state": "great"}', "message.bad"),
    (
        '{"type": "resume", "call": "01a20025-94c3-73e9-b7f5-5f2a502b9be1", "connection": "a b"}',
        "message.bad",
    ),
    (
        '{"type": "quality", "call": "01a20025-94c3-73e9-b7f5-5f2a502b9be1", "loss_percent": 1e400}',
        "message.bad",
    ),
    ('{"type": "quality", "call": "01a20025-94c3-73e9-b7f5-5f2a502b9be1", "freezes": -3}', "message.bad"),
    ('{"type": "ping", "n": 1, "x": "' + "a" * LARGEST + '"}', "message.too_large"),
    ('{"type": "ping", "n": 1, "x": "' + "å" * (LARGEST // 2) + '"}', "message.too_large"),
]


@pytest.mark.parametrize(("text", "code"), BAD, ids=[f"{i}-{text[:20]}" for i, (text, _) in enumerate(BAD)])
async def test_a_bad_message_is_answered_by_its_code(small_house: House, text: str, code: str) -> None:
    """The socket says what was wrong and goes on."""
    page = await small_house.page()
    await page.socket._writer.send_frame(text.encode("utf-8", "surrogatepass"), WSMsgType.TEXT)
    if text == "\ud800":
        # Not UTF-8: the protocol of the socket itself forbids it.
        assert await page.closed() == 1007
        return
    answer = await page.hear("error")
    assert answer["code"] == code
    assert answer["sentence"]
    await page.settle()


async def test_a_wrong_field_is_named(small_house: House) -> None:
    """The place of a wrong field is told as a path."""
    page = await small_house.page()
    call = "01a20025-94c3-73e9-b7f5-5f2a502b9be1"
    await page.say("description", call=call, **{"from": "a"}, to="b", description={"type": "offer", "sdp": 1})
    assert (await page.hear("error"))["place"] == "description.sdp"


async def test_bytes_are_no_message(small_house: House) -> None:
    page = await small_house.page()
    await page.socket.send_bytes(b'{"type": "ping", "n": 1}')
    assert (await page.hear("error"))["code"] == "message.not_json"


async def test_many_bad_messages_end_the_socket(small_house: House) -> None:
    """After ten within a minute it is over, with a goodbye."""
    page = await small_house.page()
    for _ in range(socket.STRIKES + 1):
        await page.say("nothing")
    assert await page.closed() == socket.BAD
    bye = page.heard[-1]
    assert (bye["type"], bye["code"], bye["again"]) == ("bye", "message.too_many", False)


async def test_a_flood_ends_the_socket(small_house: House) -> None:
    """Good messages without end are a flood too."""
    page = await small_house.page()
    for number in range(int(socket.BURST) + 60):
        await page.say("ping", n=number)
    assert await page.closed() == socket.BAD
    assert page.heard[-1]["code"] == "message.too_many"


async def test_nothing_is_said_before_the_hello(small_house: House) -> None:
    """Anything but a hello first ends the socket."""
    line = await open_line(small_house.browser(), small_house.origin, "/socket/kiosk")
    await line.hear("greeting")
    await line.say("klart", contact=small_house.contact_id, at="2026-12-01T06:00:00Z")
    assert await line.closed() == socket.BAD
    assert [one["code"] for one in line.heard] == ["hello.expected", "hello.expected"]


async def test_a_silent_socket_is_closed(small_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may hold a socket without a hello."""
    monkeypatch.setattr(socket, "HELLO_WITHIN", 0.05)
    line = await open_line(small_house.browser(), small_house.origin, "/socket/kiosk")
    assert await line.closed() == socket.SILENT


async def test_a_foreign_page_gets_no_socket(small_house: House) -> None:
    """Another origin, and none at all, are refused before the upgrade."""
    for path in ("/socket/kiosk", "/socket/personal"):
        for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {}):
            with pytest.raises(WSServerHandshakeError) as refused:
                await small_house.browser().ws_connect(small_house.origin + path, headers=headers)
            assert refused.value.status == 403


async def test_nobody_signed_in_hears_so(small_house: House) -> None:
    """Without a session the socket says goodbye, since a browser is not told why an upgrade failed."""
    small_house.cookies = {}
    line = await open_line(small_house.browser(), small_house.origin, "/socket/personal")
    assert await line.closed() == socket.NOT_RECOGNISED
    assert [(one["type"], one["code"]) for one in line.heard] == [("bye", "sign_in.needed")]


async def test_hello_of_another_version(small_house: House) -> None:
    """A page of a protocol that is not spoken is told to read itself again."""
    line = await open_line(small_house.browser(), small_house.origin, "/socket/personal")
    await line.hear("greeting")
    await line.say("hello", protocol=0)
    assert await line.closed() == socket.OLD


async def test_only_the_right_key_opens_a_tablet(small_house: House) -> None:
    """Another key, another origin in the signature, an old nonce, an unknown device: none is let in."""
    house = small_house
    stranger = await open_tablet(house.browser(), house.origin, house.device.id, Key())
    assert await stranger.closed() == socket.NOT_RECOGNISED
    assert stranger.heard[0]["code"] == "device.unknown"

    for text in ("samtid-hello\n1\nhttps://elsewhere.example\n{nonce}\n{device}",
                 "samtid-hello\n1\n{origin}\n" + "A" * 43 + "\n{device}"):  # fmt: skip
        line = await open_line(house.browser(), house.origin, "/socket/kiosk")
        nonce = (await line.hear("greeting"))["nonce"]
        signed = text.format(origin=house.origin, nonce=nonce, device=house.device.id)
        await line.say("hello", protocol=1, device=house.device.id, signature=house.key.sign(signed))
        assert await line.closed() == socket.NOT_RECOGNISED

    line = await open_line(house.browser(), house.origin, "/socket/kiosk")
    await line.hear("greeting")
    await line.say("hello", protocol=1)
    assert await line.closed() == socket.NOT_RECOGNISED
    assert line.heard[0]["code"] == "hello.signature"


async def test_a_revoked_tablet_erases_itself(small_house: House) -> None:
    """Revoked while away: told on its next hello, once and for all."""
    house = small_house
    async with house.database.write() as session:
        device = await session.get_one(type(house.device), house.device.id)
        device.revoked_at = house.clock.now()
    line = await open_tablet(house.browser(), house.origin, house.device.id, house.key)
    assert await line.closed() == socket.NOT_RECOGNISED
    bye = line.heard[-1]
    assert (bye["code"], bye["erase"], bye["again"]) == ("device.revoked", True, False)


async def test_a_page_with_another_role_or_group_cannot_ring(small_house: House) -> None:
    """Another group's row does not exist; an unknown row neither."""
    page = await small_house.page()
    refused = await page.ask("call", contact="01a20025-94c3-73e9-b7f5-5f2a502b9be1", connection="w")
    assert refused["code"] == "not_found"


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
_types = sorted(
    str(kind.__struct_config__.tag)
    for kind in vars(messages).values()
    if isinstance(kind, type)
    and issubclass(kind, messages.Message)
    and kind.__struct_config__.tag is not None
)
_fields = st.sampled_from(
    ["n", "call", "contact", "connection", "from", "to", "description", "candidate", "at"]
)


@given(
    kind=st.sampled_from(_types),
    fields=st.dictionaries(_fields | st.text(max_size=8), _json, max_size=6),
    side=st.sampled_from([messages.FromTablet, messages.FromWorker]),
)
@settings(max_examples=300, deadline=None)
def test_the_decoder_only_ever_refuses(kind: str, fields: dict[str, Any], side: Any) -> None:
    """Whatever is sent, it is a message or a refusal that says where: never anything else."""
    text = json.dumps({**fields, "type": kind})
    is_json = "NaN" not in text and "Infinity" not in text
    try:
        found = msgspec.json.decode(text, type=side)
    except msgspec.ValidationError:
        found = None
    except msgspec.DecodeError:
        assert not is_json
        found = None
    assert found is None or isinstance(found, messages.Message)


@given(text=st.text(max_size=200))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_leaves_the_server_standing(small_house: House, text: str) -> None:
    """Random text on an open socket: an error or a goodbye, and the next page is served."""
    line = await open_page(small_house.browser(), small_house.origin)
    await line.hear("welcome")
    await line.socket.send_str(text)
    answer = await line.hear("error")
    assert answer["code"].startswith("message.")
    await line.close()


async def test_a_call_of_others_does_not_exist(house: House) -> None:
    """Neither another worker nor another tablet gets a word into a call, or out of it."""
    page, tablet = await house.page(), await house.tablet()
    call = await house.talk(page, tablet)
    async with house.database.write() as session:
        bo = await make_staff(session, house.town, "Bo", "Ek")
        account = await make_account(session, bo, "bo")
        session.add(
            AccountRole(
                id=new_id(), account_id=account.id, role=Role.CARE_WORKER, group_id=house.town.group.id
            )
        )
        nils = await make_client(session, house.town, "Nils")
        other_key = Key()
        device = await make_tablet(session, nils, last_seen_at=house.clock.now(), public_key=other_key.public)
    stranger = await open_tablet(house.browser(), house.origin, device.id, other_key)
    token = await house.sign_in(account.id)
    colleague = await open_page(
        ClientSession(cookie_jar=CookieJar(unsafe=True), cookies={"samtid": token}), house.origin
    )
    sdp = {"from": "w1", "to": "t1", "description": {"type": "offer", "sdp": "v=0"}}
    for line in (stranger, colleague):
        await line.hear("welcome")
        for kind, fields in (
            ("resume", {"connection": "x"}), ("connection", {"connection": "x"}), ("description", sdp),
            ("candidate", {"from": "w1", "to": "t1", "candidate": None}),
            ("sending", {"audio": False, "video": False}), ("media", {"state": "lost"}), ("hang_up", {}),
            ("quality", {"freezes": 1}),
        ):  # fmt: skip
            refused = await line.ask(kind, call=call, **fields)
            assert refused["code"] == "call.unknown", (kind, refused)
    for kind in ("answer", "not_now", "ringing", "pulse"):
        more = {"answer": {"by": "touch"}, "ringing": {"connection": "x"}, "pulse": {"face": "happy"}}
        assert (await stranger.ask(kind, call=call, **more.get(kind, {})))["code"] == "call.unknown"
    for kind in ("cancel", "confirm_person"):
        assert (await colleague.ask(kind, call=call))["code"] == "call.unknown"
    assert (await house.call(call)).state is CallState.CONNECTED
    for line in (page, tablet):
        await line.ask("ping")
        assert not {"description", "candidate", "sending"} & {one["type"] for one in line.heard}
    await colleague.close()


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_tablet_whose_clock_is_mad(small_house: House, at: str) -> None:
    """Times at either end of what a computer counts are refused or left out, as any time that cannot be."""
    tablet = await small_house.tablet()
    said = await tablet.ask("klart", contact=small_house.contact_id, at=at)
    assert said.get("code") in {"contact.unknown", "message.bad", "time.bad"}
    said = await tablet.ask(
        "health", camera="granted", microphone="granted", sound="ok", wake_lock="ok", voice=True,
        touch_needed=False, started=at,
    )  # fmt: skip
    assert said.get("code") != "unexpected"


async def test_a_reason_with_a_nul_in_it(small_house: House) -> None:
    """PostgreSQL has no NUL in a text: it is left out on both databases."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.ring(page, tablet, reason="Hon\0 bad om det")
    assert (await small_house.call(call)).reason == "Hon bad om det"


async def test_nothing_is_set_up_with_who_has_hung_up(small_house: House) -> None:
    """A page that goes on after the end does not reach the tablet any more."""
    page, tablet = await small_house.page(), await small_house.tablet()
    call = await small_house.talk(page, tablet)
    await tablet.ask("hang_up", call=call)
    await page.hear("state", call=call, state="ended")
    sdp = {"from": "w1", "to": "t1", "description": {"type": "offer", "sdp": "v=0"}}
    assert (await page.ask("description", call=call, **sdp))["type"] == "ok"
    assert (await page.ask("sending", call=call, audio=True, video=True))["type"] == "ok"
    await tablet.ask("ping")
    assert not {"description", "sending"} & {one["type"] for one in tablet.heard}
