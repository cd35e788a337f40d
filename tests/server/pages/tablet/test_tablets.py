"""Tablets for staff: pairing, looking after, sharing, trying and revoking."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from care.access.rights import Action
from care.accounts import Role
from care.clients import Client, Protection
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.devices import Device, DeviceAssignment, DeviceEnd, InstallMark, Pairing
from care.outbox import OutboxEvent
from care.tasks import Task, TaskKind
from server.tablets.home import note_erased
from tests.builders import make_client, make_contact, make_digital, make_group, make_staff, make_tablet
from tests.server.conftest import Browser, Site
from tests.server.pages.tablet.test_kiosk import ask
from tests.server.tablets.keys import TabletKey


async def person(site: Site, first_name: str = "Ingrid", **more: Any) -> Client:
    async with site.database.write() as session:
        return await make_client(session, site.town, first_name, **more)


async def tablet_of(site: Site, client: Client, **health: object) -> Device:
    async with site.database.write() as session:
        return await make_tablet(session, client, last_seen_at=site.clock.now(), health=dict(health))


async def text_of(browser: Browser, address: str) -> str:
    answer = await browser.get(address)
    assert answer.status == 200, address
    return html.unescape(await answer.text())


async def invitation(browser: Browser, client: Client) -> tuple[str, str, str]:
    """Code, secret and page of an invitation, as the page shows them."""
    answer = await browser.post("/surfplattor/para", data={"client": str(client.id)})
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = await answer.text()
    code = re.search(r'pairing-code figure">(\d{3}) (\d{3})<', text)
    state = re.search(r'hx-get="(/surfplattor/para/[0-9a-f-]+)/lage"', text)
    assert code
    assert state
    return code[1] + code[2], state[1], text


async def test_a_worker_pairs_a_tablet_from_code_to_confirmation(site: Site) -> None:
    """The page shows code and picture once, then the tablet's number, and the tablet is in after Godkänn."""
    ingrid, key = await person(site), TabletKey()
    worker, kiosk = await site.signed_in("anna", Role.CARE_WORKER), await site.browser()
    code, page, text = await invitation(worker, ingrid)
    assert "<svg" in text
    assert "style=" not in text
    assert "Väntar på surfplattan" in await text_of(worker, f"{page}/lage")
    _, said = await ask(kiosk, key, code=code)
    waiting = await text_of(worker, f"{page}/lage")
    assert said["number"] in waiting
    assert "Ingrid B." in waiting
    assert said["number"] in await text_of(worker, "/surfplattor")
    answer = await worker.post(f"{page}/godkann", data={"number": said["number"]}, allow_redirects=False)
    assert answer.status == 303
    status, paired = await ask(kiosk, key, code=code)
    assert status == 200
    assert answer.headers["Location"] == f"/surfplattor/{paired['device']}"
    assert "Surfplattan är kopplad" in await text_of(worker, f"{page}/lage")
    async with site.database.read() as session:
        (stored,) = await session.scalars(select(Pairing))
        assert stored.confirmed_by_id is not None
        assert stored.confirmed_by_id == stored.created_by_id
    assert {row.action for row in await site.log()} >= {Action.DEVICE_CHANGE.value}


async def test_a_wrong_number_lets_nobody_in(site: Site) -> None:
    ingrid, worker = await person(site), await site.signed_in("anna", Role.CARE_WORKER)
    code, page, _ = await invitation(worker, ingrid)
    key = TabletKey()
    await ask(await site.browser(), key, code=code)
    answer = await worker.post(f"{page}/godkann", data={"number": "0000x"}, allow_redirects=False)
    assert answer.status == 409
    assert (await ask(await site.browser(), key, code=code))[0] == 202


async def test_a_refused_tablet_is_told(site: Site) -> None:
    ingrid, worker = await person(site), await site.signed_in("anna", Role.CARE_WORKER)
    code, page, _ = await invitation(worker, ingrid)
    key = TabletKey()
    await ask(await site.browser(), key, code=code)
    assert (await worker.post(f"{page}/neka", allow_redirects=False)).status == 303
    assert (await ask(await site.browser(), key, code=code))[1]["code"] == "pairing.refused"
    assert "blev inte godkänd" in await text_of(worker, f"{page}/lage")


async def test_the_page_warns_that_the_old_tablet_goes(site: Site) -> None:
    """Said before the code is used, and after ten minutes the page says that it is over."""
    ingrid, worker = await person(site), await site.signed_in("anna", Role.CARE_WORKER)
    await tablet_of(site, ingrid)
    _, page, text = await invitation(worker, ingrid)
    assert "har redan en surfplatta" in text
    site.clock.move(timedelta(minutes=10))
    late = await text_of(worker, f"{page}/lage")
    assert "Koden gäller inte längre" in late
    assert "hx-get" not in late


async def test_the_list_begins_with_those_that_need_somebody(site: Site) -> None:
    """Silent first, then without sound; in words, by first name."""
    well, silent = await person(site, "Karl"), await person(site, "Eva")
    blocked, fresh = await person(site, "Olle"), await person(site, "Asta")
    ok = {"camera": "granted", "microphone": "granted", "sound": "ok"}
    await tablet_of(site, well, **ok)
    device = await tablet_of(site, silent, **ok)
    await tablet_of(site, blocked, **{**ok, "sound": "blocked", "touch_needed": True})
    await tablet_of(site, fresh)
    async with site.database.write() as session:
        stored = await session.get(Device, device.id)
        assert stored is not None
        stored.last_seen_at = site.clock.now() - timedelta(hours=2)
    text = await text_of(await site.signed_in("anna", Role.CARE_WORKER), "/surfplattor")
    assert "3 surfplattor behöver ses till." in text
    for words in ("Ingen kontakt", "Någon behöver trycka på skärmen", "Inte startad", "Fungerar"):
        assert words in text
    assert text.index("Karl B.") > max(text.index(name) for name in ("Eva B.", "Olle B.", "Asta B."))


async def test_another_groups_tablets_do_not_exist(site: Site) -> None:
    """Not in the list, not by address, not to pair, try, share or revoke; refusals are logged."""
    async with site.database.write() as session:
        group = await make_group(session, site.town.municipality, "Kälarne")
    theirs = await person(site, "Sture", group_id=group.id)
    device = await tablet_of(site, theirs)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    assert "Sture" not in await text_of(worker, "/surfplattor")
    assert "Sture" not in await text_of(worker, "/surfplattor/para")
    assert (await worker.get(f"/surfplattor/{device.id}")).status == 404
    for act in ("prova", "koppla-bort", "personer", f"personer/{theirs.id}/bort"):
        data = {"client": str(theirs.id)}
        assert (await worker.post(f"/surfplattor/{device.id}/{act}", data=data)).status == 404
    assert (await worker.post("/surfplattor/para", data={"client": str(theirs.id)})).status == 404
    async with site.database.read() as session:
        assert list(await session.scalars(select(Pairing))) == []
        stored = await session.get(Device, device.id)
        assert stored is not None
        assert stored.revoked_at is None
    assert any(not row.allowed for row in await site.log())


async def test_an_invitation_of_another_group_is_not_shown_or_confirmed(site: Site) -> None:
    ingrid, worker = await person(site), await site.signed_in("anna", Role.CARE_WORKER)
    code, page, _ = await invitation(worker, ingrid)
    _, said = await ask(await site.browser(), TabletKey(), code=code)
    async with site.database.write() as session:
        group = await make_group(session, site.town.municipality, "Kälarne")
    other = await site.signed_in("olle", Role.CARE_WORKER, group_id=group.id)
    assert (await other.get(f"{page}/lage")).status == 404
    assert (await other.post(f"{page}/godkann", data={"number": said["number"]})).status == 404
    assert said["number"] not in await text_of(other, "/surfplattor")


async def test_a_protected_identity_is_in_the_lists_of_those_it_is_named_for_alone(site: Site) -> None:
    """Other care workers see nothing; a coordinator sees the first name and nothing of where."""
    hidden = await person(site, "Vera", protection=Protection.PROTECTED_REGISTRATION, place="Gällö")
    await tablet_of(site, hidden)
    async with site.database.write() as session:
        anna, bo = [await make_staff(session, site.town, name) for name in ("Anna", "Bo")]
        (await session.get_one(Client, hidden.id)).named_care_worker_id = bo.id
    worker = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    named = await site.signed_in("bo", Role.CARE_WORKER, staff_id=bo.id)
    for address in ("/surfplattor", "/surfplattor/para"):
        assert "Vera" not in await text_of(worker, address)
        text = await text_of(named, address)
        assert "Vera" in text
        assert "Berg" not in text
    assert "Gällö" not in (await invitation(named, hidden))[2]
    coordinator = await site.signed_in("maj", Role.COORDINATOR)
    text = await text_of(coordinator, "/surfplattor")
    assert "Vera" in text
    assert "Berg" not in text
    assert "Gällö" not in (await invitation(coordinator, hidden))[2]


async def test_one_tap_revokes(site: Site) -> None:
    """The tablet hears of it by the outbox, and the page is gone."""
    device = await tablet_of(site, await person(site))
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    answer = await worker.post(f"/surfplattor/{device.id}/koppla-bort", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/surfplattor")
    assert (await worker.get(f"/surfplattor/{device.id}")).status == 404
    async with site.database.read() as session:
        topics = list(await session.scalars(select(OutboxEvent.topic)))
    assert "device.revoked" in topics


async def test_the_screen_can_be_tried_from_afar(site: Site) -> None:
    device = await tablet_of(site, await person(site))
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    answer = await worker.post(f"/surfplattor/{device.id}/prova")
    assert "Kameran och mikrofonen är av" in await answer.text()
    async with site.database.read() as session:
        (event,) = await session.scalars(select(OutboxEvent).where(OutboxEvent.topic == "device.changed"))
    assert event.payload["test"] is True


async def test_two_in_a_home_share_and_part(site: Site) -> None:
    ingrid, karl = await person(site), await person(site, "Karl")
    device = await tablet_of(site, ingrid)
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    page = f"/surfplattor/{device.id}"
    assert (
        await worker.post(f"{page}/personer", data={"client": str(karl.id)}, allow_redirects=False)
    ).status == 303
    assert "Ingrid B. och Karl B." in await text_of(worker, page)
    site.clock.move(timedelta(minutes=1))
    await worker.post(f"{page}/personer/{ingrid.id}/bort")
    site.clock.move(timedelta(minutes=1))
    async with site.database.read() as session:
        rows = await session.scalars(select(DeviceAssignment).where(DeviceAssignment.end.is_(None)))
        assert [row.client_id for row in rows] == [karl.id]
    answer = await worker.post(f"{page}/personer/{karl.id}/bort")
    assert answer.status == 409


async def test_those_who_do_not_look_after_tablets_are_kept_out(site: Site) -> None:
    """Default deny: an assessor may not even see them."""
    device = await tablet_of(site, await person(site))
    assessor = await site.signed_in("stig", Role.NEEDS_ASSESSOR)
    for address in ("/surfplattor", "/surfplattor/para", f"/surfplattor/{device.id}"):
        assert (await assessor.get(address)).status == 403
    nobody = await site.browser()
    assert (await nobody.get("/surfplattor", allow_redirects=False)).status == 303
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    for bad in (UUID(int=0), "x", "%00"):
        assert (await worker.get(f"/surfplattor/{bad}")).status == 404


async def test_what_is_done_on_the_spot_is_kept_with_who_and_when(site: Site) -> None:
    """A step ticked before keeps its mark; who helps has a name; unticked is undone; nonsense is refused."""
    ingrid = await person(site)
    device = await tablet_of(site, ingrid)
    anna = await site.signed_in("anna", Role.CARE_WORKER)
    bo = await site.signed_in("bo", Role.CARE_WORKER)
    path = f"/surfplattor/{device.id}/pa-plats"

    async def save(browser: Browser, *steps: str, helper: str = "") -> int:
        data = [*(("step", one) for one in steps), ("helper", helper)]
        return (await browser.post(path, data=data, allow_redirects=False)).status

    assert await save(anna, "charger", "light") == 303
    site.clock.move(timedelta(minutes=5))
    assert await save(bo, "charger", "helper") == 422
    assert await save(bo, "charger", "rocket") == 422
    assert await save(bo, "charger", "helper", helper="Dottern Eva") == 303
    async with site.database.read() as session:
        marks = {one.step.value: one for one in await session.scalars(select(InstallMark))}
    assert set(marks) == {"charger", "helper"}
    assert marks["helper"].done_at - marks["charger"].done_at == timedelta(minutes=5)
    assert marks["helper"].done_by_id != marks["charger"].done_by_id
    text = await text_of(anna, f"/surfplattor/{device.id}")
    for words in ("2 av 7 är gjort.", "Dottern Eva", ", Anna", ", Bo"):
        assert words in text
    assert "2 av 7 klart på plats" in await text_of(anna, f"/brukare/{ingrid.id}")


async def test_a_lost_tablet_is_blocked_at_once_and_somebody_looks_for_it(site: Site) -> None:
    """Why, when and by whom are kept; the task names the calls; found in the list, for the own group only."""
    ingrid = await person(site)
    device = await tablet_of(site, ingrid)
    async with site.database.write() as session:
        row = await make_contact(
            session, ingrid, site.town.services["SO-SAM"], "2026-12-02 10:00", channel=Channel.VIDEO
        )
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    boss = await site.signed_in("boss", Role.COORDINATOR)
    assert (await worker.post(f"/surfplattor/{device.id}/koppla-bort", data={"why": "stulen"})).status == 422
    await worker.post(f"/surfplattor/{device.id}/koppla-bort", data={"why": "lost"})
    async with site.database.read() as session:
        (task,) = await session.scalars(select(Task))
        gone = await session.get_one(Device, device.id)
    assert (gone.end_why, gone.revoked_at, gone.erased_at) == (DeviceEnd.LOST, site.clock.now(), None)
    assert gone.ended_by_id is not None
    assert (task.kind, task.facts["contacts"]) == (TaskKind.TABLET_GONE, [str(row.id)])
    async with site.database.read() as session:
        visit = await session.get_one(PlannedContact, row.id)
    assert (visit.channel, visit.cause) == (Channel.PHYSICAL, Cause.TABLET_LOST)
    needs = await text_of(boss, "/behover")
    assert "är förlorad och spärrad. Den suddar sin dag så fort den får kontakt." in needs
    assert f"/kontakt/{row.id}" in needs
    listed = await text_of(worker, "/surfplattor")
    for words in ("Förlorad", device.label, "har inte haft kontakt sedan dess"):
        assert words in listed
    async with site.database.write() as session:
        other = await make_group(session, site.town.municipality, "Kälarne")
        await note_erased(session, device.id, site.clock.now())
    assert "suddade sin dag" in await text_of(worker, "/surfplattor")
    assert "Den fick kontakt kl. 06.40 och suddade sin dag." in await text_of(boss, "/behover")
    stranger = await site.signed_in("gun", Role.CARE_WORKER, group_id=other.id)
    assert device.label not in await text_of(stranger, "/surfplattor")


async def test_calls_come_back_with_the_next_tablet(site: Site) -> None:
    """As soon as it is let in; the history says who let it in."""
    ingrid, key = await person(site), TabletKey()
    async with site.database.write() as session:
        device = await make_digital(session, ingrid, site.clock.now())
        row = await make_contact(
            session, ingrid, site.town.services["SO-SAM"], "2026-12-02 10:00", channel=Channel.VIDEO
        )
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    await worker.post(f"/surfplattor/{device.id}/koppla-bort", data={"why": "lost"})
    code, page, _ = await invitation(worker, ingrid)
    _, said = await ask(await site.browser(), key, code=code)
    channels = []
    for number in (None, said["number"]):
        if number:
            await worker.post(f"{page}/godkann", data={"number": number})
        async with site.database.read() as session:
            channels.append((await session.get_one(PlannedContact, row.id)).channel)
    assert channels == [Channel.PHYSICAL, Channel.VIDEO]
    past = await text_of(await site.signed_in("boss", Role.COORDINATOR), f"/kontakt/{row.id}")
    assert "Flyttad till besök" in past
    assert "Flyttad till video" in past


async def test_a_tablet_given_back_is_a_task_only_when_calls_are_planned(site: Site) -> None:
    ingrid, karl = await person(site), await person(site, "Karl")
    mine, his = await tablet_of(site, ingrid), await tablet_of(site, karl)
    async with site.database.write() as session:
        await make_contact(
            session, karl, site.town.services["SO-SAM"], "2026-12-02 10:00", channel=Channel.VIDEO
        )
    worker = await site.signed_in("anna", Role.CARE_WORKER)
    for device in (mine, his):
        await worker.post(f"/surfplattor/{device.id}/koppla-bort", data={"why": "returned"})
    async with site.database.read() as session:
        assert [one.device_id for one in await session.scalars(select(Task))] == [his.id]
    assert "är återlämnad, men samtal är planerade." in await text_of(
        await site.signed_in("boss", Role.COORDINATOR), "/behover"
    )
