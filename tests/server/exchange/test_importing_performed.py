"""What another system says has been done: rows end by lawful steps, and what cannot be is refused."""

from __future__ import annotations

import pytest

from care.clock import StandingClock
from care.contacts.contact import Assignment, ContactHistory, PlannedContact
from care.contacts.life import STEPS, Status, may_step
from care.staff import Staff
from server.exchange.column_map import builtin_map
from server.exchange.intake.performed import path
from server.exchange.kind import Kind
from tests.server.exchange.record import (
    Record,
    counts,
    local,
    told,
)


async def test_performed_by_id_and_by_client_and_time(record: Record, clock: StandingClock) -> None:
    """Ended by the state machine's own steps; who came is who did it; again changes nothing."""
    await record.fill()
    clock.set(local("2026-12-02 12:00"))
    text = (
        "Besöks-ID;Kund-id;Resurs-id;Besöksstart;Besöksslut;Besöksstatus;Manuell\n"
        "k1;;p2;2026-12-01 07.31;08.02;Kvitterad;nej\n"
        ";b1;p2;2026-12-01 14.50;15.05;Avböjt besök;\n"
        ";b2;p1;2026-12-02 08.10;08.25;Kvitterad;ja\n"
        ";b2;p2;2026-12-02 08.12;08.30;Kvitterad;nej\n"
    )
    phoniro = builtin_map("phoniro", Kind.PERFORMED)
    outcome = await record.take(Kind.PERFORMED, text, column_map=phoniro)
    assert (told(outcome), counts(outcome)) == ([], (0, 3, 0))
    first = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    assert (first.status, first.actual_start) == (Status.DONE, local("2026-12-01 07:31"))
    bo = await record.one(Staff, Staff.extern_id == "p2")
    assert [one.staff_id for one in await record.all(Assignment, Assignment.contact_id == first.id)] == [
        bo.id
    ]
    second = await record.one(PlannedContact, PlannedContact.extern_id == "k2")
    assert (second.status, second.cause) == (Status.DECLINED, "imported")
    third = await record.one(PlannedContact, PlannedContact.extern_id == "k3")
    assert (third.actual_start, third.actual_end) == (local("2026-12-02 08:10"), local("2026-12-02 08:30"))
    assert third.entered_late
    steps = [
        (Status(one.status_before), Status(one.status_after))
        for one in await record.all(ContactHistory, ContactHistory.event != "imported")
    ]
    assert steps
    assert all(may_step(before, after) for before, after in steps)
    again = await record.take(Kind.PERFORMED, text, column_map=phoniro)
    assert (told(again), counts(again), again.differences) == ([], (0, 0, 3), [])


async def test_a_client_who_was_away_was_owed_nothing(record: Record, clock: StandingClock) -> None:
    """Frånvaro keeps its reason, which takes it out of the same-day share; inställd alone does not."""
    await record.fill()
    clock.set(local("2026-12-02 12:00"))
    await record.take(
        Kind.PERFORMED,
        "extern_id;start;slut;utfall\nk1;2026-12-01 07.30;;Frånvaro\nk2;2026-12-01 14.30;;inställd\n",
    )
    for extern_id, cause in (("k1", "client_away"), ("k2", "imported")):
        row = await record.one(PlannedContact, PlannedContact.extern_id == extern_id)
        assert (row.status, row.cause) == (Status.CANCELLED, cause)


async def test_performed_that_cannot_be(record: Record, clock: StandingClock) -> None:
    """Unknown, not yet, contradictory; and another end than the one we have is told, not taken."""
    await record.fill()
    head = "extern_id;brukare_id;start;slut;utfall\n"
    clock.set(local("2026-12-01 12:00"))
    assert told(
        await record.take(
            Kind.PERFORMED,
            head + "k7;;2026-12-01 07.30;07.45;utförd\n"
            ";b1;2026-12-01 11.00;11.10;utförd\n"
            "k2;;2026-12-01 14.30;14.45;utförd\n"
            "k1;;2026-12-01 07.30;07.45;utförd\n",
        )
    ) == [
        (2, "extern_id", "import.no_match"),
        (3, "start", "import.no_match"),
        (4, "start", "import.future"),
    ]
    await record.take(Kind.PERFORMED, head + "k1;;2026-12-01 07.30;07.45;utförd\n")
    outcome = await record.take(Kind.PERFORMED, head + "k1;;2026-12-01 07.30;07.45;utebliven\n")
    assert counts(outcome) == (0, 0, 1)
    assert [outcome.said(one) for one in outcome.differences] == [
        "Import säger att utfallet är utebliven, här gäller utförd."
    ]


HEAD = "extern_id;brukare_id;personal_id;start;slut;utfall\n"


async def add(record: Record, *rows: str) -> None:
    """Contacts of Ingrid's beside the usual ones."""
    head = "extern_id;brukare_id;datum;start;minuter;fönster_från;fönster_till;kanal;insatser;personal_id\n"
    outcome = await record.take(Kind.CONTACTS, head + "\n".join(rows) + "\n")
    assert told(outcome) == []


async def test_what_is_not_clear_goes_to_a_person(record: Record, clock: StandingClock) -> None:
    """Between two visits of the same worker: the line is refused with both times, and neither row is done."""
    await record.fill()
    await add(record, "k8;b1;2026-12-01;08.30;15;08.00;09.00;fysisk;PV-MOR;p1")
    clock.set(local("2026-12-02 12:00"))
    line = ";b1;p1;2026-12-01 08.00;08.20;utförd\n"
    outcome = await record.take(Kind.PERFORMED, HEAD + line)
    assert told(outcome) == [(2, "start", "import.ambiguous")]
    assert "07.30, 08.30" in outcome.errors[0].say(str)
    assert not await record.all(PlannedContact, PlannedContact.status == Status.DONE)
    named = await record.take(Kind.PERFORMED, HEAD + "k8" + line)
    assert counts(named) == (0, 1, 0)


async def test_a_visit_is_not_guessed_onto_a_contact_that_is_done(
    record: Record, clock: StandingClock
) -> None:
    """One more visit than planned: it is told, and the first keeps its times; also in a file of its own."""
    await record.fill()
    clock.set(local("2026-12-02 12:00"))
    first, more = ";b1;p1;2026-12-01 07.31;08.00;utförd\n", ";b1;p1;2026-12-01 08.40;08.50;utförd\n"
    both = await record.take(Kind.PERFORMED, HEAD + first + more)
    assert [code for _, _, code in told(both)] == ["import.no_match"]
    assert counts(await record.take(Kind.PERFORMED, HEAD + first)) == (0, 1, 0)
    again = await record.take(Kind.PERFORMED, HEAD + first)
    assert (told(again), counts(again)) == ([], (0, 0, 1))
    assert told(await record.take(Kind.PERFORMED, HEAD + more)) == [(2, "start", "import.no_match")]
    done = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    assert done.actual_start == local("2026-12-01 07:31")


async def test_an_id_of_theirs_that_the_plan_lacks_is_no_hindrance(
    record: Record, clock: StandingClock
) -> None:
    """The other system numbers its visits by itself: then client, staff and time tell."""
    await record.fill()
    clock.set(local("2026-12-02 12:00"))
    outcome = await record.take(Kind.PERFORMED, HEAD + "f-991;b1;p1;2026-12-01 07.31;08.00;utförd\n")
    assert (told(outcome), counts(outcome)) == ([], (0, 1, 0))


async def test_a_worker_whom_nobody_knows_is_said(record: Record, clock: StandingClock) -> None:
    """Neither by id nor by time is a visit taken in for somebody else than who came."""
    await record.fill()
    clock.set(local("2026-12-02 12:00"))
    for name in ("k1", ""):
        line = f"{name};b1;p77;2026-12-01 07.31;08.00;utförd\n"
        outcome = await record.take(Kind.PERFORMED, HEAD + line)
        assert told(outcome) == [(2, "personal_id", "import.unknown_staff_here")]


async def test_a_night_visit_past_midnight_and_an_hour_that_comes_twice(
    record: Record, clock: StandingClock
) -> None:
    """Begun on the next date, in a night when the clock goes back: found by the instant, with its length."""
    await record.fill()
    clock.set(local("2026-10-24 12:00"))
    await add(
        record,
        "n1;b1;2026-10-24;23.50;15;23.00;01.00;fysisk;PV-MOR;p1",
        "n2;b1;2026-10-25;02.30;15;02.00;04.00;fysisk;PV-MOR;p1",
    )
    clock.set(local("2026-10-26 12:00"))
    outcome = await record.take(
        Kind.PERFORMED,
        HEAD
        + ";b1;p1;2026-10-25 00.10;00.25;utförd\n"
        + ";b1;p1;2026-10-25 02:35+01:00;2026-10-25 02:50+01:00;utförd\n",
    )
    assert (told(outcome), counts(outcome)) == ([], (0, 2, 0))
    early, late = [
        await record.one(PlannedContact, PlannedContact.extern_id == name) for name in ("n1", "n2")
    ]
    assert early.actual_start == local("2026-10-25 00:10")
    # 02.30 in the plan is the first of the two hours, 02.35 in the file the second.
    assert (late.actual_start - late.start).total_seconds() == 65 * 60
    assert (late.actual_end - late.actual_start).total_seconds() == 15 * 60


@pytest.mark.parametrize("before", [s for s in Status if not s.is_end])
@pytest.mark.parametrize(
    "after", [Status.DONE, Status.DONE_PHONE, Status.DECLINED, Status.CANCELLED, Status.MISSED]
)
def test_every_open_row_can_reach_every_end_by_lawful_steps(before: Status, after: Status) -> None:
    """Whatever state the row is in when the other system's word comes."""
    way = path(before, after)
    assert way[-1] is after
    for one, following in zip([before, *way], way, strict=False):
        assert following in STEPS[one]
