"""The emergency copy: today and tomorrow on disk, readable without the server, as pages and as paper.

The pages are written anew all day; the paper (PDF, a sheet for each worker and client) once a night, as it
takes seconds a group. What is on it is what "Skriv ut dagen" prints, and nothing that tells where a protected
identity lives. Every writing stands in the access log. Where and how it lies: `copy_folder`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from aiohttp import web
from sqlalchemy import select

from care.access.log import by_server
from care.access.rights import Action
from care.municipality import Group
from care.sorting import swedish
from server.background import ended
from server.keys import CLOCK, CONFIGURATION, DATABASE, FRAME, RENDERER
from server.language import DEFAULT, translations
from server.pages.assets import ASSETS
from server.printing import copy_folder
from server.printing.pdf import Paper, day_as_pdf
from server.printing.sheets import read_sheets

log = logging.getLogger("samtid.printing")

DAYS_AHEAD = 1
#: Seconds from the start of the server to the first copy: it has other things to do first.
FIRST_AFTER = 60.0
#: What is printed of each group, see `Paper`.
_SHEETS = ("personal", "brukare", "ring")


async def write_copy(app: web.Application) -> Path:
    """Write the pages of today and tomorrow, once a day also the paper, and remove what is over.

    Raises `OSError` when the folder cannot be written; the copy that stands is then left as it is.
    """
    configuration = app[CONFIGURATION]
    folder, key = configuration.emergency_path, configuration.emergency_recipient
    await asyncio.to_thread(copy_folder.own, folder)
    today = app[CLOCK].today()
    days = [today + timedelta(days=more) for more in range(DAYS_AHEAD + 1)]
    groups = await _groups(app)
    await _note(app, groups, "emergency_copy:pages")
    pages = {day: await _pages(app, groups, day) for day in days}
    index = app[RENDERER].alone(
        DEFAULT, "emergency_index.html", days=days, groups=[one.name for one in groups],
        now=app[CLOCK].now(), municipality=app[FRAME].name,
        paper="" if key else f"{copy_folder.PAPER}{today.isoformat()}/{copy_folder.INDEX}",
    )  # fmt: skip
    await asyncio.to_thread(copy_folder.put_pages, folder, index, pages, key)
    try:
        if not await asyncio.to_thread(copy_folder.has_paper, folder, today, key):
            await _note(app, groups, "emergency_copy:paper")
            files = await _paper(app, groups, days)
            await asyncio.to_thread(copy_folder.put_paper, folder, today, files, key)
    finally:
        # What may not lie there any longer goes also when the paper fails.
        await asyncio.to_thread(copy_folder.clear, folder, today, is_sealed=bool(key))
    return folder


async def _groups(app: web.Application) -> list[Group]:
    async with app[DATABASE].read() as session:
        found = await session.scalars(select(Group).where(Group.is_night_patrol.is_(False)))
        return sorted(found, key=lambda one: swedish(one.name))


async def _note(app: web.Application, groups: Sequence[Group], thing: str) -> None:
    """A line for each group, before anything lies on the disk."""
    now = app[CLOCK].now()
    async with app[DATABASE].write() as session:
        for group in groups:
            session.add(by_server(now, Action.PRINT_DAY, thing, purpose="emergency_copy", group_id=group.id))


async def _pages(app: web.Application, groups: Sequence[Group], day: date) -> dict[str, bytes]:
    return {
        f"grupp-{number}.html": (await _page(app, group, day)).encode()
        for number, group in enumerate(groups, 1)
    }


async def _page(app: web.Application, group: Group, day: date) -> str:
    async with app[DATABASE].read() as session:
        found = await read_sheets(session, group.id, day, app[CLOCK], DEFAULT)
    return app[RENDERER].alone(
        DEFAULT, "emergency_copy.html", sheets=found, day=day, group=group, now=app[CLOCK].now(),
        municipality=app[FRAME].name,
    )  # fmt: skip


async def _paper(app: web.Application, groups: Sequence[Group], days: Sequence[date]) -> dict[str, bytes]:
    """A PDF of each kind for each group and day, drawn beside the event loop; a page leads to them."""
    clock, say = app[CLOCK], translations(DEFAULT).gettext
    files: dict[str, bytes] = {}
    for day in days:
        for number, group in enumerate(groups, 1):
            async with app[DATABASE].read() as session:
                sheets = await read_sheets(session, group.id, day, clock, DEFAULT)
            for what in _SHEETS:
                paper = Paper(
                    sheets, what, day, group.name, app[FRAME].name, clock.now(), clock.zone, DEFAULT, say
                )
                name = f"{day.isoformat()}-grupp-{number}-{what}.pdf"
                files[name] = await asyncio.to_thread(day_as_pdf, paper, app[ASSETS].files)
    index = app[RENDERER].alone(
        DEFAULT, "emergency_paper.html", days=days, groups=[one.name for one in groups], now=clock.now(),
        municipality=app[FRAME].name,
    )  # fmt: skip
    return {copy_folder.INDEX: index.encode(), **files}


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
