"""What a worker's phone takes along, so that Min dag can be read and written without cover.

A service worker of its own keeps one page without anything about people (``/min-dag/utan-tackning``) and the
program's files; it stands for ``/min-dag`` and ``/kontakt`` alone and never for the tablets' pages. The day
itself is taken along as JSON: own rows only, and of those that are over neither address nor door. The page
keeps it for twelve hours at most and erases it when somebody signs out or the server says that the sign-in
has been ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action, Relation
from care.accounts import SignIn
from care.carried import KEPT
from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import ContactLine
from care.contacts.life import Status
from care.delegation import barred_lines
from care.errors import not_found
from care.localtime import to_wall
from care.receipts import NOTE_LENGTH, valid_receipts
from care.services import Law
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import LANGUAGES, translations
from server.pages.assets import ASSETS, Assets
from server.pages.contact.receipt import RESULT_WORDS, goal_words
from server.pages.contact.row_words import CHANNEL_WORDS
from server.pages.day.list import DayList, read_day
from server.pages.day.my_day import DayRow, view_row
from server.pages.rendering import clock_text, render, short_day_text
from server.security import sessions
from server.security.actor import Actor, actor, signed_in
from server.security.gate import note_list, open_to_all, right

routes = web.RouteTableDef()

_WORKER = "day-worker.js"
#: What the page without cover is made of, besides the style sheets and letters of every page.
_FILES = ("day-offline.js", "carried.js", "page.js", "words.js", "css/my_day.css", "css/call-page.css")


@routes.get("/min-dag/utan-tackning", name="day_offline")
@open_to_all("the same empty page for everybody: what it shows is in the reader's own phone")
async def offline_page(request: web.Request) -> web.StreamResponse:
    """The page that the phone keeps."""
    say = translations(request.get(LANGUAGE, "sv")).gettext
    return render(
        request,
        "day_offline.html",
        nav=[],
        account=None,
        system_notice="",
        results=[(result.value, say(word)) for result, word in RESULT_WORDS.items()],
        note_length=NOTE_LENGTH,
    )


async def _worker(request: web.Request, scope: str) -> web.StreamResponse:
    assets = request.app[ASSETS]
    text = f"// {assets.version}\n" + assets.files[_WORKER].read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": scope}
    return web.Response(text=text, content_type="text/javascript", headers=headers)


@routes.get("/min-dag/worker.js", name="day_worker")
@open_to_all("the program's own file, the same for everybody")
async def day_worker(request: web.Request) -> web.StreamResponse:
    """The service worker of Min dag; its first line changes with every version."""
    return await _worker(request, "/min-dag")


@routes.get("/kontakt/worker.js", name="contact_worker")
@open_to_all("the program's own file, the same for everybody")
async def contact_worker(request: web.Request) -> web.StreamResponse:
    """The same for the cards: where it lies decides which pages it may stand for."""
    return await _worker(request, "/kontakt/")


@routes.get("/min-dag/filer.json", name="day_files")
@open_to_all("the program's own addresses, the same for everybody")
async def files(request: web.Request) -> web.StreamResponse:
    """Which files the phone keeps, and of which version."""
    assets = request.app[ASSETS]
    words = [f"/ord/{language}.json" for language in LANGUAGES if language != "sv"]
    body = {"version": assets.version, "files": [*words, *_kept(assets)]}
    return web.json_response(body, headers={"Cache-Control": "no-cache"})


def _kept(assets: Assets) -> list[str]:
    common = ("css/tokens.css", "css/fonts.css", "css/base.css", "css/page.css", "css/forms.css",
              "css/marks.css", "css/parts.css", "css/tables.css", "lib/icons.svg", "icons/samtid.svg",
              "lib/htmx/htmx.min.js")  # fmt: skip
    letters = [
        path for path in sorted(assets.files) if path.startswith("lib/fonts/") and path.endswith("woff2")
    ]
    return [assets.address(path) for path in (*_FILES, *common, *letters) if path in assets.files]


@routes.get("/min-dag/galler", name="day_standing")
@open_to_all("tells only whether the caller's own sign-in stands, was ended, or has run out")
async def standing(request: web.Request) -> web.StreamResponse:
    """Whether what the phone carries may stay: it goes when the sign-in was ended, not when it ran out."""
    who, token = signed_in(request), sessions.read_token(request)
    if who is not None:
        return web.json_response({"standing": "in", "account": str(who.account_id)})
    is_ended = False
    if token is not None:
        async with request.app[DATABASE].read() as session:
            is_ended = (
                await session.scalar(
                    select(SignIn.id).where(
                        SignIn.token_hash == sessions.digest(token), SignIn.revoked_at.is_not(None)
                    )
                )
            ) is not None
    return web.json_response({"standing": "ended" if is_ended else "out"})


@routes.get("/min-dag/med", name="day_carried")
@right(Action.OWN_DAY_READ)
async def carried_day(request: web.Request) -> web.StreamResponse:
    """The day as the phone takes it along."""
    who, clock = actor(request), request.app[CLOCK]
    if who.staff_id is None:
        raise not_found("sida")
    async with request.app[DATABASE].read() as session:
        day = await read_day(session, who.staff_id, clock)
        body = await _body(request, session, who, day)
    clients = [(one.id, one.group_id) for one in day.clients.values()]
    note_list(request, Action.OWN_DAY_READ, clients, Relation.ASSIGNED)
    return web.json_response(body)


async def _body(request: web.Request, session: AsyncSession, who: Actor, day: DayList) -> dict[str, Any]:
    clock, language = request.app[CLOCK], request.get(LANGUAGE, "sv")
    lines = await _lines(session, who, day, clock, language)
    rows = [
        _row(view_row(request, day, contact, who.staff_id), day, clock, language, lines.get(contact.id, []))
        for contact in day.contacts
        if who.staff_id is not None
    ]
    now = clock.now()
    return {
        "account": str(who.account_id),
        "zone": clock.zone.key,
        "day": short_day_text(day.span.day, language, clock.zone),
        "now": _milliseconds(now.timestamp()),
        "until": _milliseconds((now + KEPT).timestamp()),
        "read": clock_text(now, clock.zone),
        "rows": rows,
        "ask_pulse": not day.has_answered,
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _row(
    row: DayRow, day: DayList, clock: Clock, language: str, lines: list[dict[str, Any]]
) -> dict[str, Any]:
    say = translations(language).gettext
    contact, client = row.contact, day.clients[row.contact.client_id]
    found: dict[str, Any] = {
        "id": str(contact.id),
        "time": clock_text(row.start, clock.zone),
        "end": clock_text(contact.start + timedelta(minutes=contact.minutes), clock.zone),
        "channel": contact.channel.value,
        "channel_word": say(CHANNEL_WORDS[contact.channel]),
        "who": row.face.name,
        "what": row.what,
        "status": contact.status.value,
        "state": say(row.state.word) if row.state.word else "",
        "kind": row.state.kind,
        "notes": [*row.notes, *([row.next_call] if row.next_call else [])],
        "may_check": contact.channel is Channel.PHYSICAL
        and (row.registered_in is None or contact.status is Status.UNDERWAY),
        "elsewhere": say("Besöket registreras i %(system)s, inte här.") % {"system": row.registered_in}
        if row.registered_in and row.is_open
        else "",
        "is_open": row.is_open,
        "lines": lines,
    }
    if not row.is_open:
        return found
    found["important"] = row.important or ""
    found["is_choking"] = client.choking_risk
    if row.doorstep is not None:
        lock = say("Digitalt lås") if row.doorstep.has_digital_lock else say("Nyckel")
        found["address"] = row.doorstep.address or ""
        found["door"] = " · ".join(part for part in (lock, row.doorstep.door_note) if part)
        person = row.doorstep.person
        found["person"] = f"{person.name}, {person.relation}" if person else ""
        found["phone"] = person.phone if person else ""
    elif contact.channel is Channel.PHONE and not client.is_protected:
        found["phone"] = client.phone or ""
    return found


async def _lines(
    session: AsyncSession, who: Actor, day: DayList, clock: Clock, language: str
) -> dict[Any, list[dict[str, Any]]]:
    """What there is to receipt, a contact: a line with what stands, and whether another must receipt it."""
    goals = await goal_words(session, language)
    own: dict[Any, list[ContactLine]] = {one.id: list(one.lines) for one in day.contacts}
    standing = await valid_receipts(session, [line.id for lines in own.values() for line in lines])
    found = {}
    for contact in day.contacts:
        local = to_wall(contact.actual_start or contact.start, clock.zone).date()
        is_health_care = any(line.law is Law.HSL for line in own[contact.id])
        barred = await barred_lines(session, contact.id, who.staff_id, local) if is_health_care else ()
        found[contact.id] = [
            {
                "id": str(line.id),
                "service": line.service.name_in(language),
                "goal": goals.get(line.goal_type, line.goal_type),
                "is_health_care": line.law is Law.HSL,
                "is_barred": line.id in barred,
                "is_receipted": line.id in standing and standing[line.id].result in RESULT_WORDS,
            }
            for line in own[contact.id]
            if contact.status is not Status.DECLINED
        ]
    return found
