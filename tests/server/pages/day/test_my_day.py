"""Min dag: the shift's list, the next one on top, why rows have changed, and the end of the shift."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, select

from care.accounts import Role
from care.clients import Client, ContactPerson, Protection
from care.consent import ConsentKind
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, step
from care.ids import new_id
from care.localtime import to_instant
from care.pulse import StaffPulse, StaffPulseAsked
from care.staff import ShiftKind, Staff
from server.pages.day.list import own_rows, read_span
from tests.builders import (
    make_client,
    make_consent,
    make_contact,
    make_group,
    make_known,
    make_shift,
    make_staff,
    moment,
)
from tests.server.conftest import Browser, Site


async def plan(
    site: Site, staff: Staff, start: str, *, client: Client | None = None, code: str = "SO-SAM", **more: Any
) -> PlannedContact:
    """A row of `staff` for `client`, else for Ingrid Berg."""
    async with site.database.write() as session:
        who = client or await make_client(session, site.town)
        if client is None:
            await make_consent(session, who)
        more = {"channel": Channel.VIDEO, **more}
        return await make_contact(session, who, site.town.services[code], start, staff=[staff], **more)


async def text_of(browser: Browser, path: str = "/min-dag") -> str:
    answer = await browser.get(path)
    assert answer.status == 200
    return words(await answer.text())


def words(html: str) -> str:
    """What stands on the page, tags left out."""
    body = html[html.index("<main") :] if "<main" in html else html
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """The questions that the database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # The tail of the outbox and the sweep of calls look by themselves, now and then.
        if statement.startswith("SELECT") and "outbox" not in statement and "FROM call" not in statement:
            asked.append(statement)

    engine = site.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def test_next_contact_stands_on_top_with_what_matters(site: Site, anna: Staff) -> None:
    """Name, channel, time, whether they know each other, what is important, and the sum of the day."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town, important_to_me="Kaffe klockan tre.")
        await make_known(session, ingrid, anna)
        await make_consent(session, ingrid)
    await plan(site, anna, "2026-12-01 14:30", client=ingrid)
    await plan(site, anna, "2026-12-01 07:10", code="PV-MOR", channel=Channel.PHYSICAL, status=Status.DONE)
    site.clock.set(datetime(2026, 12, 1, 14, 25))
    page = await text_of(await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id))
    assert "tis 1 dec · 1 av 2 klara" in page
    assert page.index("Ingrid B. Video 14.30 · 15 min · ni känner varandra") < page.index("07.10")
    assert "Viktigt för mig: Kaffe klockan tre." in page
    assert "Ring Ingrid" in page


async def test_ring_opens_ten_minutes_before_and_asks_why_until_then(site: Site, anna: Staff) -> None:
    """Before its time the row says Ring ändå, with a reason to choose."""
    contact = await plan(site, anna, "2026-12-01 14:30")
    site.clock.set(datetime(2026, 12, 1, 14, 19))
    browser = await site.signed_in("anna", Role.CARE_WORKER, staff_id=anna.id)
    html = await (await browser.get("/min-dag")).text()
    assert "Ring ändå" in html
    assert 'name="anledning"' in html
    site.clock.move(timedelta(minutes=1))
    html = await (await browser.get("/min-dag")).text()
    assert "Ring ändå" not in html
    assert f'action="/kontakt/{contact.id}/samtal"' in html


async def test_a_changed_row_says_what_and_why(site: Site, anna: Staff, browser: Browser) -> None:
    """From the history: moved to video, from whom, and the reason that somebody gave."""
    async with site.database.write() as session:
        bo = await make_staff(session, site.town, "Bo", "Ek")
        client = await make_client(session, site.town, "Karin", "Ågren")
        row = await make_contact(
            session, client, site.town.services["TI-DAG"], "2026-12-01 15:00", staff=[bo]
        )
        await alter(
            session, row, at=site.clock.now(), hand=Hand("tests"), reason="snö", staff=[anna.id],
            channel=Channel.VIDEO, start=moment("2026-12-01 15:30"),
        )  # fmt: skip
    page = await text_of(browser)
    assert "flyttad till video, ny tid 15.30, var 15.00, görs av dig, var Bo E.: snö" in page
    assert "ändrad" in page


async def test_a_visit_promises_the_next_call(site: Site, anna: Staff, browser: Browser) -> None:
    """The card of a visit says when the client will be called, by whom and how."""
    async with site.database.write() as session:
        sven = await make_client(session, site.town, "Sven", "Lund")
        bo = await make_staff(session, site.town, "Bo", "Ek")
    await plan(site, anna, "2026-12-01 08:00", client=sven, code="PV-MOR", channel=Channel.PHYSICAL)
    await plan(site, bo, "2026-12-02 10:00", client=sven)
    assert "Nästa pratstund: i morgon 10.00 med Bo på video" in await text_of(browser)
    await plan(site, anna, "2026-12-01 14:30", client=sven)
    assert "Nästa pratstund: i dag 14.30 med dig på video" in await text_of(browser)


async def test_help_in_another_group_and_the_colleague_are_said(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Rows of other groups are in the list, with the group and who comes along."""
    async with site.database.write() as session:
        gallo = await make_group(session, site.town.municipality, "Gällö")
        bo = await make_staff(session, site.town, "Bo", "Ek")
        olle = await make_client(session, site.town, "Olle", "Ödmark", group_id=gallo.id)
        await make_contact(session, olle, site.town.services["HE-STA"], "2026-12-01 09:00", staff=[anna, bo])
    assert "tillsammans med Bo E. · hjälp i Gällö" in await text_of(browser)


async def test_a_protected_identity_shows_a_first_name_only(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """No surname and no picture, consent or not."""
    async with site.database.write() as session:
        maj = await make_client(
            session, site.town, "Maj", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK,
            portrait="elder-001",
        )  # fmt: skip
        await make_consent(session, maj, ConsentKind.PHOTO)
    await plan(site, anna, "2026-12-01 08:00", client=maj, code="PV-MOR", channel=Channel.PHYSICAL)
    html = await (await browser.get("/min-dag")).text()
    assert "Maj" in html
    assert "Hemlig" not in html
    assert "H." not in words(html)
    assert "elder-001" not in html


async def test_the_visit_on_top_says_where_how_in_and_whom_to_ring(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Address, door note and the first contact person stand on the card; a protected identity has none."""
    home = {"address": "Ringvägen 4", "place": "Pilgrimstad", "door_note": "Kod 1234, gul dörr"}
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town, **home)
        maj = await make_client(
            session, site.town, "Maj", "Hemlig", protection=Protection.CONFIDENTIALITY_MARK, **home
        )
        for client in (ingrid, maj):
            for rank, name in enumerate(("Lena Berg", "Ulla Berg")):
                session.add(
                    ContactPerson(
                        id=new_id(), client_id=client.id, name=name, relation="dotter",
                        phone="070-174 06 11", rank=rank,
                    )
                )  # fmt: skip
    first = await plan(site, anna, "2026-12-01 07:00", client=ingrid, code="PV-MOR", channel=Channel.PHYSICAL)
    page = await text_of(browser)
    for text in ("Ringvägen 4, Pilgrimstad", "Nyckel · Kod 1234, gul dörr", "Lena Berg dotter 070-174 06 11"):
        assert text in page
    assert "Ulla" not in page
    async with site.database.write() as session:
        (await session.get_one(PlannedContact, first.id)).client_id = maj.id
    page = await text_of(browser)
    assert "Maj" in page
    for text in ("Ringvägen", "Kod 1234", "Lena Berg"):
        assert text not in page


async def test_a_face_needs_consent(site: Site, anna: Staff, browser: Browser) -> None:
    """Initials until the client has said yes to a picture."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town, portrait="elder-001")
    await plan(site, anna, "2026-12-01 08:00", client=ingrid)
    assert "elder-001" not in await (await browser.get("/min-dag")).text()
    async with site.database.write() as session:
        await make_consent(session, ingrid, ConsentKind.PHOTO)
    assert "elder-001" in await (await browser.get("/min-dag")).text()


async def test_cancelled_rows_are_told_but_not_counted(site: Site, anna: Staff, browser: Browser) -> None:
    """Nobody drives there in vain, and the sum is of what is to be done."""
    row = await plan(site, anna, "2026-12-01 08:00", code="PV-MOR", channel=Channel.PHYSICAL)
    await plan(site, anna, "2026-12-01 09:00", code="PV-MOR", channel=Channel.PHYSICAL)
    async with site.database.write() as session:
        await step(
            session, await session.get_one(PlannedContact, row.id), Status.CANCELLED,
            at=site.clock.now(), hand=Hand("tests"), cause="client_away",
        )  # fmt: skip
    page = await text_of(browser)
    assert "0 av 1 klara" in page
    assert "är borta" in page
    assert "inställd" in page


async def test_each_client_on_the_list_is_logged_once(site: Site, anna: Staff, browser: Browser) -> None:
    """Two rows of one client are one opening, through the assignment."""
    async with site.database.write() as session:
        ingrid = await make_client(session, site.town)
    for start in ("2026-12-01 08:00", "2026-12-01 12:00"):
        await plan(site, anna, start, client=ingrid)
    await browser.get("/min-dag")
    (row,) = await site.log()
    assert (row.client_id, row.action, row.relation) == (ingrid.id, "own_day.read", "assigned")


async def test_who_is_no_staff_has_no_day(site: Site) -> None:
    """An account without a person behind it gets words, not an empty list."""
    browser = await site.signed_in("ghost", Role.CARE_WORKER)
    answer = await browser.get("/min-dag")
    assert answer.status == 404
    assert "Min dag finns för den som är inlagd som personal" in await answer.text()


async def test_an_evening_or_night_shift_keeps_its_list_across_midnight(site: Site, anna: Staff) -> None:
    """The night's list is one list; each row is in exactly one of the lists around it."""
    async with site.database.write() as session:
        night = await make_staff(session, site.town, "Nils", "Natt")
        await make_shift(session, night, "2026-11-30", "21:15", "07:15", kind=ShiftKind.NIGHT)
        await make_shift(session, night, "2026-12-01", "21:15", "07:15", kind=ShiftKind.NIGHT)
        client = await make_client(session, site.town)
        rows = {
            start: await make_contact(session, client, site.town.services["TI-DAG"], start, staff=[night])
            for start in ("2026-11-30 23:50", "2026-12-01 02:00", "2026-12-01 22:00", "2026-12-02 03:00")
        }

    async def listed(wall: datetime) -> list[str]:
        site.clock.set(wall)
        async with site.database.read() as session:
            span = await read_span(session, night.id, site.clock)
            found = {row.id for row in await own_rows(session, night.id, span)}
        return [start for start, row in rows.items() if row.id in found]

    first, second = ["2026-11-30 23:50", "2026-12-01 02:00"], ["2026-12-01 22:00", "2026-12-02 03:00"]
    assert await listed(datetime(2026, 11, 30, 23, 0)) == first
    assert await listed(datetime(2026, 12, 1, 3, 0)) == first
    assert await listed(datetime(2026, 12, 1, 8, 0)) == first
    assert await listed(datetime(2026, 12, 1, 12, 0)) == second
    assert await listed(datetime(2026, 12, 2, 1, 0)) == second


async def test_what_was_begun_before_midnight_follows_along(site: Site, anna: Staff) -> None:
    """A visit that nobody has ended is in the next day's list until somebody does."""
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-11-30 20:00", staff=[anna],
            status=Status.UNDERWAY,
        )  # fmt: skip
        await make_contact(
            session, client, site.town.services["PV-MOR"], "2026-11-30 21:00", staff=[anna],
            status=Status.DONE,
        )  # fmt: skip
        span = await read_span(session, anna.id, site.clock)
        (row,) = await own_rows(session, anna.id, span)
    assert row.start == to_instant(datetime(2026, 11, 30, 20))


async def test_the_page_asks_as_many_questions_for_a_long_day_as_for_a_short(
    site: Site, anna: Staff, browser: Browser
) -> None:
    """Set-based: the number of questions depends neither on the rows nor on the history."""
    await plan(site, anna, "2026-12-01 08:00", code="PV-MOR", channel=Channel.PHYSICAL)
    await browser.get("/min-dag")
    with counted(site) as short:
        await browser.get("/min-dag")
    async with site.database.write() as session:
        client = await make_client(session, site.town)
        for day in range(1, 20):
            for hour in (8, 10):
                start = datetime(2026, 11, day, hour)
                await make_contact(
                    session, client, site.town.services["PV-MOR"], start, staff=[anna], status=Status.DONE
                )
    for hour in range(9, 15):
        await plan(site, anna, f"2026-12-01 {hour:02}:00", code="PV-MOR", channel=Channel.PHYSICAL)
    with counted(site) as long:
        await browser.get("/min-dag")
    assert len(long) == len(short)
    assert len(long) < 24


class TestStaffPulse:
    """ "Hann vi enligt plan?"."""

    @staticmethod
    async def answers(site: Site) -> list[tuple[Any, ...]]:
        async with site.database.read() as session:
            return [tuple(row) for row in await session.execute(select(StaffPulse.answer, StaffPulse.date))]

    async def test_asked_after_the_last_row_only(self, site: Site, anna: Staff, browser: Browser) -> None:
        """Not on an empty day, not while something is left, but then, once."""
        assert "Hann vi enligt plan?" not in await text_of(browser)
        await plan(site, anna, "2026-12-01 08:00", status=Status.DONE)
        last = await plan(site, anna, "2026-12-01 09:00")
        assert "Hann vi enligt plan?" not in await text_of(browser)
        async with site.database.write() as session:
            row = await session.get_one(PlannedContact, last.id)
            row.status = Status.DONE
        assert "Hann vi enligt plan?" in await text_of(browser)

    async def test_one_answer_a_day_without_name(self, site: Site, anna: Staff, browser: Browser) -> None:
        """A second tap counts nothing; the answer row holds neither who nor when."""
        await plan(site, anna, "2026-12-01 08:00", status=Status.DONE)
        for answer in ("partly", "no"):
            result = await browser.post("/min-dag/puls", data={"answer": answer}, allow_redirects=False)
            assert result.status == 303
        assert await self.answers(site) == [("partly", site.clock.today())]
        assert set(StaffPulse.__table__.columns.keys()) == {"id", "group_id", "date", "answer"}
        async with site.database.read() as session:
            assert list(await session.scalars(select(StaffPulseAsked.staff_id))) == [anna.id]
        assert "Hann vi enligt plan?" not in await text_of(browser)

    async def test_an_unknown_answer_is_refused(self, site: Site, browser: Browser) -> None:
        result = await browser.post("/min-dag/puls", data={"answer": "maybe"})
        assert result.status == 422
        assert await self.answers(site) == []
