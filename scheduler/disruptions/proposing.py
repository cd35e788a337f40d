"""From a disruption to a stored proposal: read the days, plan them apart from the event loop, explain.

Nothing is changed by proposing. A newer proposal for the same groups takes the place of older open ones: it
sees what has been approved in the meantime, and every disruption still in force.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clock import Clock
from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.disruptions import Change, ChangeKind, ChangeState, Disruption, Proposal, ProposalState
from care.errors import Fault, not_found
from care.ids import new_id
from care.outbox import announce
from care.storage.database import Database
from scheduler.disruptions.adapter import Posed, pose
from scheduler.disruptions.drafting import Draft, Drafted, Unsolved, draft, postponed
from scheduler.disruptions.effect import Effect, effect_of
from scheduler.disruptions.postponing import find_day, load_diary
from scheduler.disruptions.scene import Scene, groups_of, load_scene
from scheduler.disruptions.telling import is_news
from scheduler.disruptions.wording import refusal
from scheduler.planner.checker import check
from scheduler.planner.plan import Costs, Plan
from scheduler.planner.problem import Problem, ProblemError
from scheduler.planner.stop import Budget

log = logging.getLogger("samtid.planning")

SEED = 1
"""One seed for every proposal: the same day and disruption give the same answer."""


class Solver(Protocol):
    """Who plans: `scheduler.planning.PlanningPool`, or a test's own."""

    async def solve(self, problem: Problem, *, seed: int, budget: Budget) -> Plan: ...


@dataclass(slots=True)
class _Day:
    scene: Scene
    effect: Effect
    posed: Posed
    plan: Plan | None = None
    drafted: Drafted = field(default_factory=Drafted)


async def propose(
    database: Database, clock: Clock, solver: Solver, disruption_id: UUID, *, seconds: float = 6.0
) -> UUID:
    """Plan for a recorded disruption and store the proposal; its id.

    Parameters
    ----------
    seconds
        Wall-clock cap for planning, over all the days that the disruption touches.

    Raises `Fault` ``not_found``, or ``planning.problem`` when the day's data cannot be planned.
    """
    began = time.monotonic()
    days = await _read(database, clock, disruption_id)
    for day in days:
        budget = Budget(deterministic=4.0 / len(days), wall=max(1.0, seconds / len(days)))
        plan = await solver.solve(day.posed.problem, seed=SEED, budget=budget)
        broken = check(day.posed.problem, plan)
        if broken:
            # The engine checks its own plans; this is the second lock. Nothing unsafe is ever shown.
            log.error("a plan broke %s", sorted({one.rule.value for one in broken}))
            raise Fault(
                "planning.unsafe",
                "Planeringen blev fel och visas inte. Inget är ändrat.",
                status=500,
                place="plan",
            )
        day.plan = plan
        day.drafted = draft(day.scene, day.effect, day.posed, plan)
    return await _store(database, clock, disruption_id, days, began)


async def _read(database: Database, clock: Clock, disruption_id: UUID) -> list[_Day]:
    async with database.read() as session:
        disruption = await session.get(Disruption, disruption_id)
        if disruption is None:
            raise not_found("händelse")
        groups = await groups_of(session, disruption)
        days = []
        for day in _local_days(disruption, clock):
            scene = await load_scene(session, groups, day, clock)
            effect = effect_of(scene, scene.disruptions)
            try:
                posed = pose(scene, effect, Effect())
            except ProblemError as error:
                log.exception("the day cannot be posed")
                raise Fault(
                    "planning.problem", "Dagens plan har ett fel som hindrar planeringen (%(code)s).",
                    place=error.where, values={"code": error.code},
                ) from None  # fmt: skip
            days.append(_Day(scene, effect, posed))
    return days


def _local_days(disruption: Disruption, clock: Clock) -> list[date]:
    """The local days it touches from today on."""
    first = max(disruption.start, clock.now()).astimezone(clock.zone).date()
    last = (disruption.end - timedelta(microseconds=1)).astimezone(clock.zone).date()
    return [first + timedelta(days=number) for number in range(max(0, (last - first).days) + 1)]


async def _store(
    database: Database, clock: Clock, disruption_id: UUID, days: list[_Day], began: float
) -> UUID:
    async with database.write() as session:
        disruption = await session.get_one(Disruption, disruption_id)
        groups = await groups_of(session, disruption)
        await _supersede(session, groups)
        changes: list[Draft] = []
        unsolved: list[Unsolved] = []
        for day in days:
            changes += day.drafted.changes
            unsolved += day.drafted.unsolved
            moved, stuck = await _find_days(session, clock, groups, day)
            changes += moved
            unsolved += stuck
        changes.sort(key=lambda one: (one.contact.start, str(one.contact.id)))
        unsolved.sort(key=lambda one: (one.contact.start, str(one.contact.id)))
        proposal = Proposal(
            id=new_id(),
            disruption_id=disruption_id,
            made_at=clock.now(),
            seconds=round(time.monotonic() - began, 2),
            state=ProposalState.OPEN if changes else ProposalState.SETTLED,
            unsolved=[
                {"contact_id": str(one.contact.id), "rule": one.rule, "reason": one.reason}
                for one in unsolved
            ],
        )
        session.add(proposal)
        await session.flush()
        rows = [_row(proposal.id, number, one) for number, one in enumerate(changes, start=1)]
        session.add_all(rows)
        settled = {one.contact.id for one in changes} | {one.contact.id for one in unsolved}
        unchanged = Counter(
            str(contact.group_id)
            for day in days
            for contact in day.scene.contacts
            if contact.id in day.drafted.hit and contact.id not in settled
        )
        proposal.effect = {**_effect(days), "unchanged": dict(unchanged)}
        proposal.summary = sums(rows, len(unsolved), unchanged.total())
        await session.flush()
        for group in groups:
            await announce(session, clock.now(), "proposal.made", group_id=group, proposal=proposal.id)
    return proposal.id


async def _find_days(
    session: AsyncSession, clock: Clock, groups: list[UUID], day: _Day
) -> tuple[list[Draft], list[Unsolved]]:
    """Give what may wait its new day; what finds none needs a person."""
    if not day.drafted.postponed:
        return [], []
    diary = await load_diary(session, groups, day.scene.day, clock)
    changes: list[Draft] = []
    unsolved: list[Unsolved] = []
    # P3 has fewer days to choose from, so it chooses first.
    order = sorted(
        day.drafted.postponed, key=lambda one: (one[0].priority.value, one[0].start, str(one[0].id))
    )
    for contact, staff, causes in order:
        found = find_day(diary, contact, staff, clock)
        if found is None:
            unsolved.append(Unsolved(contact, "no_day", refusal("no_day")))
        else:
            changes.append(postponed(day.scene, contact, found, causes))
    return changes, unsolved


async def _supersede(session: AsyncSession, groups: list[UUID]) -> None:
    """Open proposals that touch the same groups have had their time; what was approved of them stays."""
    for older in await session.scalars(select(Proposal).where(Proposal.state == ProposalState.OPEN)):
        other = await session.get_one(Disruption, older.disruption_id)
        if set(await groups_of(session, other)) & set(groups):
            older.state = ProposalState.SUPERSEDED


def _row(proposal_id: UUID, number: int, one: Draft) -> Change:
    return Change(
        id=new_id(),
        proposal_id=proposal_id,
        seq=number,
        kind=one.kind,
        contact_id=one.contact.id,
        client_id=one.contact.client_id,
        group_id=one.contact.group_id,
        before=one.before,
        after=one.after,
        base_version=one.contact.version,
        rules=one.rules,
        reason=one.reason,
        cost=one.cost,
        state=ChangeState.PROPOSED,
    )


#: What becomes of an affected contact: each is counted in exactly one.
SUMS = (
    "moved_to_video",
    "moved_to_phone",
    "moved_to_visit",
    "reassigned",
    "retimed",
    "postponed",
    "cancelled",
    "unchanged",
    "unsolved",
)


def sums(changes: list[Change], unsolved: int, unchanged: int) -> dict[str, int]:
    """The sums on the page.

    ``affected`` = moved_to_video + moved_to_phone + moved_to_visit + reassigned + retimed + postponed +
    cancelled + unchanged + unsolved; ``staff_changes`` and ``clients_to_notify`` are counted beside them.
    """
    counted = dict.fromkeys(SUMS, 0)
    for change in changes:
        counted[_sum_of(change)] += 1
    counted["unsolved"] = unsolved
    counted["unchanged"] = unchanged
    return {
        **counted,
        "affected": sum(counted.values()),
        "staff_changes": sum(1 for change in changes if _staff_changes(change)),
        "clients_to_notify": len({change.client_id for change in changes if is_news(change)}),
    }


def _sum_of(change: Change) -> str:
    match change.kind:
        case ChangeKind.MOVE:
            channel = Channel(change.after["channel"])
            return {Channel.VIDEO: "moved_to_video", Channel.PHONE: "moved_to_phone"}.get(
                channel, "moved_to_visit"
            )
        case ChangeKind.REASSIGN:
            return "reassigned"
        case ChangeKind.POSTPONE:
            return "postponed"
        case ChangeKind.CANCEL:
            return "cancelled"
        case _:
            return "retimed"


def _staff_changes(change: Change) -> bool:
    return change.kind is not ChangeKind.CANCEL and set(change.before["staff"]) != set(change.after["staff"])


def _effect(days: list[_Day]) -> dict[str, Any]:
    """What approving would mean: the parts of the cost, and how many meet somebody they know."""
    costs = [day.plan.costs for day in days if day.plan is not None]
    parts = asdict(sum_costs(costs))
    meeting = known = 0
    for day in days:
        for one in day.drafted.changes:
            if one.kind is ChangeKind.CANCEL:
                continue
            acquainted = {str(staff) for staff in day.scene.known.get(one.contact.client_id, [])}
            meeting += 1
            known += bool(acquainted & set(one.after["staff"]))
    return {"costs": parts, "changed": meeting, "known_staff": known}


def sum_costs(costs: list[Costs]) -> Costs:
    """The parts of several days' costs, added."""
    total: dict[str, int] = {}
    for one in costs:
        for name, value in asdict(one).items():
            total[name] = total.get(name, 0) + value
    return Costs(**total)


def next_hour(changes: list[Change], now: datetime) -> list[Change]:
    """The changes of rows that start, before or after, within the coming hour: approvable alone."""
    soon = now + timedelta(hours=1)
    return [change for change in changes if _first_start(change) <= soon]


def _first_start(change: Change) -> datetime:
    return min(datetime.fromisoformat(side["start"]) for side in (change.before, change.after))


def in_json(
    proposal: Proposal,
    changes: list[Change],
    contacts: dict[UUID, PlannedContact],
    services: dict[UUID, list[str]],
) -> dict[str, Any]:
    """The proposal as the command line and the API give it (``docs/disruptions.md``)."""

    def side(plan: dict[str, Any]) -> dict[str, Any]:
        return {"channel": plan["channel"], "staff": plan["staff"], "start": plan["start"]}

    return {
        "proposal_id": str(proposal.id),
        "seconds": proposal.seconds,
        "changes": [
            {
                "id": str(change.id),
                "kind": change.kind.value,
                "contact_id": str(change.contact_id),
                "client_id": str(change.client_id),
                "services": services.get(change.contact_id, []),
                "priority": contacts[change.contact_id].priority.value,
                "before": side(change.before),
                "after": side(change.after),
                "base_version": change.base_version,
                "rules": change.rules,
                "reason": change.reason,
                "state": change.state.value,
            }
            for change in changes
        ],
        "unsolved": proposal.unsolved,
        "summary": proposal.summary,
    }
