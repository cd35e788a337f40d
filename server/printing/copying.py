"""The emergency copy: today and tomorrow as plain pages on disk, readable in a browser without the server.

Every folder is for its owner alone (0700) and every file too (0600); days that are over are removed. What is
on it is what "Skriv ut dagen" prints, and nothing that tells where a protected identity lives.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

from aiohttp import web
from sqlalchemy import select

from care.municipality import Group
from care.sorting import swedish
from server.background import ended
from server.keys import CLOCK, CONFIGURATION, DATABASE, FRAME, RENDERER
from server.language import DEFAULT
from server.printing.sheets import read_sheets

log = logging.getLogger("samtid.printing")

DAYS_AHEAD = 1
#: Seconds from the start of the server to the first copy: it has other things to do first.
FIRST_AFTER = 60.0


async def write_copy(app: web.Application) -> Path:
    """Write the pages of today and tomorrow, each day as a whole, and remove days that are over.

    Raises `OSError` when the folder cannot be written; the copy that stands is then left as it is.
    """
    folder = app[CONFIGURATION].emergency_path
    await asyncio.to_thread(_own, folder)
    today = app[CLOCK].today()
    async with app[DATABASE].read() as session:
        found = await session.scalars(select(Group).where(Group.is_night_patrol.is_(False)))
        groups = sorted(found, key=lambda one: swedish(one.name))
    days = [today + timedelta(days=more) for more in range(DAYS_AHEAD + 1)]
    for day in days:
        pages = {
            f"grupp-{number}.html": await _page(app, group, day) for number, group in enumerate(groups, 1)
        }
        await asyncio.to_thread(_write_day, folder, day, pages)
    index = app[RENDERER].alone(
        DEFAULT, "emergency_index.html", days=days, groups=[one.name for one in groups],
        now=app[CLOCK].now(), municipality=app[FRAME].name,
    )  # fmt: skip
    await asyncio.to_thread(_finish, folder, index, today)
    return folder


async def _page(app: web.Application, group: Group, day: date) -> str:
    async with app[DATABASE].read() as session:
        found = await read_sheets(session, group.id, day, app[CLOCK], DEFAULT)
    return app[RENDERER].alone(
        DEFAULT, "emergency_copy.html", sheets=found, day=day, group=group, now=app[CLOCK].now(),
        municipality=app[FRAME].name,
    )  # fmt: skip


def _own(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write_day(folder: Path, day: date, pages: dict[str, str]) -> None:
    """The whole day at once: nobody reads half of it, and a full disk leaves the old one."""
    fresh = Path(tempfile.mkdtemp(prefix=".", dir=folder))
    try:
        for name, text in pages.items():
            _write(fresh / name, text)
        target = folder / day.isoformat()
        old = fresh.with_name(f"{fresh.name}-old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _finish(folder: Path, index: str, today: date) -> None:
    fresh = folder / ".index.html"
    _write(fresh, index)
    fresh.replace(folder / "index.html")
    for path in folder.iterdir():
        if path.is_dir() and _is_over(path.name, today):
            shutil.rmtree(path, ignore_errors=True)


def _is_over(name: str, today: date) -> bool:
    # What a stopped server left half written is over too.
    return name.startswith(".") or (len(name) == 10 and name < today.isoformat())


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


async def _keep_writing(app: web.Application, minutes: int) -> None:
    await asyncio.sleep(FIRST_AFTER)
    while True:
        try:
            await write_copy(app)
        except Exception:
            log.exception("the emergency copy could not be written")
        await asyncio.sleep(minutes * 60)


async def _copying(app: web.Application) -> AsyncIterator[None]:
    minutes = app[CONFIGURATION].emergency_minutes
    task = asyncio.create_task(_keep_writing(app, minutes), name="emergency copy") if minutes else None
    yield
    await ended(task)


def setup(app: web.Application) -> None:
    app.cleanup_ctx.append(_copying)
