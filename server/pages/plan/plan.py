""" "Planen": one day of one's groups, rows by worker, what lacks somebody first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.contacts.channel import Channel
from care.errors import Fault
from care.municipality import Group
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.pages.form import Form, query
from server.pages.needs.onward import link
from server.pages.own_groups import own_groups
from server.pages.plan.day import MAIN_CHANNELS, DayPlan, PlanRow, WorkerDay, read_plan
from server.pages.rendering import render
from server.security.actor import actor
from server.security.gate import nameless, note_list, other_group, right

routes = web.RouteTableDef()
#: How far the pager goes: further away there is no plan, and years back it is another page's business.
FARTHEST = timedelta(days=400)


class Only(StrEnum):
    """One thing at a time: what lacks somebody, or what is red."""

    UNSTAFFED = "utan"
    RED = "roda"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: in the address, without a name in it. `group` is None for all of one's own."""

    day: date
    group: UUID | None
    channel: Channel | None = None
    only: Only | None = None

    @property
    def address(self) -> str:
        parts = {"dag": self.day.isoformat(), "grupp": str(self.group or "alla")}
        if self.channel:
            parts["kanal"] = self.channel.value
        if self.only:
            parts["visa"] = self.only.value
        return "/planen?" + urlencode(parts)

    @property
    def is_filtered(self) -> bool:
        return self.channel is not None or self.only is not None

    @property
    def whole(self) -> Shown:
        """Without filters."""
        return replace(self, channel=None, only=None)

    def but(self, **changes: Any) -> Shown:
        return replace(self, **changes)

    def toggled(self, by: Channel | Only) -> Shown:
        """With a filter put on, or taken off when it is on already."""
        if isinstance(by, Channel):
            return replace(self, channel=None if self.channel is by else by)
        return replace(self, only=None if self.only is by else by)

    def has(self, row: PlanRow) -> bool:
        """Whether the filters let the row through."""
        if self.channel is not None and row.contact.channel is not self.channel:
            return False
        match self.only:
            case Only.UNSTAFFED:
                return row.missing > 0
            case Only.RED:
                return row.is_red
        return True


@routes.get("/planen", name="plan")
@right(Action.PLAN_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """``?dag=2026-12-01&grupp=<id>|alla&kanal=video&visa=utan|roda``"""
    clock, who = request.app[CLOCK], actor(request)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.PLAN_READ)
        shown = await _shown(request, session, query(request), groups)
        ids = [shown.group] if shown.group else [group.id for group in groups]
        plan = await read_plan(session, ids, shown.day, clock, request.get(LANGUAGE, "sv"))
        clients = {row.client.id: row.client for row in _rows(plan)}
        hidden = await nameless(request, session, clients.values())
    note_list(request, Action.PLAN_READ, [one for one in plan.clients if one[0] not in hidden])
    return render(
        request,
        "plan.html",
        shown=shown,
        groups=groups,
        today=clock.today(),
        plan=plan,
        unstaffed=[row for row in plan.unstaffed if shown.has(row)],
        workers=_workers(plan, shown),
        unmanned=[row for row in plan.unmanned if shown.has(row)],
        channels=MAIN_CHANNELS,
        only=Only,
        hidden=hidden,
        group_names={group.id: group.name for group in groups},
        may_change=who.may(Action.PLAN_CHANGE),
        print_page=link(request, "print_day") if who.may(Action.PRINT_DAY) else None,
        may_plan=who.may(Action.CONTACT_PLAN),
        may_report=who.may(Action.DISRUPTION_REPORT),
        day_before=shown.but(day=shown.day - timedelta(days=1)),
        day_after=shown.but(day=shown.day + timedelta(days=1)),
    )


def _workers(plan: DayPlan, shown: Shown) -> list[tuple[WorkerDay, list[PlanRow]]]:
    """Each worker with the rows that the filters let through; filtered, only those who have any."""
    found = [(worker, [row for row in worker.rows if shown.has(row)]) for worker in plan.workers]
    return [(worker, rows) for worker, rows in found if rows or not shown.is_filtered]


def _rows(plan: DayPlan) -> list[PlanRow]:
    """Every row of the day, those with two workers twice."""
    return [*plan.unstaffed, *plan.unmanned, *(row for worker in plan.workers for row in worker.rows)]


def chosen_day(asked: Form, today: date) -> date:
    """``dag``, today when it is not given. Raises `Fault` ``date.bad`` or ``plan.far``."""
    day = asked.day("dag", needed=False) or today
    if abs(day - today) > FARTHEST:
        raise Fault("plan.far", "Välj en dag som ligger närmare i dag.", place="dag")
    return day


async def chosen_group(
    request: web.Request, session: AsyncSession, asked: Form, groups: list[Group], action: Action
) -> UUID | None:
    """``grupp``: one of `groups`, None for ``alla``; the first when nothing is asked for."""
    if asked.text("grupp") == "alla" and len(groups) > 1:
        return None
    chosen = asked.id("grupp", needed=False) if asked.text("grupp") != "alla" else None
    if chosen is None:
        return groups[0].id if groups else None
    if chosen not in {group.id for group in groups}:
        raise await other_group(request, session, action, chosen)
    return chosen


async def _shown(request: web.Request, session: AsyncSession, asked: Form, groups: list[Group]) -> Shown:
    return Shown(
        chosen_day(asked, request.app[CLOCK].today()),
        await chosen_group(request, session, asked, groups, Action.PLAN_READ),
        asked.one_of("kanal", Channel) if asked.text("kanal") else None,
        asked.one_of("visa", Only) if asked.text("visa") else None,
    )
