"""Requests that no browser sends, byte by byte: smuggled ones, climbing paths, bodies without measure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from care.accounts import Role
from server.application import BODY_LIMIT
from server.pages.assets import ASSETS
from server.pages.faces import picture_address
from tests.server.conftest import Site

#: A second request that somebody tries to slip in behind the first.
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


async def answers(site: Site, sent: bytes) -> bytes:
    """All that comes back until the server closes, or has said nothing for a moment."""
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    writer.write(sent)
    said = b""
    try:
        while True:
            async with asyncio.timeout(1.0 if said else 20.0):
                piece = await reader.read(65536)
            if not piece:
                break
            said += piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return said


def statuses(said: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.[01] (\d{3}) ", said)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(b"Content-Length: 0\r\nTransfer-Encoding: chunked", id="both"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 0", id="both, the other way"),
        pytest.param(b"Content-Length: 0\r\nContent-Length: 38", id="two lengths"),
        pytest.param(b"Content-Length: 0, 38", id="two lengths in one"),
        pytest.param(b"Content-Length: +0", id="a sign"),
        pytest.param(b"Content-Length: -1", id="less than nothing"),
        pytest.param(b"Content-Length: 0x26", id="hexadecimal"),
        pytest.param("Content-Length: ٣".encode(), id="other digits"),
        pytest.param(b"Content-Length : 0", id="a space before the colon"),
        pytest.param(b"Transfer-Encoding: chunked, identity", id="not chunked last"),
        pytest.param(b"Transfer-Encoding: xchunked", id="no such encoding"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", id="two encodings"),
        pytest.param(b"X: y\n\nTransfer-Encoding: chunked", id="bare line feeds"),
        pytest.param(b"X: y\rContent-Length: 0", id="a bare return"),
        pytest.param(b"X: y\0z", id="a null"),
        pytest.param(b" folded: header", id="a folded line"),
    ],
)
async def test_a_request_with_two_meanings_is_none(site: Site, headers: bytes) -> None:
    """400 and the connection is closed: what follows is never read as a request of somebody."""
    said = await answers(
        site, b"POST /logga-in HTTP/1.1\r\nHost: x\r\n" + FORM + headers + b"\r\n\r\n" + HIDDEN
    )
    assert statuses(said) == [b"400"], said[:200]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(b"zz\r\n" + HIDDEN, id="no number"),
        pytest.param(b"-1\r\n" + HIDDEN, id="less than nothing"),
        pytest.param(b"0x1\r\na\r\n0\r\n\r\n", id="a prefix"),
        pytest.param(b"1 \r\na\r\n0\r\n\r\n" + HIDDEN, id="a space"),
        pytest.param(b"1\r\nab\r\n0\r\n\r\n" + HIDDEN, id="longer than said"),
        pytest.param(b"f" * 5000, id="a length without end"),
    ],
)
async def test_broken_chunks_end_the_connection(site: Site, chunks: bytes) -> None:
    """One refusal at most, and nothing behind them is answered."""
    head = b"POST /logga-in HTTP/1.1\r\nHost: x\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
    assert set(statuses(await answers(site, head + chunks))) <= {b"400"}


async def test_a_good_pair_of_requests_gets_two_answers(site: Site) -> None:
    """The eye is not blind: what is sent rightly behind another is answered."""
    assert statuses(await answers(site, HIDDEN + HIDDEN)) == [b"200", b"200"]
    head = b"POST /logga-in HTTP/1.1\r\nHost: x\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert len(statuses(await answers(site, head + HIDDEN))) == 2


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x", id="an address without end"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000, id="a header without end"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x" + b"\r\nX: y" * 500, id="headers without number"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: x", id="another protocol"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", id="TLS"),
    ],
)
async def test_heads_without_measure_are_refused(site: Site, line: bytes) -> None:
    assert set(statuses(await answers(site, line + b"\r\n\r\n"))) <= {b"400", b"431"}


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../../../../etc/passwd", "/static/x/..%2f..%2f..%2fetc%2fpasswd", "/static/x//etc/passwd",
        "/static/x/%2e%2e/%2e%2e/pyproject.toml", "/static/../server/application.py",
        "/static/x/..\\..\\pyproject.toml",
        "/static/x/css/base.css%00.png", "/static/x/css/../../templates/page.html",
        "/static/x/lib/portraits/../../",
        "/static/x/lib/portraits/..%2f..%2f..%2f..%2fetc%2fpasswd", "/../../../../etc/passwd",
        "/kiosk/../../etc/passwd", "/ord/..%2f..%2fserver%2fkeys.py", "/import/fel/..%2f..%2fsamtid.sqlite3",
        "/static/%252e%252e/%252e%252e/etc/passwd",
    ],
)  # fmt: skip
async def test_paths_that_climb_lead_nowhere(site: Site, path: str) -> None:
    """Sent as they are: no client tidies them up on the way. For nobody, and for who may everything."""
    browser = await site.signed_in("ada", Role.ADMINISTRATOR, Role.COORDINATOR)
    cookie = next(iter(browser.session.cookie_jar))
    for who in (b"", f"Cookie: {cookie.key}={cookie.value}\r\n".encode()):
        said = await answers(
            site, b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%b\r\n" % (path.encode(), who)
        )
        (status,) = statuses(said)
        # 409: there is no such file of errors.
        assert status in {b"400", b"404", b"303", b"409"}, said[:100]
        for secret in (b"root:", b"SQLite format", b"from __future__", b"[project]", b"{% extends"):
            assert secret not in said


async def test_portraits_are_named_by_our_own_files_alone(site: Site) -> None:
    """A name of a picture that climbs is no picture, wherever it came from."""
    assets = site.app[ASSETS]
    assert any(name.startswith("lib/portraits/") for name in assets.files)
    for name in ("../../../etc/passwd", "/etc/passwd", "..", "x/../../css/base", "a\0"):
        assert picture_address(site.app, name) is None


async def test_bodies_without_measure_are_refused(site: Site) -> None:
    """By the length that is told, and by what comes when none is told; nothing of it is kept."""
    browser = await site.browser()
    answer = await browser.post("/logga-in", data={"username": "a" * (BODY_LIMIT + 1)})
    assert answer.status == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 65536 + 2):
            yield b"a" * 65536

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/logga-in", data=pieces(), headers=headers)
    assert answer.status == 413
    assert "för stort" in await answer.text()
