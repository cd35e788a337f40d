"""Sign-in by the municipality's own service, against a real provider: who gets in, as what, and who not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from care.accounts import Account, AccountRole, OutsideIdentity, Role, SignIn
from care.clock import StandingClock
from care.errors import Fault
from care.storage.database import Database
from server.configuration import Configuration, OpenId, read_configuration
from server.keys import PASSWORDS
from server.outside_accounts import values
from server.security.passwords import Passwords
from tests.builders import make_staff, make_town
from tests.e2e.running import free_port
from tests.server.conftest import WEAK, Site, cold_app
from tests.server.security.provider import SECRET, go_through, provider

MAPPING: dict[str, Any] = {
    "name": "Kommun-ID",
    "scopes": ["openid", "profile", "work"],
    "hsa_claim": "hsa_id",
    "username_claim": "login",
    "role_claim": "jobs",
    "roles": {"vård": "care_worker", "chef": "unit_manager", "systemägare": "administrator"},
    "group_claim": "units",
    "groups": {"u-bracke": "Bräcke"},
}


@asynccontextmanager
async def serving(
    database: Database,
    clock: StandingClock,
    folder: Path,
    *,
    client: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[Site]:
    """A server that other machines reach, and the provider that its people sign in with."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    async with database.write() as session:
        town = await make_town(session)
        await make_staff(session, town, "Anna", "Berg", hsa_id="SE165567766992-00a1")
    async with provider(origin, client=client or {}) as issuer:
        settings = {"issuer": issuer, "client_id": "samtid", "client_secret": SECRET, **MAPPING, **more}
        configuration = Configuration(data=folder, host="0.0.0.0", oidc=OpenId(**settings))  # noqa: S104
        app = cold_app(database, clock, configuration)
        app[PASSWORDS] = Passwords(WEAK)
        server = TestServer(app, port=port)
        await server.start_server()
        site = Site(server, database, clock, town)
        yield site
        for browser in site.opened:
            await browser.session.close()
        await server.close()


@pytest.fixture
async def site(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(sqlite_database, clock, tmp_path) as made:
        yield made


@asynccontextmanager
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        yield http


def address(site: Site, path: str) -> str:
    return str(site.server.make_url(path))


async def enter(site: Site, http: ClientSession, login: str, target: str = "/konto") -> tuple[int, str]:
    """Through the provider and back; status and page where it ended."""
    back = await go_through(http, address(site, f"/logga-in/oidc?vidare={target}"), login)
    answer = await http.get(back)
    return answer.status, await answer.text()


async def is_in(site: Site, http: ClientSession) -> bool:
    return (await http.get(address(site, "/konto"), allow_redirects=False)).status == 200


async def roles(site: Site, username: str) -> set[tuple[Role, bool]]:
    """The account's roles, and whether each holds in the town's group."""
    async with site.database.read() as session:
        rows = await session.scalars(
            select(AccountRole)
            .join(Account, Account.id == AccountRole.account_id)
            .where(Account.username == username)
        )
        return {(one.role, one.group_id == site.town.group.id) for one in rows}


async def test_somebody_in_the_staff_list_comes_in_by_hsa_id(site: Site) -> None:
    """No password, no second form: an account is made, with the role and group that the claims say."""
    async with browser() as http:
        page = await (await http.get(address(site, "/logga-in?vidare=/konto"))).text()
        assert "Logga in med Kommun-ID" in page
        status, page = await enter(site, http, "anna")
        assert status == 200, page
        assert "Anna Berg" in page
        assert await is_in(site, http)
    assert await roles(site, "se165567766992-00a1") == {(Role.CARE_WORKER, True)}
    async with site.database.read() as session:
        account = (await session.scalars(select(Account))).one()
        identity = (await session.scalars(select(OutsideIdentity))).one()
        sign_in = (await session.scalars(select(SignIn))).one()
    assert account.password_hash is None
    assert (identity.account_id, identity.subject) == (account.id, "anna")
    assert sign_in.method == "oidc"


async def test_the_second_time_it_is_the_same_account(site: Site) -> None:
    """Known by issuer and subject; nothing is made twice."""
    for _ in range(2):
        async with browser() as http:
            assert (await enter(site, http, "anna"))[0] == 200
    async with site.database.read() as session:
        assert len((await session.scalars(select(Account))).all()) == 1
        assert len((await session.scalars(select(OutsideIdentity))).all()) == 1


async def test_roles_are_what_the_claims_say_at_every_sign_in(site: Site) -> None:
    """What was given in Samtid, and what the service has taken away, is gone; what it gives is there."""
    await site.account("chefen", Role.ADMINISTRATOR, Role.COORDINATOR)
    await site.account("it.admin")
    async with browser() as http:
        assert (await enter(site, http, "chef"))[0] == 200
    assert await roles(site, "chefen") == {(Role.CARE_WORKER, True), (Role.UNIT_MANAGER, True)}
    async with browser() as http:
        assert (await enter(site, http, "admin", "/konton"))[0] == 200
    assert await roles(site, "it.admin") == {(Role.ADMINISTRATOR, False)}


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("okand", "finns inte i Samtid"),
        ("utan", "har inget uppdrag här"),
        ("grupplos", "har inget uppdrag här"),
        ("chef", "är stängt"),
    ],
)
async def test_who_is_not_let_in_hears_why(site: Site, login: str, sentence: str) -> None:
    """Unknown, without a role, with a role but no group, or closed: a sentence, and no session."""
    await site.account("utan", Role.ADMINISTRATOR)
    await site.account("grupplos")
    await site.account("chefen", Role.UNIT_MANAGER, disabled_at=site.clock.now())
    async with browser() as http:
        status, page = await enter(site, http, login)
        assert status == 403
        assert sentence in page
        assert not await is_in(site, http)
    assert await roles(site, "utan") == ({(Role.ADMINISTRATOR, True)} if login != "utan" else set())


def changed(back: str, **more: str) -> str:
    parts = urlsplit(back)
    said = {name: found[0] for name, found in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(query=urlencode({**said, **more})))


@pytest.mark.parametrize(
    "more",
    [
        {"state": "x"},
        {"state": ""},
        {"code": "x"},
        {"code": ""},
        {"iss": "https://ond.example"},
        {"state": "å" * 600},
    ],
)
async def test_an_answer_that_was_changed_is_refused(site: Site, more: dict[str, str]) -> None:
    """State, code and issuer must be what was sent away and what was given."""
    async with browser() as http:
        back = await go_through(http, address(site, "/logga-in/oidc"), "anna")
        answer = await http.get(changed(back, **more))
        assert 400 <= answer.status < 500
        assert not await is_in(site, http)
        # And it is used up: the right answer is too late.
        assert (await http.get(back)).status == 409
        assert not await is_in(site, http)


async def test_an_answer_is_good_once_and_in_its_own_browser(site: Site) -> None:
    """A stolen address, or one that an attacker has prepared, opens nothing."""
    async with browser() as http, browser() as other:
        back = await go_through(http, address(site, "/logga-in/oidc"), "anna")
        assert (await other.get(back)).status == 409
        assert not await is_in(site, other)
        assert (await http.get(back)).status == 200
        assert (await http.get(back)).status == 409
        assert await is_in(site, http)


async def test_a_code_of_another_try_is_refused(site: Site) -> None:
    """The attacker's code in the victim's try: PKCE and nonce belong to the try."""
    async with browser() as attacker, browser() as victim:
        theirs = await go_through(attacker, address(site, "/logga-in/oidc"), "anna")
        mine = await go_through(victim, address(site, "/logga-in/oidc"), "anna")
        code = parse_qs(urlsplit(theirs).query)["code"][0]
        assert (await victim.get(changed(mine, code=code))).status == 403
        assert not await is_in(site, victim)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"algorithms": ["ES256"]}, 403),
        ({"client_secret": "fel"}, 403),
        ({"acr": ["http://id.example/loa3"]}, 403),
    ],
)
async def test_what_we_do_not_accept(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path, more: dict[str, Any], status: int
) -> None:
    """A signature that we do not take, a secret that is not ours, a level of assurance that is too low."""
    async with serving(sqlite_database, clock, tmp_path, **more) as site, browser() as http:
        assert (await enter(site, http, "anna"))[0] == status
        assert not await is_in(site, http)


async def test_a_public_client(sqlite_database: Database, clock: StandingClock, tmp_path: Path) -> None:
    """Without a secret PKCE alone protects the code."""
    client = {"token_endpoint_auth_method": "none"}
    async with (
        serving(sqlite_database, clock, tmp_path, client=client, client_secret="") as site,
        browser() as http,
    ):
        assert (await enter(site, http, "anna"))[0] == 200


async def test_tokens_of_another_time_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity token is good for the provider's hour, by the machine's own clock."""
    from server.keys import MACHINE_CLOCK

    site.app._state[MACHINE_CLOCK] = site.clock  # days after the provider's real time
    async with browser() as http:
        assert (await enter(site, http, "anna"))[0] == 403


async def test_a_service_that_does_not_answer(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """Passwords still work, and the page says what is wrong."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    async with serving(sqlite_database, clock, tmp_path, issuer=nowhere) as site, browser() as http:
        answer = await http.get(address(site, "/logga-in/oidc"))
        assert answer.status == 503
        page = await answer.text()
        assert "svarar inte just nu" in page
        assert 'name="password"' in page


async def test_signing_out_leads_to_the_service_too(site: Site) -> None:
    """The session here is over, and the page offers to end the one there."""
    async with browser() as http:
        await enter(site, http, "anna")
        answer = await http.post(address(site, "/logga-ut"))
        page = await answer.text()
        assert answer.url.path == "/utloggad"
        assert "Logga ut där också" in page
        assert not await is_in(site, http)
        found = page.split('href="http://127.0.0.1:')[1].split('"')[0].replace("&amp;", "&")
        ended = await http.get(f"http://127.0.0.1:{found}")
        assert ended.status == 200
        assert "logout" in await ended.text()


async def test_without_the_setting_there_is_nothing(
    sqlite_database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    """No button, no address, and nothing goes out."""
    async with sqlite_database.write() as session:
        town = await make_town(session)
    server = TestServer(cold_app(sqlite_database, clock, Configuration(data=tmp_path)))
    await server.start_server()
    site = Site(server, sqlite_database, clock, town)
    async with browser() as http:
        assert "/logga-in/oidc" not in await (await http.get(address(site, "/logga-in"))).text()
        for path in ("/logga-in/oidc", "/logga-in/oidc/svar", "/utloggad"):
            assert (await http.get(address(site, path))).status == 404
    await server.close()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ('{"issuer": "http://id.example", "client_id": "x"}', "configuration.oidc"),
        ('{"issuer": "ftp://127.0.0.1", "client_id": "x"}', "configuration.oidc"),
        (
            '{"issuer": "https://id.example", "client_id": "x", "roles": {"a": "king"}}',
            "configuration.oidc_role",
        ),
        (
            '{"issuer": "https://id.example", "client_id": "x", "roles": {"a": "device"}}',
            "configuration.oidc_role",
        ),
        ('{"issuer": "https://id.example"}', "configuration.bad"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, settings: str, code: str) -> None:
    """Said at start, with the place."""
    with pytest.raises(Fault) as raised:
        read_configuration(tmp_path, {"SAMTID_OIDC": settings})
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("claims", "name", "found"),
    [
        ({"a": "x"}, "a", ["x"]),
        ({"a": ["x", 1, "y"]}, "a", ["x", "y"]),
        ({"a": {"b": ["x"]}}, "a.b", ["x"]),
        ({"a.b": "y", "a": {"b": "x"}}, "a.b", ["y"]),
        ({"a": 1}, "a", []),
        ({"a": "x"}, "a.b", []),
        ({"a": "x"}, "", []),
    ],
)
def test_values_of_claims(claims: dict[str, Any], name: str, found: list[str]) -> None:
    """One or several texts, also inside; anything else is nothing."""
    assert values(claims, name) == found
