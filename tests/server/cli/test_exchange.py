"""``samtid import`` and ``samtid export`` as the terminal runs them."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from care.access.log import AccessLog
from care.accounts import AccountRole, Role
from care.ids import new_id
from care.municipality import Group
from care.storage.database import Database
from server.cli import main
from server.configuration import Configuration
from tests.builders import make_account
from tests.server.exchange.record import CLIENTS, CONTACTS, SERVICES, STAFF


def samtid(data: Path, *words: str) -> Result:
    runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": "2026-12-01T06:40"})
    return runner.invoke(main, [*words, "--data", str(data)])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A municipality with a first week, each file imported by the command."""
    folder = tmp_path / "data"
    assert samtid(folder, "migrate").exit_code == 0
    for kind, text in (
        ("services", SERVICES),
        ("staff", STAFF),
        ("clients", CLIENTS),
        ("contacts", CONTACTS),
    ):
        result = samtid(
            folder, "import", kind, put(tmp_path, f"{kind}.csv", text), "--municipality", "Provköping"
        )
        assert result.exit_code == 0, result.output
    return folder


def put(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


BAD = """extern_id;brukare_id;datum;start;minuter;insatser
z1;b1;2026-02-30;7:30;15;TI-DAG
z2;b1;2026-12-05;7:30;15;TI-DAG
"""


def test_a_good_file_ends_with_0_and_its_counts(data: Path, tmp_path: Path) -> None:
    """The second time nothing changes."""
    result = samtid(data, "import", "contacts", str(tmp_path / "contacts.csv"), "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["imported"], told["updated"], told["unchanged"], told["errors"]) == (0, 0, 3, [])


def test_a_bad_line_ends_with_2_and_its_place(data: Path, tmp_path: Path) -> None:
    """Nothing is imported, and the JSON says where and why."""
    result = samtid(data, "import", "contacts", put(tmp_path, "bad.csv", BAD), "--json")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert told["imported"] == 0
    assert told["errors"] == [
        {
            "line": 2,
            "column": "datum",
            "code": "import.no_such_date",
            "message": "Det finns inget datum 2026-02-30.",
        }
    ]
    shown = samtid(data, "import", "contacts", str(tmp_path / "bad.csv"))
    assert "Inget är importerat" in shown.stdout


def test_skip_bad_leaves_the_bad_lines_in_a_file_for_their_owner_alone(data: Path, tmp_path: Path) -> None:
    """Beside the file, to mend and import."""
    result = samtid(data, "import", "contacts", put(tmp_path, "bad.csv", BAD), "--skip-bad")
    assert result.exit_code == 2
    errors = tmp_path / "bad-fel.csv"
    assert stat.S_IMODE(errors.stat().st_mode) == 0o600
    assert "z2" not in errors.read_text(encoding="utf-8-sig")
    errors.write_text(
        errors.read_text(encoding="utf-8").replace("2026-02-30", "2026-12-03"), encoding="utf-8"
    )
    assert samtid(data, "import", "contacts", str(errors)).exit_code == 0


def test_in_the_name_of_an_account_goes_no_further_than_it(data: Path, tmp_path: Path) -> None:
    """A coordinator of another group changes nobody; who may not, and whom nobody knows, are told so."""
    people = "extern_id;förnamn;efternamn;grupp\nq1;Siv;Ek;Gällö\n"
    assert samtid(data, "import", "staff", put(tmp_path, "more.csv", people)).exit_code == 0

    async def accounts() -> None:
        database = Database(Configuration(data=data).database_url)
        async with database.write() as session:
            groups = {one.name: one.id for one in await session.scalars(select(Group))}
            for name, role, group in (
                ("karin", Role.COORDINATOR, "Bräcke"),
                ("gun", Role.COORDINATOR, "Gällö"),
                ("siv", Role.CARE_WORKER, "Gällö"),
            ):
                account = await make_account(session, None, name)
                session.add(
                    AccountRole(id=new_id(), account_id=account.id, role=role, group_id=groups[group])
                )
        await database.close()

    async def refusals() -> list[str]:
        database = Database(Configuration(data=data).database_url)
        async with database.read() as session:
            found = await session.scalars(select(AccessLog).where(AccessLog.allowed.is_(False)))
            told = [f"{one.role} {one.thing} {one.where}" for one in found]
        await database.close()
        return told

    asyncio.run(accounts())
    file = put(
        tmp_path,
        "one.csv",
        "extern_id;brukare_id;datum;start;minuter;insatser\nz9;b1;2026-12-05;7:30;15;TI-DAG\n",
    )
    ours = samtid(data, "import", "contacts", file, "--as", "karin", "--dry-run", "--json")
    assert ours.exit_code == 0, ours.output
    assert json.loads(ours.stdout)["imported"] == 1
    theirs = samtid(data, "import", "contacts", file, "--as", "gun", "--json")
    assert theirs.exit_code == 2
    assert [one["code"] for one in json.loads(theirs.stdout)["errors"]] == ["import.other_group"]
    assert json.loads(theirs.stdout)["applied"] is False
    assert asyncio.run(refusals()) == ["coordinator import:contacts samtid import"]
    for nobody in ("siv", "ingen"):
        assert samtid(data, "import", "contacts", file, "--as", nobody).exit_code != 0
    assert samtid(data, "import", "services", str(tmp_path / "services.csv"), "--as", "karin").exit_code != 0


def test_a_dry_run_leaves_no_trace(data: Path, tmp_path: Path) -> None:
    """Not even an error file."""
    result = samtid(data, "import", "contacts", put(tmp_path, "bad.csv", BAD), "--dry-run", "--skip-bad")
    assert result.exit_code == 2
    assert "Provkörning: 1 nya" in result.stdout
    assert not (tmp_path / "bad-fel.csv").exists()


def test_what_is_not_known_is_said(data: Path, tmp_path: Path) -> None:
    """A map, a source, a kind, a day."""
    contacts = str(tmp_path / "contacts.csv")
    for words, needle in (
        (("import", "contacts", contacts, "--map", "procapita"), "lifecare, phoniro"),
        (("import", "contacts", contacts, "--source", "a/b"), "--source"),
        (("export", "contacts", "--date", "i morgon"), "2026-12-01"),
        (("export", "contacts", "--from", "2026-12-02", "--to", "2026-12-01"), "ordning"),
        (("export", "contacts", "--date", "2026-12-01", "--to", "2026-12-01"), "--date"),
        (("export", "contacts", "--group", "Mora"), "grupp"),
    ):
        result = samtid(data, *words)
        assert result.exit_code == 2, words
        assert needle in result.stderr
    assert samtid(data, "import", "invoices", contacts).exit_code == 2
    assert samtid(data, "import", "contacts", str(tmp_path / "nowhere.csv")).exit_code == 2


def test_an_export_goes_to_the_terminal_or_to_a_file_of_its_owners(data: Path, tmp_path: Path) -> None:
    """And comes back unchanged."""
    shown = samtid(data, "export", "contacts", "--from", "2026-12-01", "--to", "2026-12-31")
    assert shown.exit_code == 0
    assert shown.stdout_bytes.startswith(b"\xef\xbb\xbfextern_id;brukare_id;")
    assert shown.stdout_bytes.count(b"\r\n") == 4
    for file_format in ("csv", "xlsx"):
        out = tmp_path / f"ut.{file_format}"
        words = ("--from", "2026-12-01", "--to", "2026-12-31", "--format", file_format, "--out", str(out))
        assert samtid(data, "export", "contacts", *words).exit_code == 0
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        told = json.loads(samtid(data, "import", "contacts", str(out), "--json").stdout)
        assert (told["imported"], told["updated"], told["unchanged"]) == (0, 0, 3)


def test_json_export_of_today(data: Path) -> None:
    """--json alone means JSON."""
    found = json.loads(samtid(data, "export", "contacts", "--date", "2026-12-01", "--json").stdout)
    assert [one["extern_id"] for one in found] == ["k1", "k2"]
