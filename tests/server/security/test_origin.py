"""No request forgery: the whole matrix of where a request may say that it comes from."""

from __future__ import annotations

import pytest
from aiohttp import web

from care.accounts import Role
from server.security.gate import open_to_all
from tests.server.conftest import Site


@open_to_all("a probe")
async def probe(request: web.Request) -> web.StreamResponse:
    return web.Response(text="reached")


@pytest.fixture
def more_routes() -> web.RouteTableDef:
    routes = web.RouteTableDef()
    routes._items.append(web.route("*", "/prov", probe, name="probe"))
    return routes


OWN = "http://{host}"
MATRIX = [
    # Sec-Fetch-Site, Origin, reached
    (None, None, True),  # no browser
    ("same-origin", None, True),
    ("same-origin", OWN, True),
    ("none", None, True),  # the user's own doing
    (None, OWN, True),  # an older browser
    ("same-site", None, False),
    ("same-site", OWN, False),
    ("cross-site", None, False),
    ("cross-site", OWN, False),
    ("cross-site", "https://ond.example", False),
    ("same-origin", "https://ond.example", False),
    (None, "https://ond.example", False),
    (None, "null", False),
    (None, "", False),
    (None, "http://{host}.ond.example", False),
    (None, "http://ond.example/{host}", False),
    (None, "http://{host}@ond.example", False),
    (None, "file://{host}", False),
    (None, "http://[", False),
    ("nonsense", None, False),
]


def headers(site: Site, site_word: str | None, origin: str | None) -> dict[str, str]:
    found = {}
    if site_word is not None:
        found["Sec-Fetch-Site"] = site_word
    if origin is not None:
        found["Origin"] = origin.format(host=f"{site.server.host}:{site.server.port}")
    return found


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_changes_something(site: Site, method: str) -> None:
    """Only our own pages, and programs that are no browser, may change anything."""
    browser = await site.browser()
    for site_word, origin, reached in MATRIX:
        answer = await browser.request(method, "/prov", headers=headers(site, site_word, origin))
        assert answer.status == (200 if reached else 403), (site_word, origin)


async def test_sockets(site: Site) -> None:
    """A socket carries cookies from anywhere, so it is checked as what changes something."""
    browser = await site.browser()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    for site_word, origin, reached in MATRIX:
        answer = await browser.get("/prov", headers={**upgrade, **headers(site, site_word, origin)})
        assert answer.status == (200 if reached else 403), (site_word, origin)


async def test_reading_may_come_from_anywhere(site: Site) -> None:
    """A link from elsewhere works; reading changes nothing and other sites cannot see the answer."""
    browser = await site.browser()
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://ond.example"}
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = await browser.request(method, "/prov", headers=foreign)
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_forged_form_does_nothing(site: Site) -> None:
    """Signed in, with the cookie sent along, a foreign page still cannot make an account."""
    browser = await site.signed_in("boss", Role.ADMINISTRATOR)
    data = {"username": "ond", "role": "administrator"}
    foreign = {"Origin": "https://ond.example", "Sec-Fetch-Site": "cross-site"}
    answer = await browser.post("/konton", data=data, headers=foreign)
    assert answer.status == 403
    assert "annan webbplats" in await answer.text()
    page = await (await browser.get("/konton")).text()
    assert ">ond<" not in page
