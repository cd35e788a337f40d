"""The monthly sample of the log: the manager looks at each line and writes what was found, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from aiohttp import web
from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.finding import LONGEST, Finding
from care.access.log import AccessLog
from care.access.rights import Action
from care.access.sample import LogSample, sample_of, settle
from care.accounts import display_names
from care.contacts.contact import Assignment, PlannedContact
from care.errors import Fault, not_found
from care.ids import read_id
from care.localtime import to_wall
from care.municipality import Group
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import translations
from server.pages.access_log.lines import LogLine, in_words
from server.pages.access_log.review import REVIEW, own_group
from server.pages.access_log.span import Span
from server.pages.form import Form, query, read_form
from server.pages.own_groups import own_groups
from server.pages.rendering import address_of, go_to, render
from server.security.actor import actor
from server.security.gate import allow, right

routes = web.RouteTableDef()


@routes.get("/logg/stickprov", name="log_sample")
@right(Action.LOG_REVIEW)
async def page(request: web.Request) -> web.StreamResponse:
    """``?grupp=&manad=2026-11``; the oldest that is not done when no month is chosen."""
    asked = query(request)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.LOG_REVIEW)
        group = await own_group(request, session, asked, groups, Action.LOG_REVIEW)
    return await _show(request, group, asked.text("manad"))


@routes.post("/logg/stickprov/{id}", name="log_sample_settle")
@right(Action.LOG_REVIEW)
async def settle_one(request: web.Request) -> web.StreamResponse:
    """``finding`` and ``note`` of one line."""
    form, key = await read_form(request), read_id(request.match_info["id"])
    async with request.app[DATABASE].read() as session:
        sample = await session.get(LogSample, key) if key is not None else None
        if sample is None:
            raise not_found("rad")
        await allow(
            request, session, Action.LOG_REVIEW, group=sample.group_id, thing=f"sample:{sample.id}",
            purpose=REVIEW,
        )  # fmt: skip
        group = await session.get_one(Group, sample.group_id)
    try:
        async with request.app[DATABASE].write() as session:
            found = await session.get_one(LogSample, sample.id, with_for_update=True)
            await settle(
                session,
                found,
                form.one_of("finding", Finding),
                form.text("note", longest=LONGEST),
                request.app[CLOCK].now(),
                actor(request).account_id,
            )
    except Fault as fault:
        if fault.status not in (409, 422):
            raise
        return await _show(request, group, sample.month, sample.id, form, fault)
    address = f"{address_of(request, 'log_sample')}?grupp={group.id}&manad={sample.month}"
    return go_to(f"{address}#rad-{sample.number}")


async def _show(  # noqa: PLR0917
    request: web.Request,
    group: Group,
    month: str,
    at: UUID | None = None,
    form: Form | None = None,
    fault: Fault | None = None,
) -> web.StreamResponse:
    language = request.get(LANGUAGE, "sv")
    say = translations(language).gettext
    async with request.app[DATABASE].read() as session:
        await allow(request, session, Action.LOG_REVIEW, group=group.id, thing="sample", purpose=REVIEW)
        months = await _months(session, group.id)
        if month not in months:
            if month:
                raise not_found("månad")
            month = next((one for one, left in reversed(months.items()) if left), next(iter(months), ""))
        samples = await sample_of(session, group.id, month)
        entries = list(
            await session.scalars(
                select(AccessLog).where(AccessLog.id.in_([one.entry_id for one in samples]))
            )
        )
        words = await in_words(request, session, entries)
        lines = {entry.id: line for entry, line in zip(entries, words, strict=True)}
        visits = await _visits(request, session, lines)
        judges = await display_names(session, [one.checked_by_id for one in samples])
        groups = await own_groups(request, session, Action.LOG_REVIEW)
    return render(
        request,
        "log_sample.html",
        status=fault.status if fault else 200,
        group=group,
        groups=groups,
        month=month,
        months=[(one, _month_text(one, language), left) for one, left in months.items()],
        month_text=_month_text(month, language) if month else "",
        rows=[(one, lines.get(one.entry_id), visits.get(one.entry_id)) for one in samples],
        left=sum(one.finding is None for one in samples),
        judges=judges,
        me=actor(request).account_id,
        at=at,
        note=form.text("note", longest=10_000)[:LONGEST] if form else "",
        error=fault.say(say) if fault else None,
        longest=LONGEST,
    )


def _month_text(month: str, language: str) -> str:
    """November 2026."""
    text: str = format_date(date.fromisoformat(f"{month}-01"), "LLLL yyyy", locale=language)
    return text[:1].upper() + text[1:]


async def _months(session: AsyncSession, group_id: UUID) -> dict[str, int]:
    """The months that have a sample, the newest first, and how many lines of each are left to judge."""
    found: dict[str, int] = {}
    rows = await session.execute(
        select(LogSample.month, LogSample.finding)
        .where(LogSample.group_id == group_id)
        .order_by(LogSample.month.desc())
    )
    for month, finding in rows:
        found[month] = found.get(month, 0) + (finding is None)
    return found


async def _visits(
    request: web.Request, session: AsyncSession, lines: Mapping[UUID, LogLine]
) -> dict[UUID, list[datetime]]:
    """Entry → when the one who opened had visits or calls there that day; none where it cannot be known."""
    known = {key: one for key, one in lines.items() if one.staff_id is not None and one.client_id is not None}
    if not known:
        return {}
    zone = request.app[CLOCK].zone
    days = {key: to_wall(one.at, zone).date() for key, one in known.items()}
    begins, ends = Span(min(days.values()), max(days.values())).instants(zone)
    rows = await session.execute(
        select(Assignment.staff_id, PlannedContact.client_id, PlannedContact.start)
        .join(Assignment, Assignment.contact_id == PlannedContact.id)
        .where(
            Assignment.staff_id.in_({one.staff_id for one in known.values()}),
            PlannedContact.client_id.in_({one.client_id for one in known.values()}),
            PlannedContact.start >= begins,
            PlannedContact.start < ends,
        )
        .order_by(PlannedContact.start)
    )
    found: dict[tuple[UUID | None, UUID | None, date], list[datetime]] = {}
    for staff_id, client_id, start in rows:
        found.setdefault((staff_id, client_id, to_wall(start, zone).date()), []).append(start)
    return {key: found.get((one.staff_id, one.client_id, days[key]), []) for key, one in known.items()}
