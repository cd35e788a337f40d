"""Sessions: opaque, hashed at rest, ended by time, sign-out and revocation; nobody can plant one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.accounts import Account, Role, SignIn
from server.configuration import Configuration
from server.keys import CONFIGURATION
from server.security import sessions
from tests.server.conftest import Browser, Site, sign_in


async def is_in(browser: Browser) -> bool:
    """True when the start page does not send the browser to the sign-in page."""
    answer = await browser.get("/", allow_redirects=False)
    return answer.headers.get("Location") != "/logga-in"


def token(browser: Browser) -> str:
    cookies = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}
    return cookies.get("samtid", "")


def plant(browser: Browser, value: str) -> None:
    browser.session.cookie_jar.update_cookies({"samtid": value}, browser.make_url("/"))


async def test_only_the_hash_is_kept(site: Site) -> None:
    """Whoever reads the database cannot use the sessions in it."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    async with site.database.read() as session:
        kept = (await session.scalars(select(SignIn))).one()
    assert len(token(browser)) == 43
    assert token(browser) not in kept.token_hash
    assert kept.token_hash == sessions.digest(token(browser))


async def test_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site) -> None:
    """HttpOnly, SameSite=Lax, whole host; and over HTTPS Secure with the __Host- prefix."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    cookie = (await sign_in(browser, "anna")).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_cookie_over_https_is_bound_to_the_host() -> None:
    """The __Host- prefix keeps other names under the same domain from setting it."""
    assert sessions.cookie_name(Configuration(public_url="https://samtid.example")) == "__Host-samtid"
    assert sessions.cookie_name(Configuration()) == "samtid"


async def test_ends_when_idle(site: Site) -> None:
    """A session that nobody has used for two hours is over; one in use goes on."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    idle = timedelta(minutes=site.app[CONFIGURATION].idle_minutes)
    for _ in range(3):
        site.clock.move(idle - timedelta(minutes=1))
        assert await is_in(browser)
    site.clock.move(idle + timedelta(minutes=1))
    assert not await is_in(browser)


async def test_ends_at_its_last_hour_however_busy(site: Site) -> None:
    """Use does not make a session live for ever."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    for _ in range(12):
        assert await is_in(browser)
        site.clock.move(timedelta(hours=1))
    assert not await is_in(browser)


async def test_sign_out_ends_it_on_the_server(site: Site) -> None:
    """A copied cookie is worth nothing after sign-out."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    copied = token(browser)
    await browser.post("/logga-ut", allow_redirects=False)
    assert token(browser) == ""
    other = await site.browser()
    plant(other, copied)
    assert not await is_in(other)


async def test_planted_token_is_never_taken_over(site: Site) -> None:
    """Fixation: the token is new at sign-in, whatever cookie was there before."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    plant(browser, "A" * 43)
    await sign_in(browser, "anna")
    assert token(browser) not in {"", "A" * 43}
    attacker = await site.browser()
    plant(attacker, "A" * 43)
    assert not await is_in(attacker)


async def test_signing_in_anew_ends_the_session_before(site: Site) -> None:
    """One browser, one session: the earlier token dies when a new one is given."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    before = token(browser)
    await sign_in(browser, "anna")
    assert token(browser) != before
    other = await site.browser()
    plant(other, before)
    assert not await is_in(other)


@pytest.mark.parametrize("change", ["first letter", "cut", "longer", "other case", "empty", "nul", "sql"])
async def test_tampered_token_is_nobodys(site: Site, change: str) -> None:
    """A token that differs in anything is no token, and hostile ones harm nothing."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    real = token(browser)
    tampered = {
        "first letter": ("B" if real[0] == "A" else "A") + real[1:],
        "cut": real[:-1],
        "longer": real + "A",
        "other case": real.swapcase(),
        "empty": "",
        "nul": "%00" * 10,
        "sql": "' OR 1=1 --",
    }[change]
    other = await site.browser()
    answer = await other.get("/", headers={"Cookie": f'samtid="{tampered}"'}, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"] == "/logga-in"


async def test_closed_account_is_out_at_once(site: Site) -> None:
    """Sessions of a closed account stop working with the next request."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    async with site.database.write() as session:
        account = (await session.scalars(select(Account))).one()
        account.disabled_at = site.clock.now()
    assert not await is_in(browser)


async def test_revoked_everywhere(site: Site) -> None:
    """Every device of an account can be signed out at once; other accounts stay."""
    first = await site.signed_in("anna", Role.ADMINISTRATOR)
    second = await site.browser()
    await sign_in(second, "anna")
    other = await site.signed_in("bo", Role.ADMINISTRATOR)
    async with site.database.write() as session:
        account = (await session.scalars(select(Account).where(Account.username == "anna"))).one()
        assert await sessions.revoke_all(session, account.id, site.clock.now()) == 2
    assert not await is_in(first)
    assert not await is_in(second)
    assert await is_in(other)
