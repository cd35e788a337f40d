"""A file that is read in for some groups changes nobody of another: every kind, and nothing is half done."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from care.accounts import Role
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.municipality import Group
from care.staff import Delegation, Staff
from server.exchange.column_map import ColumnMap
from server.exchange.importing import Outcome, run_import
from server.exchange.intake.reach import EVERYWHERE, Reach, reach_of
from server.exchange.kind import Kind
from server.security.actor import Actor, RoleIn
from tests.server.exchange.record import CLIENTS, CONTACTS, SERVICES, STAFF, Record, count_rows, told

CLIENT_HEAD, STAFF_HEAD = (text.split("\n", maxsplit=1)[0] for text in (CLIENTS, STAFF))
CONTACT_HEAD = CONTACTS.split("\n", maxsplit=1)[0]
SHIFT_HEAD = "personal_id;datum;start;slut;rast_minuter"
PERFORMED_HEAD = "extern_id;start;slut;utfall;brukare_id;personal_id"


async def bound(record: Record) -> Reach:
    """Two groups with a first week each, and a reach for the second alone."""
    await record.fill()
    for kind, text in ((Kind.STAFF, STAFF), (Kind.CLIENTS, CLIENTS)):
        head, line = text.split("\n")[0], text.split("\n")[1]
        ours = line.replace("Bräcke", "Gällö").replace("p1;", "q1;").replace("b1;", "c1;")
        await record.take(kind, f"{head}\n{ours.replace('19400107-D001', '19410107-D003')}\n")
    contact = "z1;c1;2026-12-03;07.30;30;07.00;08.30;fysisk;TI-DAG;q1;"
    assert (await record.take(Kind.CONTACTS, f"{CONTACT_HEAD}\n{contact}\n")).applied
    own = await record.one(Group, Group.name == "Gällö")
    return Reach(frozenset({own.id}), catalogue=False)


async def take(record: Record, reach: Reach, kind: Kind, *lines: str, skip_bad: bool = False) -> Outcome:
    importer = replace(record.importer(), reach=reach)
    data = "\n".join(lines).encode()
    return await run_import(
        record.database, kind, data, "f.csv", importer, column_map=ColumnMap(), skip_bad=skip_bad
    )


#: A line about the other group, where that stands, and the like of it about one's own.
LINES = {
    "another group's client": (
        Kind.CLIENTS, CLIENT_HEAD, "b1;Ny;Namnsson;;Bräcke;;;;;;;;", "extern_id",
        "c1;Ny;Namnsson;;Gällö;;;;;;;;",
    ),
    "a client taken from another group": (
        Kind.CLIENTS, CLIENT_HEAD, "b1;Ingrid;Berg;;Gällö;;;;;;;;", "extern_id", "c1;Ny;Berg;;Gällö;;;;;;;;"
    ),
    "a client given to another group": (
        Kind.CLIENTS, CLIENT_HEAD, "c1;Ingrid;Berg;;Bräcke;;;;;;;;", "grupp", "c2;Ny;Berg;;Gällö;;;;;;;;"
    ),
    "a new client of another group": (
        Kind.CLIENTS, CLIENT_HEAD, "b9;Ny;Berg;;Bräcke;;;;;;;;", "grupp", "c9;Ny;Berg;;Gällö;;;;;;;;"
    ),
    "a group that does not exist": (
        Kind.CLIENTS, CLIENT_HEAD, "b9;Ny;Berg;;Nybyn;;;;;;;;", "grupp", "c9;Ny;Berg;;Gällö;;;;;;;;"
    ),
    "another group's worker": (
        Kind.STAFF, STAFF_HEAD, "p1;Anna;Nyman;;Gällö;;;", "extern_id", "q1;Anna;Nyman;;Gällö;;;"
    ),
    "a new worker of another group": (
        Kind.STAFF, STAFF_HEAD, "p9;Anna;Nyman;;Bräcke;;;", "grupp", "q9;Anna;Nyman;;Gällö;;;"
    ),
    "a shift of another group's worker": (
        Kind.SHIFTS, SHIFT_HEAD, "p1;2026-12-01;07.00;16.00;60", "personal_id",
        "q1;2026-12-01;07.00;16.00;60",
    ),
    "a new contact of another group's client": (
        Kind.CONTACTS, CONTACT_HEAD, "k9;b1;2026-12-03;09.30;15;;;;TI-DAG;;", "brukare_id",
        "z9;c1;2026-12-03;09.30;15;;;;TI-DAG;;",
    ),
    "another group's contact": (
        Kind.CONTACTS, CONTACT_HEAD, "k1;b1;2026-12-01;08.30;30;;;fysisk;TI-DAG;;", "brukare_id",
        "z1;c1;2026-12-03;08.30;30;;;fysisk;TI-DAG;q1;",
    ),
    "another group's contact under one's own client": (
        Kind.CONTACTS, CONTACT_HEAD, "k1;c1;2026-12-01;08.30;30;;;fysisk;TI-DAG;;", "extern_id",
        "z1;c1;2026-12-03;08.30;30;;;fysisk;TI-DAG;q1;",
    ),
    "what came of another group's contact": (
        Kind.PERFORMED, PERFORMED_HEAD, "k1;2026-12-01 06.10;2026-12-01 06.30;utförd;;", "extern_id",
        "z1;2026-12-01 06.10;2026-12-01 06.30;utförd;;",
    ),
    "what came of a contact of another group's client": (
        Kind.PERFORMED, PERFORMED_HEAD, ";2026-12-01 06.10;2026-12-01 06.30;utförd;b1;p1", "brukare_id",
        "z1;2026-12-01 06.10;2026-12-01 06.30;utförd;;",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LINES)
async def test_a_line_about_another_group_is_refused_where_it_stands(record: Record, what: str) -> None:
    """Nothing of the file is taken; with the good lines alone nobody of the other group is touched."""
    reach = await bound(record)
    kind, head, theirs, column, own = LINES[what]
    async with record.database.read() as session:
        before = await count_rows(session)
    outcome = await take(record, reach, kind, head, own, theirs)
    assert told(outcome) == [(3, column, "import.other_group")]
    assert not outcome.applied
    assert outcome.denied
    async with record.database.read() as session:
        assert await count_rows(session) == before
    people = {table: await state(record, table, reach) for table in (Client, Staff, PlannedContact, Group)}
    good = await take(record, reach, kind, head, own, theirs, skip_bad=True)
    assert good.applied
    assert good.imported + good.updated == 1
    assert {table: await state(record, table, reach) for table in people} == people


@pytest.mark.parametrize(
    "line",
    ["q1;Ny;Nyman;;Gällö;ja;;", "q9;Ny;Nyman;;Gällö;ja;;", "q2;Bo;Ek;;Gällö;nej;;"],
    ids=["given to oneself", "given to somebody new", "ended"],
)
async def test_a_coordinator_gives_and_ends_no_delegation_by_file(record: Record, line: str) -> None:
    """A nurse decides on it; a file that says what stands already is taken."""
    reach = await bound(record)
    held = f"{STAFF_HEAD}\nq1;Ny;Nyman;;Gällö;nej;;\nq2;Bo;Ek;;Gällö;ja;;\n"
    assert (await record.take(Kind.STAFF, held)).applied
    before = [(one.staff_id, one.valid_to) for one in await record.all(Delegation)]
    outcome = await take(record, reach, Kind.STAFF, STAFF_HEAD, line)
    assert told(outcome) == [(2, "delegering", "import.delegation")]
    assert [(one.staff_id, one.valid_to) for one in await record.all(Delegation)] == before
    assert (await take(record, reach, Kind.STAFF, *held.split())).applied


async def state(record: Record, table: type, reach: Reach) -> list[tuple[object, ...]]:
    """All columns of everybody out of reach."""
    rows = await record.all(table)
    return [
        tuple(getattr(row, column.key) for column in row.__table__.columns)
        for row in rows
        if getattr(row, "group_id", row.id) not in (reach.groups or ())
    ]


async def test_whose_number_it_is_is_not_learnt_unseen(record: Record) -> None:
    """A number of another group's client is refused as any known one, and the try is to be logged."""
    reach = await bound(record)
    ingrid = await record.one(Client, Client.extern_id == "b1")
    outcome = await take(record, reach, Kind.CLIENTS, CLIENT_HEAD, "c9;Ny;Berg;19400107-D001;Gällö;;;;;;;;")
    assert told(outcome) == [(2, "personnummer", "import.known_number")]
    assert outcome.denied == {(ingrid.id, ingrid.group_id)}


async def test_the_catalogue_is_the_whole_municipalitys(record: Record) -> None:
    """Services of a coordinator are refused as a whole."""
    reach = await bound(record)
    with pytest.raises(Fault) as refused:
        await take(record, reach, Kind.SERVICES, SERVICES)
    assert (refused.value.code, refused.value.status) == ("import.not_yours", 403)


def test_the_reach_is_what_the_table_says() -> None:
    """A coordinator's own groups, an administrator's everything, nobody else's anything."""
    group = UUID(int=1)

    def reach(role: Role, group_id: UUID | None) -> Reach:
        return reach_of(Actor(None, None, None, (RoleIn(role, group_id),), ""))

    assert reach(Role.COORDINATOR, group) == Reach(frozenset({group}), catalogue=False)
    assert reach(Role.COORDINATOR, None) == Reach(None, catalogue=False)
    assert reach(Role.ADMINISTRATOR, None) == EVERYWHERE
    others = set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}
    assert {reach(role, group) for role in others} == {Reach(frozenset(), catalogue=False)}
