""" "Vem har läst om mig": the client's own list of readers, to show or to print and hand over (L6).

By day, name, role and unit, in words for the client. Taking it out on paper is logged with what for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog
from care.access.rights import Action, Relation
from care.clients import Client
from care.errors import Fault
from care.localtime import to_wall
from server.keys import CLOCK, DATABASE, FRAME, LANGUAGE
from server.language import N_, translations
from server.pages.access_log.lines import people
from server.pages.access_log.span import Span, read_span
from server.pages.access_log.words import (
    DONE_ABOUT_YOU,
    OTHERWISE_ABOUT_YOU,
    OTHERWISE_WHY,
    WHY_ABOUT_YOU,
    roles_text,
)
from server.pages.client.changing import find_client
from server.pages.form import query, read_form
from server.pages.rendering import render
from server.security.gate import allow, right

routes = web.RouteTableDef()
#: Shown when no days are chosen.
USUAL = timedelta(days=90)
#: Logs are kept for five years.
LONGEST_SPAN = timedelta(days=5 * 366)


class Purpose(StrEnum):
    """What the paper is for."""

    CLIENT = "client"
    REPRESENTATIVE = "representative"
    INQUIRY = "inquiry"


PURPOSE_WORDS = {
    Purpose.CLIENT: N_("Lämnas till brukaren"),
    Purpose.REPRESENTATIVE: N_("Lämnas till den som företräder brukaren"),
    Purpose.INQUIRY: N_("En utredning eller ett klagomål"),
}


@dataclass(slots=True)
class Reader:
    """What one person did with the client's data on one day."""

    key: str
    name: str
    role: str
    unit: str
    what: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


@routes.get("/brukare/{id}/vem-har-last", name="client_readers")
@right(Action.LOG_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """On the screen. ``?fran=&till=``"""
    asked, today = query(request), request.app[CLOCK].today()
    fault = None
    try:
        span = read_span(asked, today, usual=USUAL, longest=LONGEST_SPAN)
    except Fault as found:
        fault, span = found, Span(today - USUAL, today)
    return await _show(request, span, "own_log", fault=fault)


@routes.post("/brukare/{id}/vem-har-last", name="client_readers_print")
@right(Action.LOG_READ)
async def printed(request: web.Request) -> web.StreamResponse:
    """The sheet to print: ``fran``, ``till``, ``purpose``, and ``utan`` for each whose name is left out."""
    form = await read_form(request)
    span = read_span(form, request.app[CLOCK].today(), usual=USUAL, longest=LONGEST_SPAN)
    purpose = form.one_of("purpose", Purpose)
    return await _show(request, span, f"own_log:{purpose.value}", without=set(form.texts("utan")))


async def _show(
    request: web.Request,
    span: Span,
    purpose: str,
    *,
    without: Collection[str] = (),
    fault: Fault | None = None,
) -> web.StreamResponse:
    say, clock = translations(request.get(LANGUAGE, "sv")).gettext, request.app[CLOCK]
    is_paper = purpose != "own_log"
    async with request.app[DATABASE].read() as session:
        client = await find_client(session, request)
        thing = "readers:print" if is_paper else "readers"
        await allow(request, session, Action.LOG_READ, client=client, thing=thing, purpose=purpose)
        days = await _readers(session, client, span, clock.zone, say, without)
    readers = {one.key: one for _, found in days for one in found}
    return render(
        request,
        "client_readers.html",
        status=fault.status if fault else 200,
        client=client,
        span=span,
        days=days,
        readers=sorted(readers.values(), key=lambda one: one.name),
        is_paper=is_paper,
        municipality_name=request.app[FRAME].name,
        purposes=[(one.value, say(word)) for one, word in PURPOSE_WORDS.items()],
        error=fault.say(say) if fault else None,
    )


async def _readers(  # noqa: PLR0917
    session: AsyncSession,
    client: Client,
    span: Span,
    zone: ZoneInfo,
    say: Any,
    without: Collection[str],
) -> list[tuple[date, list[Reader]]]:
    """The newest day first; each reader of a day once. What was refused showed nobody anything."""
    begins, ends = span.instants(zone)
    rows: Sequence[Any] = (
        await session.execute(
            select(AccessLog.at, AccessLog.account_id, AccessLog.role, AccessLog.relation, AccessLog.action)
            .where(
                AccessLog.client_id == client.id,
                AccessLog.allowed.is_(True),
                AccessLog.device_id.is_(None),
                AccessLog.at >= begins,
                AccessLog.at < ends,
            )
            .order_by(AccessLog.seq.desc())
        )
    ).all()
    who = await people(session, {row.account_id for row in rows})
    days: dict[date, dict[UUID | None, Reader]] = {}
    for row in rows:
        found = days.setdefault(to_wall(row.at, zone).date(), {})
        one = found.get(row.account_id)
        if one is None:
            known = who.get(row.account_id) if row.account_id is not None else None
            key = str(row.account_id or "")
            name = known.name if known else say("Den som sköter systemet")
            if key in without:
                name = say("En medarbetare")
            one = found[row.account_id] = Reader(
                key, name, roles_text(row.role, say) if known else "", known.unit if known else ""
            )
        _once(one.what, say(DONE_ABOUT_YOU.get(row.action, OTHERWISE_ABOUT_YOU)))
        if known_why := _why(row):
            _once(one.why, say(known_why))
    return [(day, list(reversed(found.values()))) for day, found in days.items()]


def _why(row: Any) -> str:
    if row.account_id is None:
        return N_("Ser till att systemet fungerar")
    if row.action == Action.CLIENT_OPEN_EMERGENCY:
        return WHY_ABOUT_YOU[Relation.EMERGENCY.value]
    if row.action == Action.LOG_READ and row.relation == Relation.OWN_GROUP:
        return N_("Ansvarar för att ingen läser i onödan")
    return WHY_ABOUT_YOU.get(row.relation, OTHERWISE_WHY)


def _once(words: list[str], word: str) -> None:
    if word not in words:
        words.append(word)
