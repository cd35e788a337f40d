"""The access log for the unit manager: who has opened whose data, with filters (L6).

Whoever looks is logged too. Nobody's name stands in an address: people are chosen by name and sent as ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiDict
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import LISTED, AccessLog
from care.access.rights import Action, Relation
from care.accounts import Account
from care.clients import Client
from care.errors import Fault, not_found
from care.municipality import Group
from care.sorting import swedish
from care.staff import Staff
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.language import N_, translations
from server.pages.access_log.lines import in_words
from server.pages.access_log.span import Span, read_span
from server.pages.form import Form, query
from server.pages.own_groups import own_groups
from server.pages.rendering import render
from server.security.gate import EMERGENCY, allow, note_list, other_group, right

routes = web.RouteTableDef()
#: Lines on a page; days that are shown when none are chosen, and that may be asked for at once.
MOST = 50
DAYS = 7
LONGEST_SPAN = timedelta(days=400)
REVIEW = "log_review"
_FURTHEST = 2**53


class Kind(StrEnum):
    """The kind of opening."""

    OPENED = "oppnat"
    READ = "last"
    CHANGED = "andrat"
    TAKEN_OUT = "ut"
    LISTED = "lista"
    ALL = "allt"


class Only(StrEnum):
    ANY = "allt"
    EMERGENCY = "nodoppning"
    REFUSED = "nekat"


KIND_WORDS = {
    Kind.OPENED: N_("Allt utom listor"),
    Kind.READ: N_("Läste"),
    Kind.CHANGED: N_("Ändrade eller utförde"),
    Kind.TAKEN_OUT: N_("Skrev ut eller hämtade som fil"),
    Kind.LISTED: N_("Såg i en lista"),
    Kind.ALL: N_("Allt, också listor"),
}
ONLY_WORDS = {
    Only.ANY: N_("Allt"),
    Only.EMERGENCY: N_("Bara nödöppningar"),
    Only.REFUSED: N_("Bara nekade försök"),
}
_READING = (
    Action.CLIENT_READ, Action.CONTACT_READ, Action.SOL_LINE_READ, Action.HSL_LINE_READ, Action.PLAN_READ,
    Action.PROPOSAL_READ, Action.TASK_READ, Action.DEVICE_READ, Action.LOG_READ, Action.CHECKIN_READ,
    Action.MEASURES_READ, Action.CLIENT_OPEN_EMERGENCY,
)  # fmt: skip
_TAKING_OUT = (Action.EXPORT_RUN, Action.PRINT_DAY)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the address asks for."""

    span: Span
    kind: Kind
    only: Only
    account: UUID | None
    client: UUID | None
    #: Lines before this one: the next page.
    before: int | None


@routes.get("/logg", name="log_review")
@right(Action.LOG_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """``?grupp=&brukare=&konto=&fran=&till=&slag=&bara=&fore=``"""
    asked, clock = query(request), request.app[CLOCK]
    say = translations(request.get(LANGUAGE, "sv")).gettext
    fault = None
    try:
        chosen = _chosen(asked, clock.today())
    except Fault as wrong:
        fault = wrong
        chosen = _chosen(Form(MultiDict[str]()), clock.today())
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.LOG_READ)
        group = await own_group(request, session, asked, groups, Action.LOG_READ)
        await allow(request, session, Action.LOG_READ, group=group.id, thing="log", purpose=REVIEW)
        if chosen.client is not None:
            client = await session.get(Client, chosen.client)
            if client is None:
                raise not_found("person")
            await allow(request, session, Action.LOG_READ, client=client, thing="log", purpose=REVIEW)
        found = list(
            await session.scalars(
                select(AccessLog)
                .where(*_where(group.id, chosen, clock.zone))
                .order_by(AccessLog.seq.desc())
                .limit(MOST + 1)
            )
        )
        lines = await in_words(request, session, found[:MOST])
        clients = await _clients(session, group.id)
        workers = await _workers(session, group.id)
    note_list(
        request,
        Action.LOG_READ,
        sorted({(one.client_id, one.group_id) for one in lines if one.client_id and one.group_id}),
    )
    return render(
        request,
        "log_review.html",
        status=fault.status if fault else 200,
        group=group,
        groups=groups,
        chosen=chosen,
        clients=clients,
        workers=workers,
        kinds=[(one.value, say(word)) for one, word in KIND_WORDS.items()],
        onlys=[(one.value, say(word)) for one, word in ONLY_WORDS.items()],
        lines=lines,
        older=_older(request, found[MOST - 1].seq) if len(found) > MOST else None,
        newest=_older(request, None) if chosen.before is not None else None,
        error=fault.say(say) if fault else None,
        place=fault.place if fault else None,
    )


async def own_group(
    request: web.Request, session: AsyncSession, asked: Form, groups: list[Group], action: Action
) -> Group:
    """The chosen group, or the first of one's own. Raises `Fault` ``not_found``; another's is logged."""
    key = asked.id("grupp", needed=False)
    found = next((one for one in groups if key in (None, one.id)), None)
    if found is None:
        raise (await other_group(request, session, action, key) if key else not_found("grupp"))
    return found


def _chosen(asked: Form, today: date) -> Chosen:
    """Raises `Fault` as `read_span`, or ``form.…``."""
    return Chosen(
        read_span(asked, today, usual=timedelta(days=DAYS - 1), longest=LONGEST_SPAN),
        asked.one_of("slag", Kind, Kind.OPENED),
        asked.one_of("bara", Only, Only.ANY),
        asked.id("konto", needed=False),
        asked.id("brukare", needed=False),
        asked.number("fore", least=1, most=_FURTHEST) if asked.text("fore") else None,
    )


def _where(group_id: UUID, chosen: Chosen, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """Of the group: what was about its clients, and what its own people were refused that reached nobody."""
    own = select(Account.id).join(Staff, Staff.id == Account.staff_id).where(Staff.group_id == group_id)
    tried = and_(AccessLog.group_id.is_(None), AccessLog.allowed.is_(False), AccessLog.account_id.in_(own))
    begins, ends = chosen.span.instants(zone)
    found = [
        or_(AccessLog.group_id == group_id, tried),
        AccessLog.at >= begins,
        AccessLog.at < ends,
    ]
    match chosen.kind:
        case Kind.OPENED:
            found.append(AccessLog.thing != LISTED)
        case Kind.LISTED:
            found.append(AccessLog.thing == LISTED)
        case Kind.READ:
            found += [AccessLog.thing != LISTED, AccessLog.action.in_(_READING)]
        case Kind.TAKEN_OUT:
            found.append(AccessLog.action.in_(_TAKING_OUT) | AccessLog.purpose.startswith("own_log:"))
        case Kind.CHANGED:
            found += [AccessLog.thing != LISTED, AccessLog.action.not_in((*_READING, *_TAKING_OUT))]
    if chosen.only is Only.EMERGENCY:
        found.append((AccessLog.relation == Relation.EMERGENCY) | (AccessLog.purpose == EMERGENCY))
    elif chosen.only is Only.REFUSED:
        found.append(AccessLog.allowed.is_(False))
    if chosen.account is not None:
        found.append(AccessLog.account_id == chosen.account)
    if chosen.client is not None:
        found.append(AccessLog.client_id == chosen.client)
    if chosen.before is not None:
        found.append(AccessLog.seq < chosen.before)
    return found


def _older(request: web.Request, seq: int | None) -> str:
    """The same choice, from that line on; from the newest when None."""
    rest = {key: value for key, value in request.query.items() if key != "fore" and value}
    if seq is not None:
        rest["fore"] = str(seq)
    return str(request.rel_url.with_query(rest))


async def _clients(session: AsyncSession, group_id: UUID) -> list[tuple[str, str]]:
    rows = await session.scalars(select(Client).where(Client.group_id == group_id, Client.first_name != ""))
    return [
        (str(one.id), one.full_name)
        for one in sorted(rows, key=lambda one: (swedish(one.full_name), str(one.id)))
    ]


async def _workers(session: AsyncSession, group_id: UUID) -> list[tuple[str, str]]:
    """Everybody who stands in the group's log, and its own people."""
    seen = select(AccessLog.account_id).where(AccessLog.group_id == group_id).distinct()
    own = select(Account.id).join(Staff, Staff.id == Account.staff_id).where(Staff.group_id == group_id)
    rows = await session.scalars(select(Account).where(Account.id.in_(seen) | Account.id.in_(own)))
    return [
        (str(one.id), one.display_name)
        for one in sorted(rows, key=lambda one: (swedish(one.display_name), str(one.id)))
    ]
