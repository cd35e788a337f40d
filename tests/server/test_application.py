"""The application as a whole: denied by default, whole under hostile input, alive and ready."""

from __future__ import annotations

import json
import re
import sys
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import FormData, web
from sqlalchemy.exc import OperationalError

from care.accounts import Role
from care.clock import StandingClock
from care.ids import new_id
from care.storage.database import Database
from server import application
from server.configuration import Configuration
from server.operations.health import WATCHES
from server.pages.navigation import MENU
from tests.server.conftest import Browser, Site

#: What somebody might put where an id, a day or a word should be.
HOSTILE = (
    "x",
    "%00",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%(what)s%s%d",
    "9" * 400,
    "-1",
    "2026-13-45",
    "0000-00-00",
    "\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "å" * 300,
)
PEEK = re.compile(
    r"Traceback|File \"|sqlalchemy|asyncpg|sqlite3|site-packages|<script>alert|>49<", re.IGNORECASE
)


async def test_a_route_without_a_right_does_not_start(
    sqlite_database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access is denied by default already when the server starts."""

    async def forgotten(request: web.Request) -> web.StreamResponse:
        return web.Response(text="everybody's secrets")

    def setup(app: web.Application) -> None:
        app.router.add_get("/glomd", forgotten)

    part = ModuleType("glomd")
    part.setup = setup  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "glomd", part)
    monkeypatch.setattr(application, "PARTS", (*application.PARTS, "glomd"))
    with pytest.raises(RuntimeError, match=r"no right declared for .*/glomd"):
        application.create_app(Configuration(), sqlite_database, clock)


def declared(route: web.AbstractRoute) -> str:
    """The right of a route, or ``open: why``."""
    return str(route.handler.samtid_right)  # type: ignore[attr-defined]


async def test_every_open_route_says_why(site: Site) -> None:
    """What needs no sign-in has a reason in the code, and the list is short enough to read."""
    reasons = {
        route.name or route.method: declared(route)
        for route in site.app.router.routes()
        if declared(route).startswith("open:")
    }
    assert all(len(reason) > len("open: ") + 15 for reason in reasons.values())
    assert {"sign_in", "healthz", "static"} <= set(reasons)


async def test_without_sign_in_only_open_routes_answer(site: Site) -> None:
    """Every other address leads to the sign-in page, or says 401 to a program."""
    browser = await site.browser()
    for route in site.app.router.routes():
        resource = route.resource
        if resource is None or declared(route).startswith("open:") or route.method == "HEAD":
            continue
        path = re.sub(r"\{[^}]*\}", str(new_id()), resource.canonical)
        method = "GET" if route.method == "*" else route.method
        answer = await browser.request(method, path, allow_redirects=False)
        where = f"{method} {resource.canonical}"
        if answer.status == 303:
            assert answer.headers["Location"].startswith("/logga-in"), where
        else:
            assert answer.status == 401, where
    assert await site.log() == []


async def attack(browser: Browser, method: str, path: str, **more: Any) -> None:
    answer = await browser.request(method, path, allow_redirects=False, **more)
    body = await answer.text(errors="replace")
    assert answer.status < 500, f"{method} {path} {more}: {answer.status}"
    if "html" in answer.headers.get("Content-Type", "") or "json" in answer.headers.get("Content-Type", ""):
        found = PEEK.search(body)
        assert found is None, f"{method} {path} {more}: shows {found}"


async def test_hostile_input_never_breaks_anything(site: Site) -> None:
    """Whatever stands in an address or a form: an answer in words, never a 500 or a look inside."""
    browser = await site.signed_in("alla", *Role, group_id=site.town.group.id)
    for route in site.app.router.routes():
        resource = route.resource
        if resource is None or route.method in {"HEAD", "OPTIONS"} or resource.canonical == "/logga-ut":
            continue
        method = "GET" if route.method == "*" else route.method
        parts = re.findall(r"\{(\w+)[^}]*\}", resource.canonical)
        for number, text in enumerate(HOSTILE if parts else HOSTILE[:2]):
            path = re.sub(r"\{[^}]*\}", quote(text, safe="%"), resource.canonical)
            fields = {
                name: HOSTILE[(number + 3) % len(HOSTILE)] for name in ("id", "dag", "date", "grupp", "sok")
            }
            if method == "GET":
                await attack(browser, method, path, params=fields)
            else:
                await attack(browser, method, path, data={**fields, "username": text, "role": text})


async def test_hostile_bodies(site: Site) -> None:
    """Broken forms, wrong encodings, files for texts and lying lengths are answered in words."""
    browser = await site.browser()
    file = FormData()
    file.add_field("username", b"\xff\xfe\x00", filename="x.txt", content_type="text/plain")
    bodies: list[tuple[bytes, str]] = [
        (b"\xff\xfe\x00\x80", "application/x-www-form-urlencoded"),
        (b"username=%ff%fe%00&password=%80", "application/x-www-form-urlencoded"),
        (b"username=a", "application/x-www-form-urlencoded; charset=utf-9"),
        (b"username=a", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"nothing like it", "multipart/form-data"),
        (b"nothing like it", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"),
        (b'{"username": 1}', "application/json"),
        (b"&" * 5000, "application/x-www-form-urlencoded"),
    ]
    for body, kind in bodies:
        await attack(browser, "POST", "/logga-in", data=body, headers={"Content-Type": kind})
    await attack(browser, "POST", "/logga-in", data=file)
    await attack(browser, "POST", "/logga-in", data={"username": "a\0b", "password": "x" * 100_000})


async def test_too_large_a_body_is_refused(site: Site) -> None:
    """Ten megabytes of form are one thing, thirty another."""
    browser = await site.browser()
    answer = await browser.post("/logga-in", data={"username": "x" * 13_000_000})
    assert answer.status == 413


async def test_unexpected_errors_are_said_kindly_and_remembered(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page gives a reference that stands in the log; the log names the route, not the address."""

    def broken() -> None:
        raise RuntimeError("the secret inside")

    browser = await site.browser()
    monkeypatch.setattr(site.database, "read", broken)
    answer = await browser.post("/logga-in", data={"username": "anna", "password": "x"})
    page = await answer.text()
    assert answer.status == 500
    assert "secret inside" not in page
    reference = re.search(r"[0-9a-f]{8}", page[page.index("Något gick fel") :])
    assert reference is not None
    assert reference[0] in caplog.text
    assert "sign_in_try" in caplog.text


async def test_programs_get_problem_details(site: Site) -> None:
    """RFC 9457 for those who ask for JSON."""
    browser = await site.browser()
    answer = await browser.get("/konton", headers={"Accept": "application/json"})
    assert answer.status == 401
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (await answer.json(content_type=None))["code"] == "sign_in.needed"


async def test_alive_and_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive is not ready: a database that does not answer, or a late tick, is said with its reason."""
    browser = await site.browser()
    assert (await browser.get("/healthz")).status == 200
    assert (await browser.get("/readyz")).status == 200

    async def late() -> str | None:
        return "tick:due"

    site.app[WATCHES].append(late)
    answer = await browser.get("/readyz")
    assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": ["tick:due"]})

    def broken() -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(site.database, "read", broken)
    answer = await browser.get("/readyz")
    assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": ["database"]})
    assert (await browser.get("/healthz")).status == 200


async def test_metrics_hold_no_persons_and_are_for_this_machine(site: Site) -> None:
    """Counts by route name; asked through a proxy that we do not know, they do not exist."""
    browser = await site.signed_in("anna", Role.ADMINISTRATOR)
    await browser.get(f"/konton/{new_id()}")
    text = await (await browser.get("/metrics")).text()
    assert 'samtid_requests_total{method="GET",route="account",status="404"} 1.0' in text
    assert "anna" not in text.lower()
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
    # What any proxy adds gives it away, when it has not been named as ours.
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"):
        assert (await browser.get("/metrics", headers={header: "1.2.3.4"})).status == 404, header


async def test_words_for_scripts(site: Site) -> None:
    """The catalogue is asked for again only when it has changed."""
    browser = await site.browser()
    answer = await browser.get("/ord/en.json")
    assert isinstance(json.loads(await answer.text()), dict)
    again = await browser.get("/ord/en.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert (await browser.get("/ord/xx.json")).status == 404


async def test_start_follows_the_role(site: Site) -> None:
    """Each begins where the work is; somebody without anything to do is told so."""
    admin = await site.signed_in("boss", Role.ADMINISTRATOR)
    answer = await admin.get("/", allow_redirects=False)
    assert answer.headers["Location"] == "/konton"
    guest = await site.signed_in("gast", Role.GUEST)
    answer = await guest.get("/", allow_redirects=False)
    assert answer.status == 200
    assert "Det finns ingen sida för din roll än" in await answer.text()


def test_menu_has_each_page_once() -> None:
    """No word and no address twice."""
    assert len({entry.route for entry in MENU}) == len(MENU)
    assert len({entry.label for entry in MENU}) == len(MENU)
