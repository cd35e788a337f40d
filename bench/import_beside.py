"""An import of 50,000 contacts beside a server that people are working with.

A municipality of its own is made from files: services, clients, staff. Then ``samtid import contacts`` runs
in one process while in another a server answers a client that saves something every 100 ms (its language:
one row, one transaction, through the whole program). How long the import takes, and how long the longest
of those writes had to wait, beside the same client while nothing is imported.

    python -m bench.import_beside [--rows 50000] [--blocks 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import tempfile
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bench.machine import facts, load
from bench.medians import median, table
from bench.served import SAMTID, environment, served, signed_in

EVERY = 0.1
GROUPS = ("Norr", "Söder", "Öster")
#: kod, namn, lag, minuter, måltyp, digital_klass, prioritet
SERVICES = """kod;namn;lag;minuter;måltyp;digital_klass;prioritet
PV-MOR;Morgonhjälp;SoL;20;personal_care;hands_required;P1
TI-DAG;Tillsyn dag;SoL;15;wellbeing_check;digital_possible;P2
"""
BUDGET_TOTAL, BUDGET_WAIT = 60, 2


@dataclass
class Writer:
    """Somebody who saves something every 100 ms; the seconds that each answer took."""

    session: aiohttp.ClientSession
    seconds: list[float] = field(default_factory=list)

    async def work(self) -> None:
        """Until cancelled. A late answer delays the next one: nobody presses twice."""
        language = "en"
        while True:
            began = time.perf_counter()
            async with self.session.post(
                "/sprak", data={"language": language}, allow_redirects=False
            ) as answer:
                await answer.read()
                if answer.status >= 400:
                    raise SystemExit(f"a write was refused: {answer.status}")
            took = time.perf_counter() - began
            self.seconds.append(took)
            language = "sv" if language == "en" else "en"
            await asyncio.sleep(max(0.0, EVERY - took))


async def samtid(data: Path, *words: str, typed: str = "") -> dict[str, Any]:
    """Run a command to its end; its JSON."""
    process = await asyncio.create_subprocess_exec(
        SAMTID, *words, "--data", data, "--json", stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment()
    )
    out, err = await process.communicate(typed.encode())
    if process.returncode:
        raise SystemExit(f"samtid {words[0]} failed: {(out + err).decode()[:2000]}")
    said: dict[str, Any] = json.loads(out)
    return said


async def founded(data: Path, clients: int, staff: int) -> str:
    """A municipality with people, from files, and an administrator; the password."""
    password = secrets.token_urlsafe(18)
    await samtid(data, "migrate")
    await samtid(
        data, "create-admin", "admin", "--municipality", "Provkommun", "--password-stdin",
        typed=password + "\n",
    )  # fmt: skip
    people = ["extern_id;förnamn;efternamn;personnummer;grupp;samtycke_video"]
    people += [f"b{n};Förnamn;Prov{n};;{GROUPS[n % len(GROUPS)]};ja" for n in range(clients)]
    workers = ["extern_id;förnamn;efternamn;titel;grupp;delegering;video;språk"]
    workers += [
        f"p{n};Förnamn;Prov{n};Undersköterska;{GROUPS[n % len(GROUPS)]};ja;ja;sv" for n in range(staff)
    ]
    for kind, text in (
        ("services", SERVICES),
        ("clients", "\n".join(people)),
        ("staff", "\n".join(workers)),
    ):
        file = data / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        await samtid(data, "import", kind, str(file))
    return password


def contacts(file: Path, rows: int, clients: int, staff: int, block: int) -> None:
    """`rows` contacts from tomorrow on, for everybody in turn; each block has ids of its own."""
    lines = [
        "extern_id;brukare_id;datum;start;minuter;fönster_från;fönster_till;kanal;insatser;personal_id;personal_id_2"
    ]
    first = date.today() + timedelta(days=1)  # noqa: DTZ011 - the server's own day, on this machine
    for n in range(rows):
        client, turn = n % clients, n // clients
        hour, code, channel = (8, "PV-MOR", "besök") if turn % 2 == 0 else (14, "TI-DAG", "video")
        day = first + timedelta(days=turn // 2)
        worker = client % len(GROUPS) + len(GROUPS) * (n % (staff // len(GROUPS)))
        start, window = f"{hour:02}.{n % 60:02}", f"{hour - 1:02}.00;{hour + 2:02}.00"
        lines.append(f"k{block}-{n};b{client};{day};{start};15;{window};{channel};{code};p{worker};")
    file.write_text("\n".join(lines), encoding="utf-8")


async def run(rows: int, blocks: int, clients: int = 1500, staff: int = 150) -> None:
    """Blocks in turn: nothing imported, then `rows` imported; a fresh file each time."""
    print(f"An import of {rows} contacts beside a live server\n\n{facts()}\n", flush=True)
    idle: list[float] = []
    beside: list[float] = []
    longest: list[tuple[float, float]] = []
    totals: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        password = await founded(data, clients, staff)
        async with served(data) as told:
            for block in range(blocks):
                file = data / "contacts.csv"
                contacts(file, rows, clients, staff, block)
                # Each block beside people who have just signed in: sessions end.
                session = await signed_in(told["url"], "admin", password)
                async with session:
                    quiet = await _watched(session, asyncio.sleep(10))
                    done: list[dict[str, Any]] = []
                    busy = await _watched(session, _import(data, file, done, totals))
                if done[0]["imported"] != rows:
                    raise SystemExit(f"not everything was imported: {str(done[0])[:500]}")
                idle += quiet
                beside += busy
                longest.append((max(quiet), max(busy)))
                print(
                    f"block {block + 1}: {totals[-1]:.1f} s; longest write {1000 * max(busy):.0f} ms"
                    f" (nothing imported: {1000 * max(quiet):.0f} ms)",
                    flush=True,
                )
    head = ("", "nothing imported", "beside the import", "budget")
    lines = (
        ("a write, median, ms", median([1000 * t for t in idle]).text(".1f"),
         median([1000 * t for t in beside]).text(".1f"), ""),
        ("longest write, ms", f"{1000 * max(q for q, _ in longest):.0f}",
         f"{1000 * max(b for _, b in longest):.0f}", f"< {1000 * BUDGET_WAIT}"),
        ("writes", str(len(idle)), str(len(beside)), ""),
        ("the whole import, median, s", "", median(totals).text(".1f"), f"< {BUDGET_TOTAL}"),
    )  # fmt: skip
    print(f"\n{table(head, lines)}\n\n{blocks} blocks in turn. Load after: {load()}")


async def _watched(session: aiohttp.ClientSession, meanwhile: Any) -> list[float]:
    """The seconds of every write while `meanwhile` goes on."""
    writer = Writer(session)
    task = asyncio.create_task(writer.work())
    await meanwhile
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    if isinstance(results[0], SystemExit):
        raise results[0]
    return writer.seconds


async def _import(data: Path, file: Path, done: list[dict[str, Any]], totals: list[float]) -> None:
    """The import, its answer and its seconds."""
    began = time.perf_counter()
    done.append(await samtid(data, "import", "contacts", str(file)))
    totals.append(time.perf_counter() - began)
    # What the server does about it afterwards belongs to it.
    await asyncio.sleep(5)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--blocks", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(run(options.rows, options.blocks))


if __name__ == "__main__":
    main()
