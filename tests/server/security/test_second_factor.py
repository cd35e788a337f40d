"""The second step of a sign-in: who owes it, what it opens, and everything that must not get past it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pyotp
import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Account, PendingSignIn, Role, SignIn
from care.clock import StandingClock
from care.factors import CodeApp, Passkey, RecoveryCode
from care.ids import new_id
from care.storage.database import Database
from server.configuration import Configuration
from server.keys import MACHINE_CLOCK, PASSWORDS
from server.security.passwords import Passwords
from server.security.pending import PATIENCE, TRIES
from server.security.throttle import FACTOR_ACCOUNT
from tests.builders import make_town
from tests.server.conftest import PASSWORD, WEAK, Browser, Site, cold_app, sign_in

HALF_MINUTE = timedelta(seconds=30)
SIGNED_BY_NOBODY = (
    '{"id":"AA","rawId":"AA","type":"public-key","response":'
    '{"clientDataJSON":"AA","authenticatorData":"AA","signature":"AA"}}'
)


async def make_site(database: Database, clock: StandingClock, configuration: Configuration) -> Site:
    async with database.write() as session:
        town = await make_town(session)
    app = cold_app(database, clock, configuration)
    app[PASSWORDS] = Passwords(WEAK)
    app[MACHINE_CLOCK] = clock
    server = TestServer(app)
    await server.start_server()
    return Site(server, database, clock, town)


async def end(site: Site) -> None:
    for browser in site.opened:
        await browser.session.close()
    await site.server.close()


@pytest.fixture
async def site(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Site]:
    """A server that other machines reach, so that everybody owes a second factor."""
    made = await make_site(sqlite_database, clock, Configuration(data=tmp_path, host="192.0.2.1"))
    yield made
    await end(made)


@pytest.fixture
async def here(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Site]:
    """A server for this machine alone."""
    made = await make_site(sqlite_database, clock, Configuration(data=tmp_path))
    yield made
    await end(made)


def code(site: Site, secret: str, *, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(site.clock.now() + later * HALF_MINUTE)


async def enrol(site: Site, browser: Browser, username: str = "anna") -> tuple[str, list[str]]:
    """First sign-in: set up a code app; its secret and the recovery codes."""
    answer = await sign_in(browser, username)
    assert answer.headers["Location"] == "/konto/andra-steget"
    page = await (await browser.get("/konto/andra-steget")).text()
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert found is not None
    secret = found[1].replace(" ", "")
    answer = await browser.post("/konto/andra-steget", data={"do": "app", "code": code(site, secret)})
    page = await answer.text()
    assert answer.status == 200, page
    codes = re.findall(r"<code>([a-z0-9-]{17})</code>", page)
    assert len(codes) == 10
    site.clock.move(HALF_MINUTE)
    return secret, codes


async def step_two(browser: Browser, **answer: str) -> int:
    return (await browser.post("/logga-in/andra-steget", data=answer, allow_redirects=False)).status


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/konton", allow_redirects=False)).status == 200


def cookie(browser: Browser, name: str = "samtid") -> str:
    return {one.key: one.value for one in browser.session.cookie_jar}.get(name, "")


async def test_first_sign_in_sets_up_a_factor_and_then_lets_in(site: Site) -> None:
    """The password alone opens nothing; with the app's code come a session and ten recovery codes."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    await sign_in(browser, "anna", vidare="/konton")
    assert cookie(browser) == ""
    assert not await is_in(browser)
    await enrol(site, browser)
    assert await is_in(browser)


async def test_the_next_sign_in_asks_for_the_code(site: Site) -> None:
    """Password, then a code that has not been used; the session comes after it, with a token of its own."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    browser = await site.browser()
    answer = await sign_in(browser, "anna", vidare="/konton")
    assert answer.headers["Location"] == "/logga-in/andra-steget"
    assert "Kod i appen" in await (await browser.get("/logga-in/andra-steget")).text()
    assert cookie(browser) == ""
    step = cookie(browser, "samtid-steg")
    answer = await browser.post(
        "/logga-in/andra-steget", data={"code": code(site, secret)}, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/konton")
    assert cookie(browser) not in {"", step}
    assert cookie(browser, "samtid-steg") == ""
    assert await is_in(browser)


async def test_half_a_sign_in_opens_no_address(site: Site) -> None:
    """With the password right and the factor owed, every address answers as to nobody."""
    await site.account("anna", *Role)
    secret, _ = await enrol(site, await site.browser())
    half, nobody = await site.browser(), await site.browser()
    await sign_in(half, "anna")
    for name, resource in site.app.router.named_resources().items():
        if name in {"second_factor", "second_factor_try", "sign_out", "sign_in", "sign_in_try"}:
            continue
        address = re.sub(r"{[^}]+}", str(new_id()), resource.canonical)
        for method in ("GET", "POST"):
            one = await half.request(method, address, allow_redirects=False)
            other = await nobody.request(method, address, allow_redirects=False)
            assert one.status == other.status, (name, method)
            assert one.headers.get("Location") == other.headers.get("Location"), (name, method)
    # Its token is no session token either.
    thief = await site.browser()
    thief.session.cookie_jar.update_cookies({"samtid": cookie(half, "samtid-steg")}, thief.make_url("/"))
    assert not await is_in(thief)
    assert await step_two(half, code=code(site, secret)) == 303


@pytest.mark.parametrize("later", [-2, 2, 10])
async def test_codes_of_other_times_are_wrong(site: Site, later: int) -> None:
    """Half a minute off is a slow phone; more is an old code."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    site.clock.move(timedelta(minutes=5))
    browser = await site.browser()
    await sign_in(browser, "anna")
    assert await step_two(browser, code=code(site, secret, later=later)) == 422
    assert not await is_in(browser)
    assert await step_two(browser, code=code(site, secret, later=1)) == 303


async def test_a_code_is_good_once(site: Site) -> None:
    """Whoever looks over a shoulder cannot use it, nor an earlier one; the one that set it up is used too."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    site.clock.move(-HALF_MINUTE)
    first, second = await site.browser(), await site.browser()
    await sign_in(first, "anna")
    assert await step_two(first, code=code(site, secret)) == 422
    site.clock.move(HALF_MINUTE)
    used = code(site, secret)
    assert await step_two(first, code=used) == 303
    await sign_in(second, "anna")
    assert await step_two(second, code=used) == 422
    assert await step_two(second, code=code(site, secret, later=-1)) == 422
    assert not await is_in(second)


async def test_one_code_sent_twice_at_once_lets_one_in(site: Site) -> None:
    """Two that race with the same code: one session is opened."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    browsers = [await site.browser() for _ in range(4)]
    for browser in browsers:
        await sign_in(browser, "anna")
    answers = await asyncio.gather(*(step_two(browser, code=code(site, secret)) for browser in browsers))
    assert sorted(answers) == [303, 422, 422, 422]


async def test_five_wrong_codes_end_the_try(site: Site) -> None:
    """Then the right one is too late, and the password is asked for again."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    browser = await site.browser()
    await sign_in(browser, "anna")
    for _ in range(TRIES):
        assert await step_two(browser, code="000000") == 422
    answer = await browser.post(
        "/logga-in/andra-steget", data={"code": code(site, secret)}, allow_redirects=False
    )
    assert answer.headers["Location"] == "/logga-in"
    assert not await is_in(browser)


async def test_guessing_is_limited_for_the_account_from_anywhere(site: Site) -> None:
    """Somebody who knows the password cannot go on guessing by beginning anew."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    tries = 0
    while tries < FACTOR_ACCOUNT.times:
        browser = await site.browser()
        await sign_in(browser, "anna")
        for _ in range(TRIES):
            tries += 1
            assert await step_two(browser, code="000000") == 422
    browser = await site.browser()
    await sign_in(browser, "anna")
    answer = await browser.post("/logga-in/andra-steget", data={"code": code(site, secret)})
    assert answer.status == 429
    assert answer.headers["Retry-After"] == str(FACTOR_ACCOUNT.minutes * 60)


async def test_the_second_step_must_follow_soon(site: Site) -> None:
    """A page left open over lunch asks for the password again."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    browser = await site.browser()
    await sign_in(browser, "anna")
    site.clock.move(PATIENCE)
    assert await step_two(browser, code=code(site, secret)) == 303
    assert not await is_in(browser)


async def test_recovery_code_lets_in_once(site: Site) -> None:
    """Read from paper, with capitals and spaces; a second time it is wrong. Only hashes are kept."""
    await site.account("anna", Role.ADMINISTRATOR)
    _, codes = await enrol(site, await site.browser())
    for expected in (303, 422):
        browser = await site.browser()
        await sign_in(browser, "anna")
        assert await step_two(browser, recovery=f" {codes[3].upper().replace('-', ' ')} ") == expected
        assert await is_in(browser) is (expected == 303)
    async with site.database.read() as session:
        kept = [one.code_hash for one in await session.scalars(select(RecoveryCode))]
        used = [one for one in await session.scalars(select(RecoveryCode)) if one.used_at is not None]
    assert len(used) == 1
    assert not set(kept) & set(codes)


async def test_the_secret_is_sealed(site: Site, tmp_path: Path) -> None:
    """Whoever reads the database cannot make codes."""
    await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    async with site.database.read() as session:
        app = (await session.scalars(select(CodeApp))).one()
    assert secret.encode() not in app.sealed
    assert app.sealed.startswith(b"v1.")


async def test_setting_up_is_not_a_way_round(site: Site) -> None:
    """A set-up begun with the password alone ends as soon as the account has a factor."""
    await site.account("anna", Role.ADMINISTRATOR)
    thief = await site.browser()
    await sign_in(thief, "anna")
    page = await (await thief.get("/konto/andra-steget")).text()
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert found is not None
    theirs = found[1].replace(" ", "")
    await enrol(site, await site.browser())
    answer = await thief.post(
        "/konto/andra-steget", data={"do": "app", "code": code(site, theirs)}, allow_redirects=False
    )
    assert answer.headers["Location"] == "/logga-in"
    assert not await is_in(thief)


@pytest.mark.parametrize(
    "answer",
    ["{}", "x", "null", "[]", '{"id":"a","rawId":"a","type":"public-key","response":{}}', "9" * 19_000,
     SIGNED_BY_NOBODY],
)  # fmt: skip
async def test_passkey_answers_that_are_none(site: Site, answer: str) -> None:
    """Whatever stands where a browser's signed answer should be is a wrong answer, never an error of ours."""
    account = await site.account("anna", Role.ADMINISTRATOR)
    await enrol(site, await site.browser())
    async with site.database.write() as session:
        session.add(
            Passkey(
                id=new_id(), account_id=account.id, credential_id=b"\0", public_key=b"\0", name="Chrome",
                created_at=site.clock.now(),
            )
        )  # fmt: skip
    browser = await site.browser()
    await sign_in(browser, "anna")
    assert await step_two(browser, credential=answer) == 422
    fresh = await site.browser()
    await site.account("bo", Role.ADMINISTRATOR)
    await sign_in(fresh, "bo")
    status = (await fresh.post("/konto/andra-steget", data={"do": "passkey", "credential": answer})).status
    assert status == 422
    assert not await is_in(fresh)


async def test_on_this_machine_only_those_who_have_a_factor_are_asked(here: Site) -> None:
    """The demo needs none; who sets one up from the own account is asked the next time."""
    browser = await here.signed_in("anna", Role.ADMINISTRATOR)
    before = cookie(browser)
    assert (await browser.post("/konto/andra-steget/oppna", data={"password": "fel"})).status == 422
    assert (await browser.get("/konto/andra-steget", allow_redirects=False)).status == 303
    await browser.post("/konto/andra-steget/oppna", data={"password": PASSWORD})
    page = await (await browser.get("/konto/andra-steget")).text()
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert found is not None
    secret = found[1].replace(" ", "")
    other = await here.browser()
    await sign_in(other, "anna")
    await browser.post("/konto/andra-steget", data={"do": "app", "code": code(here, secret)})
    assert cookie(browser) != before, "the session's token is new"
    assert await is_in(browser)
    assert not await is_in(other), "other devices came in without it"
    answer = await sign_in(await here.browser(), "anna")
    assert answer.headers["Location"] == "/logga-in/andra-steget"
    # Here the last one may go again.
    assert (await browser.post("/konto/andra-steget", data={"do": "remove"})).status == 200
    answer = await sign_in(await here.browser(), "anna")
    assert answer.headers["Location"] == "/"


async def test_the_last_factor_stays_where_it_is_owed(site: Site) -> None:
    """Nobody goes back to a password alone."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    await enrol(site, browser)
    answer = await browser.post("/konto/andra-steget", data={"do": "remove"})
    assert answer.status == 409
    assert "Lägg till ett nytt" in await answer.text()


async def test_fresh_recovery_codes_replace_the_old(site: Site) -> None:
    """A lost paper is worth nothing after new ones were made."""
    await site.account("anna", Role.ADMINISTRATOR)
    browser = await site.browser()
    _, old = await enrol(site, browser)
    page = await (await browser.post("/konto/andra-steget", data={"do": "codes"})).text()
    fresh = re.findall(r"<code>([a-z0-9-]{17})</code>", page)
    assert len(fresh) == 10
    other = await site.browser()
    await sign_in(other, "anna")
    assert await step_two(other, recovery=old[0]) == 422
    assert await step_two(other, recovery=fresh[0]) == 303


async def test_a_lost_phone(site: Site) -> None:
    """The administrator resets: signed out everywhere, the old app is worth nothing, a new one is set up."""
    await site.account("boss", Role.ADMINISTRATOR)
    boss = await site.browser()
    await enrol(site, boss, "boss")
    anna = await site.account("anna", Role.ADMINISTRATOR)
    phone = await site.browser()
    secret, codes = await enrol(site, phone)
    half = await site.browser()
    await sign_in(half, "anna")
    page = await (await boss.get(f"/konton/{anna.id}")).text()
    assert "Nollställ det andra steget" in page
    assert (await boss.post(f"/konton/{anna.id}/nollstall", allow_redirects=False)).status == 303
    assert not await is_in(phone)
    assert await step_two(half, code=code(site, secret)) == 303
    assert not await is_in(half), "a sign-in under way ends too"
    fresh = await site.browser()
    second, _ = await enrol(site, fresh)
    assert second != secret
    assert await is_in(fresh)
    again = await site.browser()
    await sign_in(again, "anna")
    assert await step_two(again, recovery=codes[0]) == 422
    things = [row.thing for row in await site.log()]
    assert f"account:{anna.id}:second factor reset" in things


async def test_only_administrators_reset(site: Site) -> None:
    """Nobody else takes another's factor away, or sets their last day."""
    await site.account("anna", Role.COORDINATOR)
    browser = await site.browser()
    await enrol(site, browser)
    other = await site.account("bo", Role.CARE_WORKER)
    for path in ("nollstall", "sista-dag"):
        assert (await browser.post(f"/konton/{other.id}/{path}")).status == 403


async def test_somebody_who_leaves_is_out_at_midnight(here: Site) -> None:
    """On the last day all is as usual; at midnight every session is over, and no new one opens."""
    boss = await here.signed_in("boss", Role.ADMINISTRATOR)
    anna = await here.account("anna", Role.ADMINISTRATOR)
    assert (await boss.post(f"/konton/{anna.id}/sista-dag", data={"last_day": "2026-12-01"})).status == 200
    here.clock.set(here.clock.now().replace(hour=22, minute=58))  # 23.58 in Sweden
    browser = await here.browser()
    assert (await sign_in(browser, "anna")).status == 303
    assert await is_in(browser)
    here.clock.move(timedelta(minutes=2))
    assert not await is_in(browser)
    assert (await sign_in(await here.browser(), "anna")).status == 422
    async with here.database.read() as session:
        kept = await session.get_one(Account, anna.id)
        ends = [one.expires_at for one in await session.scalars(select(SignIn)) if one.account_id == anna.id]
    assert kept.last_day == date(2026, 12, 1)
    assert ends == [here.clock.now()]


async def test_a_day_that_has_been_ends_sessions_at_once(here: Site) -> None:
    """Somebody who left yesterday is out now, everywhere, also with a sign-in under way."""
    boss = await here.signed_in("boss", Role.ADMINISTRATOR)
    browser = await here.signed_in("anna", Role.ADMINISTRATOR)
    async with here.database.read() as session:
        anna = (await session.scalars(select(Account).where(Account.username == "anna"))).one()
    await boss.post(f"/konton/{anna.id}/sista-dag", data={"last_day": "2026-11-30"})
    assert not await is_in(browser)
    page = await (await boss.get(f"/konton/{anna.id}")).text()
    assert "Stängt" in page
    await boss.post(f"/konton/{anna.id}/oppna")
    assert (await sign_in(await here.browser(), "anna")).status == 303
    own = f"/konton/{(await known(here, 'boss')).id}/sista-dag"
    assert (await boss.post(own, data={"last_day": "2026-12-24"})).status == 409


async def known(site: Site, username: str) -> Account:
    async with site.database.read() as session:
        return (await session.scalars(select(Account).where(Account.username == username))).one()


async def test_one_device_of_ones_own_is_signed_out(here: Site) -> None:
    """From the list on the own account; another's session is not there."""
    first = await here.signed_in("anna", Role.ADMINISTRATOR)
    second = await here.browser()
    await sign_in(second, "anna")
    stranger = await here.signed_in("bo", Role.ADMINISTRATOR)
    page = await (await first.get("/konto")).text()
    (path,) = re.findall(r'action="(/konto/logga-ut/[^"]+)"', page)
    assert (await stranger.post(path)).status == 404
    assert await is_in(second)
    assert (await first.post(path, allow_redirects=False)).status == 303
    assert not await is_in(second)
    assert await is_in(first)


async def test_every_step_stands_in_the_access_log(site: Site) -> None:
    """The password, the wrong code, the session and how it was opened."""
    account = await site.account("anna", Role.ADMINISTRATOR)
    secret, _ = await enrol(site, await site.browser())
    browser = await site.browser()
    await sign_in(browser, "anna")
    await step_two(browser, code="000000")
    await step_two(browser, code=code(site, secret))
    async with site.database.read() as session:
        rows = list(await session.scalars(select(AccessLog).order_by(AccessLog.id)))
    assert {row.account_id for row in rows} == {account.id}
    assert [(row.thing, row.allowed) for row in rows][-4:] == [
        ("session:code_app", True), ("password", True), ("factor", False), ("session:code_app", True)
    ]  # fmt: skip
    assert ("factor:code_app:added", True) in [(row.thing, row.allowed) for row in rows]


async def test_old_sign_ins_under_way_are_cleared(site: Site) -> None:
    """The table does not grow with every password."""
    await site.account("anna", Role.ADMINISTRATOR)
    for _ in range(3):
        await sign_in(await site.browser(), "anna")
        site.clock.move(PATIENCE + timedelta(seconds=1))
    await sign_in(await site.browser(), "anna")
    async with site.database.read() as session:
        assert len((await session.scalars(select(PendingSignIn))).all()) == 1
