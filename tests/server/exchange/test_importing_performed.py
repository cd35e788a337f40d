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
