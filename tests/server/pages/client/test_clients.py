"""The list of clients and the page of one: order, search, video, consents, absences, whom they know."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import Role
from care.clients import Client, ClientAbsence, DecisionAbility, KnownStaff, Protection, VideoWish
from care.consent import Consent, ConsentKind, GivenHow
from care.contacts.cause import Cause
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.localtime import to_instant
from care.municipality import SmallTeam
from care.outbox import OutboxEvent
from care.staff import Staff, Title
from care.tasks import Task, TaskKind
from tests.builders import (
    LONG_AGO,
    make_client,
    make_consent,
    make_contact,
    make_group,
    make_known,
    make_staff,
)
from tests.server.conftest import Browser, Site


@pytest.fixture
async def anna(site: Site) -> Staff:
    async with site.database.write() as session:
        return await make_staff(session, site.town)


async def add(site: Site, *people: tuple[str, str], **more: Any) -> list[Client]:
    async with site.database.write() as session:
        return [await make_client(session, site.town, *one, **more) for one in people]


def names(html: str) -> list[str]:
    return re.findall(r'class="who">([^<]+)<', html)


async def page(browser: Browser, client: Client) -> str:
    answer = await browser.get(f"/brukare/{client.id}")
    assert answer.status == 200
    return await answer.text()


async def post(browser: Browser, client: Client, path: str, **data: Any) -> tuple[int, str]:
    answer = await browser.post(f"/brukare/{client.id}/{path}", data=data, allow_redirects=False)
    return answer.status, await answer.text()


async def now_of(site: Site, contact: PlannedContact) -> tuple[PlannedContact, list[Any]]:
    async with site.database.read() as session:
        staff = await session.scalars(select(Assignment.staff_id).where(Assignment.contact_id == contact.id))
        return await session.get_one(PlannedContact, contact.id), list(staff)


async def topics(site: Site, topic: str) -> list[dict[str, Any]]:
    async with site.database.read() as session:
        found = await session.scalars(select(OutboxEvent).where(OutboxEvent.topic == topic))
        return [one.payload for one in found]


class TestList:
    """`/brukare`."""

    async def test_swedish_order_and_own_groups_only(self, site: Site, worker: Browser) -> None:
        """By surname, å ä ö last; other groups are not there; what is shown is logged."""
        await add(site, ("Bo", "Öberg"), ("Eva", "Ås"), ("Åke", "Ek"), ("Alf", "Ädel"))
        async with site.database.write() as session:
            gallo = await make_group(session, site.town.municipality, "Gällö")
            await make_client(session, site.town, "Olle", "Annan", group_id=gallo.id)
        html = await (await worker.get("/brukare")).text()
        assert names(html) == ["Åke Ek", "Eva Ås", "Alf Ädel", "Bo Öberg"]
        assert {row.action for row in await site.log()} == {"client.list"}
        assert len(await site.log()) == 4

    async def test_search_stands_in_no_address(self, site: Site, worker: Browser) -> None:
        """Names are sent, by the beginning of any part of the name."""
        await add(site, ("Ingrid", "Berg"), ("Sven", "Bergman"), ("Bertil", "Ek"))
        html = await (await worker.post("/brukare", data={"q": "ber"})).text()
        assert names(html) == ["Ingrid Berg", "Sven Bergman", "Bertil Ek"]
        assert names(await (await worker.post("/brukare", data={"q": "Berg sv"})).text()) == ["Sven Bergman"]
        assert 'method="post"' in html

    async def test_small_teams_and_pages(self, site: Site, worker: Browser) -> None:
        """A team is a filter; fifty a page, every client on exactly one."""
        async with site.database.write() as session:
            team = SmallTeam(id=new_id(), group_id=site.town.group.id, name="Lag Älgen")
            session.add(team)
        await add(site, *[("Ulla", f"Ek{number:03}") for number in range(60)])
        await add(site, ("Ingrid", "Berg"), small_team_id=team.id)
        assert names(await (await worker.get(f"/brukare?lag={team.id}")).text()) == ["Ingrid Berg"]
        pages = [
            names(await (await worker.post("/brukare", data={"sida": str(number)})).text())
            for number in (1, 2, 99)
        ]
        assert [len(one) for one in pages] == [50, 11, 11]
        assert len({*pages[0], *pages[1]}) == 61

    async def test_protected_people_are_listed_for_those_they_know(
        self, site: Site, worker: Browser, boss: Browser, anna: Staff
    ) -> None:
        """By first name, without place; not at all for other workers; never found by surname."""
        (maj,) = await add(site, ("Maj", "Hemlig"), protection=Protection.CONFIDENTIALITY_MARK, place="Hemby")
        assert names(await (await worker.get("/brukare")).text()) == []
        html = await (await boss.get("/brukare")).text()
        assert names(html) == ["Maj"]
        assert "Hemby" not in html
        assert names(await (await boss.post("/brukare", data={"q": "Hemlig"})).text()) == []
        async with site.database.write() as session:
            await make_known(session, maj, anna)
        assert names(await (await worker.get("/brukare")).text()) == ["Maj"]

    @pytest.mark.parametrize("asked", ["grupp=x", "lag=%27", "sida=-1", "sida=a"])
    async def test_nonsense_is_said(self, worker: Browser, asked: str) -> None:
        assert (await worker.get(f"/brukare?{asked}")).status == 422


class TestVideo:
    """What is needed for video, and "Vill inte ha video i dag"."""

    async def test_everything_that_is_missing_is_said(self, site: Site, worker: Browser) -> None:
        """Each rule in its own sentence; nothing when all is there."""
        (client,) = await add(
            site, ("Gunnar", "Sand"), video_wish=VideoWish.UNKNOWN, lives_alone=False,
            decision_ability=DecisionAbility.UNCLEAR,
        )  # fmt: skip
        html = await page(worker, client)
        for sentence in (
            "Det är inte antecknat om personen vill ha video.",
            "Det finns inget giltigt samtycke till video.",
            "Den som bor i hemmet har inte sagt ja till video.",
            "Det är oklart vem som kan besluta om video.",
            "Det finns ingen surfplatta som fungerar.",
            "Det har gått mer än sju dagar",
        ):
            assert sentence in html

    async def test_with_everything_there_nothing_is_missing(self, worker: Browser, ingrid: Client) -> None:
        assert "Ingrid kan ringas på video" in await page(worker, ingrid)

    async def test_not_today_turns_todays_calls_into_visits_without_staff(
        self, site: Site, worker: Browser, anna: Staff, ingrid: Client
    ) -> None:
        """Today's coming video and reminders; what is done, under way, or on another day stays."""
        async with site.database.write() as session:
            service = site.town.services["SO-SAM"]

            async def row(start: str, **more: Any) -> PlannedContact:
                more = {"channel": Channel.VIDEO, "minutes": 5, **more}
                return await make_contact(session, ingrid, service, start, staff=[anna], **more)

            call = await row("2026-12-01 14:30")
            prompt = await row("2026-12-01 12:00", channel=Channel.PROMPT)
            going = await row("2026-12-01 06:30", status=Status.UNDERWAY)
            tomorrow = await row("2026-12-02 14:30")
            phone = await row("2026-12-01 15:00", channel=Channel.PHONE)
        assert (await post(worker, ingrid, "inte-i-dag"))[0] == 303
        for contact in (call, prompt):
            moved, staff = await now_of(site, contact)
            assert (moved.channel, moved.cause, staff) == (Channel.PHYSICAL, "no_video_today", [])
            assert moved.first_channel is contact.channel
        for contact in (going, tomorrow, phone):
            kept, staff = await now_of(site, contact)
            assert (kept.channel, staff) == (contact.channel, [anna.id])
        html = await page(worker, ingrid)
        assert "Personen vill inte ha video i dag." in html
        assert (await post(worker, ingrid, "inte-i-dag", undo="1"))[0] == 303
        assert "Ingrid kan ringas på video" in await page(worker, ingrid)
        assert len(await topics(site, "client.changed")) == 2


class TestConsents:
    """Written down, confirmed, withdrawn."""

    @staticmethod
    async def consents(site: Site, client: Client) -> list[Consent]:
        async with site.database.read() as session:
            found = await session.scalars(
                select(Consent).where(Consent.client_id == client.id).order_by(Consent.id)
            )
            return list(found)

    async def test_a_yes_is_written_down_and_holds(self, site: Site, worker: Browser) -> None:
        """With kind, person, how, date, document and the day of review."""
        (client,) = await add(site, ("Gunnar", "Sand"))
        status, _ = await post(
            worker, client, "samtycke", kind="digital_visit", how="signed", given_on="2026-11-20",
            document="VÅ 2026/17", review_on="2027-05-01", answer="yes",
        )  # fmt: skip
        assert status == 303
        (consent,) = await self.consents(site, client)
        assert consent.valid(site.clock.now())
        assert (consent.given_how, consent.document) == (GivenHow.SIGNED, "VÅ 2026/17")
        assert consent.given_at.date() == datetime(2026, 11, 20).date()
        assert str(consent.review_on) == "2027-05-01"
        assert await topics(site, "consent.changed") == [{"kind": "digital_visit"}]
        html = await page(worker, client)
        assert "Har sagt ja" in html
        assert "Det finns inget giltigt samtycke till video." not in html

    @pytest.mark.parametrize(
        ("given", "place"),
        [
            ({"kind": "telepathy"}, "Välj något"),
            ({"how": "imported"}, "Välj något"),
            ({"given_on": "2026-12-02"}, "Datumet har inte varit ännu"),
            ({"given_on": "i går"}, "Datumet ska se ut som"),
            ({"review_on": "2026-12-01"}, "Följ upp efter"),
            ({"person": "cohabitant"}, "bor ensam"),
            ({"document": "x" * 201}, "högst 200 tecken"),
        ],
    )
    async def test_what_is_wrong_is_said(
        self, site: Site, worker: Browser, given: dict[str, str], place: str
    ) -> None:
        """And nothing is written."""
        (client,) = await add(site, ("Gunnar", "Sand"))
        data = {"kind": "digital_visit", "how": "oral", **given}
        status, text = await post(worker, client, "samtycke", **data)
        assert status == 422
        assert place in text
        assert await self.consents(site, client) == []

    async def test_an_imported_one_is_confirmed_and_its_task_closes(
        self, site: Site, worker: Browser
    ) -> None:
        """It holds from the confirmation on, not before; twice is once."""
        (client,) = await add(site, ("Gunnar", "Sand"))
        async with site.database.write() as session:
            consent = await make_consent(session, client, confirmed_at=None, given_how=GivenHow.IMPORTED)
            task = Task(
                id=new_id(), kind=TaskKind.CONFIRM_CONSENT, group_id=client.group_id, client_id=client.id,
                created_at=LONG_AGO, deadline=LONG_AGO,
            )  # fmt: skip
            session.add(task)
        assert "Att bekräfta" in await page(worker, client)
        for _ in range(2):
            assert (await post(worker, client, f"samtycke/{consent.id}/bekrafta"))[0] == 303
        (own,) = await self.consents(site, client)
        assert own.confirmed_at == site.clock.now()
        async with site.database.read() as session:
            closed = await session.get_one(Task, task.id)
        assert (closed.outcome, closed.closed_at) == ("confirmed", site.clock.now())
        assert len(await topics(site, "consent.changed")) == 1

    async def test_a_withdrawal_holds_at_once(
        self, site: Site, worker: Browser, anna: Staff, ingrid: Client
    ) -> None:
        """Every coming call becomes a visit that nobody has yet; it is announced, so a running call ends."""
        async with site.database.write() as session:
            calls = [
                await make_contact(
                    session, ingrid, site.town.services["SO-SAM"], start, staff=[anna], channel=Channel.VIDEO
                )
                for start in ("2026-12-01 14:30", "2026-12-05 14:30")
            ]
        (consent,) = await self.consents(site, ingrid)
        for _ in range(2):
            assert (await post(worker, ingrid, f"samtycke/{consent.id}/ta-tillbaka"))[0] == 303
        for call in calls:
            moved, staff = await now_of(site, call)
            assert (moved.channel, moved.cause, staff, moved.owner_id) == (
                Channel.PHYSICAL, "consent_withdrawn", [], None,
            )  # fmt: skip
        assert await topics(site, "consent.changed") == [{"kind": "digital_visit"}]
        assert "Det finns inget giltigt samtycke till video." in await page(worker, ingrid)
        card = await (await worker.get(f"/kontakt/{calls[1].id}")).text()
        assert "vill inte längre ha video" in card
        assert "consent_withdrawn" not in card

    async def test_a_no_stops_video_as_a_withdrawal_does(
        self, site: Site, worker: Browser, anna: Staff, ingrid: Client
    ) -> None:
        """A no written down today is the last word, also after a yes earlier today."""
        async with site.database.write() as session:
            call = await make_contact(
                session, ingrid, site.town.services["SO-SAM"], "2026-12-03 14:30", staff=[anna],
                channel=Channel.VIDEO,
            )  # fmt: skip
        await post(worker, ingrid, "samtycke", kind="digital_visit", how="oral", answer="yes")
        site.clock.move(timedelta(minutes=5))
        await post(worker, ingrid, "samtycke", kind="digital_visit", how="oral", answer="no")
        assert (await now_of(site, call))[0].channel is Channel.PHYSICAL
        assert "Har sagt nej" in await page(worker, ingrid)

    async def test_other_consents_leave_the_plan_alone(
        self, site: Site, worker: Browser, anna: Staff, ingrid: Client
    ) -> None:
        async with site.database.write() as session:
            photo = await make_consent(session, ingrid, ConsentKind.PHOTO)
            call = await make_contact(
                session, ingrid, site.town.services["SO-SAM"], "2026-12-01 14:30", staff=[anna],
                channel=Channel.VIDEO,
            )  # fmt: skip
        await post(worker, ingrid, f"samtycke/{photo.id}/ta-tillbaka")
        assert (await now_of(site, call))[0].channel is Channel.VIDEO

    async def test_somebody_elses_consent_is_not_there(
        self, site: Site, worker: Browser, ingrid: Client
    ) -> None:
        """The consent of one client cannot be reached through another."""
        (other,) = await add(site, ("Gunnar", "Sand"))
        (consent,) = await self.consents(site, ingrid)
        for deed in ("bekrafta", "ta-tillbaka"):
            assert (await post(worker, other, f"samtycke/{consent.id}/{deed}"))[0] == 404
            assert (await post(worker, other, f"samtycke/x/{deed}"))[0] == 404
        (kept,) = await self.consents(site, ingrid)
        assert kept.withdrawn_at is None


class TestAbsence:
    """Away and home again."""

    async def test_rows_in_between_are_cancelled_and_come_back(
        self, site: Site, boss: Browser, ingrid: Client
    ) -> None:
        """Cancelled because nobody is at home: not missed, not owed. Home early: what has not been stands."""
        async with site.database.write() as session:
            rows = {
                day: await make_contact(
                    session, ingrid, site.town.services["TI-DAG"], f"2026-12-{day:02} 10:00"
                )
                for day in (1, 2, 4, 6)
            }
        assert (await post(boss, ingrid, "franvaro", kind="hospital", end="2026-12-05T12:00"))[0] == 303
        states = {day: (await now_of(site, row))[0] for day, row in rows.items()}
        assert [states[day].status for day in (1, 2, 4, 6)] == [Status.CANCELLED] * 3 + [Status.PLANNED]
        assert states[1].cause == Cause.CLIENT_AWAY
        assert "Ingrid är borta" in await page(boss, ingrid)
        site.clock.set(datetime(2026, 12, 1, 18, 0))
        boss = await self.again(site)
        async with site.database.read() as session:
            absence = (await session.scalars(select(ClientAbsence))).one()
        for _ in range(2):
            assert (await post(boss, ingrid, f"franvaro/{absence.id}/slut"))[0] == 303
        states = {day: (await now_of(site, row))[0] for day, row in rows.items()}
        assert [states[day].status for day in (1, 2, 4, 6)] == [Status.CANCELLED] + [Status.PLANNED] * 3
        assert states[2].cause is None
        assert "Ingrid är borta" not in await page(boss, ingrid)

    @staticmethod
    async def again(site: Site) -> Browser:
        """The session has been idle too long: somebody signs in anew."""
        return await site.signed_in("boss2", Role.COORDINATOR)

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"end": "2026-11-30T12:00", "start": "2026-11-29T12:00"}, "redan över"),
            ({"end": "2026-12-02T10:00", "start": "2026-12-03T10:00"}, "efter avresan"),
            ({"end": "snart"}, "Skriv dag och tid"),
            ({"end": "9999-12-31T23:59"}, "Skriv dag och tid"),
            ({"start": "2027-03-28T02:30"}, "Klockan 02.30 finns inte"),
            ({"kind": "moon"}, "Välj något"),
        ],
    )
    async def test_impossible_absences_change_nothing(
        self, site: Site, boss: Browser, ingrid: Client, given: dict[str, str], sentence: str
    ) -> None:
        status, text = await post(boss, ingrid, "franvaro", **{"kind": "travel", **given})
        assert status == 422
        assert sentence in text
        async with site.database.read() as session:
            assert list(await session.scalars(select(ClientAbsence))) == []

    async def test_planned_absence_may_be_taken_away(self, site: Site, boss: Browser, ingrid: Client) -> None:
        """Somebody does not travel after all: everything stands again."""
        async with site.database.write() as session:
            row = await make_contact(session, ingrid, site.town.services["TI-DAG"], "2026-12-03 10:00")
        await post(boss, ingrid, "franvaro", kind="travel", start="2026-12-03T00:00")
        assert (await now_of(site, row))[0].status is Status.CANCELLED
        async with site.database.read() as session:
            absence = (await session.scalars(select(ClientAbsence))).one()
        await post(boss, ingrid, f"franvaro/{absence.id}/slut")
        assert (await now_of(site, row))[0].status is Status.PLANNED
        async with site.database.read() as session:
            assert list(await session.scalars(select(ClientAbsence))) == []


class TestFacts:
    """What those who plan may change."""

    async def fields(self, browser: Browser, client: Client) -> dict[str, str]:
        found = re.search(r'name="seen" value="([0-9a-f]+)"', await page(browser, client))
        assert found is not None
        return {"seen": found[1], "video_wish": "no", "decision_ability": "own", "phone": "070-1"}

    async def test_change_what_the_rules_look_at(self, site: Site, boss: Browser, ingrid: Client) -> None:
        data = await self.fields(boss, ingrid)
        assert (await post(boss, ingrid, "uppgifter", **data, choking_risk="1", door_note="Ring"))[0] == 303
        async with site.database.read() as session:
            client = await session.get_one(Client, ingrid.id)
        assert (client.video_wish, client.choking_risk, client.door_note) == (VideoWish.NO, True, "Ring")
        assert "Personen vill inte ha video." in await page(boss, ingrid)

    async def test_two_at_once_do_not_overwrite_each_other(self, boss: Browser, ingrid: Client) -> None:
        """The second one is told, and the first one's words stand."""
        data = await self.fields(boss, ingrid)
        await post(boss, ingrid, "uppgifter", **data, important_to_me="Kaffe")
        status, text = await post(boss, ingrid, "uppgifter", **data, important_to_me="Te")
        assert status == 409
        assert "Någon annan hann ändra uppgifterna" in text
        assert "Kaffe" in await page(boss, ingrid)

    async def test_a_protected_identity_keeps_what_the_form_does_not_show(
        self, site: Site, boss: Browser
    ) -> None:
        """Phone and door are neither shown nor emptied."""
        (maj,) = await add(
            site, ("Maj", "Hemlig"), protection=Protection.CONFIDENTIALITY_MARK, door_note="Gul dörr"
        )
        html = await page(boss, maj)
        for secret in ("Hemlig", "Storgatan", "070-174", "Gul dörr"):
            assert secret not in html
        await post(boss, maj, "uppgifter", **await self.fields(boss, maj))
        async with site.database.read() as session:
            client = await session.get_one(Client, maj.id)
        assert (client.phone, client.door_note) == ("070-174 06 58", "Gul dörr")

    async def test_workers_read_and_do_not_change(self, worker: Browser, ingrid: Client) -> None:
        """No form on the page, and no way round it."""
        assert "Ändra uppgifter" not in await page(worker, ingrid)
        for deed in ("uppgifter", "franvaro", "kanner"):
            assert (await post(worker, ingrid, deed))[0] == 403

    async def test_the_named_care_worker_is_set_shown_and_known_best(
        self, site: Site, boss: Browser, worker: Browser, anna: Staff, ingrid: Client
    ) -> None:
        """Shown to workers too; whoever is named is known first; the change stands in the log."""
        async with site.database.write() as session:
            bo = await make_staff(session, site.town, "Bo", "Ek")
            await make_known(session, ingrid, anna)
        assert (await post(boss, ingrid, "fast-omsorgskontakt", before="", named=str(bo.id)))[0] == 303
        assert await self.named(site, ingrid) == (bo.id, None)
        assert await self.known(site, ingrid) == [bo.id, anna.id]
        for browser in (boss, worker):
            html = await page(browser, ingrid)
            assert re.search(r"Bo Ek<br><span[^>]*>Fast omsorgskontakt", html)
            assert ("Ändra fast omsorgskontakt" in html) is (browser is boss)
        async with site.database.read() as session:
            things = list(await session.scalars(select(AccessLog.thing)))
        assert "client:named" in things
        # The reason takes the place of the person, and the person stays known.
        await post(boss, ingrid, "fast-omsorgskontakt", before=str(bo.id), named="declined")
        assert await self.named(site, ingrid) == (None, "declined")
        assert "Ingen fast omsorgskontakt: personen har tackat nej" in await page(boss, ingrid)

    async def test_two_who_name_at_once_do_not_overwrite_each_other(
        self, site: Site, boss: Browser, anna: Staff, ingrid: Client
    ) -> None:
        await post(boss, ingrid, "fast-omsorgskontakt", before="", named=str(anna.id))
        status, text = await post(boss, ingrid, "fast-omsorgskontakt", before="", named="declined")
        assert status == 409
        assert "Någon annan hann ändra uppgifterna" in text
        assert await self.named(site, ingrid) == (anna.id, None)

    async def test_only_care_workers_of_the_group_can_be_named(
        self, site: Site, boss: Browser, worker: Browser, ingrid: Client
    ) -> None:
        """Nobody of another group, no nurse, nobody who has left, no made-up id; workers may not at all."""
        async with site.database.write() as session:
            gallo = await make_group(session, site.town.municipality, "Gällö")
            others = [
                await make_staff(session, site.town, "Olle", "Ö", group_id=gallo.id),
                await make_staff(session, site.town, "Nora", "N", title=Title.NURSE),
                await make_staff(session, site.town, "Ulf", "U", active=False),
            ]
            care = await make_staff(session, site.town, "Vera", "V", title=Title.CARE_ASSISTANT)
        for wanted in (*(str(one.id) for one in others), str(new_id()), "x"):
            assert (await post(boss, ingrid, "fast-omsorgskontakt", before="", named=wanted))[0] == 422
        assert (await post(worker, ingrid, "fast-omsorgskontakt", before="", named="declined"))[0] == 403
        assert await self.named(site, ingrid) == (None, None)
        # Without the title the transitional rule may hold: allowed, and said.
        assert (await post(boss, ingrid, "fast-omsorgskontakt", before="", named=str(care.id)))[0] == 303
        assert "Kontrollera att övergångsregeln gäller." in await page(boss, ingrid)

    @staticmethod
    async def named(site: Site, client: Client) -> tuple[Any, Any]:
        async with site.database.read() as session:
            found = await session.get_one(Client, client.id)
            return found.named_care_worker_id, found.no_named_care_worker_reason

    async def test_who_has_been_there_is_proposed_and_put_in_order(
        self, site: Site, boss: Browser, anna: Staff, ingrid: Client
    ) -> None:
        """Two visits in the last 30 days make a proposal; order is kept; twice changes nothing."""
        async with site.database.write() as session:
            bo = await make_staff(session, site.town, "Bo", "Ek")
            old = await make_staff(session, site.town, "Olof", "Gammal")
            await make_known(session, ingrid, anna)
            for staff, days in ((bo, (3, 5)), (old, (40, 41))):
                for day in days:
                    await make_contact(
                        session, ingrid, site.town.services["TI-DAG"],
                        to_instant(datetime(2026, 12, 1, 9)) - timedelta(days=day), staff=[staff],
                        status=Status.DONE,
                    )  # fmt: skip
        html = await page(boss, ingrid)
        assert "Lägg till Bo E." in html
        assert "Lägg till Olof" not in html
        for deed in ("add", "add", "first", "first"):
            assert (await post(boss, ingrid, "kanner", staff=str(bo.id), deed=deed))[0] == 303
        assert await self.known(site, ingrid) == [bo.id, anna.id]
        for _ in range(2):
            await post(boss, ingrid, "kanner", staff=str(anna.id), deed="remove")
        assert await self.known(site, ingrid) == [bo.id]
        assert (await post(boss, ingrid, "kanner", staff=str(new_id()), deed="add"))[0] == 404

    @staticmethod
    async def known(site: Site, client: Client) -> list[Any]:
        async with site.database.read() as session:
            rows = await session.scalars(
                select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id).order_by(KnownStaff.rank)
            )
            return list(rows)


async def test_another_groups_client_is_not_there(site: Site, boss: Browser) -> None:
    """404 for the page and for every change of it; refusals are logged."""
    async with site.database.write() as session:
        gallo = await make_group(session, site.town.municipality, "Gällö")
        olle = await make_client(session, site.town, "Olle", "Ödmark", group_id=gallo.id)
        consent = await make_consent(session, olle)
    assert (await boss.get(f"/brukare/{olle.id}")).status == 404
    data = {"kind": "travel", "how": "oral", "deed": "add", "staff": str(new_id())}
    for deed in ("uppgifter", "inte-i-dag", "franvaro", "kanner", f"samtycke/{consent.id}/ta-tillbaka"):
        assert (await post(boss, olle, deed, **data))[0] == 404
    assert (await post(boss, olle, "samtycke", **{**data, "kind": "photo"}))[0] == 404
    async with site.database.read() as session:
        client = await session.get_one(Client, olle.id)
        kept = await session.get_one(Consent, consent.id)
    assert client.no_video_on is None
    assert kept.withdrawn_at is None
    assert not any(row.allowed for row in await site.log())
