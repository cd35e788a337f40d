"""Script in every text: stored and reflected, no page lets it out of the text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

import pytest

from care.accounts import Role
from care.storage.columns import Base
from tests.server.conftest import Browser, Site
from tests.server.security.script import MARK, NOT_WRITTEN, SCRIPT, Form, Reading, write_script, written
from tests.server.security.side import Side, make_side
from tests.server.security.tries import TRIES

#: What pages read from their addresses.
QUERY = ("q", "sok", "grupp", "dag", "vecka", "visa", "vad", "slag", "brukare", "fel", "vidare", "person")
EVERYBODY = tuple(one for one in Role if one not in {Role.DEVICE, Role.GUEST})
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
#: The service of another house, and where the form is no page of ours.
_NOT_READ = re.compile(r"^(static|socket_.*|sign_in_oidc.*|metrics)$|_news$")


@pytest.fixture
async def side(site: Site) -> Side:
    async with site.database.write() as session:
        return await make_side(session, site.town)


@pytest.fixture
async def browser(site: Site, side: Side) -> Browser:
    """Somebody who may everything, so that every form is there."""
    return await site.signed_in("allvarsam", *EVERYBODY, staff_id=side.staff.id)


def addresses(site: Site, side: Side) -> dict[str, str]:
    """Every page that can be read: name of its route → an address of it."""
    found = {}
    for name, resource in site.app.router.named_resources().items():
        if "GET" not in {route.method for route in resource} or _NOT_READ.search(name):
            continue
        if name in TRIES:
            one = TRIES[name][0]
            parts = {key: str(value) for key, value in one.parts(side).items()}
            query = {key: str(value) for key, value in one.query(side).items()}
            found[name] = str(resource.url_for(**parts).with_query(query))
        elif "{" not in resource.canonical:
            found[name] = resource.canonical
    return found


async def read(
    browser: Browser, found: Mapping[str, str], query: str = ""
) -> AsyncIterator[tuple[str, str, Reading]]:
    """The pages among `found`, as a browser would read them."""
    for name, address in found.items():
        with_query = f"{address}{'&' if '?' in address else '?'}{query}" if query else address
        async with browser.get(with_query) as answer:
            assert answer.status < 500, name
            if answer.content_type == "text/html":
                text = await answer.text()
                yield name, text, Reading(text)


async def test_script_in_every_stored_text(site: Site, side: Side, browser: Browser) -> None:
    """Names, notes, addresses, words of other systems: every text of every table, on every page."""
    found = addresses(site, side)
    async with site.database.write() as session:
        assert await write_script(session) > 70
    wrong: list[tuple[str, str]] = []
    shown = set()
    async for name, text, page in read(browser, found):
        wrong += [(name, one) for one in page.wrong]
        if MARK in text:
            shown.add(name)
    assert wrong == []
    # The script stood there, as text.
    assert {"client", "clients", "contact", "my_day", "plan", "needs", "tablet", "accounts"} <= shown
    assert len(shown) >= 30, shown


def test_what_is_not_written_still_exists() -> None:
    """The list of texts that no person writes names columns that there are."""
    tables = {f"{table.name}.{column.name}" for table, column in written()}
    assert not tables & NOT_WRITTEN
    known = {f"{table.name}.{one.name}" for table in Base.metadata.sorted_tables for one in table.columns}
    assert known >= NOT_WRITTEN, NOT_WRITTEN - known


async def test_script_in_every_field_of_every_form(site: Site, side: Side, browser: Browser) -> None:
    """Each text field of each form of each page, with the rest filled in: the answer, and all pages after."""
    found = addresses(site, side)
    tried: set[tuple[str, str]] = set()
    came_back: set[tuple[str, str]] = set()
    wrong: list[tuple[object, str]] = []
    forms: list[tuple[str, Form]] = []
    async for name, _, page in read(browser, found):
        forms += [(name, form) for form in page.forms]
    for name, form in forms:
        for text in form.texts:
            action = form.action or found[name]
            what = (_ID.sub("id", action), text)
            if what in tried or action.endswith(("/logga-in", "/logga-ut")):
                continue
            tried.add(what)
            async with browser.post(action, data={**form.values, text: SCRIPT}) as answer:
                said = await answer.text() if answer.content_type == "text/html" else ""
                assert answer.status < 500, what
            wrong += [(what, one) for one in Reading(said).wrong]
            if MARK in said:
                came_back.add(what)
    async for name, text, page in read(browser, found):
        wrong += [(name, one) for one in page.wrong]
        if MARK in text:
            came_back.add((name, "stored"))
    assert wrong == []
    assert len(tried) >= 30, tried
    assert len(came_back) >= 20, came_back


async def test_script_in_every_address(site: Site, side: Side, browser: Browser) -> None:
    """What a page reads from its address is said back as text."""
    words = "&".join(
        f"{name}=%22%27%3E%3C/script%3E%3Cscript%3E1%3C/script%3E%3C{MARK}%3E"
        for name in (
            "q",
            "sok",
            "grupp",
            "dag",
            "vecka",
            "visa",
            "vad",
            "slag",
            "brukare",
            "fel",
            "vidare",
            "person",
        )
    )
    for who in (browser, await site.browser()):
        async for name, _, page in read(who, addresses(site, side), words):
            assert page.wrong == [], name
        async with who.get(f"/%3C{MARK}%3E/%22%3E%3Cscript%3E") as answer:
            assert Reading(await answer.text()).wrong == []


async def test_a_page_that_does_not_quote_would_be_seen() -> None:
    """The eye is not blind."""
    assert len(Reading(f"<p>{SCRIPT}</p>").wrong) >= 3
    assert Reading(f'<input value="{SCRIPT}">').wrong
    assert Reading(f'<script type="application/json">"{SCRIPT}"</script>').wrong
    assert Reading('<a href=" javascript:1">x</a>').wrong
    assert Reading("<p>lugnt</p>").wrong == []


async def test_every_page_forbids_inline_script(site: Site, side: Side, browser: Browser) -> None:
    """Were a text to get out after all, the policy would not run it."""
    for name, address in addresses(site, side).items():
        async with browser.get(address) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy or "default-src 'none'" in policy, name
            assert "unsafe" not in policy.split("style-src")[0], name
            assert answer.headers["X-Content-Type-Options"] == "nosniff", name
