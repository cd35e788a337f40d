"""One check-in as a page: the room, the clock, three headings, actions, attendance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action as Right
from care.checkin.week import week_days, week_name
from care.gatherings import Gathering
from care.staff import Staff
from server.keys import CLOCK, DATABASE, LANGUAGE, ROOMS
from server.language import translations
from server.pages.follow_up.checkin import actions, notes
from server.pages.follow_up.checkin.gathering import HEADINGS, LONGEST, attended, expected, find, title
from server.pages.rendering import render
from server.rooms.checkin_door import is_of_team, leads
from server.security.actor import actor
from server.security.gate import right

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Question:
    """A text that was not saved yet, because it may name a client."""

    #: ``action`` or a heading: which form it stands in.
    form: str
    text: str
    #: The words that look like names.
    words: list[str]
    owner: str = ""
    due: str = ""


@routes.get("/avstamning/{id}", name="checkin")
@right(Right.CHECKIN_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """One check-in. An open page asks for it again when something has changed."""
    async with request.app[DATABASE].read() as session:
        return await show(request, session, await find(request, session, Right.CHECKIN_READ))


@routes.get("/avstamning/{id}/anteckningar", name="checkin_minutes")
@right(Right.CHECKIN_READ)
async def minutes(request: web.Request) -> web.StreamResponse:
    """The minutes, to read and print: no form, no room."""
    async with request.app[DATABASE].read() as session:
        gathering = await find(request, session, Right.CHECKIN_READ)
        return render(request, "checkin_minutes.html", **await _facts(request, session, gathering))


async def show(
    request: web.Request, session: AsyncSession, gathering: Gathering, question: Question | None = None
) -> web.Response:
    """The page; with a `question` about a text that may name a client, which is not saved then (422)."""
    who = actor(request)
    staff = await session.get(Staff, who.staff_id) if who.staff_id else None
    return render(
        request,
        "checkin.html",
        status=422 if question is not None else 200,
        question=question,
        may_change=leads(who, gathering),
        may_join=is_of_team(who, staff, gathering),
        inside=[person.name for person in request.app[ROOMS].people(gathering.id)],
        longest=LONGEST,
        **await _facts(request, session, gathering),
    )


async def _facts(request: web.Request, session: AsyncSession, gathering: Gathering) -> dict[str, Any]:
    words = translations(request[LANGUAGE])
    written = await notes.all_of(session, gathering)
    promised = await actions.all_of(session, gathering)
    first, last = week_days(gathering.week or week_name(request.app[CLOCK].today()))
    return {
        "gathering": gathering,
        "name": await title(session, gathering),
        "first": first,
        "last": last,
        "parts": [
            (heading.value, words.gettext(name), [note for note in written if note.heading is heading])
            for heading, name in HEADINGS.items()
        ],
        "actions": promised,
        "names": await actions.names(session, promised),
        "colleagues": await expected(session, gathering),
        "attended": await attended(session, gathering),
    }
