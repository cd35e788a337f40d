"""Consents with their names, asked about again; what ends video at once; whether a tablet suits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from care.clients import Client, DecisionAbility, Protection
from care.consent import Consent, ConsentPerson
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.ids import new_id
from care.staff import Staff
from care.suitability import Suitability, Suits
from care.tasks import Task, TaskKind
from scheduler.ticks.review_watch import review_watch
from tests.builders import make_client, make_consent, make_contact
from tests.server.conftest import Browser, Site
from tests.server.pages.client.test_clients import TestFacts, page, post, topics


async def change(site: Site, client: Client, **fields: Any) -> None:
    async with site.database.write() as session:
        own = await session.get_one(Client, client.id)
        for name, value in fields.items():
            setattr(own, name, value)


async def consents(site: Site, client: Client) -> list[Consent]:
    async with site.database.read() as session:
        return list(
            await session.scalars(select(Consent).where(Consent.client_id == client.id).order_by(Consent.id))
        )


async def call(site: Site, client: Client, anna: Staff, start: str = "2026-12-01 06:45") -> PlannedContact:
    async with site.database.write() as session:
        service = site.town.services["SO-SAM"]
        return await make_contact(session, client, service, start, staff=[anna], channel=Channel.VIDEO)


async def channel(site: Site, row: PlannedContact) -> tuple[Channel, str | None]:
    async with site.database.read() as session:
        own = await session.get_one(PlannedContact, row.id)
        return own.channel, own.cause


async def test_who_answered_and_who_took_it_down_stand_there(
    site: Site, worker: Browser, boss: Browser, ingrid: Client
) -> None:
    """The client when no name is written, the cohabitant by name; who took the withdrawal down as well."""
    await change(site, ingrid, lives_alone=False, cohabitant_name="Bertil Berg")
    await post(worker, ingrid, "samtycke", kind="digital_visit", how="oral", answer="yes")
    await post(
        worker, ingrid, "samtycke", kind="digital_visit", how="oral", answer="yes", person="cohabitant"
    )
    given = [(one.person, one.given_by) for one in await consents(site, ingrid)][1:]
    assert given == [(ConsentPerson.CLIENT, "Ingrid Berg"), (ConsentPerson.COHABITANT, "Bertil Berg")]
    own = (await consents(site, ingrid))[1]
    await post(boss, ingrid, f"samtycke/{own.id}/ta-tillbaka")
    html = await page(worker, ingrid)
    for words in ("svar av Ingrid Berg", "svar av Bertil Berg", "antecknat av Anna", "antecknat av Boss"):
        assert words in html


async def test_a_representative_is_named(site: Site, worker: Browser, ingrid: Client) -> None:
    """Who answers for somebody else has a name; nothing is written without."""
    await change(site, ingrid, decision_ability=DecisionAbility.REPRESENTATIVE)
    yes = {"kind": "digital_visit", "how": "oral", "answer": "yes"}
    status, text = await post(worker, ingrid, "samtycke", **yes)
    assert (status, "namnet på den som svarade" in text) == (422, True)
    assert len(await consents(site, ingrid)) == 1
    assert (await post(worker, ingrid, "samtycke", **yes, given_by="God man Ulla Ek"))[0] == 303
    assert (await consents(site, ingrid))[1].given_by == "God man Ulla Ek"


async def test_names_around_a_protected_identity_are_not_shown(site: Site, boss: Browser) -> None:
    async with site.database.write() as session:
        maj = await make_client(session, site.town, "Maj", "Hemlig", protection=Protection.ASSUMED_IDENTITY)
        await make_consent(session, maj, given_by="Sten Hemlig")
    await post(boss, maj, "samtycke", kind="photo", how="oral", answer="yes")
    assert (await consents(site, maj))[1].given_by == "Maj"
    assert "Hemlig" not in await page(boss, maj)


async def test_a_consent_to_ask_about_again_holds_another_year(
    site: Site, worker: Browser, boss: Browser, ingrid: Client
) -> None:
    """One tap on the page closes the task; the task leads there, and a withdrawn one cannot be renewed."""
    (own,) = await consents(site, ingrid)
    async with site.database.write() as session:
        (await session.get_one(Consent, own.id)).review_on = date(2026, 11, 30)
    assert await review_watch(site.database, site.clock) == 1
    needs = await (await boss.get("/behover")).text()
    assert "Fråga Ingrid om det som är sagt fortfarande gäller: Besök på video." in needs
    assert "Gäller än" in await page(worker, ingrid)
    for _ in range(2):
        assert (await post(worker, ingrid, f"samtycke/{own.id}/galler-an"))[0] == 303
    (own,) = await consents(site, ingrid)
    assert own.review_on == date(2027, 12, 1)
    async with site.database.read() as session:
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.REVIEW_CONSENT))
    assert task.outcome == "still_holds"
    assert "Gäller än" not in await page(worker, ingrid)
    await post(worker, ingrid, f"samtycke/{own.id}/ta-tillbaka")
    assert (await post(worker, ingrid, f"samtycke/{own.id}/galler-an"))[0] == 409


async def test_without_a_yes_there_is_no_call_button(
    site: Site, worker: Browser, anna: Staff, ingrid: Client
) -> None:
    """Min dag, the card and the call page say why instead; with the yes the button is there."""
    row = await call(site, ingrid, anna)
    paths = ("/min-dag", f"/kontakt/{row.id}", f"/kontakt/{row.id}/samtal")
    for path in paths:
        assert "Ring Ingrid" in await (await worker.get(path)).text(), path
    await change(site, ingrid, lives_alone=False)
    for path in paths:
        html = await (await worker.get(path)).text()
        assert "Den som bor i hemmet har inte sagt ja till video." in html, path
        for words in ("Ring Ingrid", "Ring ändå", 'id="ring"', 'data-may-ring="yes"'):
            assert words not in html, (path, words)


@pytest.mark.parametrize(
    "given",
    [{"video_wish": "no"}, {"decision_ability": "unclear"}, {"lives_with": "1"}],
    ids=["wish", "decision", "cohabitant"],
)
async def test_what_the_page_takes_away_stops_video_at_once(
    site: Site, boss: Browser, anna: Staff, ingrid: Client, given: dict[str, str]
) -> None:
    """Not only a withdrawn consent: the coming call becomes a visit, and a running one is told to end."""
    row = await call(site, ingrid, anna, "2026-12-03 14:30")
    data = {**await TestFacts().fields(boss, ingrid), "video_wish": "yes", **given}
    assert (await post(boss, ingrid, "uppgifter", **data))[0] == 303
    assert await channel(site, row) == (Channel.PHYSICAL, "consent_withdrawn")
    assert await topics(site, "consent.changed") == [{"kind": "digital_visit"}]


async def test_unclear_needs_a_named_person_to_become_clear(
    site: Site, boss: Browser, ingrid: Client
) -> None:
    await change(site, ingrid, decision_ability=DecisionAbility.UNCLEAR)
    data = {**await TestFacts().fields(boss, ingrid), "video_wish": "yes"}
    status, text = await post(boss, ingrid, "uppgifter", **data)
    assert (status, "Skriv vem som har tagit ställning." in text) == (422, True)
    assert (await post(boss, ingrid, "uppgifter", **data, decision_by="Karin Ek"))[0] == 303
    assert "Ställning tagen av Karin Ek" in await page(boss, ingrid)
    async with site.database.read() as session:
        own = await session.get_one(Client, ingrid.id)
    assert (own.decision_ability, own.decision_on) == (DecisionAbility.OWN, site.clock.today())


async def test_a_tablet_that_does_not_suit_stops_video_and_says_why(
    site: Site, worker: Browser, anna: Staff, ingrid: Client
) -> None:
    """With who, why and when it is looked at again; a new assessment lets video come back."""
    row = await call(site, ingrid, anna, "2026-12-03 14:30")
    given = {"suits": "no", "reason": "worry", "assess_again": "2027-03-01"}
    assert (await post(worker, ingrid, "lamplighet", **given))[0] == 303
    assert await channel(site, row) == (Channel.PHYSICAL, "no_tablet")
    html = await page(worker, ingrid)
    for words in (
        "Surfplatta passar inte personen, enligt den senaste bedömningen.",
        "Passar inte", "Oro för skärmen", "Bedöms igen",
    ):  # fmt: skip
        assert words in html
    async with site.database.read() as session:
        (one,) = await session.scalars(select(Suitability))
    assert (one.suits, one.reasons, one.review_on) == (Suits.NO, ["worry"], date(2027, 3, 1))
    assert one.assessed_by_id is not None
    given = {"suits": "with_help", "reason": "worry", "suits_note": "Dottern visar."}
    assert (await post(worker, ingrid, "lamplighet", **given))[0] == 303
    assert "Ingrid kan ringas på video" in await page(worker, ingrid)


async def test_a_new_assessment_closes_the_task_of_the_old(
    site: Site, worker: Browser, ingrid: Client
) -> None:
    async with site.database.write() as session:
        session.add(
            Suitability(
                id=new_id(), client_id=ingrid.id, suits=Suits.YES, reasons=[],
                assessed_on=date(2026, 6, 1), review_on=date(2026, 12, 1),
            )
        )  # fmt: skip
    assert await review_watch(site.database, site.clock) == 1
    assert (await post(worker, ingrid, "lamplighet", suits="yes"))[0] == 303
    async with site.database.read() as session:
        (task,) = await session.scalars(select(Task).where(Task.kind == TaskKind.REVIEW_TABLET))
    assert task.outcome == "assessed"
    assert await review_watch(site.database, site.clock) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"suits": "kanske"}, "Välj något"),
        ({"suits": "no"}, "Välj minst en sak"),
        ({"suits": "no", "reason": "moon"}, "Välj något"),
        ({"suits": "with_help", "reason": "sight"}, "Skriv vilken hjälp"),
        ({"suits": "yes", "assess_again": "2026-12-01"}, "Välj en dag som kommer"),
    ],
)
async def test_an_assessment_that_says_too_little_is_not_kept(
    site: Site, worker: Browser, ingrid: Client, given: dict[str, str], words: str
) -> None:
    status, text = await post(worker, ingrid, "lamplighet", **given)
    assert (status, words in text) == (422, True)
    async with site.database.read() as session:
        assert list(await session.scalars(select(Suitability))) == []


async def test_a_row_whose_call_the_client_ended_needs_a_visit(
    site: Site, worker: Browser, anna: Staff, ingrid: Client
) -> None:
    """It never reads as if the client had not answered."""
    row = await call(site, ingrid, anna)
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, row.id)
        own.status, own.cause, own.owner_id = Status.AWAITING, "consent_withdrawn", anna.id
        own.deadline = site.clock.now() - timedelta(minutes=1)
    card = await (await worker.get(f"/kontakt/{row.id}")).text()
    assert "behöver besök" in card
    assert "svarar inte" not in card
