""" "Felrapporter": what people have reported when the system did not work, and what came of it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from aiohttp import web
from sqlalchemy import select

from care.access.rights import Action
from care.accounts import Account
from care.errors import Fault
from care.ids import read_id
from server.keys import CLOCK, CONFIGURATION, DATABASE, LANGUAGE
from server.language import translations
from server.operations.fault_reports import KEPT, Report, handle, reports
from server.pages.form import Form, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()
NOTE = 500
SHOWN = 200


@routes.get("/felrapporter", name="fault_reports")
@right(Action.FAULT_REPORT_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """Those that wait first, the latest first."""
    return await _show(request)


@routes.post("/felrapporter", name="fault_report_handle")
@right(Action.FAULT_REPORT_READ)
async def close(request: web.Request) -> web.StreamResponse:
    """``report`` has been seen to: ``note`` says what came of it."""
    form, app = await read_form(request), request.app
    async with app[DATABASE].read() as session:
        await allow(request, session, Action.FAULT_REPORT_READ, thing="fault_report")
    try:
        report, note = form.text("report", needed=True), form.text("note", longest=NOTE, needed=True)
        who = str(actor(request).account_id)
        await asyncio.to_thread(handle, app[CONFIGURATION].data, report, who, note, app[CLOCK].now())
    except Fault as fault:
        if fault.status not in (404, 409, 422):
            raise
        return await _show(request, form, fault)
    return go_to(address_of(request, "fault_reports"))


async def _show(
    request: web.Request, form: Form | None = None, fault: Fault | None = None
) -> web.StreamResponse:
    app = request.app
    found = await asyncio.to_thread(reports, app[CONFIGURATION].data)
    async with app[DATABASE].read() as session:
        await allow(request, session, Action.FAULT_REPORT_READ, thing="fault_reports")
        people = (
            await session.execute(
                select(Account.id, Account.display_name).where(Account.id.in_(_accounts(found)))
            )
        ).all()
    waiting = [one for one in found if one.handled is None]
    return render(
        request,
        "fault_reports.html",
        status=fault.status if fault else 200,
        error=fault.say(translations(request[LANGUAGE]).gettext) if fault else None,
        at=form.text("report", longest=10_000) if form else "",
        written=form.text("note", longest=100_000) if form else "",
        waiting=waiting[:SHOWN],
        more=max(0, len(waiting) - SHOWN),
        handled=[one for one in found if one.handled is not None][:SHOWN],
        names={str(row[0]): row[1] for row in people},
        kept=KEPT.days,
        longest=NOTE,
    )


def _accounts(found: list[Report]) -> set[UUID]:
    keys = (read_id(one.handled.account) for one in found if one.handled is not None)
    return {key for key in keys if key is not None}
