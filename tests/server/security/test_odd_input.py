"""Whatever stands in an address, a form, a body or a header: an answer in words, never a server error."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from pathlib import Path

import pytest

from care.accounts import Role
from care.ids import new_id
from tests.server.conftest import Browser, Site
from tests.server.security.side import Side, make_side
from tests.server.security.tries import TRIES, Try, ask

#: Values that a browser of ours never sends.
ODD = (
    "", " ", "\0", "a\0b", "x" * 2_000, "1" * 150, "-1", "0", "99999999999", "1e9", "NaN", "Infinity", "٣",
    "²", "\ufffd", "\u202e", "å" * 300, "🙂", "0001-01-01", "9999-12-31", "0001-01-01T00:00",
    "9999-12-31T23:59", "2026-02-30", "2026-W01-1", "24:00", "99:99", "1" * 80 + ":00", "12:" + "9" * 60,
    "2026-03-29T02:30", "2026-12-01T10:00+99:99", "{}", "[]", "null", "%s%n%(x)s", "{{ 7*7 }}",
    "<script>alert(1)</script>", "=1+1", "../../etc/passwd", "' OR 1=1 --", "\r\nSet-Cookie: a=b",
    "00000000-0000-0000-0000-000000000000", "01940000-0000-7000-8000-000000000000",
)  # fmt: skip
EVERYBODY = (
    Role.CARE_WORKER, Role.COORDINATOR, Role.UNIT_MANAGER, Role.NEEDS_ASSESSOR, Role.LICENSED_PROFESSIONAL,
    Role.ADMINISTRATOR,
)  # fmt: skip
#: Further forms, which name nobody.
MORE: dict[str, Try] = {
    "sign_in_try": Try(form=lambda _: {"username": "anna", "password": "fel", "vidare": "/"}),
    "language": Try(form=lambda _: {"language": "en", "vidare": "/"}),
    "own_password": Try(form=lambda _: {"old": "fel", "new": "fem ord till", "again": "fem ord till"}),
    "own_factors_open": Try(form=lambda _: {"password": "fel"}),
    "own_factors_change": Try(form=lambda _: {"do": "app", "code": "000000"}),
    "second_factor_try": Try(form=lambda _: {"code": "000000"}),
    "account_make": Try(form=lambda _: {"username": "nyanna", "name": "Nya Anna"}),
    "import_map_save": Try(
        form=lambda _: {"kind": "staff", "name": "egen", "theirs": "Namn", "ours": "förnamn"}
    ),
    "import_apply": Try(form=lambda _: {"token": "x", "do": "all"}),
    "guest_in": Try(sent=lambda _: {"secret": "fel"}),
    "staff_pulse": Try(form=lambda _: {"answer": "yes"}),
}
_NAMED = re.compile(r"""(?:form|asked|query\(request\))\.[a-z_]+\(\s*"([a-z_]+)\"""")
#: How many of `ODD` each field meets; every value is met by many fields. ``ODD_EACH=99`` tries them all.
EACH = int(os.environ.get("ODD_EACH", "3"))


def fields_of(site: Site, name: str) -> list[str]:
    """The names that the module of a route reads from forms and addresses."""
    (route, *_) = site.app.router[name]
    module = sys.modules[route.handler.__module__]
    names = set(_NAMED.findall(Path(str(module.__file__)).read_text(encoding="utf-8")))
    if name.startswith("plan_call"):
        names |= set(_NAMED.findall(Path("server/pages/plan/call_form.py").read_text(encoding="utf-8")))
    return sorted(names)


@pytest.fixture
async def side(site: Site) -> Side:
    async with site.database.write() as session:
        return await make_side(session, site.town)


@pytest.fixture
async def browser(site: Site, side: Side) -> Browser:
    """Somebody who may everything, so that nothing is turned away at the door."""
    return await site.signed_in("allvarsam", *EVERYBODY, staff_id=side.staff.id)


def parts_of(site: Site, name: str) -> list[str]:
    return re.findall(r"{([a-z]+)", site.app.router[name].canonical)


async def test_odd_addresses(site: Site, side: Side, browser: Browser) -> None:
    """Every part of every address, by somebody signed in and by nobody."""
    nobody = await site.browser()
    wrong = []
    for name, resource in site.app.router.named_resources().items():
        for part in parts_of(site, name):
            known = {key: str(new_id()) for key in parts_of(site, name)}
            if name in TRIES:
                known |= {key: str(value) for key, value in TRIES[name][0].parts(side).items()}
            for value in (one for one in ODD if one):
                address = resource.url_for(**{**known, part: value})
                for route in resource:
                    if route.method == "HEAD":
                        continue
                    for who in (browser, nobody):
                        answer = await who.request(route.method, str(address), allow_redirects=False)
                        if answer.status >= 500:
                            wrong.append((name, part, value[:40], answer.status))
    assert wrong == []


async def test_odd_forms(site: Site, browser: Browser) -> None:
    """Every field that a route's module reads, one at a time, in a form that is right otherwise."""
    dice = random.Random(7)
    wrong = []
    for name, tries in [*TRIES.items(), *((name, [one]) for name, one in MORE.items())]:
        if name == "disruption_plan":
            continue
        for number, one in enumerate(tries):
            async with site.database.write() as session:
                side = await make_side(session, site.town)
            fields = {*fields_of(site, name), *one.form(side), *one.query(side)}
            for field in sorted(fields):
                for value in dice.sample(ODD, min(EACH, len(ODD))):
                    more = {field: value}
                    status, _ = await ask(site, browser, name, one, side, more)
                    if status >= 500:
                        wrong.append((name, number, field, value[:40], status))
    assert wrong == []


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"


def part(head: bytes, body: bytes = b"a;b") -> bytes:
    """One part between boundaries."""
    return b"--x\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n"


_KIND = part(b'name="kind"', b"staff")
_BYTES = part(b'name="do"; filename="\xff\xed\xa0\x80.csv"')
_CODED = part(
    b'name="file"; filename="..\\..\\\xff\xfe;a=b.csv"\r\nContent-Transfer-Encoding: base64', b"***"
)
_NESTED = part(b'name="file"\r\nContent-Type: multipart/mixed; boundary=y', b"--y\r\n\r\nz\r\n--y--")
_END = b"--x--\r\n"
#: Content type and body, of which none is a form of ours.
BODIES: tuple[tuple[str | None, bytes], ...] = (
    (None, b"x=1"),
    ("application/json", b'{"id": [1, {"a": null}]}'),
    ("text/plain", b"\xff\xfe\x00"),
    (FORM, b"%ff=%00&a=%ed%a0%80&&&=&\xff=\xfe"),
    (f"{FORM}; charset=rot13", b"a=b"),
    (f"{FORM}; charset=punycode", b"a=\xff"),
    (FORM, b"&".join(b"do=%d" % number for number in range(3000))),
    ("multipart/form-data", b"--x\r\n\r\n--x--"),
    (PARTS, b"no boundary at all"),
    (PARTS, part(b"") + _END),
    (PARTS, _BYTES + _END),
    (PARTS, _KIND + _CODED + _END),
    (PARTS, _KIND + _BYTES + _END),
    (PARTS, _NESTED + _END),
)


async def test_odd_bodies(site: Site, side: Side, browser: Browser) -> None:
    """A body that is no form, or a broken one, sent to every address that takes forms."""
    wrong = []
    for name, resource in site.app.router.named_resources().items():
        if "POST" not in {route.method for route in resource} or name in {"sign_out", "disruption_plan"}:
            continue
        parts = {key: str(new_id()) for key in parts_of(site, name)}
        if name in TRIES:
            parts |= {key: str(value) for key, value in TRIES[name][0].parts(side).items()}
        for number, (content_type, body) in enumerate(BODIES):
            answer = await browser.post(
                str(resource.url_for(**parts)),
                data=body,
                headers={"Content-Type": content_type} if content_type else {},
                skip_auto_headers=() if content_type else ("Content-Type",),
                allow_redirects=False,
            )
            if answer.status >= 500:
                wrong.append((name, number, answer.status))
    assert wrong == []


@pytest.mark.parametrize(
    "header",
    [
        b"User-Agent: \xff\xfe", b"Cookie: samtid=\xff; sprak=\xed\xa0\x80", b"Cookie: \xff=;;=;\"",
        b"Accept-Language: \xff,;q=,en;q=x", b"Accept: \xff", b"X-Forwarded-For: \xff, 1.2.3.4",
        b"Origin: http://[", b"Referer: \xff", b"HX-Request: \xff", b"Content-Length: 0",
        b"If-None-Match: \xff",
        b"Sec-Fetch-Site: \xff", b"If-Modified-Since: \xff", b"Range: bytes=5-1", b"Upgrade: websocket",
    ],
)  # fmt: skip
async def test_odd_headers(site: Site, header: bytes) -> None:
    """Bytes that are no text in what a browser says of itself."""
    for path in (b"/logga-in", b"/", b"/min-dag", b"/kiosk", b"/socket/kiosk", b"/ord/en.json", b"/%ff%fe"):
        reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
        writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n\r\n" % (path, header))
        answer = await reader.read(64)
        writer.close()
        assert answer[:9] == b"HTTP/1.1 ", (path, answer)
        assert answer[9:10] in b"234", (path, answer)
