"""Planen: one day by worker, sums that add up, filters, own groups only, and what is done with a row."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.clients import Client, ClientAbsence, Protection
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import staff_of
from care.services import Priority
from care.staff import Shift, ShiftKind, Staff
from tests.builders import (
    Town,
    make_client,
    make_contact,
    make_digital,
    make_group,
    make_shift,
    make_staff,
    moment,
)
from tests.server.conftest import Browser, Site
from tests.server.pages.day.test_my_day import counted, words


@pytest.fixture
async def anna(site: Site) -> Staff:
    async with site.database.write() as session:
        staff = await make_staff(session, site.town)
        await make_shift(session, staff, break_minutes=30)
    return staff


@pytest.fixture
async def browser(site: Site) -> Browser:
    return await site.signed_in("samordnare", Role.COORDINATOR)


async def row(site: Site, start: str, *staff: Staff, code: str = "PV-MOR", **more: Any) -> PlannedContact:
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        return await make_contact(session, client, site.town.services[code], start, staff=staff, **more)


async def again(site: Site, contact: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, contact.id)


async def people(site: Site, contact: PlannedContact) -> list[object]:
    async with site.database.read() as session:
        return list(await staff_of(session, contact.id))


def sums(page: str) -> dict[str, int]:
    return {
        label: int(figure)
        for figure, label in re.findall(
            r'class="figure">(\d+)</span> <span class="label">([^<]+)</span>', page
        )
    }


async def test_rows_stand_under_their_worker_and_the_sums_add_up(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Channels add up to all contacts; what is called off is shown and not counted; unstaffed comes first."""
    async with site.database.write() as session:
        ploy = await make_staff(session, site.town, "Ploy", "Srisai")
    await row(site, "2026-12-01 07:30", anna, ploy, staff_needed=2)
    await row(site, "2026-12-01 14:00", anna, code="SO-SAM", channel=Channel.VIDEO)
    await row(site, "2026-12-01 09:00", anna, code="MA-PAM", channel=Channel.PHONE, status=Status.DONE)
    await row(site, "2026-12-01 12:00", code="MA-PAM", channel=Channel.PROMPT)
    await row(site, "2026-12-01 10:00")
    await row(site, "2026-12-01 11:00", anna, status=Status.CANCELLED)
    html = await (await browser.get("/planen")).text()
    assert sums(html) == {
        "kontakter": 5, "besök": 2, "video": 1, "telefon": 1, "övrigt": 1, "klara": 1,
        "utan personal": 1, "röda": 0,
    }  # fmt: skip
    page = words(html)
    assert "1 inställd eller avböjd visas men räknas inte." in page
    assert page.index("Utan personal 1 10.00") < page.index("Anna Lind 07.00–16.00")
    assert "1 av 3 klara · 35 min bokat av 8 tim 30 min" in page
    assert "Morgonhjälp · med Ploy S." in page
    assert page.index("Skärm och hjälpmedel") < page.index("12.00")


async def test_one_of_two_is_missing_and_stands_both_places(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Double staffing with one person lacks somebody, and says so under the one it has."""
    await row(site, "2026-12-01 07:30", anna, staff_needed=2)
    page = words(await (await browser.get("/planen")).text())
    assert page.count("en till behövs") == 2


async def test_rows_of_somebody_away_lack_staff_until_taken_over(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Anna goes home at noon: what she had after that stands without staff, what came before does not."""
    await row(site, "2026-12-01 11:30", anna)
    await row(site, "2026-12-01 14:10", anna)
    async with site.database.write() as session:
        shift = (await session.scalars(select(Shift).where(Shift.staff_id == anna.id))).one()
        shift.absent_from = moment("2026-12-01 12:00")
    html = await (await browser.get("/planen")).text()
    assert sums(html)["utan personal"] == 1
    page = words(html)
    assert "Utan personal 1 14.10" in page
    assert page.count("Anna L. är borta") == 1
    assert "en till behövs" not in page
    needs = words(await (await browser.get("/behover")).text())
    assert "Saknar personal 1 14.10" in needs
    assert "11.30" not in needs


async def test_filters_show_a_part_and_say_so(site: Site, anna: Staff, browser: Browser) -> None:
    """By channel, only without staff, only red."""
    await row(site, "2026-12-01 14:01", anna, code="SO-SAM", channel=Channel.VIDEO)
    await row(site, "2026-12-01 14:02")
    await row(site, "2026-12-01 06:03", anna, code="TI-DAG", channel=Channel.VIDEO, status=Status.AWAITING)
    seen = {}
    for name, path in {"video": "?kanal=video", "utan": "?visa=utan", "roda": "?visa=roda"}.items():
        page = words(await (await browser.get(f"/planen{path}")).text())
        assert "Du ser en del av dagen." in page
        seen[name] = {time for time in ("14.01", "14.02", "06.03") if time in page}
    assert seen == {"video": {"14.01", "06.03"}, "utan": {"14.02"}, "roda": {"06.03"}}


@pytest.mark.parametrize(
    ("path", "status"),
    [("?dag=2026-13-01", 422), ("?dag=1912-01-01", 422), ("?grupp=annan", 422), ("?kanal=brevduva", 422),
     ("?visa=allt", 422), ("?dag=2026-12-02", 200), ("?dag=2026-11-30", 200)],
)  # fmt: skip
async def test_the_address_is_read_with_care(browser: Browser, path: str, status: int) -> None:
    """A day or a filter that is none is said in words."""
    assert (await browser.get(f"/planen{path}")).status == status


async def test_only_own_groups_and_every_client_shown_is_logged(site: Site, browser: Browser) -> None:
    """Another group's plan does not exist, and its rows are not in "alla"."""
    async with site.database.write() as session:
        elsewhere = await make_group(session, site.town.municipality, "Gällö")
        there = Town(site.town.municipality, elsewhere, site.town.services)
        nils = await make_client(session, there, "Nils", "Ek")
        contact = await make_contact(session, nils, site.town.services["PV-MOR"], "2026-12-01 08:00")
    own = await row(site, "2026-12-01 07:30")
    for path in ("/planen", "/planen?grupp=alla"):
        page = words(await (await browser.get(path)).text())
        assert "Ingrid B." in page
        assert "Nils" not in page
    assert (await browser.get(f"/planen?grupp={elsewhere.id}")).status == 404
    assert (await browser.get(f"/planen/rad/{contact.id}")).status == 404
    answer = await browser.post(f"/planen/rad/{contact.id}", data={"version": "1", "do": "pin"})
    assert answer.status == 404
    shown = [one for one in await site.log() if one.action == "plan.read" and one.allowed]
    assert {one.client_id for one in shown} == {own.client_id}


async def test_workers_read_the_plan_but_do_not_change_it(site: Site, anna: Staff) -> None:
    """And a protected identity has no name for those who are not sent there."""
    async with site.database.write() as session:
        karin = await make_client(
            session, site.town, "Karin", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK
        )
        contact = await make_contact(session, karin, site.town.services["PV-MOR"], "2026-12-01 08:00")
    worker = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    html = await (await worker.get("/planen")).text()
    assert "Karin" not in html
    assert "Skyddade uppgifter" in html
    assert "/planen/rad/" not in html
    answer = await worker.post(f"/planen/rad/{contact.id}", data={"version": "1", "do": "pin"})
    assert answer.status == 403
    coordinator = await site.signed_in("samordnare", Role.COORDINATOR)
    html = await (await coordinator.get("/planen")).text()
    assert "Karin" in html
    assert "Hemlig" not in html


async def test_moved_with_one_tap_or_told_why_not(site: Site, anna: Staff, browser: Browser) -> None:
    """Hands are needed: the button is shut, says why, and the server says the same."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town)
        await make_digital(session, ingrid, site.clock.now())
        services = site.town.services
        check = await make_contact(session, ingrid, services["TI-DAG"], "2026-12-01 14:00", staff=[anna])
        help_ = await make_contact(session, ingrid, services["PV-MOR"], "2026-12-01 08:00", staff=[anna])
    page = words(await (await browser.get(f"/planen/rad/{help_.id}")).text())
    assert "Morgonhjälp behöver hjälp på plats" in page or "hjälp på plats" in page
    for contact, status in ((help_, 409), (check, 303)):
        answer = await browser.post(
            f"/planen/rad/{contact.id}",
            data={"version": "1", "do": "move", "channel": "video"}, allow_redirects=False,
        )  # fmt: skip
        assert answer.status == status
    assert (await again(site, help_)).channel is Channel.PHYSICAL
    assert (await again(site, check)).channel is Channel.VIDEO


async def test_conflicts_are_said_before_anything_is_saved(site: Site, anna: Staff, browser: Browser) -> None:
    """Another worker who is busy and off: in words first, saved when the coordinator wants it anyway."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, bo, start="12:00", end="20:00")
    contact = await row(site, "2026-12-01 08:00", anna)
    wish = {"version": "1", "do": "rearrange", "staff": str(bo.id), "at": "08:15"}
    answer = await browser.post(f"/planen/rad/{contact.id}", data=wish)
    assert answer.status == 409
    page = await answer.text()
    assert "Bo E. arbetar inte då." in page
    assert 'value="08:15"' in page
    assert await people(site, contact) == [anna.id]
    answer = await browser.post(
        f"/planen/rad/{contact.id}", data={**wish, "anyway": "1"}, allow_redirects=False
    )
    assert answer.status == 303
    assert answer.headers["Location"].endswith(f"#rad-{contact.id}")
    after = await again(site, contact)
    assert (after.start, after.touched) == (moment("2026-12-01 08:15"), True)
    assert await people(site, contact) == [bo.id]


async def test_a_time_outside_the_window_and_a_stale_row_are_refused_in_words(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """The window is agreed; and who was first is not overwritten."""
    contact = await row(site, "2026-12-01 08:00", anna)
    wish = {"version": "1", "do": "rearrange", "staff": str(anna.id), "at": "11:00"}
    answer = await browser.post(f"/planen/rad/{contact.id}", data=wish)
    assert answer.status == 422
    assert "Tiden ska ligga mellan 07.30 och 08.30" in await answer.text()
    answer = await browser.post(f"/planen/rad/{contact.id}", data={**wish, "version": "7", "at": "08:10"})
    assert answer.status == 409
    assert "Någon annan hann ändra kontakten" in await answer.text()
    assert (await again(site, contact)).start == contact.start


async def test_pinned_and_let_go(site: Site, anna: Staff, browser: Browser) -> None:
    """The mark shows in the plan, and the history says who set it."""
    contact = await row(site, "2026-12-01 08:00", anna)
    await browser.post(f"/planen/rad/{contact.id}", data={"version": "1", "do": "pin"})
    after = await again(site, contact)
    assert after.pinned
    assert 'aria-label="låst"' in await (await browser.get("/planen")).text()
    await browser.post(f"/planen/rad/{contact.id}", data={"version": str(after.version), "do": "unpin"})
    assert not (await again(site, contact)).pinned


async def test_away_once_and_home_again(site: Site, anna: Staff, browser: Browser) -> None:
    """One row is cancelled with its cause, and stands again as it was."""
    contact = await row(site, "2026-12-01 08:00", anna)
    await browser.post(f"/planen/rad/{contact.id}", data={"version": "1", "do": "away"})
    after = await again(site, contact)
    assert (after.status, after.cause) == (Status.CANCELLED, "client_away")
    await browser.post(f"/planen/rad/{contact.id}", data={"version": str(after.version), "do": "home"})
    after = await again(site, contact)
    assert (after.status, after.cause) == (Status.PLANNED, None)


async def test_away_for_the_rest_of_the_day(site: Site, anna: Staff, browser: Browser) -> None:
    """The absence is noted, so nothing rings; the day's later rows go and tomorrow's stand."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town)
        service = site.town.services["PV-MOR"]
        rows = [
            await make_contact(session, ingrid, service, start, staff=[anna])
            for start in ("2026-12-01 08:00", "2026-12-01 19:00", "2026-12-02 08:00")
        ]
    data = {"version": "1", "do": "away_today"}
    assert (await browser.post(f"/planen/rad/{rows[0].id}", data=data, allow_redirects=False)).status == 303
    statuses = [(await again(site, one)).status for one in rows]
    assert statuses == [Status.CANCELLED, Status.CANCELLED, Status.PLANNED]
    async with site.database.read() as session:
        absence = (await session.scalars(select(ClientAbsence))).one()
    assert absence.end == moment("2026-12-02 00:00")
    answer = await browser.post(
        f"/planen/rad/{rows[0].id}",
        data={"version": str((await again(site, rows[0])).version), "do": "home"},
    )
    assert answer.status == 409
    assert "Frånvaro är antecknad då" in await answer.text()


@pytest.mark.parametrize(
    "data",
    [{"do": "pin"}, {"version": "1", "do": "fly"}, {"version": "1", "do": "move", "channel": "prompt"},
     {"version": "1", "do": "rearrange", "at": "25:99"},
     {"version": "1", "do": "rearrange", "at": "08:00", "staff": "0190b1a2-0000-7000-8000-000000000000"}],
)  # fmt: skip
async def test_odd_forms_change_nothing(
    site: Site, anna: Staff, browser: Browser, data: dict[str, str]
) -> None:
    """Said in words, 422, and the row is as it was."""
    contact = await row(site, "2026-12-01 08:00", anna)
    answer = await browser.post(f"/planen/rad/{contact.id}", data=data)
    assert answer.status == 422
    assert (await again(site, contact)).version == 1


async def test_what_has_begun_is_left_alone(site: Site, anna: Staff, browser: Browser) -> None:
    """No buttons, and a form from before says so."""
    contact = await row(site, "2026-12-01 06:00", anna, status=Status.UNDERWAY)
    assert "Spara vem och när" not in await (await browser.get(f"/planen/rad/{contact.id}")).text()
    for do in ("pin", "away"):
        answer = await browser.post(f"/planen/rad/{contact.id}", data={"version": "1", "do": do})
        assert answer.status == 409
        assert "redan börjat" in await answer.text()


async def test_night_shifts_stand_last_with_the_hours_of_the_day(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """The night before and the coming one: 7 + 3 hours are of this day."""
    async with site.database.write() as session:
        natt = await make_staff(session, site.town, "Natt", "Svan")
        for day in ("2026-11-30", "2026-12-01"):
            await make_shift(session, natt, day, "21:00", "07:00", kind=ShiftKind.NIGHT)
    await row(site, "2026-12-01 23:00", natt)
    await row(site, "2026-12-01 08:00", anna)
    page = words(await (await browser.get("/planen")).text())
    assert page.index("Anna Lind") < page.index("Natt Svan")
    assert "bokat av 10 tim" in page


async def test_questions_do_not_grow_with_rows_or_history(site: Site, anna: Staff, browser: Browser) -> None:
    """Five rows and fifty, a day and a month of history: the same number of questions."""

    async def asked() -> int:
        with counted(site) as questions:
            assert (await browser.get("/planen")).status == 200
        return len(questions)

    async def fill(day: date, count: int) -> None:
        async with site.database.write() as session:
            client: Client = await make_client(session, site.town)
            for number in range(count):
                start = datetime(day.year, day.month, day.day, 7) + timedelta(minutes=10 * number)
                await make_contact(
                    session, client, site.town.services["PV-MOR"], start, staff=[anna], priority=Priority.P2
                )

    await fill(date(2026, 12, 1), 5)
    few = await asked()
    await fill(date(2026, 12, 1), 45)
    for back in range(1, 20):
        await fill(date(2026, 12, 1) - timedelta(days=back), 5)
    assert await asked() == few


async def test_an_empty_day_says_so(browser: Browser) -> None:
    """Nothing planned, nobody at work."""
    page = words(await (await browser.get("/planen?dag=2027-03-01")).text())
    assert "Det finns ingenting i planen den här dagen." in page
