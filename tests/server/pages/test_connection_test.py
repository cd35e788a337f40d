"""The page that proves the relay: for who is signed in, with credentials that soon end."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from server.configuration import Configuration, Turn
from tests.server.conftest import Browser, Site

URLS = [
    "stun:turn.example:3478",
    "turn:turn.example:3478?transport=udp",
    "turns:turn.example:443?transport=tcp",
]


@pytest.fixture
def configuration(tmp_path: Path, request: pytest.FixtureRequest) -> Configuration:
    urls: list[str] | None = getattr(request, "param", URLS)
    return Configuration(data=tmp_path, turn=Turn(urls=urls, secret="hemligt") if urls else None)


async def test_nobody_gets_credentials_without_signing_in(site: Site) -> None:
    """One is sent to the sign-in page."""
    browser = await site.browser()
    answer = await browser.get("/connection-test", allow_redirects=False)
    assert answer.status in (302, 303)
    assert "/logga-in" in answer.headers["Location"]


async def test_each_way_has_a_credential_of_its_own(site: Site, worker: Browser) -> None:
    """Good for ten minutes, and one address each, so that a way that is closed hides behind no other."""
    answer = await worker.get("/connection-test")
    assert answer.status == 200
    text = await answer.text()
    found = re.search(r"data-servers='([^']*)'", text)
    assert found is not None
    servers = json.loads(html.unescape(found[1]))
    assert [one["urls"] for one in servers] == [[url] for url in URLS]
    ends = {int(one["username"].partition(":")[0]) for one in servers}
    assert ends == {int(site.clock.now().timestamp()) + 600}
    assert "hemligt" not in text
    assert "UDP-port 3478" in text
    assert "TCP-port 443" in text


@pytest.mark.parametrize("configuration", [None], indirect=True)
async def test_without_a_relay_it_says_so(worker: Browser) -> None:
    """And tries nobody else's."""
    text = await (await worker.get("/connection-test")).text()
    assert "Det finns ingen TURN-server att prova." in text
    assert "data-servers" not in text


@pytest.mark.parametrize("configuration", [["https://turn.example"]], indirect=True)
async def test_an_address_that_is_none_is_named(worker: Browser) -> None:
    """The page stands, with the address in a sentence."""
    answer = await worker.get("/connection-test")
    assert answer.status == 200
    assert "”https://turn.example” under [turn] är ingen STUN- eller TURN-adress" in await answer.text()
