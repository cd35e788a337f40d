"""The list of clients of one's groups: Swedish order, small teams, search. No name stands in an address."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.clients import CareScope, Client, ClientAbsence
from care.clock import Clock
from care.consent import Consent, ConsentKind, has_consent
from care.contacts.contact import PlannedContact
from care.contacts.life import Status
from care.devices import Device, DeviceAssignment
from care.municipality import Group, SmallTeam
from care.sorting import swedish
from server.keys import CLOCK, DATABASE
from server.pages.faces import Face, client_face
from server.pages.form import Form, query, read_form
from server.pages.rendering import render
from server.security.actor import Actor, actor
from server.security.gate import note_list, other_group, right
from server.security.relation import listed

routes = web.RouteTableDef()
PAGE = 50
_OPEN = (Status.PLANNED, Status.DUE, Status.UNDERWAY, Status.AWAITING)


@dataclass(frozen=True, slots=True)
class Line:
    """A client in the list."""

    client: Client
    face: Face
    group: str
    team: str | None
    has_video: bool
    has_tablet: bool
    is_away: bool
    next_start: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader wants to see."""

    search: str
    group: UUID | None
    team: UUID | None
    page: int


@routes.get("/brukare", name="clients")
@right(Action.CLIENT_LIST)
async def clients_page(request: web.Request) -> web.StreamResponse:
    """The list; ``?grupp=`` and ``?lag=`` choose a group or a small team."""
    return await _show(request, query(request))


@routes.post("/brukare", name="clients_search")
@right(Action.CLIENT_LIST)
async def clients_search(request: web.Request) -> web.StreamResponse:
    """The same, searched. A name that is looked for is personal data: it stands in no address."""
    return await _show(request, await read_form(request))


async def _show(request: web.Request, form: Form) -> web.StreamResponse:
    who, clock = actor(request), request.app[CLOCK]
    wish = Wish(
        form.text("q"),
        form.id("grupp", needed=False),
        form.id("lag", needed=False),
        form.number("sida", least=1, most=10_000, default=1),
    )
    async with request.app[DATABASE].read() as session:
        groups = await listable_groups(session, who)
        if wish.group is not None and wish.group not in groups:
            raise await other_group(request, session, Action.CLIENT_LIST, wish.group)
        teams = await _teams(session, groups)
        found = await find_clients(session, who, groups, wish)
        last = max(1, -(-len(found) // PAGE))
        page = min(wish.page, last)
        shown = found[(page - 1) * PAGE : page * PAGE]
        around = await find_around(session, [one.id for one in shown], clock)
    note_list(request, Action.CLIENT_LIST, [(one.id, one.group_id) for one in shown])
    return render(
        request,
        "_clients.html" if "HX-Request" in request.headers else "clients.html",
        lines=[_line(request, one, around, groups, teams) for one in shown],
        total=len(found),
        page=page,
        last=last,
        wish=wish,
        groups=sorted(groups.values(), key=lambda one: swedish(one.name)),
        teams=sorted(teams.values(), key=lambda one: swedish(one.name)),
    )


async def listable_groups(session: AsyncSession, who: Actor) -> dict[UUID, Group]:
    own = who.groups(Action.CLIENT_LIST)
    where = Group.is_night_patrol.is_(False) if own is None else Group.id.in_(own)
    return {one.id: one for one in await session.scalars(select(Group).where(where))}


async def _teams(session: AsyncSession, groups: dict[UUID, Group]) -> dict[UUID, SmallTeam]:
    rows = await session.scalars(select(SmallTeam).where(SmallTeam.group_id.in_(groups)))
    return {one.id: one for one in rows}


async def find_clients(
    session: AsyncSession, who: Actor, groups: dict[UUID, Group], wish: Wish
) -> list[Client]:
    """The clients that `who` may see and wants to, by surname in Swedish order.

    A protected identity is in the list of those whom it knows by name, and of those who plan; and is found
    by first name only.
    """
    rows = select(Client).where(
        Client.group_id.in_(groups), Client.care_scope != CareScope.ENDED, listed(who, Action.CLIENT_LIST)
    )
    if wish.group is not None:
        rows = rows.where(Client.group_id == wish.group)
    if wish.team is not None:
        rows = rows.where(Client.small_team_id == wish.team)
    words = wish.search.casefold().split()
    found = [
        one
        for one in await session.scalars(rows)
        if all(any(part.startswith(word) for part in one.full_name.casefold().split()) for word in words)
    ]
    return sorted(found, key=_order)


def _order(client: Client) -> tuple[object, ...]:
    first = swedish(client.first_name)
    return (first if client.is_protected else swedish(client.last_name), first, client.id)


@dataclass(slots=True)
class Around:
    """What stands around the clients that are shown."""

    now: datetime
    consents: dict[UUID, list[Consent]]
    away: set[UUID]
    tablets: set[UUID]
    starts: dict[UUID, datetime]

    def agrees(self, client: Client, kind: ConsentKind) -> bool:
        return has_consent(self.consents[client.id], kind, self.now)


async def find_around(session: AsyncSession, ids: list[UUID], clock: Clock) -> Around:
    now = clock.now()
    consents: dict[UUID, list[Consent]] = defaultdict(list)
    kinds = (ConsentKind.DIGITAL_VISIT, ConsentKind.PHOTO)
    for consent in await session.scalars(
        select(Consent).where(Consent.client_id.in_(ids), Consent.kind.in_(kinds))
    ):
        consents[consent.client_id].append(consent)
    absences = await session.scalars(select(ClientAbsence).where(ClientAbsence.client_id.in_(ids)))
    tablets = await session.scalars(
        select(DeviceAssignment.client_id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(
            DeviceAssignment.client_id.in_(ids),
            DeviceAssignment.end.is_(None),
            Device.paired_at.is_not(None),
            Device.revoked_at.is_(None),
        )
    )
    starts = await session.execute(
        select(PlannedContact.client_id, func.min(PlannedContact.start))
        .where(
            PlannedContact.client_id.in_(ids),
            PlannedContact.planned_date == clock.today(),
            PlannedContact.status.in_(_OPEN),
            PlannedContact.start >= now,
        )
        .group_by(PlannedContact.client_id)
    )
    return Around(
        now=now,
        consents=consents,
        away={one.client_id for one in absences if one.covers(now)},
        tablets=set(tablets),
        starts={client_id: start for client_id, start in starts},  # noqa: C416 - rows are no pairs to mypy
    )


def _line(
    request: web.Request,
    client: Client,
    around: Around,
    groups: dict[UUID, Group],
    teams: dict[UUID, SmallTeam],
) -> Line:
    picture = client_face(request.app, client, photo_consent=around.agrees(client, ConsentKind.PHOTO)).photo
    return Line(
        client=client,
        face=Face(client.full_name, picture),
        group=groups[client.group_id].name,
        team=teams[client.small_team_id].name if client.small_team_id in teams else None,
        has_video=around.agrees(client, ConsentKind.DIGITAL_VISIT),
        has_tablet=client.id in around.tablets,
        is_away=client.id in around.away,
        next_start=around.starts.get(client.id),
    )
