"""Signing in with two steps in a real browser: a code in an app, a passkey, the municipality's service."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route
from sqlalchemy import select

from care.accounts import Account, SignIn
from care.staff import Staff
from tests.e2e.looking import DESK, PHONE, look, watched
from tests.e2e.running import PASSWORD, Running, build
from tests.server.security.provider import PEOPLE, SECRET, provider

VIEWS = ((PHONE, "light", True), (DESK, "dark", True))
#: Reachable through a proxy, so that everybody owes a second step; people may sign in elsewhere too.
SETTINGS = """
trusted_proxies = ["127.0.0.1"]

[oidc]
issuer = "{issuer}"
client_id = "samtid"
client_secret = "{secret}"
name = "Kommun-ID"
scopes = ["openid", "profile", "work"]
hsa_claim = "hsa_id"
role_claim = "jobs"
roles = {{ "vård" = "care_worker" }}
"""


@pytest.fixture
async def reached(tmp_path: Path) -> AsyncIterator[Running]:
    """The server as other machines reach it, with a sign-in service beside it."""
    made = await build(tmp_path)
    # Passkeys need a name: 127.0.0.1 is none.
    async with provider(f"http://localhost:{made.port}") as issuer:
        (tmp_path / "samtid.toml").write_text(SETTINGS.format(issuer=issuer, secret=SECRET), encoding="utf-8")
        try:
            await made.start()
            yield made
        finally:
            await made.stop()


async def context_of(chromium: Browser) -> BrowserContext:
    """A browser of its own that asks nobody but this machine."""
    context = await chromium.new_context(locale="sv-SE")
    await context.route(re.compile(r"^https?://(?!localhost|127\.0\.0\.1)"), lambda route: route.abort())
    return context


async def give_password(page: Page, running: Running) -> None:
    await page.goto(f"http://localhost:{running.port}/logga-in?vidare=/min-dag")
    await page.get_by_label("Användarnamn").fill("anna")
    await page.get_by_label("Lösenord").fill(PASSWORD)
    await page.get_by_role("button", name="Logga in", exact=True).click()


async def slowly(route: Route) -> None:
    """The answer is held back while Min dag finds out by itself that the sign-in has ended."""
    answer = await route.fetch(max_redirects=0)
    await asyncio.sleep(2)
    await route.fulfill(response=answer)


#: Min dag asks the server again while the answer to the sign-out is on its way.
LOOKS_AGAIN = """
const look = () => document.dispatchEvent(new Event("visibilitychange"));
addEventListener("submit", () => setTimeout(look, 1000));
"""


async def sign_out(page: Page) -> None:
    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Logga ut").click()
    await page.wait_for_url(re.compile("/(logga-in|utloggad)$"))


async def methods(running: Running) -> list[str]:
    async with running.database.read() as session:
        return [str(one) for one in await session.scalars(select(SignIn.method).order_by(SignIn.id))]


async def test_code_in_an_app(reached: Running, chromium: Browser) -> None:
    """Set up at the first sign-in, asked for at the next; a recovery code does when the phone is away."""
    one = await watched(await context_of(chromium))
    page = one.page
    await give_password(page, reached)
    await page.wait_for_url("**/konto/andra-steget")
    wrong = await look(one, "own-factors", views=VIEWS)
    secret = (await page.locator("code").inner_text()).replace(" ", "")
    totp = pyotp.TOTP(secret)
    await page.get_by_label("Sex siffror").fill(totp.at(int(time.time())))
    await page.get_by_role("button", name="Lägg till appen").click()
    await page.get_by_role("heading", name="Dina reservkoder").wait_for()
    wrong += await look(one, "recovery-codes", views=VIEWS)
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await page.get_by_role("link", name="Jag har sparat koderna").click()
    await page.wait_for_url("**/min-dag")

    await sign_out(page)
    await give_password(page, reached)
    await page.wait_for_url("**/logga-in/andra-steget")
    one.complaints.clear()  # of Min dag, which is looked at elsewhere
    wrong += await look(one, "second-factor", views=VIEWS)
    one.complaints.clear()
    await page.get_by_label("Sex siffror").fill("000000")
    await page.get_by_role("button", name="Fortsätt").click()
    await page.get_by_text("Det stämmer inte").wait_for()
    # The code of the next half minute: a phone may be a little fast, and the first code is used up.
    await page.get_by_label("Sex siffror").fill(totp.at(int(time.time()) + 30))
    await page.get_by_role("button", name="Fortsätt").click()
    await page.wait_for_url("**/min-dag")

    await sign_out(page)
    await give_password(page, reached)
    await page.get_by_text("Har du inte telefonen eller nyckeln?").click()
    await page.get_by_label("Reservkod").fill(codes[0])
    await page.get_by_role("button", name="Logga in med reservkod").click()
    await page.wait_for_url("**/min-dag")
    await page.goto(f"http://localhost:{reached.port}/konto")
    await page.get_by_text("9 reservkoder kvar").wait_for()
    one.complaints.clear()
    wrong += await look(one, "own-account-factors", views=VIEWS)
    assert await methods(reached) == ["code_app", "code_app", "recovery_code"]
    assert wrong == []


async def test_passkey(reached: Running, chromium: Browser) -> None:
    """Made at the first sign-in by an authenticator of the browser, used at the next, and needed."""
    context = await context_of(chromium)
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    added = await devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    await give_password(page, reached)
    await page.wait_for_url("**/konto/andra-steget")
    await page.get_by_role("button", name="Lägg till lösennyckel").click()
    await page.get_by_role("link", name="Jag har sparat koderna").click()
    await page.wait_for_url("**/min-dag")
    await sign_out(page)
    await give_password(page, reached)
    await page.wait_for_url("**/logga-in/andra-steget")
    await page.get_by_role("button", name="Använd lösennyckel").click()
    await page.wait_for_url("**/min-dag")
    assert await methods(reached) == ["passkey", "passkey"]

    # Without the authenticator there is no way in, and the page says so.
    await page.evaluate(LOOKS_AGAIN)
    await page.route("**/logga-ut", slowly)
    await sign_out(page)
    await devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": added["authenticatorId"]})
    await devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    await give_password(page, reached)
    await page.get_by_role("button", name="Använd lösennyckel").click()
    await page.get_by_text("Det blev inget av.").wait_for()
    assert "/logga-in/andra-steget" in page.url
    assert await methods(reached) == ["passkey", "passkey"]


async def test_the_municipalitys_own_service(reached: Running, chromium: Browser) -> None:
    """Through the provider's own pages and back to where one was going; out of both."""
    async with reached.database.write() as session:
        (await session.get_one(Staff, reached.anna.id)).hsa_id = PEOPLE["anna"]["hsa_id"]
    page = await (await context_of(chromium)).new_page()
    await page.goto(f"http://localhost:{reached.port}/min-dag")
    await page.get_by_role("link", name="Logga in med Kommun-ID").click()
    await page.locator("[name=login]").fill("anna")
    await page.locator("[name=password]").fill("x")
    await page.locator("button[type=submit]").click()
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url("**/min-dag")
    assert await methods(reached) == ["oidc"]
    async with reached.database.read() as session:
        assert len((await session.scalars(select(Account))).all()) == 1, "the account that stood there"
    await sign_out(page)
    await page.get_by_role("heading", name="Du är utloggad").wait_for()
    await page.get_by_role("link", name="Logga ut där också").click()
    await page.get_by_role("button", name="Yes, sign me out").click()
    await page.wait_for_url("**/logga-in*")
