"""Where a group registers its visits: said on a page by who may, and Min dag follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.accounts import Role
from care.carried import CarriedDeed, Doubt, Outcome
from care.clients import Client
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.municipality import Group
from care.staff import Staff
from tests.builders import make_contact, moment
from tests.server.conftest import Browser, Site
from tests.server.pages.day.test_carried_deeds import deed, line_of, row, tell

SAID = "Besöket registreras i Phoniro, inte här."


async def register_in(site: Site, system: str | None) -> None:
    async with site.database.write() as session:
        (await session.get_one(Group, site.town.group.id)).visits_in = system


async def visit(site: Site, client: Client, anna: Staff, status: Status = Status.DUE) -> PlannedContact:
    """Anna's at 06.45; it is 06.40."""
    async with site.database.write() as session:
        care = site.town.services["PV-MOR"]
        return await make_contact(session, client, care, "2026-12-01 06:45", staff=[anna], status=status)


async def text(browser: Browser, path: str) -> str:
    return await (await browser.get(path)).text()


class TestThePage:
    async def test_a_manager_says_it_of_the_own_group_alone(self, site: Site, kalarne: Group) -> None:
        """Another group does not stand in the form, and what is sent about it is not taken."""
        boss = await site.signed_in("chef", Role.UNIT_MANAGER)
        html = await text(boss, "/grupper")
        assert "Bräcke: besöken registreras i" in html
        assert "Kälarne" not in html
        own = site.town.group.id
        sent = {f"visits_in-{own}": " Phoniro ", f"before-{own}": "", f"visits_in-{kalarne.id}": "X",
                f"before-{kalarne.id}": ""}  # fmt: skip
        answer = await boss.post("/grupper", data=sent, allow_redirects=False)
        assert answer.headers["Location"] == "/grupper?sparat"
        async with site.database.read() as session:
            assert (await session.get_one(Group, own)).visits_in == "Phoniro"
            assert (await session.get_one(Group, kalarne.id)).visits_in is None
        assert ("group.manage", own, "where visits are registered") in [
            (one.action, one.group_id, one.thing) for one in await site.log()
        ]
        again = await boss.post("/grupper", data={f"visits_in-{own}": "", f"before-{own}": ""})
        assert again.status == 200  # nothing was changed in that form
        stale = await boss.post("/grupper", data={f"visits_in-{own}": "Annat", f"before-{own}": ""})
        assert stale.status == 409
        cleared = {f"visits_in-{own}": "", f"before-{own}": "Phoniro"}
        assert (await boss.post("/grupper", data=cleared)).status == 200
        async with site.database.read() as session:
            assert (await session.get_one(Group, own)).visits_in is None

    async def test_who_works_there_does_not_decide_it(self, browser: Browser, boss: Browser) -> None:
        """Neither a care worker nor a coordinator."""
        for one in (browser, boss):
            assert (await one.get("/grupper")).status == 403
            assert (await one.post("/grupper", data={})).status == 403


class TestNightPatrol:
    async def test_an_administrator_says_which_group_goes_to_everybody_at_night(
        self, site: Site, kalarne: Group
    ) -> None:
        """Logged; and taken back as easily."""
        root = await site.signed_in("root", Role.ADMINISTRATOR)
        assert "Nattpatrull" in await text(root, "/grupper")
        on = {f"patrol-{kalarne.id}": "1", f"patrol_before-{kalarne.id}": ""}
        assert (await root.post("/grupper", data=on, allow_redirects=False)).status == 303
        assert ("group.manage", kalarne.id, "night patrol") in [
            (one.action, one.group_id, one.thing) for one in await site.log()
        ]
        assert (await root.post("/grupper", data=on)).status == 409  # somebody had changed it meanwhile
        off = {f"patrol_before-{kalarne.id}": "1"}
        assert (await root.post("/grupper", data=off, allow_redirects=False)).status == 303
        async with site.database.read() as session:
            assert (await session.get_one(Group, kalarne.id)).is_night_patrol is False

    @pytest.mark.usefixtures("ingrid")
    async def test_a_group_with_clients_is_none(self, site: Site) -> None:
        """It would vanish from every list by day."""
        root = await site.signed_in("root", Role.ADMINISTRATOR)
        own = site.town.group.id
        answer = await root.post("/grupper", data={f"patrol-{own}": "1", f"patrol_before-{own}": ""})
        assert answer.status == 409
        assert "har egna brukare" in await answer.text()

    async def test_who_manages_one_group_does_not_say_it(self, site: Site) -> None:
        """What is sent about it is not taken: it would open every home of the municipality."""
        boss = await site.signed_in("chef", Role.UNIT_MANAGER)
        assert "Nattpatrull" not in await text(boss, "/grupper")
        own = site.town.group.id
        sent = {f"patrol-{own}": "1", f"patrol_before-{own}": ""}
        assert (await boss.post("/grupper", data=sent)).status == 200
        async with site.database.read() as session:
            assert (await session.get_one(Group, own)).is_night_patrol is False


class TestMyDay:
    async def test_a_visit_says_where_it_is_registered(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """No check-in in the list or on the card, the place in words, and the goals to receipt."""
        made = await visit(site, ingrid, anna)
        assert "Checka in" in await text(browser, "/min-dag")
        await register_in(site, "Phoniro")
        for path in ("/min-dag", f"/kontakt/{made.id}"):
            html = await text(browser, path)
            assert SAID in html
            assert "Checka in" not in html
            assert "Kvittera målen" in html
        answer = await browser.post(f"/kontakt/{made.id}/in", data={"version": "1"})
        assert answer.status == 409
        assert "registreras i Phoniro. Checka in och ut där." in await answer.text()
        assert (await row(site, made)).status is Status.DUE

    async def test_what_was_begun_here_is_ended_here(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """The group changes system in the middle of a visit."""
        made = await visit(site, ingrid, anna)
        await browser.post(f"/kontakt/{made.id}/in", data={"version": "1"})
        await register_in(site, "Phoniro")
        assert "Checka ut" in await text(browser, "/min-dag")
        await browser.post(f"/kontakt/{made.id}/ut", data={"version": "2"})
        assert (await row(site, made)).status is Status.DONE

    async def test_calls_of_the_group_are_rung_here(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """Only visits are registered elsewhere."""
        await register_in(site, "Phoniro")
        async with site.database.write() as session:
            await make_contact(
                session, ingrid, site.town.services["SO-SAM"], "2026-12-01 06:45",
                staff=[anna], channel=Channel.VIDEO, status=Status.DUE,
            )  # fmt: skip
        html = await text(browser, "/min-dag")
        assert "Ring Ingrid" in html
        assert SAID not in html

    async def test_goals_are_receipted_and_silence_is_calm(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """Long after its window the row is "inte inläst än", never late; receipted it counts as ready."""
        made = await visit(site, ingrid, anna)
        await register_in(site, "Phoniro")
        site.clock.move(timedelta(minutes=50))
        html = await text(browser, "/min-dag")
        assert "inte inläst än" in html
        assert "försenad" not in html
        line = await line_of(site, made)
        saved = await browser.post(
            f"/kontakt/{made.id}/kvittens", data={f"result-{line}": "reached"}, allow_redirects=False
        )
        assert saved.status == 303
        html = await text(browser, "/min-dag")
        assert "kvitterad" in html
        assert "1 av 1 klara" in html
        assert (await row(site, made)).status is Status.DUE

    async def test_whoever_plans_and_whoever_reads_the_client_is_told_the_same(
        self, site: Site, ingrid: Client, anna: Staff
    ) -> None:
        """The plan, the row in it and the client's page never call such a visit late."""
        made = await visit(site, ingrid, anna)
        planner = await site.signed_in("samordnare", Role.COORDINATOR)
        pages = ("/planen", f"/planen/rad/{made.id}", f"/brukare/{ingrid.id}")
        site.clock.move(timedelta(minutes=50))
        assert ["försenad" in await text(planner, page) for page in pages] == [True, True, True]
        await register_in(site, "Phoniro")
        told = [await text(planner, page) for page in pages]
        assert ["försenad" in page for page in told] == [False, False, False]
        assert ["inte inläst än" in page for page in told] == [True, True, True]


class TestWithoutCover:
    async def test_a_time_that_belongs_elsewhere_goes_to_a_person(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """The phone carried the day from before: the deed is kept and said, and the visit does not begin."""
        made = await visit(site, ingrid, anna)
        await register_in(site, "Phoniro")
        site.clock.move(moment("2026-12-01 08:00") - site.clock.now())
        (said,) = await tell(site, browser, deed(made, "check_in", "06:50"))
        assert said["outcome"] == "decide"
        assert "registreras i ett annat system" in said["sentence"]
        assert (await row(site, made)).status is Status.DUE
        async with site.database.read() as session:
            (kept,) = await session.scalars(select(CarriedDeed))
        assert (kept.outcome, kept.doubt) == (Outcome.DECIDE, Doubt.ELSEWHERE)
        html = await text(browser, f"/kontakt/{made.id}")
        assert "Incheckning utan täckning 06.50" in html

    async def test_the_day_says_it_and_the_goals_are_receipted(
        self, site: Site, ingrid: Client, anna: Staff, browser: Browser
    ) -> None:
        """The phone takes along where it is registered; a receipt without cover is entered."""
        made = await visit(site, ingrid, anna)
        await register_in(site, "Phoniro")
        (carried,) = (await (await browser.get("/min-dag/med")).json())["rows"]
        assert (carried["may_check"], carried["elsewhere"]) == (False, SAID)
        site.clock.move(moment("2026-12-01 08:00") - site.clock.now())
        line = {"line": await line_of(site, made), "result": "reached", "note": "", "follow_up": False}
        (said,) = await tell(site, browser, deed(made, "receipt", "07:10", lines=[line]))
        assert said["outcome"] == "done"
