"""How a screen is set up by staff, and the sentences they speak for screens without a voice."""

from __future__ import annotations

import html
from typing import Any
from uuid import UUID

from sqlalchemy import select

from care.accounts import Role
from care.clients import Client
from care.devices import Device
from care.kiosk import KioskChoice, Reach, RecordedPhrase, Switch, TextSize
from server.tablets.day import day_for
from server.tablets.phrases import MOST_BYTES
from tests.builders import make_client, make_group, make_tablet
from tests.server.conftest import Site

CHOSEN = {
    "reach": "left", "text_size": "200", "switch": "one", "flash": "1", "language": "fi", "loudest": "200",
    "plain_voice": "1",
}  # fmt: skip
PLAIN = {"reach": "both", "text_size": "100", "switch": "keyboard", "language": "sv", "loudest": "100"}
WEBM = b"\x1aE\xdf\xa3" + b"sound" * 20


async def home(site: Site, **more: Any) -> tuple[Client, Device]:
    async with site.database.write() as session:
        client = await make_client(session, site.town, **more)
        return client, await make_tablet(session, client, last_seen_at=site.clock.now())


async def test_what_is_chosen_reaches_the_screen(site: Site) -> None:
    """The form shows what was chosen, and the tablet's day carries it with the client's language."""
    client, device = await home(site, has_hearing_aid=True)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    address = f"/surfplattor/{device.id}/skarmen"
    assert "Så här visas skärmen" in html.unescape(await (await worker.get(address)).text())
    answer = await worker.post(address, data=CHOSEN, allow_redirects=False)
    assert answer.status == 303
    again = await (await worker.get(answer.headers["Location"])).text()
    assert 'value="left" checked' in again
    async with site.database.read() as session:
        day = await day_for(session, device.id, site.clock, "fi")
        assert (await session.get_one(Client, client.id)).language == "fi"
    assert day["language"] == "fi"
    assert day["settings"] == {
        "reach": "left", "text_size": 200, "switch": "one", "flash": True, "loudest": 200,
        "plain_voice": True, "hearing_aid": True,
    }  # fmt: skip
    assert {row.thing for row in await site.log()} >= {f"device:{device.id}:screen set up"}


async def test_choosing_twice_keeps_one_choice(site: Site) -> None:
    _client, device = await home(site)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    for chosen in (CHOSEN, PLAIN):
        await worker.post(f"/surfplattor/{device.id}/skarmen", data=chosen)
    async with site.database.read() as session:
        (kept,) = await session.scalars(select(KioskChoice))
    assert (kept.reach, kept.text_size, kept.switch, kept.flash, kept.loudest, kept.plain_voice) == (
        Reach.BOTH, TextSize.NORMAL, Switch.KEYBOARD, False, 100, False,
    )  # fmt: skip


async def test_another_groups_tablet_and_odd_words_change_nothing(site: Site) -> None:
    """404 for another group, 422 or 404 for what is no choice."""
    _client, device = await home(site)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Söder")
        elsewhere = await make_client(session, site.town, "Karl", group_id=other.id)
        theirs = await make_tablet(session, elsewhere, last_seen_at=site.clock.now())
    assert (await worker.get(f"/surfplattor/{theirs.id}/skarmen")).status == 404
    assert (await worker.post(f"/surfplattor/{theirs.id}/skarmen", data=CHOSEN)).status == 404
    address = f"/surfplattor/{device.id}/skarmen"
    assert (await worker.post(address, data={**CHOSEN, "reach": "foot"})).status == 422
    assert (await worker.post(address, data={**CHOSEN, "loudest": "900"})).status == 422
    assert (await worker.post(address, data={**CHOSEN, "language": "xx"})).status == 404
    async with site.database.read() as session:
        assert list(await session.scalars(select(KioskChoice))) == []


async def test_a_spoken_sentence_is_kept_and_played_from_here(site: Site) -> None:
    """By anybody's tablet, in its language; a new recording has a new address, and the old one is gone."""
    _client, device = await home(site, language="fi")
    worker, kiosk = await site.signed_in("anna", Role.CARE_WORKER), await site.browser()
    addresses = []
    for sound in (WEBM, WEBM + b"again"):
        answer = await worker.post("/surfplattor/meningar/fi/ring", data=sound)
        assert answer.status == 204
        async with site.database.read() as session:
            day = await day_for(session, device.id, site.clock, "fi")
        addresses.append(day["phrases"]["ring"])
        heard = await kiosk.get(addresses[-1])
        assert (heard.status, heard.content_type) == (200, "audio/webm")
        assert await heard.read() == sound
    assert (await kiosk.get(addresses[0])).status == 404
    page = await (await worker.get("/surfplattor/meningar?sprak=fi")).text()
    assert "Kotihoito soittaa. Paina Vastaa." in page
    assert addresses[1] in page
    await worker.post("/surfplattor/meningar/fi/ring/bort")
    assert (await kiosk.get(addresses[1])).status == 404


async def test_what_is_no_sound_or_too_much_is_refused(site: Site) -> None:
    """By what the bytes are, whatever they are called; and nothing is kept."""
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    address = "/surfplattor/meningar/sv/prompt"
    headers = {"Content-Type": "audio/webm", "Accept": "application/json"}
    for body, status in ((b"", 422), (b"<svg onload=alert(1)>", 415), (WEBM + b"x" * MOST_BYTES, 413)):
        assert (await worker.post(address, data=body, headers=headers)).status == status
    assert (await worker.post("/surfplattor/meningar/xx/prompt", data=WEBM)).status == 404
    assert (await worker.post("/surfplattor/meningar/sv/poem", data=WEBM)).status == 404
    assert (await (await site.browser()).get(f"/kiosk/fras/{UUID(int=0)}")).status == 404
    async with site.database.read() as session:
        assert list(await session.scalars(select(RecordedPhrase))) == []


async def test_who_may_not_set_up_tablets_may_not_speak(site: Site) -> None:
    assessor = await site.signed_in("eva", Role.NEEDS_ASSESSOR)
    assert (await assessor.get("/surfplattor/meningar")).status == 403
    assert (await assessor.post("/surfplattor/meningar/sv/ring", data=WEBM)).status == 403
