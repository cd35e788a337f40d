"""samtid retention: shows what would go, and carries out only what two people have approved."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result

from care.clients import CareScope
from care.clock import SystemClock
from care.identity.vault import VAULT_FILE, open_vault
from care.ids import new_id
from care.retention.due import find_due
from care.retention.run import RetentionRun, approve
from care.storage.database import Database, sqlite_url
from server.cli import main
from tests.builders import make_account, make_client, make_contact, make_town
from tests.postgres import in_thread

NOW = "2026-12-01T06:40"


def samtid(data: Path, *words: str) -> Result:
    runner = CliRunner(env={"LANG": "sv_SE.UTF-8", "SAMTID_NOW": NOW})
    return runner.invoke(main, [*words, "--data", str(data), "--json"])


async def plant(data: Path, *, approved: bool) -> None:
    """Somebody born on the 15th, whose care ended in 2019; perhaps on a list that two people approved."""
    database, now = Database(sqlite_url(data)), SystemClock().now()
    try:
        async with database.write() as session:
            town = await make_town(session)
            client = await make_client(
                session, town, "Gudrun", birth_date=date(1930, 3, 15), care_scope=CareScope.ENDED
            )
            client.personal_number_sealed = open_vault(data / VAULT_FILE).seal(
                "19300315-D001", about=str(client.id)
            )
            await make_contact(session, client, town.services["SO-SAM"], "2019-05-02 10:00")
        if not approved:
            return
        async with database.write() as session:
            one, other = await make_account(session), await make_account(session, username="bo")
            found = await find_due(session, date(2026, 12, 1))
            items = [[each.kind.value, str(each.client_id), each.is_preserved] for each in found.due]
            run = RetentionRun(id=new_id(), made_at=now, made_by_id=one.id, as_of=found.as_of, items=items)
            session.add(run)
            await session.flush()
            await approve(session, run, other.id, now)
    finally:
        await database.close()


def test_show_counts_and_changes_nothing(tmp_path: Path) -> None:
    """A dry run by kind; without an approved list there is nothing to carry out."""
    data = tmp_path / "data"
    assert samtid(data, "migrate").exit_code == 0
    in_thread(plant(data, approved=False))
    for _ in range(2):
        answer = json.loads(samtid(data, "retention", "show").stdout)
        assert (answer["file_preserve"], answer["file_erase"], answer["contacts"]) == (1, 0, 1)
    refused = samtid(data, "retention", "carry-out")
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["code"] == "retention.not_approved"


def test_the_preserved_are_archived_with_their_number(tmp_path: Path) -> None:
    """The archive must know who it is: the number is opened for the file, which its owner alone can read."""
    data = tmp_path / "data"
    assert samtid(data, "migrate").exit_code == 0
    in_thread(plant(data, approved=True))
    done = samtid(data, "retention", "carry-out")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["archived"], answer["erased"]) == (1, 0)
    (file,) = (data / "archive").iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["row"]["personal_number"] for row in rows if row["table"] == "client"] == ["19300315-D001"]
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(samtid(data, "retention", "show").stdout)["file_preserve"] == 0
