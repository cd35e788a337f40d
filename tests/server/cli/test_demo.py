"""The demo from the terminal: start, read demo.json, sign in, stop, start again, nothing has changed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from care.accounts import Role

#: What a restart must leave as it is, row by row. (Ticks and new pairings touch other tables, and should.)
STANDING = (
    "account", "account_role", "assignment", "client", "client_pulse", "consent", "contact_line",
    "contact_rule", "home_care_group", "known_staff", "municipality", "receipt", "service", "shift", "staff",
)  # fmt: skip


@contextmanager
def running(data: Path, *words: str, now: str = "2026-12-01T06:40") -> Iterator[dict[str, Any]]:
    """``samtid demo`` in a process of its own; what it answered when it was ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAMTID_")}
    command = [sys.executable, "-c", "from server.cli import main; main()", "demo"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--json", "--data", data, *words],
        env={**environment, "SAMTID_NOW": now},
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "it ended before it was ready"
        told = json.loads(line)
        assert "url" in told, told
        yield told
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "an orderly end"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


def _rows(database: sqlite3.Connection, table: str) -> list[str]:
    return sorted(map(repr, database.execute(f'select * from "{table}"')))  # noqa: S608 - names of ours


def contents(data: Path) -> dict[str, list[str]]:
    with sqlite3.connect(data / "samtid.sqlite3") as database:
        found = {name: _rows(database, name) for name in STANDING}
        found["rows"] = sorted(repr(row) for row in database.execute("select id from planned_contact"))
        first = database.execute("select id from planned_contact where source = 'demo-start'").fetchall()
    assert len(first) == 1, "one first call, however often it starts"
    return found


def kinds_of_tasks(data: Path) -> set[str]:
    with sqlite3.connect(data / "samtid.sqlite3") as database:
        return {kind for (kind,) in database.execute("select kind from task")}


async def look_in(demo: dict[str, Any], account: dict[str, Any]) -> str:
    """Sign in as `account` and give the first page."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(demo["url"], cookie_jar=jar) as browser:
        async with browser.get("/readyz") as answer:
            assert answer.status == 200, await answer.text()
        form = {"username": account["username"], "password": account["password"]}
        async with browser.post("/logga-in", data=form) as answer:
            assert answer.status == 200
            assert answer.url.path != "/logga-in"
            return await answer.text()


@pytest.mark.timeout(300)
async def test_the_whole_way(tmp_path: Path) -> None:
    """From an empty folder to the first page of every role, and the same again after a restart."""
    data = tmp_path / "demo"
    with running(data) as demo:
        assert demo == json.loads((data / "demo.json").read_text(encoding="utf-8"))
        assert stat.S_IMODE((data / "demo.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert set(demo) == {"url", "date", "accounts", "tablets", "first_call"}
        assert demo["date"] == "2026-12-01"
        assert URL(demo["url"]).host == "127.0.0.1"

        assert all(set(one) == {"role", "username", "password", "group"} for one in demo["accounts"])
        roles = {one["role"] for one in demo["accounts"]}
        assert roles >= {role.value for role in Role if role not in {Role.DEVICE, Role.GUEST}}
        for role in sorted(roles):
            page = await look_in(demo, next(one for one in demo["accounts"] if one["role"] == role))
            assert "demo-banner" in page

        assert len(demo["tablets"]) >= 5
        assert all(set(one) == {"client_id", "client", "pair_url"} for one in demo["tablets"])
        assert all(one["pair_url"].startswith(f"{demo['url']}/kiosk#") for one in demo["tablets"])
        first = demo["first_call"]
        assert set(first) == {"username", "client_id", "client"}
        assert first["username"] in {one["username"] for one in demo["accounts"]}
        assert first["client_id"] in {one["client_id"] for one in demo["tablets"]}
        worker = next(one for one in demo["accounts"] if one["username"] == first["username"])
        page = await look_in(demo, worker)
        assert f"Ring {first['client'].split()[0]}" in page, (
            "the first call stands on the worker's first page"
        )
    before = contents(data)
    with running(data) as again:
        assert again["accounts"] == demo["accounts"]
        assert again["first_call"] == demo["first_call"]
        assert [one["client_id"] for one in again["tablets"]] == [one["client_id"] for one in demo["tablets"]]
        secrets = {one["pair_url"].split("#")[1] for one in (*demo["tablets"], *again["tablets"])}
        assert len(secrets) == 2 * len(demo["tablets"]), "every start gives new pairings"
        await look_in(again, worker)
    after = contents(data)
    assert [name for name in before if before[name] != after[name]] == []
    with running(data, now="2026-12-04T06:40") as later:
        assert later["date"] == "2026-12-04"
        await look_in(later, worker)
    assert kinds_of_tasks(data) & {"system_was_away"} == set(), "the days in between were filled, not lost"
