"""The call list: everybody to ring, with number and what to say, ticked one by one or many at once."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from care.access.rights import Action
from care.clients import Client
from care.errors import Fault
from care.tasks import TaskKind
from scheduler.resolving import fetch_task, finish_task
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.form import read_form
from server.pages.needs.tasks import OUTCOMES
from server.pages.needs.view import needs
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, nameless, note_list, right
from server.security.hand import hand

routes = web.RouteTableDef()
#: What is done by ringing a client.
RUNG = (TaskKind.CALL_REQUEST, TaskKind.TELL_CLIENT)
LONGEST = 500


@routes.get("/behover/ringlista", name="call_list")
@right(Action.TASK_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """The most urgent first, of the groups that one may see."""
    return await _show(request)


@routes.post("/behover/ringlista", name="call_list_save")
@right(Action.TASK_CLOSE)
async def save(request: web.Request) -> web.StreamResponse:
    """Close those that are ticked (``done``), each with its note (``note-<id>``); all of them or none."""
    form = await read_form(request)
    clock, by = request.app[CLOCK], hand(request)
    try:
        async with request.app[DATABASE].write() as session:
            for task_id in sorted(set(form.ids("done"))):
                task = await fetch_task(session, task_id)
                client = await session.get(Client, task.client_id) if task.client_id else None
                await allow(
                    request, session, Action.TASK_CLOSE, client=client, group=task.group_id,
                    thing=f"task:{task.id}",
                )  # fmt: skip
                if task.kind not in RUNG:
                    raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="done")
                note = form.text(f"note-{task.id}", longest=LONGEST) or None
                await finish_task(session, task, OUTCOMES[task.kind][0][0], clock=clock, hand=by, note=note)
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        return await _show(request, fault=fault)
    return go_to(address_of(request, "call_list"))


async def _show(request: web.Request, fault: Fault | None = None) -> web.StreamResponse:
    app, say = request.app, translations(request[LANGUAGE]).gettext
    async with app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.TASK_READ)
        _, tasks = await needs(
            session, [group.id for group in groups], app[CLOCK], request[LANGUAGE], say,
            nameless=partial(nameless, request, session),
        )  # fmt: skip
    rows = [one for one in tasks if one.kind in {kind.value for kind in RUNG}]
    shown = {(one.client.id, one.client.group_id) for one in rows if one.client and not one.is_nameless}
    note_list(request, Action.TASK_READ, sorted(shown))
    return render(
        request,
        "call_list.html",
        today=request.app[CLOCK].today(),
        status=fault.status if fault else 200,
        messages=[{"kind": "needs", "text": fault.say(say)}] if fault else [],
        rows=rows,
        names={group.id: group.name for group in groups},
        may_close=actor(request).may(Action.TASK_CLOSE),
        longest=LONGEST,
    )
