"""Simulated tablets: signed in as real ones, answering by their manner, made in demos alone."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from care.calls.life import CallState
from care.clients import Client
from care.clock import StandingClock
from care.devices import Device
from care.errors import Fault
from care.municipality import Municipality
from care.storage.database import Database
from server.tablets.simulated.fleet import check_files, fleet
from server.tablets.simulated.homes import KEY_FILE, Home, furnish, read_or_make_key
from server.tablets.simulated.tablet import Manner
from tests.server.calls.conftest import House, build


@pytest.fixture
async def house(sqlite_database: Database, clock: StandingClock) -> AsyncIterator[House]:
    made = await build(sqlite_database, clock)
    yield made
    await made.stop()


async def until(counts: Counter[str], **wanted: int) -> None:
    """Wait until the fleet has counted so many."""
    async with asyncio.timeout(20):
        while any(counts[name] < number for name, number in wanted.items()):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)


async def ingrids(house: House, folder: Path) -> tuple[Home, Path]:
    """Ingrid's tablet with the key of the simulated ones."""
    key = read_or_make_key(folder)
    async with house.database.write() as session:
        await session.execute(
            update(Device).where(Device.id == house.device.id).values(public_key=key.public)
        )
    return Home(house.device.id, house.ingrid.id), folder


async def test_they_connect_and_stay(house: House, tmp_path: Path) -> None:
    """Each is welcomed by its own signature; when the server cuts their lines, all come back."""
    key = read_or_make_key(tmp_path)
    homes = await furnish(house.database, house.clock, key, 5)
    async with fleet(house.origin, homes, key, manner=Manner(), rate=100) as counts:
        await until(counts, connected=5)
        assert len(house.hub.tablets) == 5
        for socket in list(house.hub.tablets.values()):
            socket.drop()
        await until(counts, lost=5)
        await until(counts, connected=5)
    assert (counts["errors"], counts["refused"]) == (0, 0)


async def test_one_answers_and_hangs_up(house: House, tmp_path: Path) -> None:
    """A call to one is a call like any other, from ring to end."""
    one, folder = await ingrids(house, tmp_path)
    page = await house.page()
    manner = Manner("touch", after=0, talk=0.1)
    async with fleet(house.origin, [one], read_or_make_key(folder), manner=manner, rate=100) as counts:
        await until(counts, connected=1)
        calling = await page.ask("call", contact=house.contact_id, connection="w1")
        await page.hear("state", state="connecting")
        await page.say("media", call=calling["call"], state="flowing", first_ms=100)
        await page.hear("state", state="connected")
        assert (await page.hear("state", state="ended"))["cause"] == "hung_up"
    assert (await house.call(calling["call"])).state is CallState.ENDED
    assert (counts["rings"], counts["answered"]) == (1, 1)


@pytest.mark.parametrize(("answer", "cause"), [("not_now", "not_now"), ("never", "cancelled")])
async def test_manners(house: House, tmp_path: Path, answer: str, cause: str) -> None:
    """ "Inte nu" is said; one that never answers rings until the worker stops."""
    one, folder = await ingrids(house, tmp_path)
    page = await house.page()
    manner = Manner(answer, after=0)  # type: ignore[arg-type]
    async with fleet(house.origin, [one], read_or_make_key(folder), manner=manner, rate=100) as counts:
        await until(counts, connected=1)
        calling = await page.ask("call", contact=house.contact_id, connection="w1")
        await until(counts, rings=1)
        if answer == "never":
            await page.hear("state", state="ringing")
            await page.say("cancel", call=calling["call"])
        assert (await page.hear("state", state="ended"))["cause"] == cause


async def test_homes_are_made_once(house: House, tmp_path: Path) -> None:
    """The second time only what is missing is made; the key is for its owner alone."""
    key = read_or_make_key(tmp_path)
    first = await furnish(house.database, house.clock, key, 3)
    again = await furnish(house.database, house.clock, read_or_make_key(tmp_path), 5)
    assert again[:3] == first
    assert len({home.device_id for home in again}) == 5
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    async with house.database.read() as session:
        made = select(func.count()).select_from(Client).where(Client.first_name == "Simulerad")
        assert await session.scalar(made) == 5


async def test_never_among_real_people(house: House, tmp_path: Path) -> None:
    """A municipality that is no demo gets no simulated clients."""
    async with house.database.write() as session:
        await session.execute(update(Municipality).values(is_demo=False))
    with pytest.raises(Fault, match="demokommun") as said:
        await furnish(house.database, house.clock, read_or_make_key(tmp_path), 1)
    assert said.value.code == "simulate.not_demo"


def test_more_than_the_system_carries() -> None:
    """Too many sockets for one program are refused before anything is made."""
    with pytest.raises(Fault) as said:
        check_files(10**9)
    assert said.value.code == "simulate.files"


async def test_the_command(house: House, tmp_path: Path) -> None:
    """From the terminal: connected, counted, ended after so long; a wrong address is said at once."""
    tmp_path.chmod(0o700)  # noqa: ASYNC240 - at once
    command = [str(Path(sys.executable).with_name("samtid")), "tablets", "simulate", "--json"]
    env = {key: value for key, value in os.environ.items() if not key.startswith("SAMTID_")}

    async def ran(*more: str) -> tuple[int | None, list[dict[str, object]]]:
        process = await asyncio.create_subprocess_exec(
            *command, "--data", str(tmp_path), *more, stdout=asyncio.subprocess.PIPE, env=env
        )
        said, _ = await process.communicate()
        return process.returncode, [json.loads(line) for line in said.splitlines()]

    code, lines = await ran("--url", house.origin, "--count", "3", "--seconds", "0.2", "--rate", "100")
    assert code == 0
    assert (lines[0]["connected"], lines[1]["connected"], lines[1]["errors"]) == (3, 3, 0)
    code, lines = await ran("--url", "nowhere")
    assert code == 2
    assert lines[0]["code"] == "simulate.url"
