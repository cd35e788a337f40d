"""The three measures, as `samtid measures --json` gives them."""

from __future__ import annotations

import datetime as dt
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from aiohttp import web

from care.access.rights import Action
from care.localtime import read_day
from care.measures.gather import gather
from care.measures.report import report
from care.measures.span import span
from server.api.groups import chosen_groups
from server.api.operation import Nothing, operation
from server.keys import CLOCK, DATABASE
from server.pages.own_groups import own_groups

routes = web.RouteTableDef()


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`part` of `n`, and their quotient."""

    value: float
    n: int
    part: int
    hidden: Literal[False]


class Hidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fewer than five, or a number that would reveal them."""

    value: None
    hidden: Literal[True]


class Cells(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The measures along one axis."""

    same_day: dict[str, Any]
    receipts: dict[str, Any]
    client_pulse: dict[str, Any]
    staff_pulse: dict[str, Any]


class OfGroup(Cells, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: UUID
    name: str


class OfDay(Cells, frozen=True, kw_only=True, forbid_unknown_fields=True):
    date: dt.date


class Measures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Done the same day, receipts by goal type, and the pulse. A cell is a share, or hidden."""

    from_: date = msgspec.field(name="from")
    to: date
    same_day: dict[str, Any]
    all_receipts: dict[str, Any]
    receipts: dict[str, Any]
    pulse: dict[str, Any]
    groups: list[OfGroup]
    days: list[OfDay]


class Span(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days: the last seven up to yesterday unless something else is said."""

    from_: msgspec.UnsetType | date = msgspec.field(name="from", default=msgspec.UNSET)
    to: msgspec.UnsetType | date = msgspec.UNSET
    group: msgspec.UnsetType | UUID = msgspec.UNSET


@operation(
    routes, "GET", "/measures", name="api_measures", action=Action.MEASURES_READ, asked=Span, answer=Measures
)
async def measures(request: web.Request, asked: Span, sent: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """The three measures for a span of days."""
    clock = request.app[CLOCK]
    since, until = span(_day(asked.from_, "from"), _day(asked.to, "to"), clock.today())
    wanted = None if asked.group is msgspec.UNSET else asked.group
    async with request.app[DATABASE].read() as session:
        groups = await chosen_groups(request, session, Action.MEASURES_READ, wanted, "measures")
        own = await own_groups(request, session, Action.MEASURES_READ)
        figures = await gather(session, since, until, clock.zone, groups)
    names = {one.id: one.name for one in own if groups is None or one.id in groups}
    return report(figures, since, until, names)


def _day(asked: msgspec.UnsetType | date, place: str) -> date | None:
    return None if asked is msgspec.UNSET else read_day(asked.isoformat(), place)
