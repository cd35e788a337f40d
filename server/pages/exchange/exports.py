"""Export in the browser: the plan, people and measures as files, for a purpose that is written and logged."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action, Relation
from care.errors import Fault
from care.municipality import Group
from server.exchange.exporting import Export, FileFormat, export
from server.exchange.extract.wanted import Wanted
from server.exchange.intake.importer import OWN_FORMAT, Importer
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.exchange.exchanger import exchanger
from server.pages.form import Form, read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, other_group, right

routes = web.RouteTableDef()

LONGEST = timedelta(days=800)
WORDS = {
    Export.CONTACTS: N_("Planerade kontakter"),
    Export.CLIENTS: N_("Brukare"),
    Export.STAFF: N_("Personal"),
    Export.MEASURES: N_("De tre måtten"),
}
FORMAT_WORDS = {
    FileFormat.CSV: N_("CSV, kan läsas in igen"),
    FileFormat.XLSX: N_("Excel"),
    FileFormat.JSON: N_("JSON, för program"),
}
_TYPES = {
    FileFormat.CSV: "text/csv",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSON: "application/json",
}


@routes.get("/export", name="exports")
@right(Action.EXPORT_RUN)
async def page(request: web.Request) -> web.StreamResponse:
    """Choose what, days, form and purpose."""
    return await _show(request)


@routes.post("/export", name="export_run")
@right(Action.EXPORT_RUN)
async def run(request: web.Request) -> web.StreamResponse:
    """The file. Its name says what and which days, and nobody's name."""
    form = await read_form(request)
    try:
        what, file_format = form.one_of("what", Export), form.one_of("format", FileFormat)
        purpose = form.text("purpose", needed=True, longest=200)
        if len(purpose) < 4:
            raise Fault("export.purpose", "Skriv vad filen ska användas till.", place="purpose")
        first, last = _span(form, request.app[CLOCK].today())
    except Fault as fault:
        return await _show(request, form, fault)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.EXPORT_RUN)
        chosen = await _groups(request, session, form, groups)
        for group in sorted(chosen if chosen is not None else {one.id for one in groups}):
            await allow(
                request,
                session,
                Action.EXPORT_RUN,
                group=group,
                thing=f"export:{what.value}",
                purpose=purpose,
            )
    raw = await export(
        request.app[DATABASE], what, file_format, Wanted(first, last, chosen), _exporter(request, purpose)
    )
    days = f"{first}" if first == last else f"{first}--{last}"
    return web.Response(
        body=raw,
        content_type=_TYPES[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="samtid-{what.value}-{days}.{file_format.value}"'
        },
    )


def _exporter(request: web.Request, purpose: str) -> Importer:
    everywhere = actor(request).groups(Action.EXPORT_RUN) is None
    relation = Relation.EVERYWHERE if everywhere else Relation.OWN_GROUP
    return exchanger(request, source=OWN_FORMAT, relation=relation, purpose=purpose, where="export")


async def _groups(
    request: web.Request, session: AsyncSession, form: Form, groups: list[Group]
) -> frozenset[UUID] | None:
    """The chosen group, or all of one's own: None only for somebody who may everywhere."""
    chosen = form.id("group", needed=False)
    known = frozenset(group.id for group in groups)
    if chosen is None:
        return None if actor(request).groups(Action.EXPORT_RUN) is None else known
    if chosen not in known:
        raise await other_group(request, session, Action.EXPORT_RUN, chosen)
    return frozenset({chosen})


def _span(form: Form, today: date) -> tuple[date, date]:
    """The days, both included; today when none is given.

    Raises `Fault` ``export.span_order`` or ``date.bad``.
    """
    first = form.day("first", needed=False) or today
    last = form.day("last", needed=False) or first
    if not timedelta(0) <= last - first < LONGEST:
        raise Fault(
            "export.span_order",
            "Välj dagar i ordning, högst %(days)s dagar.",
            place="last",
            values={"days": LONGEST.days},
        )
    return first, last


async def _show(
    request: web.Request, form: Form | None = None, fault: Fault | None = None
) -> web.StreamResponse:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    today = request.app[CLOCK].today()
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.EXPORT_RUN)
    filled = {
        "what": Export.CONTACTS.value, "format": FileFormat.CSV.value, "group": "", "purpose": "",
        "first": today.isoformat(), "last": today.isoformat(),
    }  # fmt: skip
    if form is not None:
        filled |= {name: form.text(name, longest=1000) for name in filled if name in form}
    return render(
        request,
        "export.html",
        status=fault.status if fault else 200,
        whats=[(one.value, say(word)) for one, word in WORDS.items()],
        formats=[(one.value, say(word)) for one, word in FORMAT_WORDS.items()],
        groups=groups,
        filled=filled,
        error=fault.say(say) if fault else None,
        error_place=fault.place if fault else None,
    )
