"""Import in the browser: first a preview with everything that is wrong, then all of it, or the good lines.

The reading and writing is `server.exchange.importing`, the same as the command line's.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

from aiohttp import web

from care.access.rights import Action
from care.errors import Fault
from server.exchange.column_map import STANDARD
from server.exchange.importing import PREVIEW, Outcome, run_import
from server.exchange.intake.importer import source_of
from server.exchange.intake.reach import reach_of
from server.exchange.kind import FORMATS, Kind
from server.exchange.saved_maps import find_map, map_names
from server.keys import DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.exchange.exchanger import exchanger
from server.pages.exchange.upload import MEGABYTES, UPLOADS, Upload, receive
from server.pages.form import query, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow_own, note_refusal, right

routes = web.RouteTableDef()

KIND_WORDS = {
    Kind.SERVICES: N_("Insatser"),
    Kind.STAFF: N_("Personal"),
    Kind.CLIENTS: N_("Brukare"),
    Kind.SHIFTS: N_("Arbetspass"),
    Kind.CONTACTS: N_("Planerade kontakter"),
    Kind.PERFORMED: N_("Utförda kontakter"),
}
#: Problems and differences on the page; the file of bad lines has them all.
SHOWN = 100
#: Of a personal number the page shows the birth date alone.
_NUMBER = "personnummer"


@routes.get("/import", name="imports")
@right(Action.IMPORT_RUN)
async def page(request: web.Request) -> web.StreamResponse:
    """Choose kind, map and file; ``?slag=`` chooses the kind."""
    text = query(request).text("slag")
    kind = Kind(text) if text in set(Kind) else Kind.CONTACTS
    return await _show(request, kind)


@routes.post("/import/granska", name="import_preview")
@right(Action.IMPORT_RUN)
async def preview(request: web.Request) -> web.StreamResponse:
    """Step one: read the file and say what would happen. Nothing is written."""
    kind = Kind.CONTACTS
    try:
        upload, form = await receive(request, _account(request))
        try:
            kind = form.one_of("kind", Kind)
            upload.kind = kind
            upload.map_name = form.text("map") or STANDARD
            upload.source = source_of(form.text("source"), upload.map_name)
            outcome = await _run(request, upload, dry_run=True)
        except BaseException:
            request.app[UPLOADS].forget(upload)
            raise
    except Fault as fault:
        if fault.status in (403, 404):
            raise
        return await _show(request, kind, fault=fault)
    if outcome.unreadable:
        request.app[UPLOADS].forget(upload)
    return await _show(request, kind, upload=upload, outcome=outcome)


@routes.post("/import/las-in", name="import_apply")
@right(Action.IMPORT_RUN)
async def apply(request: web.Request) -> web.StreamResponse:
    """Step two: ``do`` = all, good (the lines that can be taken) or forget."""
    form = await read_form(request)
    uploads, upload = request.app[UPLOADS], None
    try:
        upload = uploads.find(form.text("token"), actor(request).account_id)
        if form.text("do") == "forget":
            uploads.forget(upload)
            return go_to(address_of(request, "imports"))
        if not upload.path.exists():
            raise Fault("import.done", "Filen är redan inläst.", status=409, place="file")
        outcome = await _run(request, upload, dry_run=False, skip_bad=form.text("do") == "good")
    except Fault as fault:
        if fault.status in (403, 404):
            raise
        return await _show(request, upload.kind if upload else Kind.CONTACTS, fault=fault)
    if outcome.applied:
        upload.remove()
    return await _show(request, upload.kind, upload=upload, outcome=outcome)


@routes.get("/import/fel/{token}", name="import_errors")
@right(Action.IMPORT_RUN)
async def bad_lines(request: web.Request) -> web.StreamResponse:
    """The bad lines with their reasons, to mend and import again. Only for whoever sent the file."""
    upload = request.app[UPLOADS].find(request.match_info["token"], actor(request).account_id)
    if not upload.errors.exists():
        raise Fault("import.gone", "Filen ligger inte kvar här. Välj den igen och granska den på nytt.",
                    status=409, place="file")  # fmt: skip
    return web.Response(
        body=upload.errors.read_bytes(),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{upload.kind.value}-fel.csv"'},
    )


def _account(request: web.Request) -> UUID:
    account_id = actor(request).account_id
    if account_id is None:
        raise Fault("right.missing", "Din roll får inte göra det här.", status=403, place="import.run")
    return account_id


async def _run(request: web.Request, upload: Upload, *, dry_run: bool, skip_bad: bool = False) -> Outcome:
    """Read the file in; the bad lines are written beside it."""
    app = request.app
    async with app[DATABASE].read() as session:
        relation = await allow_own(
            request, session, Action.IMPORT_RUN, thing=f"import:{upload.kind.value}", purpose="import"
        )
        column_map = await find_map(session, upload.map_name, upload.kind)
    importer = exchanger(request, source=upload.source, relation=relation, purpose="import", where="import")
    if not importer.reach.takes(upload.kind):
        note_refusal(request, Action.IMPORT_RUN, f"import:{upload.kind.value}")
    data = await asyncio.to_thread(upload.path.read_bytes)
    outcome = await run_import(
        app[DATABASE], upload.kind, data, upload.name, importer,
        column_map=column_map, dry_run=dry_run, skip_bad=skip_bad,
    )  # fmt: skip
    for client_id, group_id in outcome.denied:
        note_refusal(
            request, Action.IMPORT_RUN, f"import:{upload.kind.value}", client_id=client_id, group_id=group_id
        )
    raw = await asyncio.to_thread(outcome.error_file)
    if raw is not None:
        upload.errors.touch(mode=0o600)
        await asyncio.to_thread(upload.errors.write_bytes, raw)
    return outcome


async def _show(
    request: web.Request,
    kind: Kind,
    *,
    upload: Upload | None = None,
    outcome: Outcome | None = None,
    fault: Fault | None = None,
) -> web.StreamResponse:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    async with request.app[DATABASE].read() as session:
        maps = {one: list(await map_names(session, one)) for one in Kind}
    reach = reach_of(actor(request))
    status = fault.status if fault else 422 if outcome and outcome.errors and not outcome.applied else 200
    return render(
        request,
        "import.html",
        status=status,
        kind=kind,
        kinds=[(one, say(word)) for one, word in KIND_WORDS.items() if reach.takes(one)],
        maps=sorted({name for names in maps.values() for name in names} - {STANDARD}),
        columns={one: [column.name for column in FORMATS[one].standard] for one in Kind},
        required={one: {column.name for column in FORMATS[one].columns if column.required} for one in Kind},
        upload=upload,
        outcome=outcome,
        error=fault.say(say) if fault else None,
        most=MEGABYTES,
        preview_rows=_masked(outcome.preview) if outcome else [],
        preview_most=PREVIEW,
        errors=[(one, one.say(say)) for one in outcome.errors[:SHOWN]] if outcome else [],
        warnings=[(one, one.say(say)) for one in outcome.warnings[:SHOWN]] if outcome else [],
        differences=[(one, outcome.said(one, say)) for one in outcome.differences[:SHOWN]] if outcome else [],
        bad_count=len({one.line for one in outcome.errors}) if outcome else 0,
        has_error_file=upload is not None and upload.errors.exists(),
    )


def _masked(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without the last four of personal numbers."""
    return [{**row, _NUMBER: f"{row[_NUMBER][:-4]}••••"} if row.get(_NUMBER) else row for row in rows]
