""" "Skriv ut dagen": the day on paper, a page each, for when nothing else works (domain 2.3)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from aiohttp import web

from care.access.rights import Action
from care.errors import not_found
from care.municipality import Group
from server.keys import CLOCK, DATABASE, FRAME, LANGUAGE
from server.language import translations
from server.pages.assets import ASSETS
from server.pages.form import query
from server.pages.own_groups import own_groups
from server.pages.plan.plan import chosen_day, chosen_group
from server.pages.rendering import render
from server.printing.pdf import Paper, day_as_pdf
from server.printing.sheets import DaySheets, read_sheets
from server.security.gate import allow, note_list, right

routes = web.RouteTableDef()


class Sheets(StrEnum):
    """What is printed: a page for each worker, a page for each client, or numbers to ring."""

    WORKERS = "personal"
    CLIENTS = "brukare"
    CALLS = "ring"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for, read and allowed."""

    what: Sheets
    day: date
    group: Group
    groups: list[Group]
    sheets: DaySheets


@routes.get("/utskrift", name="print_day")
@right(Action.PRINT_DAY)
async def page(request: web.Request) -> web.StreamResponse:
    """``?dag=&grupp=&vad=personal|brukare|ring``, of one group at a time."""
    asked = await _asked(request)
    what, found = asked.what, asked.sheets
    return render(
        request,
        "printing.html",
        what=what.value,
        day=asked.day,
        group=asked.group,
        groups=asked.groups,
        municipality_name=request.app[FRAME].name,
        sheets=found.workers if what is Sheets.WORKERS else [],
        homes=found.homes if what is not Sheets.WORKERS else [],
        staff=found.staff if what is Sheets.CALLS else [],
    )


@routes.get("/utskrift.pdf", name="print_day_pdf")
@right(Action.PRINT_DAY)
async def as_pdf(request: web.Request) -> web.StreamResponse:
    """The same as one PDF, a page each; nobody's name stands in that of the file."""
    asked = await _asked(request)
    language = request.get(LANGUAGE, "sv")
    paper = Paper(
        asked.sheets, asked.what.value, asked.day, asked.group.name, request.app[FRAME].name,
        request.app[CLOCK].now(), request.app[CLOCK].zone, language, translations(language).gettext,
    )  # fmt: skip
    # A long day takes a second: others are not to wait for it.
    body = await asyncio.to_thread(day_as_pdf, paper, request.app[ASSETS].files)
    name = f"dagen-{asked.day.isoformat()}-{asked.what.value}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=body, content_type="application/pdf", headers=headers)


async def _asked(request: web.Request) -> _Asked:
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    asked = query(request)
    what = asked.one_of("vad", Sheets, Sheets.WORKERS)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.PRINT_DAY)
        day = chosen_day(asked, clock.today())
        group_id = await chosen_group(request, session, asked, groups, Action.PRINT_DAY)
        group_id = group_id or (groups[0].id if groups else None)
        group = next((one for one in groups if one.id == group_id), None)
        if group is None:
            raise not_found("grupp")
        await allow(request, session, Action.PRINT_DAY, group=group.id, thing="print", purpose="paper")
        found = await read_sheets(session, group.id, day, clock, language)
    note_list(request, Action.PRINT_DAY, found.clients)
    return _Asked(what, day, group, groups, found)
