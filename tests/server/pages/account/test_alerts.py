"""One's own wish for messages: only where a way out is set up, only to a number proven to be one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.alerts import AlertKind, AlertWish
from care.staff import Staff
from server.configuration import Configuration, read_configuration
from tests.server.alerts.gateway import Gateway, gateway, secrets, settings
from tests.server.conftest import Browser, Site

__all__ = ["gateway", "secrets"]


@pytest.fixture
def configuration(gateway: Gateway, secrets: Path) -> Configuration:
    """A server that may send to a gateway on loopback."""
    return read_configuration(secrets, {}, **settings(gateway, "sms"))


@pytest.fixture
async def phone(site: Site, anna: Staff) -> Browser:
    return await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)


async def wish(site: Site) -> AlertWish | None:
    async with site.database.read() as session:
        found: AlertWish | None = await session.scalar(select(AlertWish))
        return found


async def save(phone: Browser, number: str = "070-174 06 58", *kinds: str) -> int:
    data = [("phone", number), *(("kinds", kind) for kind in kinds or ("due", "task"))]
    return (await phone.post("/konto/besked", data=data, allow_redirects=False)).status


def code_of(gateway: Gateway) -> str:
    found = re.search(r"din kod är (\d{6})", gateway.got[-1].form["message"])
    assert found is not None
    return found[1]


async def test_a_number_counts_when_its_code_has_come_back(
    site: Site, phone: Browser, gateway: Gateway
) -> None:
    """Until then nothing is sent there; spaces in the code do not matter."""
    assert 'href="/konto/besked"' in await (await phone.get("/konto")).text()
    assert await save(phone) == 303
    found = await wish(site)
    assert found is not None
    assert (found.phone, found.kinds, found.verified_at) == ("+46701740658", ["due", "task"], None)
    assert gateway.got[0].form["to"] == "+46701740658"
    code = code_of(gateway)
    assert code not in str(found.code_hash)
    sent = await phone.post(
        "/konto/besked/kod", data={"code": f"{code[:3]} {code[3:]}"}, allow_redirects=False
    )
    assert sent.status == 303
    found = await wish(site)
    assert found is not None
    assert found.verified_at == site.clock.now()
    assert "Besked är på" in await (await phone.get("/konto/besked")).text()


async def test_a_code_is_guessed_five_times_at_most(site: Site, phone: Browser, gateway: Gateway) -> None:
    """After that even the right one is refused, and a new one is needed."""
    await save(phone)
    code = code_of(gateway)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert (await phone.post("/konto/besked/kod", data={"code": wrong})).status == 422
    assert (await phone.post("/konto/besked/kod", data={"code": code})).status == 422
    found = await wish(site)
    assert found is not None
    assert found.verified_at is None


async def test_a_new_number_is_proven_anew_and_new_kinds_are_not(
    site: Site, phone: Browser, gateway: Gateway
) -> None:
    await save(phone)
    await phone.post("/konto/besked/kod", data={"code": code_of(gateway)})
    await save(phone, "0701740658", "red")
    found = await wish(site)
    assert found is not None
    assert (found.kinds, found.verified_at) == (["red"], site.clock.now())
    assert len(gateway.got) == 1
    await save(phone, "+46 70 174 06 00", "red")
    found = await wish(site)
    assert found is not None
    assert (found.phone, found.verified_at) == ("+46701740600", None)


async def test_a_test_message_comes_at_once_and_ending_forgets(
    site: Site, phone: Browser, gateway: Gateway
) -> None:
    await save(phone)
    assert (await phone.post("/konto/besked/prov")).status == 404
    await phone.post("/konto/besked/kod", data={"code": code_of(gateway)})
    answer = await phone.post("/konto/besked/prov")
    assert "Provet är skickat" in await answer.text()
    assert "det här är ett prov" in gateway.got[-1].form["message"]
    await phone.post("/konto/besked/av")
    assert await wish(site) is None


async def test_what_cannot_be_sent_is_said(site: Site, phone: Browser, gateway: Gateway) -> None:
    """And nobody can have a phone ring all day."""
    gateway.answers = [500]
    answer = await phone.post("/konto/besked", data={"phone": "0701740658", "kinds": "due"})
    assert answer.status == 422
    assert "gick inte att skicka" in await answer.text()
    for _ in range(5):
        await save(phone)
    before = len(gateway.got)
    assert await save(phone) == 429
    assert len(gateway.got) == before
    assert await wish(site) is not None


@pytest.mark.parametrize("number", ["", "hej", "070", "+4670174065812345", "0701740658; DROP", "<b>"])
async def test_a_number_that_is_none_is_said_beside_it(
    site: Site, phone: Browser, gateway: Gateway, number: str
) -> None:
    assert await save(phone, number) == 422
    assert gateway.got == []
    assert await wish(site) is None


async def test_opening_a_page_that_shows_it_is_an_answer(
    site: Site, phone: Browser, gateway: Gateway
) -> None:
    """Min dag and Behöver en människa are written down, once a minute; other pages are not."""
    await save(phone, "0701740658", *[kind.value for kind in AlertKind])
    await phone.get("/konto")
    found = await wish(site)
    assert found is not None
    assert found.seen_at is None
    await phone.get("/min-dag")
    found = await wish(site)
    assert found is not None
    assert found.seen_at == site.clock.now()


async def test_there_is_no_such_page_for_who_is_no_staff(site: Site) -> None:
    browser = await site.signed_in("admin", Role.ADMINISTRATOR)
    assert (await browser.get("/konto/besked")).status == 404
    assert "/konto/besked" not in await (await browser.get("/konto")).text()
