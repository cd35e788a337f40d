"""Whole files of each kind: what is taken, and where and why the rest is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from care.clients import Protection
from care.contacts.channel import Channel
from care.contacts.life import Status
from care.errors import Fault
from care.services import DigitalClass, Law, Priority
from care.staff import Title
from server.exchange.cells import Circumstances
from server.exchange.column_map import (
    STANDARD,
    ColumnMap,
    bind,
    builtin_map,
    builtin_maps,
    check_map,
)
from server.exchange.error_file import name_of, write_error_file
from server.exchange.kind import FORMATS, Kind
from server.exchange.kinds.clients import ClientRow
from server.exchange.kinds.contacts import ContactRow
from server.exchange.kinds.performed import PerformedRow
from server.exchange.kinds.services import ServiceRow
from server.exchange.kinds.shifts import ShiftRow
from server.exchange.kinds.staff import StaffRow
from server.exchange.table import open_table
from server.exchange.validation import Validation, validate
from tests.server.exchange.strategies import TODAY

AROUND = Circumstances(TODAY)
HANDS, POSSIBLE, FIRST = (
    DigitalClass.HANDS_REQUIRED,
    DigitalClass.DIGITAL_POSSIBLE,
    DigitalClass.DIGITAL_FIRST,
)

#: The default headings, as they are documented.
HEADINGS = {
    Kind.SERVICES: "kod, namn, lag, minuter, måltyp, digital_klass, prioritet",
    Kind.CLIENTS: "extern_id, förnamn, efternamn, personnummer, grupp, adress, latitud, longitud, telefon, "
    "språk, surfplatta, samtycke_video, skydd, bor_med, samtycke_bor_med, samtycke_hur, beslutsförmåga, "
    "bedömd_av, vill_ha_video",
    Kind.STAFF: "extern_id, förnamn, efternamn, titel, grupp, delegering, video, språk",
    Kind.SHIFTS: "personal_id, datum, start, slut, rast_minuter",
    Kind.CONTACTS: "extern_id, brukare_id, datum, start, minuter, fönster_från, fönster_till, kanal, "
    "insatser, personal_id, personal_id_2",
    Kind.PERFORMED: "extern_id, start, slut, utfall",
}


def check(kind: Kind, text: str, column_map: ColumnMap | None = None) -> Validation:
    return validate(kind, open_table(text.encode(), "fil.csv"), column_map or ColumnMap(), AROUND)


def check_lines(kind: Kind, *lines: str) -> Validation:
    return check(kind, "\n".join([HEADINGS[kind].replace(", ", ";"), *lines]))


def told(validation: Validation) -> list[tuple[int, str | None, str]]:
    return [(one.line, one.column, one.code) for one in validation.errors]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def rows(validation: Validation) -> list[Any]:
    assert told(validation) == []
    return [one.row for one in validation.rows]


@pytest.mark.parametrize("kind", Kind)
def test_the_default_columns_are_the_documented_ones(kind: Kind) -> None:
    """Names and order."""
    assert ", ".join(column.name for column in FORMATS[kind].standard) == HEADINGS[kind]


def test_services() -> None:
    """A code without a class counts as hands-on, with a warning."""
    checked = check_lines(
        Kind.SERVICES,
        "TI-DAG;Tillsyn dag;SoL;15;lägeskoll;digital_possible;P2",
        "HS-PAM;Läkemedelspåminnelse;HSL;;medication;digital i första hand;2",
        "NY;Nytt;;10;sim_hall;;",
    )
    assert rows(checked) == [
        ServiceRow("TI-DAG", "Tillsyn dag", Law.SOL, 15, "wellbeing_check", POSSIBLE, Priority.P2),
        ServiceRow("HS-PAM", "Läkemedelspåminnelse", Law.HSL, None, "medication", FIRST, Priority.P2),
        ServiceRow("NY", "Nytt", None, 10, "sim_hall", HANDS, None),
    ]  # fmt: skip
    assert [(one.line, one.code) for one in checked.warnings] == [(4, "import.no_digital_class")]


def test_clients() -> None:
    """Personal number in any form; consent is only what the other system says."""
    checked = check_lines(
        Kind.CLIENTS,
        "b1;Ingrid;Berg;400107-9120;Bräcke;Demovägen 4;62,75;15,417;070-123 45 67;svenska;ja;ja;;;;;;;",
        "b2;Nils;Öst;19400107-D001;Bräcke;;;;;;;;;;;;;;",
        "b3;Eva;;;Gällö;Hemlig väg 1;62,9;15,2;0693-161 00;fi;x;nej;sekretessmarkering;;;;;;",
    )
    first, second, third = rows(checked)
    assert isinstance(first, ClientRow)
    assert first.personal_number is not None
    assert (first.personal_number.full, first.latitude, first.language) == ("19400107-9120", 62.75, "sv")
    assert (first.tablet, first.video_consent, first.protection) == (True, True, Protection.NONE)
    assert (second.personal_number.kind, second.tablet, second.video_consent) == ("reserve", None, None)
    assert (third.protection, third.last_name, third.latitude) == (Protection.CONFIDENTIALITY_MARK, "", None)
    assert [(one.line, one.code) for one in checked.warnings] == [(4, "import.protected_coordinates")]
    # What a protected line leaves empty is not given: it never erases what the record has.
    assert "efternamn" not in checked.rows[2].given
    assert "adress" in checked.rows[1].given


def test_clients_that_are_refused() -> None:
    """Every fault of a line at once, and never the number itself."""
    checked = check_lines(
        Kind.CLIENTS,
        "b1;Ingrid;;194001079121;Bräcke;;62,75;;x;grötska;kanske;;ja;;;;;;",
        "b2;;Berg;;;;15,4;62,7;;;;;hemlig;;;;;;",
    )
    assert told(checked) == [
        (2, "skydd", "import.protection_grade"),
        (2, "personnummer", "personal_number.check_digit"),
        (2, "telefon", "import.phone"),
        (2, "språk", "import.language"),
        (2, "surfplatta", "import.yes_no"),
        (2, "longitud", "import.half_coordinate"),
        (3, "förnamn", "import.missing_value"),
        (3, "skydd", "import.word"),
        (3, "grupp", "import.missing_value"),
        (3, "latitud", "import.outside_sweden"),
        (3, "longitud", "import.outside_sweden"),
    ]
    assert not any("194001079121" in one.say() or "9121" in one.say() for one in checked.errors)


def test_staff() -> None:
    """Titles by name or abbreviation, languages by name."""
    checked = check_lines(
        Kind.STAFF, "p1;Anna;Lind;USK;Bräcke;ja;ja;svenska, finska", "p2;Bo;Ek;;Gällö;;nej;"
    )
    assert rows(checked) == [
        StaffRow("p1", "Anna", "Lind", Title.ASSISTANT_NURSE, "Bräcke", True, True, ("sv", "fi")),
        StaffRow("p2", "Bo", "Ek", None, "Gällö", None, False, ()),
    ]


def test_shifts() -> None:
    """Over midnight, over the autumn night, and what cannot be."""
    checked = check_lines(
        Kind.SHIFTS, "p1;2026-12-01;07.00;16.00;60", "p1;1/12 2026;21.15;0715;", "p2;20261024;21:15;7:15;0"
    )
    assert rows(checked) == [
        ShiftRow("p1", utc(2026, 12, 1, 6), utc(2026, 12, 1, 15), 60),
        ShiftRow("p1", utc(2026, 12, 1, 20, 15), utc(2026, 12, 2, 6, 15), 0),
        ShiftRow("p2", utc(2026, 10, 24, 19, 15), utc(2026, 10, 25, 6, 15), 0),
    ]
    assert told(
        check_lines(
            Kind.SHIFTS,
            "p1;2026-12-01;07.00;07.00;",
            "p1;2026-12-01;07.00;08.00;60",
            "p1;2026-03-29;02.30;08.00;",
            "p1;2026-03-28;22.00;02.30;",
        )
    ) == [
        (2, "slut", "import.empty_shift"),
        (3, "rast_minuter", "import.break_too_long"),
        (4, "start", "time.gap"),
        (5, "slut", "time.gap"),
    ]


def test_contacts() -> None:
    """Lines, window, channel and staff; the fold is warned about."""
    checked = check_lines(
        Kind.CONTACTS,
        "k1;b1;2026-12-01;07.30;15;07.00;08.30;fysisk;PV-MOR+MA-STO;p1;p2",
        "k2;b1;2026-10-25;02.30;5;;;video;TI-DAG;;p9",
    )
    assert rows(checked) == [
        ContactRow(
            "k1", "b1", utc(2026, 12, 1, 6, 30), 15, utc(2026, 12, 1, 6), utc(2026, 12, 1, 7, 30),
            Channel.PHYSICAL, ("PV-MOR", "MA-STO"), ("p1", "p2"),
        ),
        ContactRow(
            "k2", "b1", utc(2026, 10, 25, 0, 30), 5, None, None, Channel.VIDEO, ("TI-DAG",), ("p9",)
        ),
    ]  # fmt: skip
    assert [(one.line, one.column, one.code) for one in checked.warnings] == [(3, "start", "import.fold")]


def test_double_ids_name_the_first_line() -> None:
    """The later line is refused, with the number of the earlier one."""
    checked = check_lines(
        Kind.CONTACTS,
        "k1;b1;2026-12-01;07.30;15;;;;TI-DAG;;",
        "k2;b1;2026-12-01;08.30;15;;;;TI-DAG;;",
        "k1;b2;2026-12-01;09.30;15;;;;TI-DAG;;",
    )
    assert told(checked) == [(4, "extern_id", "import.double")]
    assert "rad 2" in checked.errors[0].say()
    assert [one.line for one in checked.rows] == [2, 3]


def test_performed() -> None:
    """Found by id, or by client, staff and time; a missing end is warned about."""
    checked = check_lines(
        Kind.PERFORMED,
        "k1;2026-12-01 07.31;07.48;utförd",
        "k2;2026-12-01 23.50;00.10;Genomförd",
        "k3;2026-12-01 08.00;;utförd",
        "k4;2026-12-01 09.00;;avböjd",
    )
    assert rows(checked) == [
        PerformedRow("k1", utc(2026, 12, 1, 6, 31), utc(2026, 12, 1, 6, 48), Status.DONE),
        PerformedRow("k2", utc(2026, 12, 1, 22, 50), utc(2026, 12, 1, 23, 10), Status.DONE),
        PerformedRow("k3", utc(2026, 12, 1, 7), None, Status.DONE),
        PerformedRow("k4", utc(2026, 12, 1, 8), None, Status.DECLINED),
    ]
    assert [(one.line, one.code) for one in checked.warnings] == [(4, "import.no_end")]
    assert told(
        check_lines(
            Kind.PERFORMED,
            ";2026-12-01 07.31;07.48;utförd",
            "k1;07.31;07.48;utförd",
            "k1;2026-12-01 07.31;2026-11-30 07.48;utförd",
            "k1;2026-12-01 07.31;07.48;planned",
        )
    ) == [
        (2, "extern_id", "import.no_contact"),
        (3, "start", "import.moment"),
        (4, "slut", "import.end_before_start"),
        (5, "utfall", "import.outcome"),
    ]


def test_every_fault_of_the_heading_is_told_and_nothing_is_read() -> None:
    """Unknown with the nearest name, double, missing, without name."""
    checked = check(Kind.SHIFTS, "personal-id;Person_ID;dattum;;slut\np1;;2026-12-01;07.00;16.00\n")
    assert [(one.column, one.code) for one in checked.errors] == [
        ("Person_ID", "import.unknown_column"),
        ("dattum", "import.unknown_column"),
        (None, "import.empty_heading"),
        ("datum", "import.missing_column"),
        ("start", "import.missing_column"),
    ]
    assert "”datum”" in checked.errors[1].say()
    assert checked.unreadable
    assert checked.rows == []
    double = check(Kind.SHIFTS, "personal_id;datum;Datum;start;slut\n")
    assert told(double) == [(1, "Datum", "import.double_heading")]


def test_a_heading_of_another_system_is_answered_in_its_own_words() -> None:
    """What was misspelt and what is missing is named as that system writes it, else by our own name."""
    phoniro = builtin_map("phoniro", Kind.SHIFTS)
    checked = check(Kind.SHIFTS, "Resursid;Dattum;Passtarrt;slutt\nA12;2026-12-01;07.00;16.00\n", phoniro)
    assert [one.say() for one in checked.errors] == [
        "Kolumnen ”Dattum” är okänd. Menade du ”Datum”?",
        "Kolumnen ”Passtarrt” är okänd. Menade du ”Passtart”?",
        "Kolumnen ”slutt” är okänd. Menade du ”Passlut”?",
        "Kolumnen ”Datum” saknas.",
        "Kolumnen ”Passtart” saknas.",
        "Kolumnen ”Passlut” saknas.",
    ]
    ours = check(Kind.SHIFTS, "personal_id;datum;start;slutt\n")
    assert [one.say() for one in ours.errors] == [
        "Kolumnen ”slutt” är okänd. Menade du ”slut”?",
        "Kolumnen ”slut” saknas.",
    ]


def test_headings_are_known_whatever_their_case_and_spaces() -> None:
    """Also without the dots of å, ä and ö."""
    heading = "Extern ID;BRUKARE_ID;datum;Start;Minuter;Fonster fran;fönster-till;kanal;INSATSER;personal id"
    assert rows(check(Kind.CONTACTS, f"{heading}\nk1;b1;2026-12-01;7:30;15;7:00;8:00;video;TI-DAG;p1\n"))


@pytest.mark.parametrize("kind", Kind)
def test_a_file_of_headings_alone_is_no_error(kind: Kind) -> None:
    """Nothing to import is nothing wrong."""
    assert rows(check_lines(kind)) == []


@pytest.mark.parametrize(
    ("name", "kind"), [(f.name, kind) for f in builtin_maps().values() for kind in f.kinds]
)
def test_the_maps_that_come_along_are_sound(name: str, kind: Kind) -> None:
    """They point at fields that exist, without contradiction, and reach every field that a file must have."""
    column_map = builtin_map(name, kind)
    check_map(kind, column_map)
    required = {column.name for column in FORMATS[kind].columns if column.required}
    assert required <= set(column_map.headings.values()) | {"kod", "namn"}


def test_a_lifecare_like_file() -> None:
    """Its own headings and words; what is ignored is passed over."""
    text = (
        "Besöks-id;Brukar-id;Brukare;Datum;Starttid;Längd (min);Tidigast;Senast;Besökstyp;"
        "Insatskod;Personal-id\n"
        "V1;K7;Ingrid B;2026-12-01;07:30;15;07:00;08:00;Ordinarie;PV-MOR;A12\n"
    )
    (row,) = rows(check(Kind.CONTACTS, text, builtin_map("lifecare", Kind.CONTACTS)))
    assert (row.extern_id, row.client_id, row.channel, row.staff_ids) == (
        "V1",
        "K7",
        Channel.PHYSICAL,
        ("A12",),
    )


def test_a_phoniro_like_file_of_performed_visits() -> None:
    """Without our id: found later by client, staff and time. Double staffing is two lines."""
    text = (
        "Kund-id;Resurs-id;Resursnamn;Datum;Besöksstart;Besöksslut;Besöksstatus;Manuell\n"
        "K7;A12;Anna;2026-12-01;07:31;07:48;Kvitterad;nej\n"
        "K7;A13;Bo;2026-12-01;07:31;07:48;Manuellt kvitterad;ja\n"
    )
    first, second = rows(check(Kind.PERFORMED, text, builtin_map("phoniro", Kind.PERFORMED)))
    assert (first.client_id, first.staff_ids, first.outcome, first.manual) == (
        "K7",
        ("A12",),
        Status.DONE,
        False,
    )
    assert (second.staff_ids, second.manual) == (("A13",), True)


def test_a_map_of_ones_own() -> None:
    """Every mistake in it is a fault that says so."""
    own = ColumnMap(headings={"Vem": "personal_id", "Börjar": "start"}, ignored=["Rum"])
    check_map(Kind.SHIFTS, own)
    assert rows(check(Kind.SHIFTS, "VEM;Datum;börjar;slut;rum\np1;20261201;0700;1600;4\n", own))
    for wrong, word in (
        (ColumnMap(headings={"Vem": "person"}), "map_field"),
        (ColumnMap(headings={"Vem": "personal_id", "vem ": "start"}), "map_heading"),
        (ColumnMap(headings={"start": "slut"}), "map_heading"),
        (ColumnMap(headings={" ": "slut"}), "map_heading"),
        (ColumnMap(values={"vad": {"a": "b"}}), "map_field"),
    ):
        with pytest.raises(Fault) as fault:
            check_map(Kind.SHIFTS, wrong)
        assert fault.value.code == f"import.{word}"
    with pytest.raises(Fault) as fault:
        builtin_map("procapita", Kind.SHIFTS)
    assert "lifecare" in fault.value.say()
    assert builtin_map(STANDARD, Kind.SHIFTS) == ColumnMap()


def test_the_error_file_can_be_mended_and_imported() -> None:
    """The bad lines as they were, with reasons; the same file mended is taken, extra columns and all."""
    text = (
        "personal_id;datum;start;slut\n"
        "p1;2026-02-30;07.00;16.00\n"
        "p2;2026-12-01;07.00;16.00\n"
        "'=p3;x;07.00;16.00\n"
    )
    table = open_table(text.encode(), "mapp/schema v49.csv")
    checked = validate(Kind.SHIFTS, table, ColumnMap(), AROUND)
    assert [one.line for one in checked.rows] == [3]
    raw = write_error_file(Kind.SHIFTS, table, ColumnMap(), checked.errors)
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "personal_id;datum;start;slut;fel_rad;fel_kod;fel_orsak;fel_rest"
    assert lines[1] == (
        "p1;2026-02-30;07.00;16.00;2;import.no_such_date;datum: Det finns inget datum 2026-02-30.;"
    )
    assert lines[2].startswith("'=p3;x;07.00;16.00;4;")
    mended = raw.decode("utf-8-sig").replace("p1;2026-02-30", "p1;2026-02-28").replace(";x;", ";2026-12-01;")
    again = validate(Kind.SHIFTS, open_table(mended.encode(), "fel.csv"), ColumnMap(), AROUND)
    assert [row.staff_id for row in rows(again)] == ["p1", "=p3"]
    assert name_of("schema v49.xlsx") == "schema v49-fel.csv"


def test_the_error_file_of_an_error_file_has_its_columns_once() -> None:
    """Half-mended and tried again."""
    text = "personal_id;datum;start;slut;fel_rad;fel_kod;fel_orsak;fel_rest\np1;x;07.00;16.00;2;a;b;c\n"
    table = open_table(text.encode(), "fel.csv")
    raw = write_error_file(
        Kind.SHIFTS, table, ColumnMap(), validate(Kind.SHIFTS, table, ColumnMap(), AROUND).errors
    )
    assert raw.decode("utf-8-sig").split("\r\n")[0].count("fel_rad") == 1


def test_the_error_file_tells_nothing_about_a_protected_identity() -> None:
    """Surname, number, address, place and telephone are left out, whatever is wrong with the line."""
    heading = HEADINGS[Kind.CLIENTS].replace(", ", ";")
    secret = "Hemlig;194001079120;{};Dolda vägen 1;62,75;15,417;070-999 88 77;sv;ja;ja"
    text = "\n".join(
        [
            heading,
            f"b1;Eva;{secret.format('')};sekretessmarkering",
            f"b2;Eva;{secret.format('')};sekretesmarkering",
            f"b3;Eva;{secret.format('G')};fingerade uppgifter;för mycket",
        ]
    )
    table = open_table(text.encode(), "fil.csv")
    checked = validate(Kind.CLIENTS, table, ColumnMap(), AROUND)
    assert {one.line for one in checked.errors} == {2, 3, 4}
    raw = write_error_file(Kind.CLIENTS, table, ColumnMap(), checked.errors).decode()
    for word in ("Hemlig", "9120", "Dolda", "62,75", "070-999"):
        assert word not in raw
    assert not any("Hemlig" in one.say() or "Dolda" in one.say() for one in checked.errors)


def test_a_torn_line_keeps_what_did_not_fit() -> None:
    """Beyond the last heading: in a column of its own."""
    table = open_table(b"personal_id;datum;start;slut\np1;2026-12-01;07.00;16.00;extra\n", "a.csv")
    raw = write_error_file(
        Kind.SHIFTS, table, ColumnMap(), validate(Kind.SHIFTS, table, ColumnMap(), AROUND).errors
    )
    assert raw.decode().split("\r\n")[1].endswith(";extra")


def test_problems_can_be_said_in_another_language() -> None:
    """The Swedish sentence is the message id."""
    (problem,) = check(Kind.PERFORMED, "extern_id;start\n").errors
    assert problem.say(lambda _text: "Missing: %(column)s") == "Missing: utfall"
    assert problem.as_dict() == {
        "line": 1,
        "column": "utfall",
        "code": "import.missing_column",
        "message": "Kolumnen ”utfall” saknas.",
    }


def test_binding_knows_aliases_once() -> None:
    """Two headings for one field are a fault, whichever names they use."""
    table = open_table("Enhet;Hemtjänstgrupp;extern_id;förnamn;efternamn\n".encode(), "a.csv")
    places, problems = bind(Kind.STAFF, table, builtin_map("lifecare", Kind.STAFF))
    assert places["grupp"] == 0
    assert [one.code for one in problems] == ["import.double_heading"]
