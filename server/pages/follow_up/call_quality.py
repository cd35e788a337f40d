""" "Samtalens kvalitet": how calls went over the network, by group; one call in its course.

Nobody is named in the list: a call has a time, a group and a tablet. Whose call it was is found through the
contact, by those who may open that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.calls.call import Call, CallParticipant, CallQuality, CallRole
from care.calls.life import CallState
from care.calls.trouble import Trouble
from care.clients import Client
from care.contacts.contact import PlannedContact
from care.devices import Device
from care.errors import not_found
from care.ids import read_id
from server.calls.causes import CAUSES
from server.keys import CLOCK, DATABASE
from server.language import N_
from server.pages.follow_up.call_chart import course_chart
from server.pages.form import query
from server.pages.needs.onward import link
from server.pages.own_groups import own_groups
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import allow, other_group, right

routes = web.RouteTableDef()

#: More calls than this are counted, but not listed.
SHOWN = 200


class Period(StrEnum):
    DAY = "dag"
    WEEK = "vecka"
    MONTH = "manad"


DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}
PATHS = {
    "host": N_("direkt, samma nät"),
    "srflx": N_("direkt"),
    "prflx": N_("direkt"),
    "relay": N_("genom relä"),
}
TROUBLES = {
    Trouble.MICROPHONE_REFUSED: N_("mikrofonen tilläts inte"),
    Trouble.MICROPHONE_GONE: N_("mikrofonen försvann"),
    Trouble.MICROPHONE_MUTED: N_("mikrofonen var avstängd"),
    Trouble.MICROPHONE_SILENT: N_("mikrofonen var tyst"),
    Trouble.CAMERA_REFUSED: N_("kameran tilläts inte"),
    Trouble.CAMERA_GONE: N_("kameran försvann"),
    Trouble.CAMERA_STILL: N_("bilden stod still"),
    Trouble.CAMERA_DARK: N_("bilden var svart"),
    Trouble.SOUND_BLOCKED: N_("ljudet väntade på ett tryck"),
    Trouble.SOUND_OFF: N_("ljudet spelades inte upp"),
    Trouble.ECHO: N_("eko"),
    Trouble.NO_PATH: N_("ingen väg genom nätet"),
}
SIDES = {CallRole.WORKER: N_("Personalen"), CallRole.CLIENT: N_("Skärmen")}


@dataclass(frozen=True, slots=True)
class Line:
    """A call of the list, with what its sides measured."""

    call: Call
    group: str
    sides: dict[CallRole, CallQuality]

    @property
    def path(self) -> str | None:
        """The kind of path: a relay on one side is a relay."""
        paths = [side.path for side in self.sides.values() if side.path is not None]
        return "relay" if "relay" in paths else paths[0] if paths else None

    @property
    def protocol(self) -> str | None:
        return next((side.protocol for side in self.sides.values() if side.protocol), None)

    @property
    def freezes(self) -> int | None:
        known = [side.freezes for side in self.sides.values() if side.freezes is not None]
        return sum(known) if known else None

    @property
    def loss(self) -> float | None:
        """The worse of the two sides, per cent."""
        return max(
            (side.loss_percent for side in self.sides.values() if side.loss_percent is not None), default=None
        )

    @property
    def troubles(self) -> int:
        return sum(len(side.troubles) for side in self.sides.values())


@routes.get("/samtalskvalitet", name="call_quality")
@right(Action.CALL_QUALITY_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """The ended calls of the last days, the latest first, for one (``grupp``) or all of one's groups."""
    asked, clock = query(request), request.app[CLOCK]
    period = asked.one_of("period", Period, Period.WEEK)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.CALL_QUALITY_READ)
        chosen = read_id(wanted) if (wanted := asked.text("grupp")) else None
        if wanted and chosen is None:
            raise not_found("grupp")
        if chosen is not None and chosen not in {group.id for group in groups}:
            raise await other_group(request, session, Action.CALL_QUALITY_READ, chosen)
        ids = [chosen] if chosen else [group.id for group in groups]
        for group_id in ids:
            await allow(
                request, session, Action.CALL_QUALITY_READ, group=group_id, thing="calls", purpose="follow_up"
            )
        names = {group.id: group.name for group in groups}
        since = clock.now() - timedelta(days=DAYS[period])
        rows = (
            await session.execute(
                select(Call, Client.group_id)
                .join(PlannedContact, PlannedContact.id == Call.contact_id)
                .join(Client, Client.id == PlannedContact.client_id)
                .where(Call.state == CallState.ENDED, Call.rung_at >= since, Client.group_id.in_(ids))
                .order_by(Call.rung_at.desc(), Call.id)
            )
        ).all()
        sides = await _sides(session, [row[0].id for row in rows])
    lines = [Line(call, names[group_id], sides.get(call.id, {})) for call, group_id in rows]
    return render(
        request,
        "call_quality.html",
        period=period.value,
        groups=groups,
        chosen=chosen,
        lines=lines[:SHOWN],
        shown=SHOWN,
        told=_told(lines),
        causes=CAUSES,
        paths=PATHS,
    )


@routes.get("/samtalskvalitet/{id}", name="call_quality_one")
@right(Action.CALL_QUALITY_READ)
async def one(request: web.Request) -> web.StreamResponse:
    """One call: its set-up phase by phase, what each side found wrong, its course as chart and table."""
    async with request.app[DATABASE].read() as session:
        call_id = read_id(request.match_info["id"])
        call = await session.get(Call, call_id) if call_id is not None else None
        contact = await session.get(PlannedContact, call.contact_id) if call and call.contact_id else None
        if call is None or contact is None or call.cause is None:
            raise not_found("samtal")
        await allow(
            request,
            session,
            Action.CALL_QUALITY_READ,
            contact=contact,
            thing=f"call:{call.id}",
            purpose="follow_up",
        )
        sides = (await _sides(session, [call.id])).get(call.id, {})
        device = await session.scalar(
            select(Device)
            .join(CallParticipant, CallParticipant.device_id == Device.id)
            .where(CallParticipant.call_id == call.id)
            .limit(1)
        )
    return render(
        request,
        "call_quality_one.html",
        call=call,
        cause=CAUSES[call.cause],
        sides=[(role, sides.get(role)) for role in SIDES],
        side_words=SIDES,
        paths=PATHS,
        troubles={trouble.value: words for trouble, words in TROUBLES.items()},
        charts={role: course_chart(side.series) for role, side in sides.items() if len(side.series) > 1},
        phases=_phases(call, sides),
        device=device,
        contact_href=_contact_href(request, contact),
        tablet_href=link(request, "tablet", id=device.id) if device and device.revoked_at is None else None,
        list_href=link(request, "call_quality"),
    )


async def _sides(session: AsyncSession, calls: Sequence[UUID]) -> dict[UUID, dict[CallRole, CallQuality]]:
    found: dict[UUID, dict[CallRole, CallQuality]] = {}
    for row in await session.scalars(select(CallQuality).where(CallQuality.call_id.in_(calls))):
        found.setdefault(row.call_id, {})[row.role] = row
    return found


def _told(lines: Sequence[Line]) -> dict[str, object]:
    """The whole of the list in a few figures; shares 0–1, None where there is nothing to share."""
    causes = Counter(line.call.cause for line in lines if line.call.cause is not None)
    setups = [line.call.setup_ms for line in lines if line.call.setup_ms is not None]
    paths = [line.path for line in lines if line.path is not None]
    failed = sum(count for cause, count in causes.items() if cause.is_technical)
    return {
        "count": len(lines),
        "causes": sorted(causes.items(), key=lambda pair: (-pair[1], pair[0].value)),
        "failed": failed / len(lines) if lines else None,
        "setup_ms": median(setups) if setups else None,
        "relayed": paths.count("relay") / len(paths) if paths else None,
        "frozen": sum((line.freezes or 0) > 0 for line in lines),
    }


def _phases(call: Call, sides: dict[CallRole, CallQuality]) -> list[tuple[str, int | None]]:
    """The set-up in its order: msgid of the phase, and milliseconds since the one before."""
    client, worker = sides.get(CallRole.CLIENT), sides.get(CallRole.WORKER)
    answered = None
    if call.answered_at is not None:
        answered = int((call.answered_at - call.rung_at).total_seconds() * 1000)
    caller = worker or client
    return [
        (N_("Ringde tills skärmen hördes"), client.heard_ms if client else None),
        (N_("Ringde tills någon svarade"), answered),
        (N_("Vägen genom nätet hittades"), caller.ice_ms if caller else None),
        (N_("Vägen säkrades"), caller.dtls_ms if caller else None),
        (N_("Svar till första bild"), call.setup_ms),
    ]


def _contact_href(request: web.Request, contact: PlannedContact) -> str | None:
    """An administrator sees how calls went, and nothing of what they were about."""
    return link(request, "contact", id=contact.id) if actor(request).may(Action.CONTACT_READ) else None
