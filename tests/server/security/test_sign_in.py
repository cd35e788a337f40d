"""The sign-in page: one answer for every failure, limits, safe ways on, and hashes kept up to date."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Account, Role
from server.keys import PASSWORDS, THROTTLE
from server.pages.account.sign_in import safe_target
from server.security.passwords import AT_ONCE, Passwords
from server.security.throttle import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS
from tests.server.conftest import PASSWORD, WEAK, Site, sign_in


async def test_page_has_the_promised_names(site: Site) -> None:
    """Labels and button are part of the contract."""
    page = await (await (await site.browser()).get("/logga-in")).text()
    assert re.search(r'<label for="username">\s*Användarnamn</label>', page)
    assert re.search(r'<label for="password">\s*Lösenord</label>', page)
    assert re.search(r'<button[^>]*type="submit">Logga in</button>', page)


async def test_right_password_lets_in_whatever_the_case_of_the_name(site: Site) -> None:
    """Phones begin with a capital letter and end with a space."""
    await site.account("anna", Role.ADMINISTRATOR)
    answer = await sign_in(await site.browser(), " Anna ")
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_unknown_user_wrong_password_and_closed_account_look_the_same(site: Site) -> None:
    """Nobody can learn from the answer which user names exist."""
    await site.account("anna", Role.ADMINISTRATOR)
    await site.account("stina", Role.ADMINISTRATOR, disabled_at=site.clock.now())
    pages = []
    for username, password in (("anna", "fel"), ("ingen", "fel"), ("stina", PASSWORD)):
        answer = await sign_in(await site.browser(), username, password)
        assert answer.status == 422
        assert "Set-Cookie" not in answer.headers
        pages.append((await answer.text()).replace(username, "X"))
    assert len(set(pages)) == 1


async def test_unknown_user_costs_as_much_as_a_known_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing tells nothing either: each try computes exactly one hash with the same parameters."""
    await site.account("anna", Role.ADMINISTRATOR)
    computed: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, password_hash: str, password: bytes) -> bool:
        computed.append(password_hash.rsplit("$", 2)[0])
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    await sign_in(await site.browser(), "anna", "fel")
    await sign_in(await site.browser(), "ingen", "fel")
    assert len(computed) == 2
    assert computed[0] == computed[1]


async def test_too_many_tries_for_one_account(site: Site) -> None:
    """After ten wrong passwords not even the right one is tried, and the answer says how long to wait."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    for _ in range(SIGN_IN_ACCOUNT.times):
        assert (await sign_in(browser, "anna", "fel")).status == 422
    answer = await sign_in(browser, "anna")
    assert answer.status == 429
    assert answer.headers["Retry-After"] == str(SIGN_IN_ACCOUNT.minutes * 60)
    assert "många försök" in await answer.text()


async def test_right_password_gives_the_tries_back(site: Site) -> None:
    """Somebody who remembers at the ninth try starts afresh the next time."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    for _ in range(2):
        for _ in range(SIGN_IN_ACCOUNT.times - 1):
            assert (await sign_in(browser, "anna", "fel")).status == 422
        assert (await sign_in(browser, "anna")).status == 303


async def test_too_many_wrong_from_one_address(site: Site) -> None:
    """Trying many names from one address ends too, whatever the names are."""
    await site.account("anna", Role.ADMINISTRATOR)
    for number in range(SIGN_IN_ADDRESS.times):
        await site.app[THROTTLE].spend(SIGN_IN_ADDRESS, "127.0.0.1")
        if number == SIGN_IN_ADDRESS.times - 2:
            assert (await sign_in(await site.browser(), "anna")).status == 303
    assert (await sign_in(await site.browser(), "anna")).status == 429


async def test_old_hash_is_renewed_when_its_owner_comes(site: Site) -> None:
    """Raising the parameters reaches everybody at their next sign-in."""
    await site.account("anna", Role.ADMINISTRATOR)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    site.app._state[PASSWORDS] = stronger
    assert (await sign_in(await site.browser(), "anna")).status == 303
    async with site.database.read() as session:
        kept = (await session.scalars(select(Account.password_hash))).one()
    assert kept is not None
    assert not stronger.is_old(kept)
    assert (await sign_in(await site.browser(), "anna")).status == 303


async def test_tries_stand_in_the_access_log_without_the_name_typed(site: Site) -> None:
    """Who came in and who did not is kept; a mistyped name, which may be a password, is not."""
    account = await site.account("anna", Role.ADMINISTRATOR)
    await sign_in(await site.browser(), "anna")
    await sign_in(await site.browser(), "anna", "fel")
    await sign_in(await site.browser(), "mitt hemliga lösenord", "fel")
    async with site.database.read() as session:
        rows = list(await session.scalars(select(AccessLog).order_by(AccessLog.id)))
    assert [(row.account_id, row.allowed) for row in rows] == [
        (account.id, True),
        (account.id, False),
        (None, False),
    ]
    assert "hemliga" not in repr([vars(row) for row in rows])


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("/min-dag", "/min-dag"),
        ("/brukare/1?x=2", "/brukare/1?x=2"),
        ("", "/"),
        ("https://ond.example/", "/"),
        ("//ond.example/", "/"),
        ("/\\ond.example/", "/"),
        ("\\\\ond.example", "/"),
        ("/\t/ond.example", "/"),
        ("/\n/ond.example", "/"),
        ("javascript:alert(1)", "/"),
        ("min-dag", "/"),
        ("http:/ond", "/"),
        ("///ond.example", "/"),
        ("/[::1", "/[::1"),
        ("/å", "/"),
        ("/logga-ut", "/"),
        ("/logga-in?vidare=/x", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_way_on_is_always_our_own(text: str, target: str) -> None:
    """Nobody can use the sign-in page to send people elsewhere."""
    assert safe_target(text) == target


async def test_goes_on_to_where_one_was_going(site: Site) -> None:
    """The page that asked for sign-in is where one lands."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    first = await browser.get("/konton?sok=x", allow_redirects=False)
    assert first.headers["Location"].startswith("/logga-in?vidare=")
    page = await (await browser.get(first.headers["Location"])).text()
    assert 'name="vidare" value="/konton?sok=x"' in page
    answer = await sign_in(browser, "anna", vidare="/konton?sok=x")
    assert answer.headers["Location"] == "/konton?sok=x"


async def test_demo_banner_on_every_page(site: Site) -> None:
    """Nobody may take the demo for the real thing."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    for path in ("/konton", "/finns-inte"):
        assert "demo-banner" in await (await browser.get(path)).text()
    assert "demo-banner" in await (await (await site.browser()).get("/logga-in")).text()


async def test_language_follows_the_person(site: Site) -> None:
    """The choice is kept with the account, and on a device before sign-in."""
    browser = await site.browser()
    assert '<html lang="sv"' in await (await browser.get("/logga-in")).text()
    await browser.post("/sprak", data={"language": "en", "vidare": "/logga-in"})
    assert '<html lang="en"' in await (await browser.get("/logga-in")).text()
    person = await site.signed_in("anna", Role.ADMINISTRATOR)
    await person.post("/sprak", data={"language": "en", "vidare": "/konton"})
    elsewhere = await site.browser()
    await sign_in(elsewhere, "anna")
    assert '<html lang="en"' in await (await elsewhere.get("/konton")).text()
    assert (await browser.post("/sprak", data={"language": "xx"})).status == 422


def test_password_is_the_same_on_every_keyboard() -> None:
    """Å typed as one sign or as a with a ring is the same password."""
    passwords = Passwords(WEAK)
    kept = passwords.hash_now("bl\u00e5b\u00e4rspaj i skogen")
    assert passwords._verify(kept, "bla\u030aba\u0308rspaj i skogen")
    assert not passwords._verify(kept, "blabarspaj i skogen")


async def test_many_at_once_are_as_few_as_many_in_turn(site: Site) -> None:
    """Who sends a thousand guesses at the same moment gets no more of them tried than who waits."""
    browser = await site.browser()
    answers = await asyncio.gather(
        *(sign_in(browser, f"namn{number}", "fel") for number in range(2 * SIGN_IN_ADDRESS.times))
    )
    tried = sum(answer.status == 422 for answer in answers)
    assert SIGN_IN_ADDRESS.times <= tried <= SIGN_IN_ADDRESS.times + AT_ONCE


async def test_a_browser_may_call_itself_anything(site: Site) -> None:
    """Bytes that are no text, in the name that a browser gives itself, open a session like any other."""
    await site.account("anna", Role.ADMINISTRATOR)
    form = f"username=anna&password={quote(PASSWORD)}".encode()
    head = (
        b"POST /logga-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: \xff\xfe\xed\xa0\x80\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form)
    )
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    writer.write(head + form)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 303 ")
