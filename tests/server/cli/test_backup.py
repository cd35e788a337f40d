"""samtid backup, restore and keys, as the terminal meets them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from care.identity import resealing
from care.identity.resealing import keys_in_use, reseal, sealed_columns
from care.identity.vault import VAULT_FILE, key_of, open_vault, rotate
from care.storage.database import SQLITE_FILE, Database, sqlite_url
from server.cli import main
from tests.builders import make_client, make_town
from tests.postgres import in_thread

PHRASE = "snö sked lampa vind"


def samtid(data: Path, *words: str, stdin: str = "") -> Result:
    runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": None})
    return runner.invoke(main, [*words, "--data", str(data)], input=stdin)


def answer(data: Path, *words: str, stdin: str = "") -> Any:
    result = samtid(data, *words, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(data: Path, *words: str, stdin: str = "") -> str:
    """The code of a command that ended badly."""
    result = samtid(data, *words, "--json", stdin=stdin)
    assert result.exit_code in {1, 2}, result.output
    return str(json.loads(result.stdout)["code"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a town."""
    folder = tmp_path / "data"
    assert samtid(folder, "migrate").exit_code == 0
    result = samtid(
        folder, "create-admin", "boss", "--municipality", "Provköping", stdin="fyra ord som inte\n"
    )
    assert result.exit_code == 0, result.output
    return folder


def count(data: Path, statement: str) -> int:
    with closing(sqlite3.connect(data / SQLITE_FILE)) as connection:
        return int(connection.execute(statement).fetchone()[0])


def test_a_backup_comes_back_on_an_empty_machine(data: Path, tmp_path: Path) -> None:
    """Sealed with a passphrase from standard input; the restored record's access log tells of both ends."""
    open_vault(data / VAULT_FILE)
    file, elsewhere = tmp_path / "one.backup", tmp_path / "elsewhere"
    made = answer(data, "backup", str(file), "--passphrase", "--with-keys", stdin=f"{PHRASE}\n")
    assert made["sealed"]
    assert made["files"] == [SQLITE_FILE, VAULT_FILE]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert refused(elsewhere, "restore", str(file), stdin="en annan lösenfras\n") == "backup.wrong_passphrase"
    assert not (elsewhere / SQLITE_FILE).exists()
    back = answer(elsewhere, "restore", str(file), stdin=f"{PHRASE}\n")
    assert back["has_keys"]
    assert back["rows"] == made["rows"]
    assert count(elsewhere, "SELECT count(*) FROM account WHERE username = 'boss'") == 1
    assert count(elsewhere, "SELECT count(*) FROM access_log WHERE thing = 'backup'") == 2
    assert refused(elsewhere, "restore", str(file), stdin=f"{PHRASE}\n") == "restore.not_empty"
    assert answer(elsewhere, "restore", str(file), "--replace", stdin=f"{PHRASE}\n")["moved_to"]


def test_a_key_pair_keeps_the_secret_away_from_the_server(data: Path, tmp_path: Path) -> None:
    """The server seals with the public key; only the file with the secret one opens."""
    key, file = tmp_path / "backup.key", tmp_path / "one.backup"
    recipient = answer(data, "keys", "backup", str(key))["recipient"]
    assert recipient.startswith("age1")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert refused(data, "keys", "backup", str(key)) == "keys.unwritable"
    answer(data, "backup", str(file), "--recipient", recipient)
    assert refused(tmp_path / "x", "restore", str(file)) == "backup.needs_key"
    assert answer(tmp_path / "x", "restore", str(file), "--key-file", str(key), "--check")["whole"]
    assert answer(tmp_path / "x", "restore", str(file), "--key-file", str(key))["rows"] > 0


def test_a_person_reads_what_is_and_is_not_in_the_backup(data: Path, tmp_path: Path) -> None:
    """That it is open, that the keys are not in it, and what was left out."""
    (data / "demo.json").write_text("{}")
    result = samtid(data, "backup", str(tmp_path / "one.backup"))
    assert result.exit_code == 0, result.output
    assert "Den är inte låst" in result.stdout
    assert "vault.json för sig" in result.stdout
    assert "Utelämnat: demo.json" in result.stdout


def test_two_ways_to_seal_at_once_are_refused(data: Path, tmp_path: Path) -> None:
    """Somebody who gives both has misunderstood something: nothing is written."""
    file = tmp_path / "one.backup"
    assert refused(data, "backup", str(file), "--passphrase", "--recipient", "age1x") == "backup.two_locks"
    assert not file.exists()


def test_a_backup_needs_a_database(tmp_path: Path) -> None:
    """An empty folder is not backed up as if it were something."""
    folder = tmp_path / "nothing"
    folder.mkdir(mode=0o700)
    assert refused(folder, "backup", str(tmp_path / "one")) in {"database.missing", "database.unreachable"}


async def plant(data: Path, number: int) -> dict[UUID, str]:
    """So many clients with sealed personal numbers; what they are."""
    vault, said = open_vault(data / VAULT_FILE), {}
    database = Database(sqlite_url(data))
    try:
        async with database.write() as session:
            town = await make_town(session)
            for one in range(number):
                client = await make_client(session, town)
                said[client.id] = f"19400107-D{one:03d}"
                client.personal_number_sealed = vault.seal(said[client.id], about=str(client.id))
    finally:
        await database.close()
    return said


async def opened(data: Path) -> dict[UUID, str]:
    """Every sealed number in the database, opened."""
    vault, found = open_vault(data / VAULT_FILE), {}
    database = Database(sqlite_url(data))
    try:
        async with database.read() as session:
            for table, column in sealed_columns():
                for row_id, value in await session.execute(
                    table.select().with_only_columns(table.c.id, column)
                ):
                    if value is not None:
                        found[row_id] = vault.unseal(value, about=str(row_id))
    finally:
        await database.close()
    return found


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, dict[UUID, str]]:
    """A folder with 25 sealed numbers."""
    folder = tmp_path / "sealed"
    assert samtid(folder, "migrate").exit_code == 0
    return folder, in_thread(plant(folder, 25))


def test_rotation_seals_everything_anew(sealed: tuple[Path, dict[UUID, str]]) -> None:
    """Every number opens as before, with the fresh key alone; the old key can be forgotten; it is logged."""
    data, said = sealed
    old = open_vault(data / VAULT_FILE).current
    done = answer(data, "keys", "rotate", "--forget-old")
    assert (done["resealed"], done["forgotten"], done["resumed"]) == (25, [old], False)
    assert in_thread(opened(data)) == said
    assert [row["values"] for row in answer(data, "keys", "show")["keys"]] == [25]
    assert count(data, "SELECT count(*) FROM access_log WHERE \"where\" = 'samtid keys rotate'") == 2


def test_a_rotation_that_was_killed_goes_on(
    sealed: tuple[Path, dict[UUID, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two batches the process dies; run again it finishes with the same key, and nothing is lost."""
    data, said = sealed

    class KilledError(BaseException):
        pass

    async def killed() -> None:
        database = Database(sqlite_url(data))
        batches = 0

        def told(_: int) -> None:
            nonlocal batches
            batches += 1
            if batches == 2:
                raise KilledError

        try:
            await reseal(database, rotate(data / VAULT_FILE), told, batch=10)
        finally:
            used = await keys_in_use(database)
            await database.close()
            assert sorted(used.values()) == [5, 20]

    with pytest.raises(KilledError):
        asyncio.run(killed())
    assert in_thread(opened(data)) == said, "half way everything opens"
    fresh = open_vault(data / VAULT_FILE).current
    done = answer(data, "keys", "rotate", "--forget-old")
    assert (done["resealed"], done["resumed"], done["current"]) == (5, True, fresh)
    assert in_thread(opened(data)) == said


def test_rotation_leaves_what_somebody_changes_meanwhile(sealed: tuple[Path, dict[UUID, str]]) -> None:
    """A number that is written between reading and sealing anew stays as it was written."""
    data, said = sealed
    chosen = next(iter(said))

    async def race() -> None:
        database = Database(sqlite_url(data))
        vault = rotate(data / VAULT_FILE)
        before = resealing._stored

        async def stored(*given: Any) -> int:
            async with database.write() as session:
                table, column = next(resealing.sealed_columns())
                await session.execute(
                    table.update()
                    .where(table.c.id == chosen)
                    .values({column.name: vault.seal("19500101-D999", about=str(chosen))})
                )
            return await before(*given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(resealing, "_stored", stored)
            await reseal(database, vault)
        await database.close()

    in_thread(race())
    assert in_thread(opened(data)) == {**said, chosen: "19500101-D999"}


def test_without_the_key_file_nothing_is_rotated(data: Path) -> None:
    """A fresh file would lock out what the lost one sealed."""
    assert refused(data, "keys", "rotate") == "vault.no_key_file"
    assert not (data / VAULT_FILE).exists()


def test_sealed_columns_are_found_by_their_name() -> None:
    """Personal numbers are among them, and each is bound to a row with an id of its own."""
    found = {f"{table.name}.{column.name}" for table, column in sealed_columns()}
    assert "client.personal_number_sealed" in found
    assert all("id" in table.c for table, _ in sealed_columns())
    assert key_of(b"not sealed") == ""
