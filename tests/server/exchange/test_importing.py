"""Imports into the record, on both databases: what comes in, what stays, and that it is all or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from care.access.log import AccessLog
from care.clients import Client
from care.clock import StandingClock
from care.contacts.channel import Channel
from care.contacts.contact import Assignment, ContactHistory, ContactLine, PlannedContact
from care.contacts.life import Status
from care.contacts.step import Hand, alter, fetch, step
from care.errors import Fault
from care.ids import new_id
from care.imports import ImportDifference, ImportRun
from care.municipality import Group, Municipality
from care.outbox import OutboxEvent
from care.services import DigitalClass, Priority, Service
from care.staff import Delegation, Shift, ShiftKind, Staff
from server.exchange import importing
from server.exchange.column_map import ColumnMap, builtin_map
from server.exchange.importing import run_import
from server.exchange.intake import staging
from server.exchange.kind import Kind
from server.exchange.saved_maps import find_map, map_names, save_map
from tests.builders import make_account
from tests.server.exchange.record import (
    CLIENTS,
    CONTACTS,
    SERVICES,
    STAFF,
    Record,
    count_rows,
    counts,
    local,
    told,
)

SHIFTS = (
    "personal_id;datum;start;slut;rast_minuter\np1;2026-12-01;07.00;16.00;60\np2;2026-12-01;21.15;07.15;\n"
)


async def test_a_first_week_comes_in(record: Record) -> None:
    """Services, staff, clients and contacts, with their groups, lines, staff and history."""
    await record.fill()
    contact = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    anna = await record.one(Staff, Staff.extern_id == "p1")
    lines = await record.all(ContactLine, ContactLine.contact_id == contact.id)
    assert (contact.start, contact.minutes) == (local("2026-12-01 07:30"), 30)
    assert (contact.window_start, contact.window_end) == (
        local("2026-12-01 07:00"),
        local("2026-12-01 08:30"),
    )
    assert (contact.status, contact.priority, contact.channel) == (
        Status.PLANNED,
        Priority.P1,
        Channel.PHYSICAL,
    )
    assert (contact.owner_id, contact.version, contact.touched) == (anna.id, 1, False)
    assert sorted(line.minutes for line in lines) == [15, 15]
    assert {one.staff_id for one in await record.all(Assignment, Assignment.contact_id == contact.id)} == {
        anna.id
    }
    assert [
        one.event for one in await record.all(ContactHistory, ContactHistory.contact_id == contact.id)
    ] == ["imported"]
    pair = await record.one(PlannedContact, PlannedContact.extern_id == "k3")
    assert pair.staff_needed == 2
    social = await record.one(PlannedContact, PlannedContact.extern_id == "k2")
    # No window in the file: the service's own.
    assert (social.window_start, social.window_end) == (local("2026-12-01 14:00"), local("2026-12-01 15:00"))
    assert [group.name for group in await record.all(Group)] == ["Bräcke"]
    assert (await record.one(Municipality)).is_demo is False


async def test_the_same_files_again_change_nothing(record: Record) -> None:
    """Every kind: all unchanged, and not one row more than the receipts of the imports."""
    await record.fill()
    await record.take(Kind.SHIFTS, SHIFTS)
    async with record.database.read() as session:
        before = await count_rows(session)
    for kind, text, number in (
        (Kind.SERVICES, SERVICES, 3),
        (Kind.STAFF, STAFF, 2),
        (Kind.CLIENTS, CLIENTS, 2),
        (Kind.CONTACTS, CONTACTS, 3),
        (Kind.SHIFTS, SHIFTS, 2),
    ):
        assert counts(await record.take(kind, text)) == (0, 0, number), kind
    async with record.database.read() as session:
        after = await count_rows(session)
    assert after == {**before, "import_run": before["import_run"] + 5}


async def test_with_a_bad_line_nothing_is_imported(record: Record) -> None:
    """Whether the file itself is wrong or what it speaks of is not there."""
    await record.fill()
    for line, error in (
        ("k9;b1;2026-02-30;07.30;15;;;;TI-DAG;;", (3, "datum", "import.no_such_date")),
        ("k9;b9;2026-12-03;07.30;15;;;;TI-DAG;;", (3, "brukare_id", "import.unknown_client")),
        ("k9;b1;2026-12-03;07.30;15;;;;XX;;", (3, "insatser", "import.unknown_service")),
        ("k9;b1;2026-12-03;07.30;15;;;;TI-DAG;p9;", (3, "personal_id", "import.unknown_staff")),
        ("k1;b2;2026-12-03;07.30;15;;;;TI-DAG;;", (3, "brukare_id", "import.other_client")),
        ("k9;b1;2026-12-03;07.30;15;;;video;SO-SAM+PV-MOR;;", (3, "kanal", "import.hands_needed")),
    ):
        head = CONTACTS.split("\n", maxsplit=1)[0]
        text = f"{head}\nk8;b1;2026-12-03;09.30;15;;;;TI-DAG;;\n{line}\n"
        async with record.database.read() as session:
            before = await count_rows(session)
        outcome = await record.take(Kind.CONTACTS, text)
        assert told(outcome) == [error]
        assert (outcome.applied, counts(outcome)) == (False, (0, 0, 0))
        async with record.database.read() as session:
            assert await count_rows(session) == before


async def test_skip_bad_takes_the_good_lines_and_gives_the_bad_ones_back(record: Record) -> None:
    """With reasons, to mend and import."""
    await record.fill()
    text = CONTACTS + "k8;b1;2026-12-03;09.30;15;;;;TI-DAG;;\nk9;b9;2026-12-03;07.30;15;;;;TI-DAG;;\n"
    outcome = await record.take(Kind.CONTACTS, text, skip_bad=True)
    assert (outcome.applied, counts(outcome)) == (True, (1, 0, 3))
    bad = (outcome.error_file() or b"").decode("utf-8-sig").split("\r\n")
    assert len(bad) == 3
    assert bad[1].startswith("k9;b9;2026-12-03;07.30;15;;;;TI-DAG;;;6;import.unknown_client;")
    run = (await record.all(ImportRun))[-1]
    assert (run.imported, run.unchanged, run.refused) == (1, 3, 1)
    mended = "\r\n".join(bad).replace("b9", "b2")
    assert counts(await record.take(Kind.CONTACTS, mended)) == (1, 0, 0)


async def test_a_dry_run_says_what_would_be_done(record: Record) -> None:
    """Counts, warnings, preview, and not a trace in the record."""
    async with record.database.read() as session:
        before = await count_rows(session)
    outcome = await record.take(Kind.STAFF, STAFF, dry_run=True)
    assert (outcome.applied, counts(outcome)) == (False, (2, 0, 0))
    assert [one.code for one in outcome.warnings] == ["import.new_group"]
    assert outcome.preview[0]["förnamn"] == "Anna"
    async with record.database.read() as session:
        assert await count_rows(session) == before


async def test_a_changed_file_changes_what_nobody_here_has_touched(record: Record) -> None:
    """Time, length, lines, staff and channel; version and history follow, and tablets hear of it."""
    await record.fill()
    old = await record.one(PlannedContact, PlannedContact.extern_id == "k2")
    seen = len(await record.all(OutboxEvent))
    outcome = await record.take(
        Kind.CONTACTS,
        CONTACTS.replace(
            "k2;b1;2026-12-01;14.30;15;;;video;SO-SAM;p2;", "k2;b1;2026-12-03;10.00;20;;;;TI-DAG;p1;p2"
        ),
    )
    assert counts(outcome) == (0, 1, 2)
    new = await record.one(PlannedContact, PlannedContact.extern_id == "k2")
    assert (new.start, new.minutes, new.version) == (local("2026-12-03 10:00"), 20, old.version + 1)
    assert (new.window_start, new.window_end) == (local("2026-12-03 09:30"), local("2026-12-03 10:30"))
    # The file says nothing of the channel, so it stays.
    assert new.channel is Channel.VIDEO
    assert (new.planned_date.isoformat(), new.staff_needed, new.priority) == ("2026-12-03", 2, Priority.P2)
    # Its day has begun: moving it away does not improve the measure.
    assert new.owed_date.isoformat() == "2026-12-01"
    line = await record.one(ContactLine, ContactLine.contact_id == new.id)
    assert line.service_id == (await record.one(Service, Service.code == "TI-DAG")).id
    last = (await record.all(ContactHistory, ContactHistory.contact_id == new.id))[-1]
    assert set(last.change) == {
        "start",
        "planned_date",
        "minutes",
        "window_start",
        "window_end",
        "services",
        "staff",
    }
    facts = (await record.all(OutboxEvent))[seen:]
    assert [(one.topic, one.client_id, one.payload["event"]) for one in facts] == [
        ("contact.changed", new.client_id, "imported")
    ]
    assert [one.number for one in await record.all(OutboxEvent)] == list(range(1, seen + 2))


async def test_a_row_whose_day_has_not_begun_counts_for_its_new_day(record: Record) -> None:
    """Moved by the file before the day began."""
    await record.fill()
    await record.take(Kind.CONTACTS, CONTACTS.replace("k3;b2;2026-12-02", "k3;b2;2026-12-04"))
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k3")
    assert row.owed_date.isoformat() == row.planned_date.isoformat() == "2026-12-04"


async def test_a_hands_on_row_never_becomes_a_call_by_import(record: Record) -> None:
    """Also when the file changes only the lines of a row that is a call."""
    await record.fill()
    text = "extern_id;brukare_id;datum;start;minuter;insatser\nk2;b1;2026-12-01;14.30;15;PV-MOR\n"
    assert told(await record.take(Kind.CONTACTS, text)) == [(2, "kanal", "import.hands_needed")]


async def test_a_persons_change_wins_over_re_import_until_the_row_ends(
    record: Record, clock: StandingClock
) -> None:
    """The differences are told and kept; nothing is overwritten."""
    await record.fill()
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    bo = await record.one(Staff, Staff.extern_id == "p2")
    async with record.database.write() as session:
        account = await make_account(session)
        await alter(
            session,
            await fetch(session, row.id),
            at=clock.now(),
            hand=Hand("page", account.id),
            start=local("2026-12-01 08:00"),
            staff=[bo.id],
        )
    outcome = await record.take(Kind.CONTACTS, CONTACTS)
    assert counts(outcome) == (0, 0, 3)
    assert [outcome.said(one) for one in outcome.differences] == [
        "Import säger att starttiden är 2026-12-01 07.30, här gäller 2026-12-01 08.00.",
        "Import säger att personalen är Anna L., här gäller Bo E..",
    ]
    assert {one.field for one in await record.all(ImportDifference)} == {"start", "staff"}
    kept = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    assert kept.start == local("2026-12-01 08:00")
    async with record.database.write() as session:
        contact = await fetch(session, row.id)
        await step(session, contact, Status.DECLINED, at=clock.now(), hand=Hand("page", account.id))
    outcome = await record.take(Kind.CONTACTS, CONTACTS)
    assert (counts(outcome), outcome.differences) == ((0, 0, 3), [])


async def test_a_column_that_the_file_lacks_is_left_alone(record: Record) -> None:
    """No telephone column is no order to forget telephones; an empty cell in one is."""
    await record.fill()
    short = "extern_id;förnamn;efternamn;grupp\nb1;Ingrid;Berg;Bräcke\n"
    assert counts(await record.take(Kind.CLIENTS, short)) == (0, 0, 1)
    empty = "extern_id;förnamn;efternamn;grupp;telefon\nb1;Ingrid;Berg;Bräcke;\n"
    assert counts(await record.take(Kind.CLIENTS, empty)) == (0, 1, 0)
    client = await record.one(Client, Client.extern_id == "b1")
    assert (client.phone, client.address) == (None, "Demovägen 4")


async def test_rows_that_have_been_are_unknown_and_do_not_ring(record: Record) -> None:
    """An import of last week raises no alarms."""
    await record.fill()
    text = CONTACTS.split("\n", maxsplit=1)[0] + "\nk9;b1;2026-11-20;07.30;15;;;;TI-DAG;;\n"
    outcome = await record.take(Kind.CONTACTS, text)
    assert "import.past" in {one.code for one in outcome.warnings}
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k9")
    assert (row.status, row.entered_late) == (Status.UNKNOWN, True)


async def test_real_people_never_share_a_database_with_a_demo(record: Record) -> None:
    """Nobody may be added there, whoever it is; the plan of the demo's own people may be."""
    await record.fill()
    async with record.database.write() as session:
        await session.execute(update(Municipality).values(is_demo=True))
    for kind, text in (
        (Kind.CLIENTS, CLIENTS.replace("b1;", "b7;").replace("D001", "D007")),
        (Kind.CLIENTS, CLIENTS.replace("19400107-D001", "194001079120")),
        (Kind.STAFF, STAFF.replace("p1;", "p7;")),
    ):
        with pytest.raises(Fault) as fault:
            await record.take(kind, text)
        assert (fault.value.code, fault.value.status) == ("import.demo", 409)
    assert len(await record.all(Client)) == 2
    assert counts(await record.take(Kind.CONTACTS, CONTACTS.replace("07.30;30", "07.40;30"))) == (0, 1, 2)


async def test_a_new_database_must_know_its_municipality(record: Record) -> None:
    """It is asked for, not guessed."""
    importer = replace(record.importer(), municipality=None)
    with pytest.raises(Fault) as fault:
        await run_import(
            record.database, Kind.STAFF, STAFF.encode(), "p.csv", importer, column_map=ColumnMap()
        )
    assert fault.value.code == "municipality.missing"


async def test_shifts_follow_their_hours(record: Record) -> None:
    """Changed hours take the place of the old ones; night is night; a stranger is refused."""
    await record.fill()
    await record.take(Kind.SHIFTS, SHIFTS)
    kinds = {shift.start: shift.kind for shift in await record.all(Shift)}
    assert kinds == {local("2026-12-01 07:00"): ShiftKind.DAY, local("2026-12-01 21:15"): ShiftKind.NIGHT}
    outcome = await record.take(Kind.SHIFTS, SHIFTS.replace("07.00;16.00;60", "07.30;16.30;60"))
    assert counts(outcome) == (0, 1, 1)
    assert len(await record.all(Shift)) == 2
    bad = SHIFTS + "p9;2026-12-01;07.00;16.00;60\np1;2026-12-01;15.00;20.00;\n"
    assert told(await record.take(Kind.SHIFTS, bad)) == [
        (4, "personal_id", "import.unknown_staff"),
        (5, "start", "import.overlap"),
    ]


async def test_delegation_is_given_for_a_year_and_ended(record: Record, clock: StandingClock) -> None:
    """ja gives it, nej ends it yesterday."""
    await record.fill()
    held = await record.one(Delegation)
    assert held.holds(clock.today())
    assert (held.valid_to - held.valid_from).days == 365
    await record.take(Kind.STAFF, STAFF.replace("Bräcke;ja;ja", "Bräcke;nej;ja"))
    assert not (await record.one(Delegation)).holds(clock.today())


async def test_new_health_care_with_hands_needs_a_delegation(record: Record) -> None:
    """The careful choice where a file says nothing; not for SoL, nor for what may be a call."""
    text = (
        "kod;namn;lag;minuter;måltyp;digital_klass;prioritet\nHS-ÖGON;Ögondroppar;HSL;;läkemedel;;P1\n"
        "HS-KOLL;Läkemedelskoll;HSL;4;läkemedel;digital_possible;P2\n"
        "PV-X;Dusch;SoL;30;personlig omvårdnad;;P3\n"
    )
    await record.take(Kind.SERVICES, text)
    services = {one.code: one.delegation_required for one in await record.all(Service)}
    assert services == {"HS-ÖGON": True, "HS-KOLL": False, "PV-X": False}


async def test_services_follow_the_file_and_lost_calls_are_told(record: Record) -> None:
    """A service that from now on needs hands, but stands on planned calls."""
    await record.fill()
    outcome = await record.take(Kind.SERVICES, SERVICES.replace("digital_first", "hands_required"))
    assert counts(outcome) == (0, 1, 2)
    assert [one.code for one in outcome.warnings] == ["import.calls_with_hands"]
    service = await record.one(Service, Service.code == "SO-SAM")
    assert service.digital_class is DigitalClass.HANDS_REQUIRED
    assert told(await record.take(Kind.SERVICES, SERVICES.replace("lägeskoll", "sim_hall"))) == [
        (3, "måltyp", "import.goal_type")
    ]


async def test_ids_are_those_of_the_files_own_source(record: Record) -> None:
    """The same id in two systems is two rows; people are found across systems while there is but one."""
    await record.fill()
    text = CONTACTS.split("\n", maxsplit=1)[0] + "\nk1;b1;2026-12-03;07.30;30;;;;TI-DAG;p1;\n"
    assert counts(await record.take(Kind.CONTACTS, text, source="phoniro")) == (1, 0, 0)
    assert len(await record.all(PlannedContact, PlannedContact.extern_id == "k1")) == 2
    # Now there are two of them: a file in our own format says neither, and its own source goes first.
    assert counts(await record.take(Kind.CONTACTS, CONTACTS)) == (0, 0, 3)
    assert counts(
        await record.take(Kind.CLIENTS, CLIENTS.replace("D001", "D011").replace("D002", "D012"), source="x")
    ) == (2, 0, 0)
    assert told(await record.take(Kind.CONTACTS, text, source="third")) == [
        (2, "brukare_id", "import.unknown_client")
    ]


async def test_somebody_changing_the_row_meanwhile_is_not_overwritten(
    record: Record, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import is planned anew, and then sees the person's change."""
    await record.fill()
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    writing = staging.write
    tries = 0

    async def overtaken(*given: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            async with record.database.write() as session:
                account = await make_account(session)
                contact = await fetch(session, row.id)
                await alter(session, contact, at=clock.now(), hand=Hand("page", account.id), minutes=45)
        await writing(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "write", overtaken)
    outcome = await record.take(Kind.CONTACTS, CONTACTS.replace("07.30;30", "07.30;20"))
    assert (tries, counts(outcome)) == (2, (0, 0, 3))
    assert [(one.field, one.ours) for one in outcome.differences] == [("minutes", "45")]
    kept = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    assert kept.minutes == 45


async def test_an_import_that_fails_half_way_leaves_nothing(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last statement of the transaction breaks: not one row of the file is there."""
    await record.fill()
    async with record.database.read() as session:
        before = await count_rows(session)

    async def broken(*_given: object) -> None:
        raise RuntimeError("the lights went out")

    monkeypatch.setattr("server.exchange.intake.staging.announce_many", broken)
    text = CONTACTS.replace("k1;", "n1;").replace("k2;", "n2;").replace("k3;", "n3;")
    with pytest.raises(RuntimeError):
        await record.take(Kind.CONTACTS, text)
    async with record.database.read() as session:
        assert await count_rows(session) == before
    monkeypatch.undo()
    assert counts(await record.take(Kind.CONTACTS, text)) == (3, 0, 0)


async def test_every_changed_client_stands_in_the_access_log(record: Record) -> None:
    """Once an import, with whose hand and by which door; what is unchanged was not opened."""
    await record.fill()
    opened = await record.all(AccessLog)
    clients = {one.id for one in await record.all(Client)}
    assert {one.client_id for one in opened} == clients
    assert {(one.action, one.role, one.where) for one in opened} == {
        ("import.run", "command_line", "samtid import")
    }
    await record.take(Kind.CLIENTS, CLIENTS)
    assert len(await record.all(AccessLog)) == len(opened)


async def test_a_map_of_ones_own_is_saved_and_found(record: Record) -> None:
    """By name and kind, in place of one that comes with the program."""
    own = ColumnMap(headings={"Vem": "personal_id"}, ignored=["Rum"], values={})
    async with record.database.write() as session:
        await save_map(session, "vårt schema", Kind.SHIFTS, own)
        await save_map(session, "lifecare", Kind.SHIFTS, own)
    async with record.database.read() as session:
        assert await find_map(session, "vårt schema", Kind.SHIFTS) == own
        assert await find_map(session, "lifecare", Kind.SHIFTS) == own
        assert await find_map(session, "lifecare", Kind.STAFF) == builtin_map("lifecare", Kind.STAFF)
        assert await map_names(session, Kind.SHIFTS) == ["standard", "lifecare", "phoniro", "vårt schema"]
        with pytest.raises(Fault):
            await find_map(session, "vårt schema", Kind.STAFF)
    async with record.database.write() as session:
        with pytest.raises(Fault) as fault:
            await save_map(session, "standard", Kind.SHIFTS, own)
        assert fault.value.code == "import.map_name"
        with pytest.raises(Fault):
            await save_map(session, "fel", Kind.SHIFTS, ColumnMap(headings={"a": "b"}))


async def test_what_cannot_be_read_at_all_is_an_outcome_too(record: Record) -> None:
    """An error with its line, and nothing else."""
    outcome = await record.take(Kind.STAFF, b"\x00\x01\x02", skip_bad=True)
    assert outcome.unreadable
    assert outcome.as_dict()["errors"][0]["code"] == "import.nul"
    assert outcome.error_file() is None
    outcome = await record.take(Kind.STAFF, "extern_id;namn\nx;y\n", skip_bad=True)
    assert (outcome.unreadable, outcome.applied, counts(outcome)) == (True, False, (0, 0, 0))


async def test_rows_by_our_own_ids(record: Record) -> None:
    """As exports name what came from nowhere else."""
    await record.fill()
    row = await record.one(PlannedContact, PlannedContact.extern_id == "k1")
    client = await record.one(Client, Client.extern_id == "b1")
    head = "extern_id;brukare_id;datum;start;minuter;insatser"
    text = f"{head}\n{row.id};{client.id};2026-12-01;07.30;25;PV-MOR+TI-DAG\n"
    assert counts(await record.take(Kind.CONTACTS, text)) == (0, 1, 0)
    unknown = text.replace(str(row.id), str(new_id()))
    assert counts(await record.take(Kind.CONTACTS, unknown)) == (1, 0, 0)
