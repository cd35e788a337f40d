"""The command line: what it answers, how it ends, and what it refuses."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.municipality import Group, Municipality
from care.storage.database import Database, sqlite_url
from care.storage.migrations import head
from server.cli import COMMANDS, main
from server.running import listen
from tests.builders import Town, make_client, make_group
from tests.postgres import in_thread


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def samtid(data: Path, *words: str, stdin: str = "", **environment: str) -> Result:
    """Run the command as the terminal would, with nothing of this machine's own settings."""
    runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": None, **environment})
    return runner.invoke(main, [*words, "--data", str(data)], input=stdin)


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database and one administrator."""
    data = tmp_path_factory.mktemp("made") / "data"
    assert samtid(data, "migrate").exit_code == 0
    result = samtid(data, "create-admin", "boss", "--municipality", "Provköping", stdin="fyra ord som inte\n")
    assert result.exit_code == 0, result.output
    return data


@pytest.fixture
def made(template: Path, data: Path) -> Path:
    """A copy of the template."""
    shutil.copytree(template, data)
    return data


def test_folder_and_files_are_for_their_owner_alone(made: Path) -> None:
    """0700 and 0600, whatever the umask was."""
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    for file in made.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_migrate_twice_changes_nothing(made: Path) -> None:
    """The second time it is there already."""
    assert answer(samtid(made, "migrate", "--json")) == {"before": head(), "now": head()}
    assert "redan i ordning" in samtid(made, "migrate").stdout


def test_open_folder_is_refused_and_named(tmp_path: Path) -> None:
    """A folder with something in it that others can read is not used."""
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    (loose / "something").write_text("x")
    loose.chmod(0o755)
    result = samtid(loose, "migrate")
    assert result.exit_code == 2
    assert "data: Mappen" in result.stderr
    assert "chmod 700" in result.stderr


def test_empty_folder_is_closed(tmp_path: Path) -> None:
    """An empty one is made private instead of refused."""
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    loose.chmod(0o755)
    assert samtid(loose, "migrate").exit_code == 0
    assert stat.S_IMODE(loose.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create-admin", "boss", "--password-stdin"), "account.taken"),
        (("create-admin", "!", "--password-stdin"), "account.bad_username"),
        (("tablets", "revoke", "x"), "tablet.unknown"),
        (("log", "--client", "x"), "client.unknown"),
        (("log", "--client", "x", "--from", "2026-12-02", "--to", "2026-12-01"), "log.backwards"),
        (("serve", "--host", "::"), "serve.password_only"),
        (("serve", "--host", "192.0.2.1"), "serve.password_only"),
    ],
)
def test_bad_input_ends_with_2_and_says_where(made: Path, words: tuple[str, ...], code: str) -> None:
    """In words on the terminal, as problem details with --json; never a stack trace."""
    shown = samtid(made, *words, stdin="fyra ord som inte\n")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("samtid: ")
    assert "Traceback" not in shown.output
    problem = samtid(made, *words, "--json", stdin="fyra ord som inte\n")
    assert problem.exit_code == 2
    found = json.loads(problem.stdout)
    assert found["code"] == code
    assert found["title"]
    assert found["place"]


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("serve", "--port", "x"),
        ("serve", "--port", "70000"),
        ("log",),
        ("log", "--client", "x", "--from", "y"),
    ],
)
def test_wrong_words_end_with_2(made: Path, words: tuple[str, ...]) -> None:
    """Unknown commands and options are bad input too."""
    assert samtid(made, *words).exit_code == 2


@pytest.mark.parametrize("password", ["", "kort", "aaaaaaaaaaaa", "bossbossboss", "x" * 300])
def test_weak_passwords_are_refused(made: Path, password: str) -> None:
    """Also for the first administrator."""
    result = samtid(made, "create-admin", "boss", "--password-stdin", "--json", stdin=f"{password}\n")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["code"].startswith("password.")


def test_made_account_is_logged(made: Path) -> None:
    """Changes from the command line stand in the access log too."""
    with sqlite3.connect(made / "samtid.sqlite3") as database:
        rows = database.execute('select action, role, "where", thing from access_log').fetchall()
    assert [row[:3] for row in rows] == [("account.manage", "command_line", "samtid create-admin")]
    assert rows[0][3].endswith(":made")


def test_without_database_it_says_what_to_do(data: Path) -> None:
    """No half-made database appears by asking for something."""
    result = samtid(data, "tablets", "list")
    assert result.exit_code == 2
    assert "samtid migrate" in result.stderr
    assert not data.exists()


def test_older_database_is_not_touched_unasked(made: Path) -> None:
    """Another version's tables are named, and serve --no-migrate refuses."""
    with sqlite3.connect(made / "samtid.sqlite3") as database:
        database.execute("update alembic_version set version_num = '0000'")
    for words in (("tablets", "list"), ("serve", "--no-migrate", "--port", "0")):
        result = samtid(made, *words)
        assert result.exit_code == 2
        assert "annan version" in result.stderr


def test_settings_are_shown_without_secrets(made: Path) -> None:
    """Secrets in the file, the environment and addresses are masked."""
    (made / "samtid.toml").write_text(
        'redis = "redis://:hemlig1@redis:6379/0"\n[turn]\nurls=["turn:x"]\nsecret="hemlig2"\n'
    )
    result = samtid(
        made,
        "config",
        "--json",
        SAMTID_DATABASE="postgresql+asyncpg://samtid:hemlig3@db/samtid",
        SAMTID_PORT="9999",
    )
    values = answer(result)
    assert "hemlig" not in result.stdout
    assert values["port"] == 9999
    assert values["turn"]["urls"] == ["turn:x"]
    assert "db/samtid" in values["database"]


@pytest.mark.parametrize(
    ("text", "environment", "place"),
    [
        ("port = 'x'", {}, "port"),
        ("colour = 1", {}, "colour"),
        ("port = ", {}, "samtid.toml"),
        ("\xff", {}, "samtid.toml"),
        ("", {"SAMTID_PROT": "1"}, "prot"),
        ("", {"SAMTID_TURN": "{"}, "turn"),
        ("", {"SAMTID_SESSION_HOURS": "0"}, "session_hours"),
        ("", {"SAMTID_NOW": "yesterday"}, "SAMTID_NOW"),
    ],
)
def test_wrong_settings_are_named(made: Path, text: str, environment: dict[str, str], place: str) -> None:
    """A misspelt setting is an error, never ignored."""
    (made / "samtid.toml").write_bytes(text.encode("latin-1"))
    result = samtid(made, "config", "--json", **environment)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["place"] == place


async def _group(session: AsyncSession) -> Group:
    return await make_group(session, (await session.scalars(select(Municipality))).one(), "Bräcke")


def test_log_shows_who_and_logs_the_look(made: Path) -> None:
    """Reading a client's log is itself an opening."""

    async def plant() -> None:
        database = Database(sqlite_url(made))
        async with database.write() as session:
            town = Town((await session.scalars(select(Municipality))).one(), await _group(session), {})
            await make_client(session, town, extern_id="K1")
        await database.close()

    in_thread(plant())
    assert answer(samtid(made, "log", "--client", "K1", "--json"))["rows"] == []
    rows = answer(samtid(made, "log", "--client", "K1", "--json"))["rows"]
    assert [(row["action"], row["where"], row["allowed"]) for row in rows] == [
        ("log.read", "samtid log", True)
    ]
    assert "log.read" in samtid(made, "log", "--client", "K1").stdout


def test_doctor_tells_good_from_bad(made: Path, tmp_path: Path) -> None:
    """Everything in order ends with 0; a missing database with 1, and each finding says what to do."""
    checks = {
        row["check"]: row["verdict"]
        for row in answer(samtid(made, "doctor", "--json", "--data", str(made)))["checks"]
    }
    assert checks["data"] == checks["database"] == "good"
    missing = samtid(tmp_path / "nothing", "doctor", "--json")
    assert missing.exit_code == 1
    verdicts = {row["check"]: row["verdict"] for row in json.loads(missing.stdout)["checks"]}
    assert verdicts["data"] == verdicts["database"] == "bad"
    (made / "loose.txt").write_text("x")
    (made / "loose.txt").chmod(0o644)
    assert samtid(made, "doctor").exit_code == 1


def test_doctor_sees_what_a_real_server_lacks(made: Path) -> None:
    """Reached from outside without HTTPS and with passwords alone: two things that are wrong."""
    result = samtid(made, "doctor", "--json", SAMTID_HOST="::")
    found = {row["check"]: row["verdict"] for row in json.loads(result.stdout)["checks"]}
    assert (found["sign_in"], found["https"], found["turn"]) == ("bad", "bad", "warning")
    assert result.exit_code == 1


def test_doctor_warns_of_a_proxy_that_is_not_named(made: Path) -> None:
    """Behind a proxy on the same machine everybody seems local, until it stands in trusted_proxies."""
    behind = {"SAMTID_PUBLIC_URL": "https://samtid.example"}
    for more, verdict in (({}, "warning"), ({"SAMTID_TRUSTED_PROXIES": '["127.0.0.1"]'}, "good")):
        result = samtid(made, "doctor", "--json", **behind, **more)
        found = {row["check"]: row["verdict"] for row in json.loads(result.stdout)["checks"]}
        assert found["proxy"] == verdict


def test_port_in_use_is_said(made: Path) -> None:
    """Serve and demo both say which port, before anything else has been done."""
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        for command in ("serve", "demo"):
            result = samtid(made, command, "--port", port, "--json")
            assert result.exit_code == 2
            assert json.loads(result.stdout)["code"] == "port.in_use"


def test_demo_never_shares_a_database_with_real_people(made: Path) -> None:
    """A folder with a real municipality is refused, and nothing in it changes."""
    before = (made / "samtid.sqlite3").read_bytes()
    result = samtid(made, "demo", "--port", "0", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["code"] == "demo.real_data"
    assert (made / "samtid.sqlite3").read_bytes() == before
    assert not (made / "demo.json").exists()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help(name: str, data: Path) -> None:
    """Every command explains itself."""
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")
    assert not data.exists()


def test_the_log_is_verified_and_a_change_shows(made: Path) -> None:
    """Whole at first, 1 and the place when somebody has been at it with the database's own tools."""
    good = samtid(made, "log", "--verify", "--json")
    assert good.exit_code == 0
    head = json.loads(good.stdout)["head"]
    assert samtid(made, "log", "--verify", "--head", head).exit_code == 0
    assert samtid(made, "log", "--verify", "--head", f"1:{'0' * 64}").exit_code == 1
    assert samtid(made, "log", "--verify", "--head", "x").exit_code == 2
    with sqlite3.connect(made / "samtid.sqlite3") as database:
        database.execute("drop trigger access_log_not_changed")
        database.execute("update access_log set thing = 'nothing'")
    bad = samtid(made, "log", "--verify", "--json")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["faults"] == [{"seq": 1, "fault": "changed"}]
