"""What was done without cover: entered once, with its own time; where it meets another's, both stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from care.accounts import Account, Role
from care.carried import CarriedDeed, Doubt, Outcome
from care.clients import Client, Protection
from care.contacts.contact import ContactHistory, ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, step
from care.pulse import StaffPulse
from care.receipts import Receipt, Result
from care.staff import Staff
from care.tasks import Task
from tests.builders import make_client, make_contact, make_shift, make_staff, moment
from tests.server.conftest import Browser, Site, sign_in

EPOCH = moment("1970-01-01 01:00")


@pytest.fixture
async def ingrid(site: Site) -> Client:
    async with site.database.write() as session:
        return await make_client(session, site.town)


@pytest.fixture
async def visit(site: Site, ingrid: Client, anna: Staff) -> PlannedContact:
    """Anna's, at 07.10; it is 08.00."""
    async with site.database.write() as session:
        made = await make_contact(
            session, ingrid, site.town.services["PV-MOR"], moment("2026-12-01 07:10"), staff=[anna]
        )
    site.clock.move(moment("2026-12-01 08:00") - site.clock.now())
    return made


def milliseconds(at: datetime) -> int:
    return round((at - EPOCH).total_seconds() * 1000)


def deed(contact: PlannedContact, kind: str, wall: str, **more: Any) -> dict[str, Any]:
    """As the phone keeps it; its clock is right unless told otherwise."""
    at = milliseconds(moment(f"2026-12-01 {wall}"))
    return {"key": str(uuid4()), "kind": kind, "contact": str(contact.id), "at": at, **more}


async def account_of(site: Site, name: str = "anna") -> UUID:
    async with site.database.read() as session:
        return (await session.scalars(select(Account.id).where(Account.username == name))).one()


async def tell(
    site: Site, browser: Browser, *deeds: dict[str, Any], wrong: timedelta = timedelta(0), who: str = "anna"
) -> list[dict[str, Any]]:
    """Send them from a phone whose clock is `wrong`; what the server says of each."""
    sent = milliseconds(site.clock.now() + wrong)
    body = {"account": str(await account_of(site, who)), "sent": sent, "deeds": list(deeds)}
    answer = await browser.post("/min-dag/med", json=body)
    assert answer.status == 200, await answer.text()
    results: list[dict[str, Any]] = (await answer.json())["results"]
    return results


async def row(site: Site, contact: PlannedContact) -> PlannedContact:
    async with site.database.read() as session:
        return await session.get_one(PlannedContact, contact.id)


async def line_of(site: Site, contact: PlannedContact) -> str:
    async with site.database.read() as session:
        found = await session.scalars(select(ContactLine.id).where(ContactLine.contact_id == contact.id))
        return str(found.one())


async def receipts(site: Site) -> list[Receipt]:
    async with site.database.read() as session:
        return list(await session.scalars(select(Receipt).order_by(Receipt.at, Receipt.id)))


def said(line: str, result: str = "reached", note: str = "") -> list[dict[str, Any]]:
    return [{"line": line, "result": result, "note": note, "follow_up": False}]


async def test_in_out_and_receipt_keep_their_own_times(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """Done at 07.12 and 07.40 and told at 08.00: those are its times, marked with the phone's clock."""
    line = await line_of(site, visit)
    results = await tell(
        site, browser, deed(visit, "check_in", "07:12"), deed(visit, "check_out", "07:40"),
        deed(visit, "receipt", "07:41", lines=said(line, note="Åt gott")),
    )  # fmt: skip
    assert [one["outcome"] for one in results] == ["done", "done", "done"]
    found = await row(site, visit)
    assert (found.status, found.actual_start, found.actual_end) == (
        Status.DONE, moment("2026-12-01 07:12"), moment("2026-12-01 07:40"),
    )  # fmt: skip
    [receipt] = await receipts(site)
    assert (receipt.at, receipt.phone_at, receipt.note) == (
        moment("2026-12-01 07:41"), moment("2026-12-01 07:41"), "Åt gott",
    )  # fmt: skip
    async with site.database.read() as session:
        history = list(
            await session.scalars(
                select(ContactHistory)
                .where(ContactHistory.contact_id == visit.id, ContactHistory.by == "phone")
                .order_by(ContactHistory.id)
            )
        )
    assert [(one.event, one.at) for one in history] == [
        ("checked_in", site.clock.now()), ("checked_out", site.clock.now()),
    ]  # fmt: skip
    page = await (await browser.get(f"/kontakt/{visit.id}")).text()
    assert "utan täckning, telefonens klocka 07.12" in page


async def test_told_twice_is_entered_once(site: Site, browser: Browser, visit: PlannedContact) -> None:
    """The answer was lost on the way: the same keys come again, also after others have gone on."""
    line = await line_of(site, visit)
    deeds = [
        deed(visit, "check_in", "07:12"), deed(visit, "receipt", "07:41", lines=said(line)),
    ]  # fmt: skip
    first = await tell(site, browser, *deeds)
    again = await tell(site, browser, *deeds, *deeds)
    assert [one["outcome"] for one in again] == [one["outcome"] for one in first] * 2
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(CarriedDeed)) == 2
        events = list(
            await session.scalars(
                select(ContactHistory.event).where(
                    ContactHistory.contact_id == visit.id, ContactHistory.by == "phone"
                )
            )
        )
    assert events == ["checked_in"]
    assert len(await receipts(site)) == 1


async def test_what_was_sent_with_cover_after_all_is_the_same(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """The check-in reached the server although the phone never heard it: nothing more is needed."""
    await browser.post(f"/kontakt/{visit.id}/in", data={"version": visit.version})
    [result] = await tell(site, browser, deed(visit, "check_in", "07:58"))
    assert result["outcome"] == "same"
    assert (await row(site, visit)).actual_start == site.clock.now()


async def test_a_wrong_clock_is_put_right(site: Site, browser: Browser, visit: PlannedContact) -> None:
    """A phone three hours ahead shows 10.12 when it is 07.12."""
    wrong = timedelta(hours=3)
    one = deed(visit, "check_in", "10:12", offset=-round(wrong.total_seconds() * 1000))
    [result] = await tell(site, browser, one, wrong=wrong)
    assert result["outcome"] == "done"
    assert (await row(site, visit)).actual_start == moment("2026-12-01 07:12")
    async with site.database.read() as session:
        kept = (await session.scalars(select(CarriedDeed))).one()
    assert kept.phone_at == moment("2026-12-01 10:12")


@pytest.mark.parametrize(
    ("wall", "more", "why"),
    [
        ("07:12", {"offset": 3_600_000}, Doubt.CLOCK),
        ("09:30", {}, Doubt.CLOCK),
        ("04:30", {}, Doubt.OUTSIDE_SHIFT),
    ],
)
async def test_a_time_that_cannot_be_believed_waits_for_a_person(
    site: Site, browser: Browser, visit: PlannedContact, wall: str, more: dict[str, Any], why: Doubt
) -> None:
    """The clock was set meanwhile, or the time is none of the shift: nothing is entered."""
    [result] = await tell(site, browser, deed(visit, "check_in", wall, **more))
    assert result["outcome"] == "decide"
    assert result["sentence"]
    assert (await row(site, visit)).status is Status.PLANNED
    async with site.database.read() as session:
        kept = (await session.scalars(select(CarriedDeed))).one()
        tasks = (await session.scalars(select(Task).where(Task.contact_id == visit.id))).all()
    assert kept.doubt is why
    assert [one.facts for one in tasks] == [{"why": "carried"}]


async def test_what_is_more_than_twelve_hours_old_waits_for_a_person(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """It is told when its worker has signed in again; times that old must be looked at."""
    one = deed(visit, "check_in", "07:12")
    site.clock.move(timedelta(hours=11, minutes=30))
    await sign_in(browser, "anna")
    [result] = await tell(site, browser, one)
    assert (result["outcome"], (await row(site, visit)).status) == ("decide", Status.PLANNED)


async def test_two_receipts_both_stand_until_a_person_decides(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """Bo receipted while Anna was without cover: hers is shown beside his, and choosing keeps both."""
    line = await line_of(site, visit)
    bo = await site.signed_in("bo", Role.CARE_WORKER, staff_id=await _bo(site))
    await bo.post(f"/kontakt/{visit.id}/in", data={"version": visit.version})
    await bo.post(f"/kontakt/{visit.id}/kvittens", data={f"result-{line}": "reached"})
    [result] = await tell(
        site, browser, deed(visit, "receipt", "07:41", lines=said(line, "partly", "Orkade inte allt"))
    )
    assert (result["outcome"], result["contact"]) == ("decide", str(visit.id))
    assert result["sentence"] == "Någon annan har redan kvitterat på ett annat sätt."
    assert [one.result for one in await receipts(site)] == [Result.REACHED]
    page = await (await browser.get(f"/kontakt/{visit.id}")).text()
    assert "Orkade inte allt" in page
    assert "Det som gäller nu" in page
    async with site.database.read() as session:
        kept = (await session.scalars(select(CarriedDeed))).one()
    address = f"/kontakt/{visit.id}/utan-tackning/{kept.id}"
    assert (await browser.post(address, data={"choice": "mine"}, allow_redirects=False)).status == 303
    found = {one.result: one for one in await receipts(site)}
    assert found[Result.REACHED].superseded_by_id == found[Result.PARTLY].id
    assert found[Result.PARTLY].account_id == await account_of(site)
    async with site.database.read() as session:
        kept = await session.get_one(CarriedDeed, kept.id)
        task = (await session.scalars(select(Task).where(Task.contact_id == visit.id))).one()
    assert (kept.outcome, task.outcome) == (Outcome.MINE, "done")
    # Somebody else was faster: said in words, nothing changes.
    assert (await bo.post(address, data={"choice": "theirs"})).status == 409


async def test_keeping_what_stands_changes_no_receipt(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """The other choice: what was carried stays as it was told, and counts for nothing."""
    line = await line_of(site, visit)
    bo = await site.signed_in("bo", Role.CARE_WORKER, staff_id=await _bo(site))
    await bo.post(f"/kontakt/{visit.id}/in", data={"version": visit.version})
    await bo.post(f"/kontakt/{visit.id}/kvittens", data={f"result-{line}": "reached"})
    await tell(site, browser, deed(visit, "receipt", "07:41", lines=said(line, "partly")))
    async with site.database.read() as session:
        kept = (await session.scalars(select(CarriedDeed))).one()
    await browser.post(f"/kontakt/{visit.id}/utan-tackning/{kept.id}", data={"choice": "theirs"})
    assert [(one.result, one.superseded_by_id) for one in await receipts(site)] == [(Result.REACHED, None)]
    async with site.database.read() as session:
        assert (await session.get_one(CarriedDeed, kept.id)).said[line]["result"] == "partly"


async def _bo(site: Site) -> UUID:
    async with site.database.write() as session:
        staff = await make_staff(session, site.town, "Bo", "Ek")
        await make_shift(session, staff)
    return staff.id


async def test_a_visit_that_was_cancelled_meanwhile_is_said_in_words(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """The deed is kept and a person is asked; the row stays cancelled."""
    async with site.database.write() as session:
        own = await session.get_one(PlannedContact, visit.id)
        await step(session, own, Status.CANCELLED, at=site.clock.now(), hand=Hand("test"))
    [result] = await tell(site, browser, deed(visit, "check_in", "07:12"))
    assert result["sentence"] == "Kontakten ändrades medan du var utan täckning."
    assert (await row(site, visit)).status is Status.CANCELLED


async def test_nobody_enters_for_another_or_elsewhere(
    site: Site, browser: Browser, visit: PlannedContact, ingrid: Client
) -> None:
    """Another's phone, another group's visit, a line of another row, a deed of another row: refused."""
    other = await site.signed_in("bo", Role.CARE_WORKER, staff_id=await _bo(site))
    body = {"account": str(await account_of(site)), "sent": milliseconds(site.clock.now()), "deeds": []}
    assert (await other.post("/min-dag/med", json=body)).status == 409
    async with site.database.write() as session:
        (await session.get_one(Client, ingrid.id)).protection = Protection.PROTECTED_REGISTRATION
    [refused] = await tell(site, other, deed(visit, "check_in", "07:12"), who="bo")
    assert refused["outcome"] == "refused"
    [refused] = await tell(site, browser, deed(visit, "receipt", "07:12", lines=said(str(uuid4()))))
    assert refused["outcome"] == "refused"
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(CarriedDeed)) == 0


async def test_a_pulse_is_counted_once_and_leaves_no_trace(
    site: Site, browser: Browser, visit: PlannedContact
) -> None:
    """Told late it is still without name and time."""
    one = {"key": str(uuid4()), "kind": "pulse", "at": milliseconds(site.clock.now()), "answer": "partly"}
    assert [(await tell(site, browser, one))[0]["outcome"] for _ in range(2)] == ["done", "same"]
    async with site.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StaffPulse)) == 1
        assert await session.scalar(select(func.count()).select_from(CarriedDeed)) == 0


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"account": 1}',
        '{"account": "x", "sent": -1, "deeds": []}',
        "\x00",
        '{"deeds": [[]]}',
    ],
)
async def test_what_no_phone_sends_is_refused(site: Site, browser: Browser, body: str) -> None:
    """An answer in words, never a server error."""
    answer = await browser.post(
        "/min-dag/med", data=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status == 400


async def test_the_day_is_carried_without_what_is_not_needed(
    site: Site, browser: Browser, visit: PlannedContact, ingrid: Client
) -> None:
    """The address while the visit is to come, not when it is over; no personal number, no surname in full."""
    day = await (await browser.get("/min-dag/med")).json()
    [carried] = day["rows"]
    assert carried["address"] == f"{ingrid.address}, {ingrid.place}"
    assert carried["lines"][0]["service"] == "Morgonhjälp"
    await tell(site, browser, deed(visit, "check_in", "07:12"), deed(visit, "check_out", "07:40"))
    [carried] = (await (await browser.get("/min-dag/med")).json())["rows"]
    assert "address" not in carried
    assert "door" not in carried


async def test_the_server_tells_an_ended_sign_in_from_one_that_ran_out(site: Site, browser: Browser) -> None:
    """Ended, the phone erases what it carries; run out, it waits for the same person to sign in again."""
    assert (await (await browser.get("/min-dag/galler")).json())["standing"] == "in"
    site.clock.move(timedelta(hours=3))
    assert (await (await browser.get("/min-dag/galler")).json())["standing"] == "out"
    other = await site.signed_in("eva", Role.CARE_WORKER)
    from server.security import sessions

    async with site.database.write() as session:
        await sessions.revoke_all(session, await account_of(site, "eva"), site.clock.now())
    assert (await (await other.get("/min-dag/galler")).json())["standing"] == "ended"
    assert (await other.get("/min-dag/med", headers={"Accept": "application/json"})).status == 401


async def test_the_kept_page_says_nothing_about_anybody(
    site: Site, browser: Browser, visit: PlannedContact, ingrid: Client
) -> None:
    """Neither client, nor worker, nor menu: it is the same for all."""
    page = await (await browser.get("/min-dag/utan-tackning")).text()
    assert ingrid.first_name not in page
    assert "anna" not in page.lower().replace("sparanna", "")
    for address, scope in (("/min-dag/worker.js", "/min-dag"), ("/kontakt/worker.js", "/kontakt/")):
        answer = await browser.get(address)
        assert answer.headers["Service-Worker-Allowed"] == scope
    files = (await (await browser.get("/min-dag/filer.json")).json())["files"]
    for address in files:
        assert (await browser.get(address)).status == 200, address
