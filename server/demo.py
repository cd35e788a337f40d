"""Making a demo municipality ready to be used: planted or caught up, its first call and its pairings."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from care.clock import Clock
from care.demo.accounts import DemoAccount, accounts, password
from care.demo.catching_up import catch_up
from care.demo.devices import renew_pairings
from care.demo.first_call import first_call
from care.demo.planting import HISTORY, plant
from care.demo.town import Town, make_town
from care.demo.unanswered import unanswered
from care.errors import Fault
from care.identity.vault import open_vault
from care.municipality import Municipality
from care.staff import Staff
from care.storage.database import Database
from scheduler.ticks.presence import nothing_missed
from server.configuration import Configuration
from server.security.passwords import Passwords

#: Told with (days so far, days in all).
Progress = Callable[[int, int], None]


async def prepare_demo(
    configuration: Configuration,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    history: int = HISTORY,
) -> dict[str, Any]:
    """Plant or catch up, make the first call and new pairings; what stands in ``demo.json``.

    A new demo gets `history` days gone by.

    Raises `Fault` ``demo.real_data`` when the database holds a real municipality.
    """
    async with database.read() as session:
        found = await session.scalar(select(Municipality).limit(1))
    if found is not None and not found.is_demo:
        raise Fault(
            "demo.real_data",
            "Databasen hör till en riktig kommun. Demon behöver en egen mapp: välj en annan med --data.",
            place="data",
        )
    secret = _secret(configuration.data / "demo.key")
    if found is None:
        town = await _plant(configuration, database, clock, secret, progress, history=history)
    else:
        assert found.demo_seed is not None  # noqa: S101 - planted with it
        assert found.demo_first_day is not None  # noqa: S101
        town = make_town(found.demo_seed, found.demo_first_day)
        await catch_up(database, now=clock.now(), progress=progress)
        await nothing_missed(database, clock)
    first = await first_call(database, clock)
    await unanswered(database, clock, but=first.client.id, caller=first.staff)
    invitations = await renew_pairings(database, clock)
    known = accounts(town)
    return {
        "url": configuration.url,
        "date": clock.today().isoformat(),
        "accounts": [
            {
                "role": one.role.value,
                "username": one.username,
                "password": password(secret, one.username),
                "group": one.group,
            }
            for one in known
        ],
        "tablets": [
            {
                "client_id": str(one.client.id),
                "client": one.client.full_name,
                "pair_url": f"{configuration.url}/kiosk#{one.secret}",
            }
            for one in invitations
        ],
        "first_call": {
            "username": _caller(town, known, first.staff),
            "client_id": str(first.client.id),
            "client": first.client.full_name,
        },
    }


def _caller(town: Town, known: Sequence[DemoAccount], staff: Staff) -> str:
    """The username of whoever is to make the first call.

    Raises `Fault` ``demo.other_version`` (409) when the people in the folder are not of this version.
    """
    for one in known:
        if _is(town, one, staff):
            return one.username
    raise Fault(
        "demo.other_version",
        "Demon i mappen kommer från en annan version. Välj en annan mapp, eller ta bort den gamla.",
        status=409,
        place="data",
    )


async def _plant(
    configuration: Configuration,
    database: Database,
    clock: Clock,
    secret: bytes,
    progress: Progress,
    *,
    history: int,
) -> Town:
    vault = open_vault(configuration.vault_file)
    passwords = Passwords()
    return await plant(
        database,
        now=clock.now(),
        seal=lambda text, about: vault.seal(text, about=str(about)),
        hash_password=passwords.hash_now,
        password_of=lambda username: password(secret, username),
        history=history,
        progress=progress,
    )


def _is(town: Town, account: DemoAccount, staff: Staff) -> bool:
    return account.worker is not None and town.workers[account.worker].id == staff.id


def _secret(file: Path) -> bytes:
    """The folder's secret that its passwords follow from; made at the first start."""
    if not file.exists():
        write_private(file, secrets.token_hex(32).encode())
    return file.read_bytes().strip()


def write_demo(file: Path, demo: dict[str, Any]) -> None:
    """Write ``demo.json``: whole or not at all, and for this user alone."""
    write_private(file, msgspec.json.format(msgspec.json.encode(demo), indent=2) + b"\n")


def write_private(file: Path, body: bytes) -> None:
    """Replace `file` in one step, mode 0600."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as fresh:
            fresh.write(body)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
