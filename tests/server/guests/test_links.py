"""Links: forged, expired, replayed, revoked, on a second device, guessed: nobody in who should not be."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import select

from care.access.log import AccessLog
from care.guests.invitation import Invitation, hash_secret, new_secret
from care.ids import new_id
from server.calls.socket import NOT_RECOGNISED
from tests.server.calls.lines import Line
from tests.server.guests.conftest import Home


async def refused(line: Line) -> str:
    """The code with which a socket was turned away; it is closed."""
    bye = await line.hear("bye")
    assert await line.closed() == NOT_RECOGNISED
    assert not [one for one in line.heard if one["type"] in ("welcome", "lobby", "entered")]
    return str(bye["code"])


async def test_the_page_says_nothing_of_anybody(home: Home) -> None:
    """Without a secret it is the same for everybody; it names neither client nor worker."""
    answer = await home.phone().get(f"{home.origin}/gast")
    text = await answer.text()
    assert answer.status == 200
    assert "Ingrid" not in text
    assert "Anna" not in text


async def test_a_good_link_binds_the_first_device(home: Home) -> None:
    """The cookie is out of reach of scripts, and what is told is the first name of who invites, no more."""
    secret, phone = await home.invite(), home.phone()
    answer = await phone.post(
        f"{home.origin}/gast/in", json={"secret": secret}, headers={"Origin": home.origin}
    )
    said = await answer.json()
    assert answer.status == 200
    assert set(said) == {"guest", "host", "name"}
    assert (said["host"], said["name"]) == ("Anna", "Lisa")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert secret not in cookie
    # The same device comes back as often as it likes: by the link, and by the cookie alone.
    assert (await home.show(phone, secret))[0] == 200
    line = await home.come(phone, said["guest"])
    await line.hear("welcome")


async def test_a_second_device_is_refused(home: Home) -> None:
    """By the link, by the id of the invitation, and with a cookie of its own."""
    secret, phone, other = await home.invite(), home.phone(), home.phone()
    _, said = await home.show(phone, secret)
    status, problem = await home.show(other, secret)
    assert (status, problem["code"]) == (409, "guest.other_device")
    assert await refused(await home.come(other, said["guest"])) == "guest.unknown"
    # One that is another guest's good device.
    again = await home.invite("interpreter", "Amal")
    assert (await home.show(other, again))[0] == 200
    assert await refused(await home.come(other, said["guest"])) == "guest.unknown"


async def test_forged_secrets(home: Home) -> None:
    """What was made up, cut off, or taken from the database opens nothing, and says the same for all."""
    secret = await home.invite()
    phone = home.phone()
    for wrong in (new_secret(), secret[:-1], secret.lower(), hash_secret(secret), "", "å" * 43):
        status, problem = await home.show(phone, wrong)
        assert (status, problem["code"]) == (404, "guest.unknown"), wrong
    for body in (b"", b"{", b"[]", b"null", json.dumps({"secret": 1}).encode(), b'{"secret":"x","more":1}',
                 json.dumps({"secret": "x" * 2000}).encode()):  # fmt: skip
        answer = await phone.post(f"{home.origin}/gast/in", data=body, headers={"Origin": home.origin})
        assert answer.status == 422, body
    assert not phone.cookie_jar.filter_cookies(home.house.server.make_url("/"))


async def test_guessing_is_counted(home: Home) -> None:
    """After thirty wrong ones the address waits, also with a right one and at the socket."""
    secret, phone = await home.invite(), home.phone()
    for _ in range(30):
        assert (await home.show(phone, new_secret()))[0] == 404
    status, problem = await home.show(phone, secret)
    assert (status, problem["code"]) == (429, "throttle.too_many")
    line = await home.come(phone, new_id())
    assert (await line.hear("bye"))["code"] == "throttle.too_many"


async def test_good_links_are_never_counted(home: Home) -> None:
    """A whole family, or a municipality's proxy, may share one address."""
    secret, phone = await home.invite(), home.phone()
    for _ in range(40):
        assert (await home.show(phone, secret))[0] == 200


async def test_foreign_pages_cannot_show_a_secret(home: Home) -> None:
    """A link that lies on another site is of no use to that site's scripts."""
    secret, phone = await home.invite(), home.phone()
    answer = await phone.post(
        f"{home.origin}/gast/in", json={"secret": secret}, headers={"Origin": "https://annan.example"}
    )
    assert answer.status == 403


async def test_expired_and_revoked_links(home: Home) -> None:
    """After the window, and after it was taken back, by link and by socket alike."""
    line, guest = await home.wait()
    secret = await home.invite("interpreter", "Amal")
    phone = home.phone()
    _, said = await home.show(phone, secret)
    page = await home.house.page()
    await page.hear("guests")
    await page.ask("guest_answer", guest=said["guest"], answer="revoke")
    status, problem = await home.show(phone, secret)
    assert (status, problem["code"]) == (410, "guest.revoked")
    assert await refused(await home.come(phone, said["guest"])) == "guest.revoked"
    late = (await home.invitation(guest)).closes + timedelta(seconds=1)
    home.house.clock.move(late - home.house.clock.now())
    await home.house.hub.guests.copy().pop().look()
    assert (await line.hear("bye"))["code"] == "guest.over"
    status, problem = await home.show(home.phone(), secret)
    assert status in (409, 410)


async def test_no_cookie_no_hello_no_socket(home: Home) -> None:
    """Who knows the id of an invitation has nothing by that."""
    _, guest = await home.wait()
    for given in (guest, str(new_id()), None):
        assert await refused(await home.come(home.phone(), given)) == "guest.unknown"


async def test_a_guest_says_nothing_that_others_may(home: Home) -> None:
    """Calls, rings and answers of the lobby are unknown words on this socket."""
    line, guest = await home.wait()
    for kind, fields in (
        ("call", {"contact": home.house.contact_id, "connection": "x"}),
        ("guest_answer", {"guest": guest, "answer": "admit"}),
        ("resume", {"call": new_id(), "connection": "x"}),
        ("hang_up", {"call": new_id()}),
    ):
        await line.say(kind, **fields)
        assert (await line.hear("error"))["code"] == "message.unknown"


async def test_a_newer_window_takes_over(home: Home) -> None:
    """The same device twice: the first lets go."""
    phone = home.phone()
    _, said = await home.show(phone, await home.invite())
    first = await home.come(phone, said["guest"])
    await first.hear("lobby")
    second = await home.come(phone, said["guest"])
    await second.hear("lobby")
    assert (await first.hear("bye"))["code"] == "moved"
    await second.settle()


async def test_secrets_are_in_no_table_and_no_log(home: Home) -> None:
    """Neither the link's nor the device's; the log names the invitation by its id."""
    secret = await home.invite()
    phone = home.phone()
    await home.show(phone, secret)
    cookies = [one.value for one in phone.cookie_jar]
    async with home.house.database.read() as session:
        rows = (await session.scalars(select(Invitation))).all()
        log = (await session.scalars(select(AccessLog).where(AccessLog.action == "guest.invite"))).all()
    said = repr([vars(one) for one in (*rows, *log)])
    assert log
    assert not [one for one in (secret, *cookies) if one in said]
