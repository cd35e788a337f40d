"""One's own wish to be reached while the phone is closed: to which number, and for what.

The page exists where a way out is set up (`server.alerts`). A number counts when the code that was sent there
has been given back: nobody can have somebody else's phone ring.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.alerts import AlertKind, AlertWish, read_phone
from care.errors import Fault, not_found
from care.ids import new_id
from server.alerts import words
from server.alerts.sender import Sender
from server.keys import CLOCK, DATABASE, LANGUAGE, SENDER, THROTTLE
from server.language import N_, translations
from server.pages.form import read_form
from server.pages.rendering import go_to, render
from server.security.actor import actor
from server.security.gate import open_to_all
from server.security.throttle import OWN_MESSAGES

routes = web.RouteTableDef()
_WHY = "shows and changes nothing but the caller's own wish for messages, and asks for sign-in"
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 5
#: What one can be told of, as the page says it.
KINDS = {
    AlertKind.DUE: N_("Ett samtal eller besök börjar snart och jag har inte öppnat Min dag"),
    AlertKind.RED: N_("Något som inte har blivit av är mitt att ta hand om"),
    AlertKind.TASK: N_("Jag har fått en uppgift som brådskar"),
    AlertKind.HAND_OVER: N_("En kollega lämnar över till mig"),
}


@routes.get("/konto/besked", name="own_alerts")
@open_to_all(_WHY)
async def own_alerts(request: web.Request) -> web.StreamResponse:
    """Number, kinds, and what is left to do."""
    _reached(request)
    return await _page(request)


@routes.post("/konto/besked", name="own_alerts_save")
@open_to_all(_WHY)
async def save(request: web.Request) -> web.StreamResponse:
    """Keep the choice; a number that is new gets a code."""
    (sender, staff_id), form, now = _reached(request), await read_form(request), request.app[CLOCK].now()
    say, code = _say(request), None
    try:
        phone = read_phone(form.text("phone", longest=40, needed=True))
        kinds: list[str] = [kind.value for kind in AlertKind if kind.value in form.texts("kinds")]
        if not kinds:
            raise Fault("alert.no_kind", "Välj minst en sak att få besked om.", place="kinds")
        async with request.app[DATABASE].read() as session:
            known = await _wish(session, staff_id)
        is_new = known is None or known.phone != phone or known.verified_at is None
        if is_new:
            await request.app[THROTTLE].spend(OWN_MESSAGES, str(staff_id))
            code = f"{secrets.randbelow(10**6):06}"
        async with request.app[DATABASE].write() as session:
            wish = await _wish(session, staff_id)
            if wish is None:
                wish = AlertWish(id=new_id(), staff_id=staff_id, phone=phone)
                session.add(wish)
            wish.phone, wish.kinds = phone, kinds
            if code is not None:
                wish.verified_at, wish.code_tries = None, 0
                wish.code_hash, wish.code_until = _digest(staff_id, code), now + CODE_LASTS
        if code is not None:
            await sender.send_now("code", phone, say(words.CODE) % {"code": code})
    except Fault as fault:
        return await _page(request, fault=fault, typed=form.text("phone", longest=10_000)[:40])
    return go_to("/konto/besked")


@routes.post("/konto/besked/kod", name="own_alerts_code")
@open_to_all(_WHY)
async def give_code(request: web.Request) -> web.StreamResponse:
    """The number is the caller's when the code is right."""
    (_, staff_id), form, now = _reached(request), await read_form(request), request.app[CLOCK].now()
    code = "".join(letter for letter in form.text("code", longest=1000) if letter.isdigit())
    async with request.app[DATABASE].write() as session:
        wish = await _wish(session, staff_id, lock=True)
        if wish is not None and wish.code_hash is not None:
            is_right = (
                wish.code_until is not None
                and now < wish.code_until
                and wish.code_tries < CODE_TRIES
                and secrets.compare_digest(wish.code_hash, _digest(staff_id, code))
            )
            wish.code_tries += 1
            if is_right:
                wish.verified_at, wish.code_hash, wish.code_until = now, None, None
    if wish is None or wish.verified_at is None:
        fault = Fault(
            "alert.code",
            "Koden stämmer inte, eller gäller inte längre. Spara numret för en ny.",
            place="code",
        )
        return await _page(request, fault=fault)
    return go_to("/konto/besked")


@routes.post("/konto/besked/prov", name="own_alerts_test")
@open_to_all(_WHY)
async def try_it(request: web.Request) -> web.StreamResponse:
    """A message at once, to one's own number."""
    sender, staff_id = _reached(request)
    async with request.app[DATABASE].read() as session:
        wish = await _wish(session, staff_id)
    if wish is None or wish.verified_at is None:
        raise not_found("nummer")
    say = _say(request)
    try:
        await request.app[THROTTLE].spend(OWN_MESSAGES, str(staff_id))
        await sender.send_now("test", wish.phone, say(words.TEST))
    except Fault as fault:
        return await _page(request, fault=fault)
    return await _page(request, said=say("Provet är skickat. Det ska komma inom någon minut."))


@routes.post("/konto/besked/av", name="own_alerts_end")
@open_to_all(_WHY)
async def end(request: web.Request) -> web.StreamResponse:
    """No messages any more; the number is forgotten."""
    _, staff_id = _reached(request)
    async with request.app[DATABASE].write() as session:
        await session.execute(delete(AlertWish).where(AlertWish.staff_id == staff_id))
    return go_to("/konto/besked")


def is_offered(request: web.Request) -> bool:
    """Whether there is such a page for the caller."""
    return SENDER in request.app and actor(request).staff_id is not None


def _reached(request: web.Request) -> tuple[Sender, UUID]:
    staff_id = actor(request).staff_id
    if SENDER not in request.app or staff_id is None:
        raise not_found("sida")
    return request.app[SENDER], staff_id


async def _wish(session: AsyncSession, staff_id: UUID, *, lock: bool = False) -> AlertWish | None:
    """With `lock` one request at a time has it: tries at once are counted each."""
    asked = select(AlertWish).where(AlertWish.staff_id == staff_id)
    found: AlertWish | None = await session.scalar(asked.with_for_update() if lock else asked)
    return found


def _digest(staff_id: UUID, code: str) -> str:
    return hashlib.sha256(staff_id.bytes + code.encode()).hexdigest()


def _say(request: web.Request) -> Callable[[str], str]:
    return translations(request.get(LANGUAGE, "sv")).gettext


def _waits(wish: AlertWish | None, now: datetime) -> bool:
    return (
        wish is not None
        and wish.verified_at is None
        and wish.code_until is not None
        and now < wish.code_until
    )


async def _page(
    request: web.Request, *, fault: Fault | None = None, said: str = "", typed: str | None = None
) -> web.Response:
    _, staff_id = _reached(request)
    async with request.app[DATABASE].read() as session:
        wish = await _wish(session, staff_id)
    say = _say(request)
    chosen = set(wish.kinds) if wish is not None else set(KINDS)
    return render(
        request,
        "own_alerts.html",
        status=fault.status if fault else 200,
        wish=wish,
        is_waiting=_waits(wish, request.app[CLOCK].now()),
        phone=typed if typed is not None else wish.phone if wish else "",
        kinds=[(kind.value, say(text), kind in chosen) for kind, text in KINDS.items()],
        errors={fault.place or "phone": fault.say(say)} if fault else {},
        messages=[{"kind": "good", "text": said}] if said else [],
    )
