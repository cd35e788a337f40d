"""The tablet's door: its page, its worker, and the pairing that it asks for itself."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from care.clients import Client
from care.pairing import Invitation, invite
from server.pages.assets import ASSETS
from tests.builders import make_client
from tests.server.conftest import Browser, Site
from tests.server.tablets.keys import TabletKey, body

PAIRING = "/kiosk/pairing"


async def invited(site: Site, **more: Any) -> tuple[Client, Invitation]:
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        return client, await invite(session, client.id, site.clock.now(), **more)


async def ask(browser: Browser, key: TabletKey, **more: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Accept": "application/json", **more.pop("headers", {})}
    answer = await browser.post(PAIRING, json=body(key, **more), headers=headers)
    return answer.status, await answer.json(content_type=None)


async def test_the_page_says_nothing_of_anybody_and_speaks_swedish(site: Site) -> None:
    """It is the same for everybody, whatever the browser speaks; the day comes later, to a signed hello."""
    await invited(site)
    browser = await site.browser()
    answer = await browser.get("/kiosk", headers={"Accept-Language": "en"})
    text = await answer.text()
    assert answer.status == 200
    assert 'lang="sv"' in text
    assert "Ingrid" not in text
    assert "style=" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_the_worker_changes_with_every_version_and_may_see_the_page(site: Site) -> None:
    """The version is in its bytes, and its scope is the kiosk alone."""
    browser = await site.browser()
    answer = await browser.get("/kiosk/worker.js")
    assert (await answer.text()).startswith(f"// {site.app[ASSETS].version}\n")
    assert answer.headers["Service-Worker-Allowed"] == "/kiosk"
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_every_file_that_the_tablet_keeps_is_there(site: Site) -> None:
    """One missing file and the worker could not be installed at all."""
    browser = await site.browser()
    shell = await (await browser.get("/kiosk/shell.json")).json()
    assert shell["version"] == site.app[ASSETS].version
    for address in shell["files"]:
        assert (await browser.get(address)).status == 200, address
    text = await (await browser.get("/kiosk")).text()
    for address in re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', text):
        assert address in shell["files"]


async def test_a_face_is_a_picture_and_nothing_else(site: Site) -> None:
    browser = await site.browser()
    assert (await browser.get("/kiosk/face/worker-003")).content_type == "image/svg+xml"
    for name in ("worker-999", "..%2f..%2ficons%2fsamtid", "WORKER-003", "%00"):
        assert (await browser.get(f"/kiosk/face/{name}")).status == 404


async def test_a_tablet_waits_until_it_is_confirmed(site: Site) -> None:
    """202 with its number, again and again, until a worker has said yes."""
    _, made = await invited(site)
    browser, key = await site.browser(), TabletKey()
    first = await ask(browser, key, code=made.code)
    assert first[0] == 202
    assert re.fullmatch(r"\d{4}", first[1]["number"])
    assert await ask(browser, key, code=made.code) == first


async def test_a_demo_tablet_is_paired_at_once(site: Site) -> None:
    _, made = await invited(site, confirm=False, valid=None)
    status, said = await ask(await site.browser(), TabletKey(), secret=made.secret)
    assert (status, said["state"], said["protocol"]) == (200, "paired", 1)


async def test_faults_come_as_problems_in_the_readers_words(site: Site) -> None:
    """Expired 410, used 409, unknown 404, five tries 429: each with a sentence that says what to do."""
    _, old = await invited(site)
    browser = await site.browser()
    await ask(browser, TabletKey(), secret=old.secret)
    status, said = await ask(browser, TabletKey(), secret=old.secret)
    assert (status, said["code"]) == (409, "pairing.used")
    assert "ny" in said["title"]
    _, late = await invited(site)
    site.clock.move(timedelta(minutes=11))
    assert (await ask(browser, TabletKey(), secret=late.secret))[0] == 410
    _, made = await invited(site)
    wrong = f"{(int(made.code) + 1) % 1_000_000:06d}"
    seen = [await ask(browser, TabletKey(), code=wrong) for _ in range(5)]
    assert [status for status, _ in seen] == [404, 404, 404, 404, 429]
    assert (await ask(browser, TabletKey(), code=made.code))[1]["code"] == "pairing.tries"


async def test_guessing_is_slowed_down_also_when_nobody_is_invited(site: Site) -> None:
    """Thirty wrong tries from one address in ten minutes, then nothing more is looked up."""
    browser = await site.browser()
    statuses = [(await ask(browser, TabletKey(), code=f"{number:06d}"))[0] for number in range(31)]
    assert statuses[:30] == [404] * 30
    assert statuses[30] == 429
    _, made = await invited(site, confirm=False)
    assert (await ask(browser, TabletKey(), secret=made.secret))[0] == 429


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
async def test_another_origin_cannot_pair(site: Site, headers: dict[str, str]) -> None:
    """A page elsewhere cannot use a code that somebody has shown it."""
    _, made = await invited(site, confirm=False)
    status, said = await ask(await site.browser(), TabletKey(), secret=made.secret, headers=headers)
    assert (status, said["code"]) == (403, "origin.foreign")
    assert (await ask(await site.browser(), TabletKey(), secret=made.secret))[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff\xfe", b'{"code": "123456"}', b"[" * 5000,
        b'{"code": "123456", "secret": "x", "public_key": {}}',
        b'{"code": 123456, "public_key": {"kty": "EC"}}',
        b'{"code": "123456", "public_key": "x"}',
        b'{"code": "123456", "public_key": {"kty": "EC", "crv": "P-256", "x": "", "y": ""}, "more": 1}',
        b'{"code": "123456", "public_key": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}',
        b'{"secret": "' + b"x" * 4000 + b'"}',
        b"x" * 100_000,
    ],
)  # fmt: skip
async def test_garbage_is_refused_in_words(site: Site, data: bytes) -> None:
    """4xx with a code, never 500, and nothing is stored."""
    browser = await site.browser()
    answer = await browser.post(PAIRING, data=data, headers={"Accept": "application/json"})
    assert answer.status in (413, 422)
    assert (await answer.json(content_type=None))["code"] in ("pairing.bad", "tablet.key", "too_large")


@pytest.mark.parametrize("word", ["secret", "code"])
async def test_half_a_character_is_a_wrong_word(site: Site, word: str) -> None:
    """JSON may hold half of a pair of characters, which is no text; it is answered as any wrong word."""
    await invited(site)
    raw = json.dumps(body(TabletKey(), **{word: "half"})).replace('"half"', r'"\ud800"')
    answer = await (await site.browser()).post(
        PAIRING, data=raw, headers={"Content-Type": "application/json", "Accept": "application/json"}
    )
    assert answer.status in {404, 422}
    assert (await answer.json(content_type=None))["code"] in {"pairing.unknown", "pairing.bad"}
