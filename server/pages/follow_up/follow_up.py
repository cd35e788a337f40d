""" "Uppföljning": the three measures first, with their trend, by group."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.measures.gather import gather
from care.measures.report import AMBER_SAME_DAY, GREEN_RECEIPTS, GREEN_SAME_DAY, report
from care.municipality import Group
from care.services import GoalType
from server.keys import CLOCK, DATABASE, LANGUAGE
from server.pages.follow_up.trend_chart import trend
from server.pages.form import Form, query
from server.pages.own_groups import own_groups
from server.pages.rendering import render
from server.security.gate import allow, other_group, right

routes = web.RouteTableDef()


class Period(StrEnum):
    DAY = "dag"
    WEEK = "vecka"
    FOUR_WEEKS = "fyra"


DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.FOUR_WEEKS: 28}
#: A trend of one day is no trend: at least a week is drawn.
FEWEST_DRAWN = 7


@routes.get("/uppfoljning", name="follow_up")
@right(Action.MEASURES_READ)
async def page(request: web.Request) -> web.StreamResponse:
    """The measures up to yesterday, or to a chosen last day (``till``), for one or all of one's groups."""
    asked = query(request)
    period = asked.one_of("period", Period, Period.WEEK)
    clock = request.app[CLOCK]
    last = _last_day(asked, clock.today())
    first = last - timedelta(days=DAYS[period] - 1)
    async with request.app[DATABASE].read() as session:
        groups = await own_groups(request, session, Action.MEASURES_READ)
        chosen = await _chosen(request, session, asked, groups)
        ids = [chosen] if chosen else [group.id for group in groups]
        for group in ids:
            await allow(
                request, session, Action.MEASURES_READ, group=group, thing="measures", purpose="follow_up"
            )
        names = {group.id: group.name for group in groups if group.id in ids}
        drawn = min(first, last - timedelta(days=FEWEST_DRAWN - 1))
        figures = await gather(session, drawn, last, clock.zone, frozenset(ids))
        goals = {goal.code: goal for goal in await session.scalars(select(GoalType))}
    whole = report(figures, drawn, last, names)
    told = whole if drawn == first else report(figures.between(first, last), first, last, names)
    return render(
        request,
        "follow_up.html",
        period=period.value,
        periods=[one.value for one in Period],
        first=first,
        last=last,
        before=last - timedelta(days=DAYS[period]),
        after=last + timedelta(days=DAYS[period]) if last + timedelta(days=1) < clock.today() else None,
        is_today=last >= clock.today(),
        groups=groups,
        chosen=chosen,
        told=told,
        days=whole["days"],
        charts=_charts(whole),
        goals=_goals(told, goals, request[LANGUAGE]),
        levels={"green": GREEN_SAME_DAY, "amber": AMBER_SAME_DAY, "receipts": GREEN_RECEIPTS},
    )


def _last_day(asked: Form, today: date) -> date:
    day = asked.day("till", needed=False)
    return min(day, today) if day else today - timedelta(days=1)


async def _chosen(
    request: web.Request, session: AsyncSession, asked: Form, groups: list[Group]
) -> UUID | None:
    chosen = asked.id("grupp", needed=False)
    if chosen is not None and chosen not in {group.id for group in groups}:
        raise await other_group(request, session, Action.MEASURES_READ, chosen)
    return groups[0].id if chosen is None and len(groups) == 1 else chosen


def _charts(told: dict[str, Any]) -> dict[str, str]:
    days = [date.fromisoformat(one["date"]) for one in told["days"]]
    least = {"same_day": 0.8, "receipts": 0.5, "client_pulse": 0.0, "staff_pulse": 0.0}
    return {
        name: trend(days, [one[name]["value"] for one in told["days"]], least=floor)
        for name, floor in least.items()
    }


def _goals(told: dict[str, Any], goals: dict[str, GoalType], language: str) -> list[dict[str, Any]]:
    listed = []
    for code, cell in told["receipts"].items():
        goal = goals.get(code)
        name = code if goal is None else goal.name_en if language == "en" else goal.name_sv
        listed.append({"name": name, "sort": goal.sort if goal else 99, "cell": cell})
    return sorted(listed, key=lambda one: (one["sort"], one["name"]))
