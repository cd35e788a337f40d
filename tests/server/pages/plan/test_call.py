"""Planera samtal: once or repeated, what is in the way said before saving, nobody's rule but one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import CareScope, Client, Protection
from care.consent import Consent
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.rule import ContactRule
from care.ids import new_id
from care.localtime import SWEDEN
from care.staff import Staff, Title
from tests.builders import (
    make_client,
    make_contact,
    make_digital,
    make_group,
    make_known,
    make_rule,
    make_shift,
    make_staff,
)
from tests.server.conftest import Browser, Site

CHOOSE = "Välj något av det som finns i listan."
# Written out, not drawn: it stands in the names of tests, which every test process must agree on.
NOBODYS_ID = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
async def anna(site: Site) -> Staff:
    """At work every day for two weeks, and known to Ingrid."""
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        for day in range(1, 16):
            await make_shift(session, staff, date(2026, 12, day))
    return staff


@pytest.fixture
async def ingrid(site: Site, anna: Staff) -> Client:
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        await make_known(session, client, anna)
        await make_digital(session, client, site.clock.now())
        # Somebody is there every week, as it must be where there are calls.
        for day in (1, 7, 13):
            await make_contact(
                session, client, site.town.services["PV-MOR"], f"2026-12-{day:02} 08:00", staff=[anna]
            )
    return client


@pytest.fixture
async def desk(site: Site) -> Browser:
    return await site.signed_in("karin", Role.COORDINATOR)


Fill = Callable[..., dict[str, Any]]


@pytest.fixture
def fill(site: Site, ingrid: Client, anna: Staff) -> Fill:
    """The form, filled in well: company by video with Anna on Wednesdays at half past two."""

    def filled(**other: Any) -> dict[str, Any]:
        fields = {
            "do": "save", "client": str(ingrid.id), "channel": "video",
            "service": str(site.town.services["SO-SAM"].id), "at": "14:30", "window": "15", "minutes": "15",
            "staff": str(anna.id), "pattern": "weekly", "first_day": "2026-12-02", "last_day": "",
            "ordered_by": "", "nurse": "", **other,
        }  # fmt: skip
        return {name: value for name, value in fields.items() if value is not None}

    return filled


async def rules(site: Site) -> list[ContactRule]:
    async with site.database.read() as session:
        return list(await session.scalars(select(ContactRule).order_by(ContactRule.id)))


async def rows(site: Site) -> list[PlannedContact]:
    async with site.database.read() as session:
        return list(
            await session.scalars(
                select(PlannedContact)
                .where(PlannedContact.rule_id.is_not(None), PlannedContact.status == Status.PLANNED)
                .order_by(PlannedContact.start)
            )
        )


async def post(browser: Browser, data: dict[str, Any], rule: ContactRule | None = None) -> tuple[int, str]:
    answer = await browser.post(f"/planera/{rule.id}" if rule else "/planera", data=data)
    return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("pattern", "more", "days"),
    [
        ("once", {}, [2]),
        ("weekdays", {}, [2, 3, 4, 7, 8, 9, 10, 11, 14, 15]),
        ("weekly", {}, [2, 9]),
        ("weekly", {"days": ["2", "4"]}, [2, 4, 9, 11]),
        ("weekly", {"last_day": "2026-12-08"}, [2]),
        ("every_other_week", {}, [2]),
        ("every_other_week", {"days": ["2", "3"]}, [2, 3]),
    ],
)
async def test_once_or_repeated_the_rows_lie_two_weeks_ahead(
    site: Site, desk: Browser, fill: Fill, pattern: str, more: dict[str, Any], days: list[int]
) -> None:
    """At half past two on those days, with Anna; said in numbers, and listed for the client."""
    status, html = await post(desk, fill(pattern=pattern, **more))
    assert status == 200
    assert "Sparat." in html
    found = await rows(site)
    walls = [row.start.astimezone(SWEDEN) for row in found]
    assert [wall.day for wall in walls] == days
    assert {wall.strftime("%H:%M") for wall in walls} == {"14:30"}
    assert {row.channel for row in found} == {Channel.VIDEO}
    assert ("kontakt är inlagd" if len(days) == 1 else f"{len(days)} kontakter är inlagda") in html
    (rule,) = await rules(site)
    assert f"/planera/{rule.id}" in html


async def test_the_form_shows_whom_the_client_knows_first(desk: Browser, site: Site, ingrid: Client) -> None:
    async with site.database.write() as session:
        await make_staff(session, site.town, "Aron", "Aa")
    html = await (await desk.get(f"/planera?brukare={ingrid.id}")).text()
    assert html.index("Anna Lind · känd") < html.index("Aron Aa")
    assert {one.client_id for one in await site.log() if one.action == "contact.plan"} == {ingrid.id}


async def test_who_is_busy_is_said_before_and_may_be_planned_all_the_same(
    site: Site, desk: Browser, fill: Fill, anna: Staff
) -> None:
    """A warning with its days; nothing is saved until "Spara ändå"."""
    async with site.database.write() as session:
        karl = await make_client(session, site.town, "Karl")
        await make_contact(session, karl, site.town.services["TI-DAG"], "2026-12-09 14:30", staff=[anna])
    status, html = await post(desk, fill())
    assert status == 422
    assert "Tänk på:" in html
    assert "Anna L. är upptagen med något annat då." in html
    assert "ons 9 dec" in html
    assert "Spara ändå" in html
    assert await rules(site) == []
    status, html = await post(desk, fill(anyway="1"))
    assert (status, len(await rows(site))) == (200, 2)


async def test_without_consent_there_is_no_way_around(
    site: Site, desk: Browser, fill: Fill, ingrid: Client
) -> None:
    """A hard rule is said as such; "Spara ändå" is not offered, and does not help."""
    async with site.database.write() as session:
        (consent,) = await session.scalars(select(Consent).where(Consent.client_id == ingrid.id))
        consent.withdrawn_at = site.clock.now()
    for anyway in (None, "1"):
        status, html = await post(desk, fill(anyway=anyway))
        assert status == 422
        assert "Det går inte så här:" in html
        assert "Det finns inget giltigt samtycke till video." in html
        assert "Spara ändå" not in html
    assert await rules(site) == []


async def test_what_needs_hands_is_no_call(site: Site, desk: Browser, fill: Fill) -> None:
    """Said before saving, also with "Spara ändå"; as a visit it is planned."""
    hands = str(site.town.services["HE-STA"].id)
    status, html = await post(desk, fill(service=hands, anyway="1"))
    assert status == 422
    assert "behöver hjälp på plats" in html
    assert await rules(site) == []
    status, _ = await post(desk, fill(service=hands, channel="physical"))
    assert status == 200
    assert {row.channel for row in await rows(site)} == {Channel.PHYSICAL}


async def test_health_care_by_video_needs_a_nurse(site: Site, desk: Browser, fill: Fill, anna: Staff) -> None:
    """A nurse who allows it, and nobody else: no assistant, nobody unknown."""
    async with site.database.write() as session:
        nurse = await make_staff(session, site.town, "Siv", "Skog", title=Title.NURSE)
    service = str(site.town.services["HS-PAM"].id)
    status, html = await post(desk, fill(service=service))
    assert (status, "har inte tillåtit" in html, "HS-PAM" in html) == (422, True, False)
    for wrong in (str(anna.id), str(new_id())):
        for field in ("nurse", "ordered_by"):
            status, html = await post(desk, fill(service=service, **{field: wrong}))
            assert (status, "Välj en sjuksköterska." in html) == (422, True)
    assert await rules(site) == []
    status, _ = await post(desk, fill(service=service, nurse=str(nurse.id)))
    assert status == 200
    async with site.database.read() as session:
        allowed = set(await session.scalars(select(ContactLine.digital_allowed_by_id)))
    assert nurse.id in allowed


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("client", "", "Fyll i det här fältet."),
        ("client", "x", CHOOSE),
        ("service", "", "Fyll i det här fältet."),
        ("service", NOBODYS_ID, "Välj minst en insats ur katalogen."),
        ("channel", "telepathy", CHOOSE),
        ("channel", "device", "Den kanalen planeras i ett annat system."),
        ("at", "", "Fyll i det här fältet."),
        ("at", "halv tre", "Tiden ska se ut som 14.30."),
        ("minutes", "0", "Skriv ett helt tal mellan 1 och 720."),
        ("minutes", "en kvart", "Skriv ett helt tal mellan 1 och 720."),
        ("window", "-1", "Skriv ett helt tal mellan 0 och 240."),
        ("pattern", "sometimes", CHOOSE),
        ("first_day", "", "Fyll i det här fältet."),
        ("first_day", "i morgon", "Datumet ska se ut som 2026-12-01"),
        ("first_day", "0001-01-01", "Datumet ska se ut som 2026-12-01"),
        ("first_day", "2026-11-30", "Första dagen har redan varit."),
        ("last_day", "2026-12-01", "Sista dagen är före den första."),
        ("last_day", "9999-12-31", "Datumet ska se ut som 2026-12-01"),
        ("staff", "x", CHOOSE),
        ("staff", NOBODYS_ID, "Personen finns inte i personalen längre."),
        ("nurse", "x", CHOOSE),
        ("service", "x" * 300, "Texten får ha högst 200 tecken."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_saved(
    site: Site, desk: Browser, fill: Fill, field: str, value: str, words: str
) -> None:
    """422 in words; the rest of the form is as it was."""
    status, html = await post(desk, fill(**{field: value}))
    assert (status, words in html) == (422, True)
    if len(value) < 200 and field != "at":
        assert 'value="14:30"' in html
    assert await rules(site) == []


async def test_the_hour_that_does_not_exist_is_refused_for_a_single_call(desk: Browser, fill: Fill) -> None:
    status, html = await post(desk, fill(pattern="once", first_day="2027-03-28", at="02:30", anyway="1"))
    assert status == 422
    assert "då ställs klockan fram" in html


@pytest.fixture
async def rule(site: Site, ingrid: Client, anna: Staff) -> ContactRule:
    async with site.database.write() as session:
        return await make_rule(
            session, ingrid, site.town.services["SO-SAM"], at="14:30", first_day="2026-12-02",
            recurrence="FREQ=WEEKLY;BYDAY=WE", staff=anna, channel=Channel.VIDEO,
        )  # fmt: skip


async def test_a_rule_is_changed_and_ended(site: Site, desk: Browser, fill: Fill, rule: ContactRule) -> None:
    """The form shows it as it stands; future rows follow; ended, its rows are gone."""
    html = await (await desk.get(f"/planera/{rule.id}")).text()
    assert 'name="version" value="1"' in html
    assert "Avsluta upprepningen" in html
    status, _ = await post(desk, fill(version="1", at="15:00"), rule)
    assert status == 200
    assert {row.start.astimezone(SWEDEN).hour for row in await rows(site)} == {15}
    version = str((await rules(site))[0].version)
    status, html = await post(desk, {"do": "end", "version": version}, rule)
    assert status == 200
    assert "Avslutad." in html
    assert await rows(site) == []


@pytest.mark.parametrize("deed", ["save", "end"])
async def test_somebody_elses_change_stands(
    site: Site, desk: Browser, fill: Fill, rule: ContactRule, deed: str
) -> None:
    """409 in words on the form, also for ending; and 409 once it has ended."""
    await post(desk, fill(version="1", at="15:00"), rule)
    before = (await rules(site))[0].version
    status, html = await post(desk, fill(do=deed, version="1", at="16:00", anyway="1"), rule)
    assert status == 409
    assert "Någon annan hann ändra upprepningen" in html
    assert 'action="/planera/' in html
    assert (await rules(site))[0].version == before
    await post(desk, {"do": "end", "version": str(before)}, rule)
    status, html = await post(desk, fill(do=deed, version=str(before)), rule)
    assert status == 409
    assert "Upprepningen är redan avslutad." in html


@pytest.mark.parametrize("deed", ["save", "end"])
async def test_without_a_version_nothing_is_changed(
    site: Site, desk: Browser, fill: Fill, rule: ContactRule, deed: str
) -> None:
    """What is wrong with no field of the form is said above it."""
    status, html = await post(desk, fill(do=deed, anyway="1"), rule)
    assert status == 422
    assert "Skriv ett helt tal" in html
    assert (await rules(site))[0].version == 1


async def test_a_rule_stays_with_its_client(site: Site, desk: Browser, fill: Fill, rule: ContactRule) -> None:
    async with site.database.write() as session:
        karl = await make_client(session, site.town, "Karl")
        await make_digital(session, karl, site.clock.now())
    status, _ = await post(desk, fill(version="1", client=str(karl.id), anyway="1"), rule)
    assert status == 404
    assert (await rules(site))[0].client_id != karl.id


async def test_another_groups_clients_and_rules_do_not_exist(
    site: Site, fill: Fill, rule: ContactRule, ingrid: Client
) -> None:
    """404 in reading and writing, logged as refused, and not in the list."""
    async with site.database.write() as session:
        kalarne = await make_group(session, site.town.municipality, "Kälarne")
    browser = await site.signed_in("gun", Role.COORDINATOR, group_id=kalarne.id)
    for path in (f"/planera/{rule.id}", f"/planera?brukare={ingrid.id}", "/planera/x"):
        assert (await browser.get(path)).status == 404
    for target in (None, rule):
        assert (await post(browser, fill(version="1"), target))[0] == 404
    assert (await post(browser, {"do": "end", "version": "1"}, rule))[0] == 404
    assert {(one.allowed, one.client_id) for one in await site.log()} == {(False, ingrid.id)}
    assert "Ingrid" not in await (await browser.get("/planera")).text()
    assert [one.ended_at for one in await rules(site)] == [None]


async def test_who_plans(site: Site, fill: Fill) -> None:
    """Care workers plan with their own clients; a needs assessor does not plan."""
    worker = await site.signed_in("vera", Role.CARE_WORKER)
    assert (await post(worker, fill()))[0] == 200
    assessor = await site.signed_in("berit", Role.NEEDS_ASSESSOR)
    assert (await assessor.get("/planera")).status == 403
    assert (await post(assessor, fill()))[0] == 403


async def test_a_protected_identity_is_no_choice_for_those_whom_it_does_not_know(site: Site) -> None:
    """Nor does the list of clients tell that it exists; who plans for the group has it."""
    async with site.database.write() as session:
        await make_client(session, site.town, "Hemlig", protection=Protection.ASSUMED_IDENTITY)
        stranger = await make_staff(session, site.town, "Siv", "Ek")
    worker = await site.signed_in("siv", Role.CARE_WORKER, staff_id=stranger.id)
    assert "Hemlig" not in await (await worker.get("/planera")).text()
    desk = await site.signed_in("karin-p", Role.COORDINATOR)
    assert "Hemlig" in await (await desk.get("/planera")).text()


async def test_a_rule_of_somebody_who_has_no_home_care_now_can_still_be_seen(site: Site) -> None:
    """Its page opens for whoever ends it, and says who it is also when the form names somebody else."""
    async with site.database.write() as session:
        client = await make_client(session, site.town, "Ragnhild", care_scope=CareScope.LIMITED)
        rule = await make_rule(session, client, site.town.services["SO-SAM"])
    desk = await site.signed_in("karin-r", Role.COORDINATOR)
    answer = await desk.get(f"/planera/{rule.id}")
    assert answer.status == 200
    assert "Ragnhild" in await answer.text()
    answer = await desk.post(f"/planera/{rule.id}", data={"client": "ingen"})
    assert answer.status == 422


async def test_nobody_is_sent_from_another_group_unless_known(site: Site) -> None:
    """To be given a row opens a home: only those in the list may be chosen."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        stranger = await make_staff(session, site.town, "Siv", "Ek", group_id=elsewhere.id)
    desk = await site.signed_in("karin-s", Role.COORDINATOR)
    form = {
        "client": str(client.id), "channel": "physical", "service": str(site.town.services["TI-DAG"].id),
        "at": "14:30", "window": "15", "minutes": "15", "pattern": "once", "first_day": "2026-12-03",
        "anyway": "1", "staff": str(stranger.id),
    }  # fmt: skip
    assert (await desk.post("/planera", data=form)).status == 422
    async with site.database.write() as session:
        await make_known(session, client, stranger)
    assert (await desk.post("/planera", data=form)).status == 200
