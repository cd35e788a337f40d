"""The headers of every answer, whatever it is."""

from __future__ import annotations

import pytest

from care.accounts import Role
from server.configuration import Configuration
from server.pages.assets import ASSETS
from server.security.headers import policy, transport
from tests.server.conftest import Site


def directives(text: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in text.split("; ")}


async def test_every_route_has_them(site: Site) -> None:
    """Pages, files, errors and refusals alike: no inline script, no foreign address, no framing."""
    person = await site.signed_in("boss", *Role)
    nobody = await site.browser()
    paths = {"/finns-inte", "/static/x/finns-inte.js", site.app[ASSETS].address("css/base.css"), "/%00"}
    for resource in site.app.router.resources():
        if "{" not in resource.canonical:
            paths.add(resource.canonical)
    assert len(paths) > 10
    for browser in (person, nobody):
        for path in sorted(paths):
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                answer = await browser.request(method, path, allow_redirects=False)
                where = f"{method} {path} {answer.status}"
                found = directives(answer.headers["Content-Security-Policy"])
                assert found["default-src"] == ["'none'"], where
                assert found["script-src"] == ["'self'"], where
                assert found["style-src"] == ["'self'"], where
                assert found["frame-ancestors"] == ["'none'"], where
                assert answer.headers["X-Content-Type-Options"] == "nosniff", where
                assert answer.headers["Referrer-Policy"] == "same-origin", where
                assert "camera=(self)" in answer.headers["Permissions-Policy"], where
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", where
                assert "Server" not in answer.headers, where


def test_policy_lets_in_nothing_foreign() -> None:
    """Every source is ourselves, or made in the page."""
    found = directives(policy(Configuration(), "127.0.0.1:8080"))
    allowed = {"'self'", "'none'", "data:", "blob:", "ws://127.0.0.1:8080"}
    assert {source for sources in found.values() for source in sources} == allowed
    assert "data:" not in found["script-src"]


@pytest.mark.parametrize("host", ["ond; script-src *", "a b", "ond.example/x", "", "'unsafe-inline'"])
def test_a_hostile_host_gets_nothing_into_the_policy(host: str) -> None:
    """The host is what the browser sends; only a plain one is named."""
    found = policy(Configuration(), host)
    assert host == "" or host not in found
    assert found.endswith("connect-src 'self'")


def test_sockets_follow_the_public_address() -> None:
    """Behind a proxy the name that browsers use counts."""
    configuration = Configuration(public_url="https://samtid.example")
    assert policy(configuration, "10.0.0.5:8080").endswith("connect-src 'self' wss://samtid.example")


@pytest.mark.parametrize(
    ("url", "is_strict"),
    [
        ("https://samtid.example", True),
        ("http://samtid.example", False),
        ("https://192.168.1.5:8080", False),
        ("https://localhost:8080", False),
        ("https://[fd00::1]:8080", False),
    ],
)
def test_https_is_remembered_for_names_of_our_own_only(url: str, is_strict: bool) -> None:
    """A demo on localhost must not lock other programs there out of plain HTTP."""
    assert (transport(Configuration(public_url=url)) is not None) is is_strict


async def test_pages_are_not_kept_and_files_are(site: Site) -> None:
    """What is about people is never cached; the program's own files are, for ever."""
    person = await site.signed_in("boss", Role.ADMINISTRATOR)
    assert (await person.get("/konton")).headers["Cache-Control"] == "no-store"
    file = await person.get(site.app[ASSETS].address("css/base.css"))
    assert "immutable" in file.headers["Cache-Control"]
