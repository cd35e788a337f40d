"""Column maps: which heading of another system means which of ours, edited and saved under a name."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from care.access.rights import Action
from care.errors import Fault
from server.exchange.column_map import STANDARD, ColumnMap
from server.exchange.kind import FORMATS, Kind
from server.exchange.saved_maps import find_map, map_names, save_map
from server.keys import DATABASE, LANGUAGE
from server.language import translations
from server.pages.exchange.imports import KIND_WORDS
from server.pages.form import Form, query, read_form
from server.pages.rendering import address_of, go_to, render
from server.security.gate import allow_own, right

routes = web.RouteTableDef()

#: Empty lines at the end of each table of the form.
_SPARE = 4
_LONGEST_LIST = 4000


@routes.get("/import/kartor", name="import_maps")
@right(Action.IMPORT_RUN)
async def page(request: web.Request) -> web.StreamResponse:
    """``?slag=&karta=``: the map as it is, to be changed."""
    asked = query(request)
    kind = asked.one_of("slag", Kind, Kind.CONTACTS)
    name = asked.text("karta") or STANDARD
    async with request.app[DATABASE].read() as session:
        column_map = await find_map(session, name, kind)
    return await _show(request, kind, name, column_map, is_saved=asked.flag("sparad"))


@routes.post("/import/kartor", name="import_map_save")
@right(Action.IMPORT_RUN)
async def save(request: web.Request) -> web.StreamResponse:
    """Save under the name that was written, in place of what had it."""
    form = await read_form(request)
    kind, name = form.one_of("kind", Kind), form.text("name")
    column_map = _read(form)
    try:
        async with request.app[DATABASE].write() as session:
            await allow_own(
                request, session, Action.IMPORT_RUN, thing=f"column_map:{kind.value}", purpose="import"
            )
            await save_map(session, name, kind, column_map)
    except Fault as fault:
        if fault.status != 422:
            raise
        return await _show(request, kind, name, column_map, fault=fault)
    return go_to(
        str(
            request.app.router["import_maps"]
            .url_for()
            .with_query(slag=kind.value, karta=name.strip(), sparad=1)
        )
    )


def _read(form: Form) -> ColumnMap:
    """The map of the form: lines without a heading or a word are left out."""
    headings = {
        theirs: ours for theirs, ours in zip(form.texts("theirs"), form.texts("ours"), strict=False) if theirs
    }
    ignored = [
        line.strip() for line in form.text("ignored", longest=_LONGEST_LIST).splitlines() if line.strip()
    ]
    values: dict[str, dict[str, str]] = {}
    for field, word, means in zip(
        form.texts("value_field"), form.texts("value_theirs"), form.texts("value_ours"), strict=False
    ):
        if field and word and means:
            values.setdefault(field, {})[word] = means
    return ColumnMap(headings=headings, ignored=ignored, values=values)


async def _show(
    request: web.Request,
    kind: Kind,
    name: str,
    column_map: ColumnMap,
    *,
    fault: Fault | None = None,
    is_saved: bool = False,
) -> web.StreamResponse:
    say = translations(request.get(LANGUAGE, "sv")).gettext
    async with request.app[DATABASE].read() as session:
        names = await map_names(session, kind)
    return render(
        request,
        "import_maps.html",
        status=fault.status if fault else 200,
        kind=kind,
        kinds=[(one, say(word)) for one, word in KIND_WORDS.items()],
        name=name,
        names=names,
        standard=STANDARD,
        fields=[column.name for column in FORMATS[kind].columns],
        headings=[*column_map.headings.items(), *_empty(2)],
        ignored="\n".join(column_map.ignored),
        values=[*_flat(column_map), *_empty(3)],
        error=fault.say(say) if fault else None,
        is_saved=is_saved,
        back=f"{address_of(request, 'imports')}?slag={kind.value}",
    )


def _empty(width: int) -> Iterable[tuple[str, ...]]:
    return [("",) * width] * _SPARE


def _flat(column_map: ColumnMap) -> list[tuple[str, str, str]]:
    return [
        (field, theirs, ours) for field, words in column_map.values.items() for theirs, ours in words.items()
    ]
