"""Everything that is written at a check-in comes in here, one deed at a time."""

from __future__ import annotations

from aiohttp import web

from care.access.rights import Action as Right
from care.checkin.names import clients_named
from care.errors import Fault, stale
from care.gatherings import Heading
from server.keys import CLOCK, DATABASE
from server.pages.follow_up.checkin import actions, attendance, notes
from server.pages.follow_up.checkin.gathering import LONGEST, find, tell
from server.pages.follow_up.checkin.page import Question, show
from server.pages.form import read_form
from server.pages.rendering import address_of, go_to
from server.security.gate import right

routes = web.RouteTableDef()


@routes.post("/avstamning/{id}", name="checkin_change")
@right(Right.CHECKIN_CHANGE)
async def change(request: web.Request) -> web.StreamResponse:
    """``do`` = note, remove_note, action, done, attendance, start or hold.

    A text that may name a client is asked about, and saved with ``sure``.
    """
    form = await read_form(request)
    clock = request.app[CLOCK]
    async with request.app[DATABASE].write() as session:
        gathering = await find(request, session, Right.CHECKIN_CHANGE)
        do = form.text("do")
        if do in {"note", "action"}:
            text = form.text("text", longest=LONGEST, needed=True)
            heading = form.one_of("heading", Heading) if do == "note" else None
            words = [] if form.flag("sure") else await clients_named(session, gathering.group_id, text)
            if words:
                question = Question(
                    form=heading.value if heading else "action",
                    text=text,
                    words=words,
                    owner=form.text("owner"),
                    due=form.text("due"),
                )
                return await show(request, session, gathering, question)
            if heading is not None:
                await notes.add(session, gathering, heading, text)
            else:
                await actions.add(session, gathering, text, form)
        elif do == "remove_note":
            await notes.remove(session, gathering, form)
        elif do == "done":
            await actions.turn(session, gathering, form, clock.now())
        elif do == "attendance":
            await attendance.save(session, gathering, set(form.ids("staff")))
        elif do == "start":
            gathering.started_at = clock.now()
        elif do == "hold":
            if gathering.held_at is not None:
                raise stale("avstämningen")
            gathering.held_at = clock.now()
        else:
            raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="do")
        await tell(request, session, gathering)
    return go_to(address_of(request, "checkin", id=gathering.id))
