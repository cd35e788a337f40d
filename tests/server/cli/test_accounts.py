"""samtid accounts and samtid tokens: who signs in and what speaks for them, from the machine itself."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.security.tokens import LONGEST_DAYS, PREFIX

NOW = "2026-12-01T06:40"
PASSWORD = "fyra ord som inte\n"
MAKE = ("tokens", "make", "boss", "--name", "x", "--role", "administrator")


def samtid(data: Path, *words: str, stdin: str = "") -> Result:
    """In Swedish, on the first of December."""
    runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": NOW})
    return runner.invoke(main, [*words, "--data", str(data)], input=stdin)


def answer(data: Path, *words: str) -> Any:
    result = samtid(data, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(data: Path, *words: str) -> str:
    """The code; in words on the terminal too, without a stack trace, and nothing on standard output."""
    shown = samtid(data, *words)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith("samtid: ")
    assert "Traceback" not in shown.stderr
    told = samtid(data, *words, "--json")
    assert told.exit_code == 2
    code: str = json.loads(told.stdout)["code"]
    return code


def logged(data: Path) -> list[tuple[str, str]]:
    """(command, what) of every line after the two administrators were made; never a secret."""
    with sqlite3.connect(data / "samtid.sqlite3") as database:
        rows = database.execute('select "where", thing from access_log order by seq').fetchall()
    return [(where, thing) for where, thing in rows if where != "samtid create-admin"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two administrators, boss and bo."""
    data = tmp_path_factory.mktemp("made") / "data"
    assert samtid(data, "migrate").exit_code == 0
    for name in ("boss", "bo"):
        more = ("--municipality", "Provköping") if name == "boss" else ()
        made = samtid(data, "create-admin", name, *more, stdin=PASSWORD)
        assert made.exit_code == 0, made.output
    return data


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "data")
    return tmp_path / "data"


def factors(data: Path, username: str) -> tuple[bool, int]:
    found = next(one for one in answer(data, "accounts", "list")["accounts"] if one["username"] == username)
    return found["code_app"], found["recovery_codes"]


def test_the_list_says_who_signs_in_and_is_logged(data: Path) -> None:
    """User name, role in words, second factors, open or closed; no password and no hash."""
    shown = samtid(data, "accounts", "list")
    assert shown.exit_code == 0
    for word in ("Användarnamn", "boss", "bo", "nej", "Öppet"):
        assert word in shown.stdout
    found = answer(data, "accounts", "list")["accounts"]
    assert [(one["username"], one["roles"], one["open"]) for one in found] == [
        ("bo", ["administrator"], True),
        ("boss", ["administrator"], True),
    ]
    assert "$argon2" not in json.dumps(found)
    assert logged(data) == [("samtid accounts list", "accounts")] * 2


def test_a_code_app_is_shown_once_and_replaces_the_one_before(data: Path) -> None:
    """The answer has what an app reads; the secret stands neither in the database nor in the log."""
    first = answer(data, "accounts", "factor", " Boss ")
    second = answer(data, "accounts", "factor", "boss")
    secrets = [parse_qs(urlsplit(one["otpauth"]).query)["secret"][0] for one in (first, second)]
    assert secrets[0] != secrets[1]
    assert set(first["recovery_codes"]).isdisjoint(second["recovery_codes"])
    assert factors(data, "boss") == (True, len(second["recovery_codes"]))
    assert factors(data, "bo") == (False, 0)
    kept = (data / "samtid.sqlite3").read_bytes()
    assert not any(one.encode() in kept for one in (*secrets, *second["recovery_codes"]))
    assert [where for where, _ in logged(data)].count("samtid accounts factor") == 2


def test_a_lost_phone_is_taken_away(data: Path) -> None:
    """Every factor goes, and it is logged; doing it again is no error."""
    answer(data, "accounts", "factor", "boss")
    shown = samtid(data, "accounts", "reset-factors", "boss")
    assert (shown.exit_code, shown.stdout) == (0, "Det andra steget för boss är nollställt.\n")
    assert factors(data, "boss") == (False, 0)
    assert answer(data, "accounts", "reset-factors", "boss") == {"username": "boss"}
    assert [where for where, _ in logged(data)].count("samtid accounts reset-factors") == 2


def test_who_leaves_is_closed_after_the_last_day(data: Path) -> None:
    """A day that is over closes at once; the other administrator is still there."""
    shown = samtid(data, "accounts", "leave", "bo", "2026-11-30")
    assert (shown.exit_code, shown.stdout) == (0, "bo kan logga in till och med 2026-11-30.\n")
    found = {one["username"]: one for one in answer(data, "accounts", "list")["accounts"]}
    assert (found["bo"]["open"], found["bo"]["last_day"]) == (False, "2026-11-30")
    assert found["boss"]["open"]
    assert "Stängt" in samtid(data, "accounts", "list").stdout


def test_the_last_administrator_does_not_leave(data: Path) -> None:
    """Nobody could let anybody in again. Nothing is changed or logged."""
    assert samtid(data, "accounts", "leave", "bo", "2026-11-30").exit_code == 0
    before = logged(data)
    assert refused(data, "accounts", "leave", "boss", "2026-12-31") == "account.last_administrator"
    assert logged(data) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("accounts", "factor", "nobody"), "account.unknown"),
        (("accounts", "reset-factors", "nobody"), "account.unknown"),
        (("accounts", "leave", "nobody", "2026-12-31"), "account.unknown"),
        (("tokens", "list", "nobody"), "account.unknown"),
        (("tokens", "make", "nobody", "--name", "x", "--role", "administrator"), "account.unknown"),
        (("tokens", "revoke", "nobody", "x"), "account.unknown"),
        (("tokens", "make", "boss", "--name", "x", "--role", "coordinator"), "token.role"),
        ((*MAKE, "--action", "contact.perform"), "token.actions"),
        ((*MAKE, "--days", "0"), "token.days"),
        ((*MAKE, "--days", str(LONGEST_DAYS + 1)), "token.days"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_changes_nothing(
    data: Path, words: tuple[str, ...], code: str
) -> None:
    assert refused(data, *words) == code
    assert logged(data) == []


@pytest.mark.parametrize("day", ["someday", "2026-02-30", "20261231x"])
def test_a_last_day_that_is_none_is_refused(data: Path, day: str) -> None:
    assert refused(data, "accounts", "leave", "bo", day) == "date.bad"


def test_unknown_roles_and_actions_are_told_apart_by_the_command_line(data: Path) -> None:
    """And a name must be given: a token that nobody can place is never revoked."""
    for words in (
        ("--name", "x", "--role", "king"),
        ("--name", "x", "--role", "administrator", "--action", "everything"),
        ("--name", "x", "--role", "administrator", "--days", "many"),
        ("--role", "administrator"),
    ):
        assert samtid(data, "tokens", "make", "boss", *words).exit_code == 2
    assert answer(data, "tokens", "list", "boss") == {"tokens": []}


def test_a_token_is_shown_once_listed_without_it_and_revoked(data: Path) -> None:
    """The database keeps its hash; list tells what it may and until when; revoked, it is gone."""
    given = answer(
        data, "tokens", "make", "boss", "--name", "Uppföljning", "--role", "administrator", "--days", "30"
    )
    assert given["token"].startswith(PREFIX)
    assert given["expires_at"].startswith("2026-12-31")
    assert given["token"].encode() not in (data / "samtid.sqlite3").read_bytes()
    (listed,) = answer(data, "tokens", "list", "boss")["tokens"]
    assert (listed["id"], listed["name"], listed["actions"]) == (
        given["id"], "Uppföljning", given["actions"],
    )  # fmt: skip
    assert "token" not in listed
    shown = samtid(data, "tokens", "list", "boss").stdout
    assert "Uppföljning" in shown
    assert "Administratör" in shown
    assert "2026-12-31" in shown
    assert answer(data, "tokens", "list", "bo") == {"tokens": []}
    ended = samtid(data, "tokens", "revoke", "boss", given["id"])
    assert (ended.exit_code, ended.stdout) == (0, "Nyckeln är återkallad.\n")
    assert answer(data, "tokens", "list", "boss") == {"tokens": []}
    lines = [(where, thing.partition(":")[2].partition(":")[2]) for where, thing in logged(data)]
    assert lines == [
        ("samtid tokens make", f"token made:{given['id']}"),
        ("samtid tokens revoke", f"token revoked:{given['id']}"),
    ]


def test_a_token_of_somebody_else_is_not_revoked(data: Path) -> None:
    """Nor one that does not exist, nor nonsense: each is refused, and the token still stands."""
    given = answer(data, *MAKE)
    before = logged(data)
    for who, which in (("bo", given["id"]), ("boss", "nonsense"), ("boss", str(given["id"])[:-1] + "0x")):
        assert samtid(data, "tokens", "revoke", who, which).exit_code == 2
    assert len(answer(data, "tokens", "list", "boss")["tokens"]) == 1
    assert logged(data) == before
