"""All tablets on one page: the worst first, narrowed by a sum, each with task and telephone; one's past."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.calls.call import Call, CallParticipant, CallQuality, CallRole
from care.calls.life import CallState, Cause
from care.clients import Protection
from care.device_history import DeviceEventKind, note_event
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.path_tests import PathResult, PathTest
from care.tasks import TaskKind, open_task
from care.ticks import Tick
from server.tablets.standing import Standing, stand
from tests.builders import make_client, make_group, make_tablet
from tests.server.conftest import Browser, Site

WELL = {"camera": "granted", "microphone": "granted", "sound": "ok", "painted": "ok", "visible": True}


async def home(
    site: Site, name: str, health: dict[str, object], *, minutes: float = 0, **more: Any
) -> Device:
    async with site.database.write() as session:
        client = await make_client(session, site.town, name, **more)
        heard = site.clock.now() - timedelta(minutes=minutes)
        return await make_tablet(session, client, last_seen_at=heard, health=health)


async def text_of(browser: Browser, address: str) -> str:
    answer = await browser.get(address)
    assert answer.status == 200, address
    return html.unescape(await answer.text())


def names(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">(\w+)', text)


async def fleet(site: Site) -> None:
    await home(site, "Asta", WELL)
    await home(site, "Bo", {**WELL, "battery": {"level": 0.1, "charging": False}})
    await home(site, "Cilla", WELL, minutes=60)
    await home(site, "David", {**WELL, "sound": "blocked"})
    await home(site, "Eva", {**WELL, "visible": False})
    await home(site, "Folke", {**WELL, "battery": {"level": 0.4, "charging": False}})
    await home(site, "Greta", {})
    await home(site, "Hugo", WELL, minutes=5)


async def test_the_worst_come_first_and_a_sum_narrows_the_list(site: Site) -> None:
    """In words; each sum leads to its part, and they add up."""
    await fleet(site)
    worker = await site.signed_in("karin", Role.COORDINATOR)
    text = await text_of(worker, "/surfplattor")
    assert names(text) == ["Cilla", "David", "Eva", "Bo", "Greta", "Hugo", "Folke", "Asta"]
    assert "7 surfplattor behöver ses till." in text
    assert names(await text_of(worker, "/surfplattor?lage=strom")) == ["Bo", "Folke"]
    assert names(await text_of(worker, "/surfplattor?lage=tysta")) == ["Cilla", "Hugo"]
    assert names(await text_of(worker, "/surfplattor?lage=fungerar")) == ["Asta"]
    assert names(await text_of(worker, "/surfplattor?lage=nonsens")) == names(text)


async def test_each_has_its_task_and_its_telephone_one_tap_away(site: Site) -> None:
    """The telephone of a protected identity stands in no list."""
    device = await home(site, "Bo", {**WELL, "sound": "blocked"})
    await home(
        site,
        "Hilda",
        {**WELL, "sound": "blocked"},
        protection=Protection.CONFIDENTIALITY_MARK,
        phone="070-111",
    )
    async with site.database.write() as session:
        task = await open_task(
            session, TaskKind.TABLET_SOUND, group_id=site.town.group.id, at=site.clock.now(),
            deadline=site.clock.now(), device_id=device.id, facts={"troubles": ["sound"]},
        )  # fmt: skip
    assert task is not None
    coordinator = await site.signed_in("karin", Role.COORDINATOR)
    text = await text_of(coordinator, "/surfplattor")
    assert f'href="/behover#u-{task.id}"' in text
    assert 'href="tel:0701740658"' in text
    assert "070111" not in text
    assert f'href="/behover#u-{task.id}"' in await text_of(coordinator, f"/surfplattor/{device.id}")


async def test_six_hundred_tablets_fit(site: Site) -> None:
    """A hundred at first, all when asked for, the sick one on top whatever its name; a group by its id."""
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Gällö")
        for number in range(600):
            group: dict[str, Any] = {"group_id": other.id} if number >= 590 else {}
            client = await make_client(session, site.town, f"Kund{number:03d}", **group)
            await make_tablet(session, client, last_seen_at=site.clock.now(), health=WELL)
    await home(site, "Åke", {**WELL, "camera": "denied"})
    admin = await site.signed_in("admin", Role.ADMINISTRATOR)
    text = await text_of(admin, "/surfplattor")
    assert names(text)[0] == "Åke"
    assert len(names(text)) == 100
    assert "Visa 501 till" in text
    assert len(names(await text_of(admin, "/surfplattor?alla=1"))) == 601
    assert len(names(await text_of(admin, f"/surfplattor?grupp={other.id}"))) == 10


async def test_when_the_system_was_away_it_is_not_known(site: Site) -> None:
    """Nobody could have been heard: that is said, and is nobody's fault."""
    device = await home(site, "Bo", WELL, minutes=40)
    async with site.database.write() as session:
        session.add(Tick(name="presence", last_run_at=site.clock.now(), done_until=site.clock.now()))
    text = await text_of(await site.signed_in("karin", Role.COORDINATOR), "/surfplattor")
    assert "Vet inte: systemet var borta" in text
    assert "behöver ses till." not in text
    later = site.clock.now() + timedelta(minutes=15)
    assert stand(device, later, present_since=site.clock.now()) is Standing.SILENT


async def test_the_page_of_one_tells_what_has_happened_to_it(site: Site) -> None:
    """Silences as one line, charger, version; the last good call with its figures on the worse side."""
    device, now = await home(site, "Bo", WELL), site.clock.now()
    async with site.database.write() as session:
        for kind, hours, facts in (
            (DeviceEventKind.SILENT, 30, {}),
            (DeviceEventKind.HEARD, 29, {}),
            (DeviceEventKind.UNPLUGGED, 5, {"level": 0.9}),
            (DeviceEventKind.SLEPT, 4, {"seconds": 2400}),
            (DeviceEventKind.VERSION, 3, {"version": "abc123"}),
        ):
            note_event(session, device.id, kind, now - timedelta(hours=hours), facts)
        client = await session.scalar(
            select(DeviceAssignment.client_id).where(DeviceAssignment.device_id == device.id)
        )
        call = Call(
            id=new_id(int((now - timedelta(hours=20)).timestamp() * 1000)), state=CallState.ENDED,
            cause=Cause.HUNG_UP, rung_at=now - timedelta(hours=20), connected_at=now - timedelta(hours=20),
            ended_at=now - timedelta(hours=19),
        )  # fmt: skip
        session.add(call)
        await session.flush()
        session.add(CallParticipant(id=new_id(), call_id=call.id, role=CallRole.CLIENT, client_id=client))
        for role, delay, loss in ((CallRole.CLIENT, 80.0, 2.5), (CallRole.WORKER, 60.0, 0.1)):
            session.add(
                CallQuality(id=new_id(), call_id=call.id, role=role, round_trip_ms=delay, loss_percent=loss)
            )
    text = await text_of(await site.signed_in("karin", Role.COORDINATOR), f"/surfplattor/{device.id}")
    assert "Tystnade och hördes igen kl. 01.40." in text
    assert "Hördes igen." not in text
    for words in (
        "Laddaren drogs ur, 90 procent.", "Systemet lät skärmen sova i 40 min.",
        "Ny version av programmet: abc123.", "fördröjning 80 ms", "2,5 procent gick förlorat",
        "Batteri och laddare: surfplattan vet inte.",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("result", list(PathResult))
async def test_every_result_of_a_path_test_is_said_in_words(site: Site, result: PathResult) -> None:
    device = await home(site, "Bo", WELL)
    async with site.database.write() as session:
        session.add(
            PathTest(
                id=new_id(), device_id=device.id, asked_at=site.clock.now(), ended_at=site.clock.now(),
                result=result, facts={"direct": {"connected_ms": 300, "tone_up_db": -11.5}},
            )
        )  # fmt: skip
    coordinator = await site.signed_in("karin", Role.COORDINATOR)
    text = await text_of(coordinator, f"/surfplattor/{device.id}/vagen")
    assert "kontakt efter 300 ms" in text
    assert "hx-get" not in text
    standing = await text_of(coordinator, "/surfplattor")
    assert ("Vägprovet gick inte bra" in standing) is (result.tells and not result.is_well)
