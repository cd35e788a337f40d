"""What every command stands on: settings, database, clock, words, and how an end is told.

@click.command()
@grounded
async def command(ground: Ground) -> None:
    async with ground.database() as database: ...
    ground.give({"answer": 42}, "Svaret är 42.")
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from care.clock import SystemClock, clock_from_environment
from care.errors import Fault
from care.storage.database import Database
from care.storage.migrations import current, head
from server.configuration import Configuration, read_configuration
from server.language import translations

_LOOSE = 0o077


def language(environment: Mapping[str, str] | None = None) -> str:
    """The language of the terminal: English where it says so, else Swedish."""
    env = os.environ if environment is None else environment
    said = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "en" if said.lower().startswith("en") else "sv"


@dataclass
class Ground:
    """Given to every command."""

    data: Path | None
    as_json: bool
    clock: SystemClock = field(default_factory=clock_from_environment)
    #: Filled in by commands that take settings as options.
    given: dict[str, Any] = field(default_factory=dict)
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    errors: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))

    @functools.cached_property
    def configuration(self) -> Configuration:
        return read_configuration(self.data, **self.given)

    def say(self, sentence: str, **values: Any) -> str:
        """The sentence in the language of the terminal."""
        text = translations(language()).gettext(sentence)
        return text % values if values else text

    def tell(self, sentence: str, **values: Any) -> None:
        """Something on the way, for people only; nothing with ``--json``."""
        if not self.as_json:
            self.console.print(self.say(sentence, **values), markup=False)

    def give(self, value: Any, shown: Any = None) -> None:
        """The answer: `value` as JSON with ``--json``, else `shown` (text or something rich can print)."""
        if self.as_json:
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
        elif isinstance(shown, str):
            self.console.print(shown, markup=False)
        elif shown is not None:
            self.console.print(shown)

    @asynccontextmanager
    async def database(self, *, any_version: bool = False) -> AsyncIterator[Database]:
        """The database, with the tables of this version.

        Raises `Fault` ``database.missing`` or ``database.old`` when it has to be made or migrated first.
        """
        url = self.configuration.database_url
        if not any_version:
            await check_version(self.configuration)
        database = Database(url)
        try:
            yield database
        finally:
            await database.close()


async def check_version(configuration: Configuration) -> None:
    """Raises `Fault` ``database.missing`` or ``database.old`` unless the tables are this version's."""
    missing = Fault(
        "database.missing",
        "Det finns ingen databas än. Kör ”samtid migrate” först, eller peka ut rätt mapp med --data.",
        place="database",
    )
    if not configuration.database and not (configuration.data / "samtid.sqlite3").is_file():
        raise missing
    found = await current(configuration.database_url)
    if found is None:
        raise missing
    if found != head():
        raise Fault(
            "database.old",
            "Databasen hör till en annan version av programmet (%(found)s). Kör ”samtid migrate” först.",
            place="database",
            values={"found": found},
        )


def open_folder(folder: Path) -> None:
    """Make the data folder, or see that nobody else may look into it.

    Raises `Fault` ``data.open`` when it holds something that others can read, ``data.unwritable`` when it
    cannot be made.
    """
    os.umask(_LOOSE)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_loose = folder.stat().st_mode & _LOOSE
        if is_loose and not any(folder.iterdir()):
            folder.chmod(0o700)
            is_loose = 0
    except OSError as error:
        raise Fault(
            "data.unwritable",
            "Mappen %(folder)s går inte att använda: %(why)s.",
            place="data",
            values={"folder": str(folder), "why": error.strerror or "?"},
        ) from None
    if is_loose:
        raise Fault(
            "data.open",
            "Mappen %(folder)s kan läsas av andra. Kör ”chmod 700 %(folder)s” och försök igen.",
            place="data",
            values={"folder": str(folder)},
        )


Work = Callable[..., Any]


def grounded(work: Work) -> Work:
    """Add ``--data`` and ``--json``, give the command its `Ground`, and tell every `Fault` in words."""

    @click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="SAMTID_DATA",
        help="Folder with database, keys and settings (SAMTID_DATA; default .samtid).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @functools.wraps(work)
    def command(data: Path | None, as_json: bool, **options: Any) -> None:
        try:
            ground = Ground(data, as_json)
            result = work(ground, **options)
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except Fault as fault:
            end(fault, as_json)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            # The reader (head, less) has seen enough.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
            sys.exit(0)
        except Exception as error:  # noqa: BLE001 - the last place where it can be said in words
            if os.environ.get("SAMTID_DEBUG"):
                traceback.print_exc()
            end(_unexpected(error), as_json)

    return command


def _unexpected(error: Exception) -> Fault:
    if isinstance(error, DBAPIError):
        return Fault(
            "database.failed",
            "Databasen svarade med ett fel (%(kind)s). Inget är ändrat. Sätt SAMTID_DEBUG=1 för att se mer.",
            status=500,
            values={"kind": type(error.orig).__name__},
        )
    return Fault(
        "unexpected.command",
        "Något gick fel (%(kind)s). Sätt SAMTID_DEBUG=1 för att se mer.",
        status=500,
        values={"kind": type(error).__name__},
    )


def end(fault: Fault, as_json: bool) -> None:
    """Tell the fault and leave: 2 for bad input, 1 for what failed."""
    say = translations(language()).gettext
    if as_json:
        click.echo(json.dumps(fault.as_dict(say), ensure_ascii=False))
    else:
        place = f"{fault.place}: " if fault.place else ""
        click.echo(f"samtid: {place}{fault.say(say)}", err=True)
    sys.exit(fault.exit_code)
