"""From the planner's plan to drafted changes: what becomes of each row, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.disruptions import ChangeKind
from care.services import Law
from scheduler.disruptions.adapter import CHANNEL_OF, Posed
from scheduler.disruptions.effect import Effect, hit, is_gone
from scheduler.disruptions.postponing import AnotherDay
from scheduler.disruptions.scene import Scene
from scheduler.disruptions.wording import Say, reason, refusal, say
from scheduler.planner.plan import Plan, Refusal
from scheduler.planner.problem import Mode, Placement


@dataclass(slots=True)
class Draft:
    """One drafted change of one row."""

    contact: PlannedContact
    kind: ChangeKind
    before: dict[str, Any]
    after: dict[str, Any]
    reason: dict[str, str]
    rules: list[str]
    cost: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Unsolved:
    contact: PlannedContact
    rule: str
    reason: dict[str, str]


@dataclass(slots=True)
class Drafted:
    changes: list[Draft] = field(default_factory=list)
    unsolved: list[Unsolved] = field(default_factory=list)
    #: Rows to give another day, with the staff to ask, best first.
    postponed: list[tuple[PlannedContact, list[UUID], list[Say]]] = field(default_factory=list)
    hit: set[UUID] = field(default_factory=set)


def draft(scene: Scene, effect: Effect, posed: Posed, plan: Plan) -> Drafted:
    """Every row of the day that changes, waits, is in vain or needs a person."""
    drafted = Drafted()
    refused = {one.contact: one for one in plan.refusals}
    for index, contact in enumerate(posed.contacts):
        if contact.id in scene.elsewhere:
            continue
        if hit(scene, effect, contact):
            drafted.hit.add(contact.id)
        if is_gone(effect, contact):
            drafted.changes.append(_cancel(scene, contact))
            continue
        decision = plan.decisions[index]
        spec = posed.problem.contacts[index]
        causes = _causes(scene, effect, contact)
        if decision.mode is Mode.UNSERVED:
            if spec.frozen or not contact.status.is_untouched:
                continue
            drafted.unsolved.append(_unsolved(scene, posed, contact, refused.get(index)))
        elif decision.mode is Mode.POSTPONED:
            staff = _preference(scene, posed, index, contact)
            drafted.postponed.append((contact, staff, causes))
        elif decision != spec.current:
            drafted.changes.append(_change(scene, posed, index, decision, causes))
    for contact in scene.contacts:
        if _is_lost_camera(scene, effect, contact):
            drafted.hit.add(contact.id)
            drafted.unsolved.append(Unsolved(contact, "camera", refusal("camera")))
    return drafted


def _is_lost_camera(scene: Scene, effect: Effect, contact: PlannedContact) -> bool:
    """True for a night camera check that nobody can look at: a person must decide what happens instead."""
    return (
        contact.id not in scene.elsewhere
        and contact.channel is Channel.CAMERA_CHECK
        and any(one == contact.client_id and a <= contact.start < b for one, a, b in effect.no_lines)
    )


def as_planned(scene: Scene, contact: PlannedContact) -> dict[str, Any]:
    """``{"channel", "staff", "start", "minutes", "date"}`` of the row as it stands."""
    return {
        "channel": contact.channel.value,
        "staff": [str(one) for one in scene.staff_of(contact)],
        "start": contact.start.isoformat(),
        "minutes": contact.minutes,
        "date": contact.planned_date.isoformat(),
    }


def _change(scene: Scene, posed: Posed, index: int, decision: Placement, causes: list[Say]) -> Draft:
    contact = posed.contacts[index]
    before = as_planned(scene, contact)
    staff = [posed.workers[number] for number in decision.staff]
    channel = CHANNEL_OF[decision.mode]
    spec = posed.problem.contacts[index]
    start = contact.start if decision.start is None else posed.instant(decision.start)
    if abs(start - contact.start) < timedelta(minutes=1):
        start = contact.start
    # The one who is kept stays first: she is the one in charge of the row.
    kept = [one for one in scene.staff_of(contact) if one in staff]
    ordered = kept + [one for one in staff if one not in kept]
    after: dict[str, Any] = {
        "channel": channel.value,
        "staff": [str(one) for one in ordered],
        "start": start.isoformat(),
        "minutes": contact.minutes if channel is contact.channel else spec.minutes(decision.mode),
        "date": contact.planned_date.isoformat(),
    }
    if channel is not contact.channel:
        kind = ChangeKind.MOVE
    elif set(after["staff"]) != set(before["staff"]):
        kind = ChangeKind.REASSIGN
    else:
        kind = ChangeKind.RETIME
    verdict = posed.verdicts.get(contact.id, {}).get(channel)
    rules = list(verdict.rules) if verdict else ["on_the_spot", "may_do_it", "in_time"]
    return Draft(
        contact, kind, before, after,
        reason(causes or [say("room")], _choices(scene, contact, channel, ordered, start)), rules,
    )  # fmt: skip


def _choices(
    scene: Scene, contact: PlannedContact, channel: Channel, staff: Sequence[UUID], start: datetime
) -> list[Say]:
    client = scene.clients[contact.client_id]
    chosen: list[Say] = []
    if channel is not contact.channel:
        if channel is Channel.VIDEO:
            health = any(line.law is Law.HSL for line in contact.lines)
            chosen.append(say("video_nurse" if health else "video", client=client.first_name))
        else:
            chosen.append(say("phone" if channel is Channel.PHONE else "physical"))
    elif channel is Channel.PHYSICAL and set(staff) != set(scene.staff_of(contact)):
        chosen.append(say("hands"))
    moved = round((start - contact.start).total_seconds() / 60)
    if set(staff) != set(scene.staff_of(contact)):
        chosen += _why_staff(scene, contact, [one for one in staff if one not in scene.staff_of(contact)])
    elif channel is contact.channel or not moved:
        chosen.append(say("same_staff"))
    if moved:
        chosen.append(say("later" if moved > 0 else "earlier", minutes=abs(moved)))
    elif channel is Channel.VIDEO and channel is not contact.channel:
        chosen.append(say("same_time_screen"))
    else:
        chosen.append(say("same_time"))
    return chosen


def _why_staff(scene: Scene, contact: PlannedContact, new: Sequence[UUID]) -> list[Say]:
    client = scene.clients[contact.client_id]
    known = scene.known.get(client.id, [])
    said = []
    for one in new:
        name = scene.staff[one].first_name
        if one in known:
            said.append(say("known", client=client.first_name, staff=name))
        elif any(line.service.delegation_required for line in contact.lines) and one in scene.delegated:
            said.append(say("delegated", staff=name))
        else:
            said.append(say("free", staff=name))
    return said


def _causes(scene: Scene, effect: Effect, contact: PlannedContact) -> list[Say]:
    """Why the row cannot stay as it is; empty when it makes room for another."""
    begins, ends = contact.start, contact.start + timedelta(minutes=contact.minutes)

    def during(start: datetime, end: datetime) -> bool:
        return begins < end and ends > start

    staff = scene.staff_of(contact)
    away = [one for one in staff if any(during(*span) for span in effect.away.get(one, []))]
    stranded = [one for one in staff if any(during(*span) for span in effect.stranded.get(one, []))]
    client = scene.clients[contact.client_id]
    said = []
    if not staff and contact.channel is not Channel.PROMPT:
        said.append(say("unstaffed"))
    said += [say("staff_away", staff=scene.staff[one].first_name) for one in away]
    said += [say("car_broken", staff=scene.staff[one].first_name) for one in stranded if one not in away]
    if contact.channel is Channel.PHYSICAL:
        if any(one == client.id and during(a, b) for one, a, b in effect.shut):
            said.append(say("shut"))
        elif any(one == client.id and during(a, b) for one, a, b, _ in effect.longer):
            said.append(say("stairs"))
        slow = [speed for group, a, b, speed in effect.slow if group == client.group_id and during(a, b)]
        if slow and not said:
            said.append(_snow(scene, contact, min(slow)))
        if any(client.id in cohort and during(a, b) for cohort, _, a, b in effect.cohorts):
            said.append(say("cohort"))
    elif any(one == client.id and during(a, b) for one, a, b in effect.no_lines):
        said.append(say("lines"))
    elif any(one == client.id and during(a, b) for one, a, b in effect.no_tablet):
        said.append(say("tablet"))
    return said


def _snow(scene: Scene, contact: PlannedContact, speed: int) -> Say:
    minutes = scene.clients[contact.client_id].centre_minutes
    more = round(minutes * (100 / speed - 1)) if minutes else 0
    return say("snow", minutes=more) if more >= 1 else say("snow_some")


def _cancel(scene: Scene, contact: PlannedContact) -> Draft:
    before = as_planned(scene, contact)
    client = scene.clients[contact.client_id]
    return Draft(
        contact, ChangeKind.CANCEL, before, {**before, "channel": None},
        reason([say("gone", client=client.first_name)], [say("cancel")]), ["client_is_home"],
    )  # fmt: skip


def _preference(scene: Scene, posed: Posed, index: int, contact: PlannedContact) -> list[UUID]:
    """Whom to ask for another day: who has it now, whom the client knows, who else may."""
    eligible = {posed.workers[number] for number in posed.problem.contacts[index].eligible(Mode.PHYSICAL)}
    first = [*scene.staff_of(contact), *scene.known.get(contact.client_id, [])]
    order = [one for one in dict.fromkeys(first) if one in eligible]
    return order + sorted(eligible - set(order), key=str)


def _unsolved(scene: Scene, posed: Posed, contact: PlannedContact, why: Refusal | None) -> Unsolved:
    rule = why.decisive.value if why else "other"
    client = scene.clients[contact.client_id]
    hints: list[Say] = []
    alternative = why.alternative if why else None
    # An alternative that pushes others aside is no simple yes: then people are asked first.
    placement = alternative.placement if alternative and not alternative.displaced else None
    if placement is not None and placement.staff and placement.start is not None:
        names = ", ".join(scene.staff[posed.workers[one]].first_name for one in placement.staff)
        time = posed.instant(placement.start).astimezone(scene.zone).strftime("%H.%M")
        hints.append(say("waive", staff=names, time=time))
    elif contact.staff_needed > 1:
        hints.append(say("two_needed"))
    elif rule == "unreachable":
        hints.append(say("ring", client=client.first_name))
    else:
        hints.append(say("ask_group"))
    return Unsolved(contact, rule, refusal(rule, hints))


def postponed(scene: Scene, contact: PlannedContact, found: AnotherDay, causes: list[Say]) -> Draft:
    """The change of a row that has been given another day."""
    before = as_planned(scene, contact)
    after = {
        **before,
        "start": found.start.isoformat(),
        "date": found.day.isoformat(),
        "staff": [str(one) for one in found.staff],
    }
    new = [one for one in found.staff if one not in scene.staff_of(contact)]
    choices = [say("wait"), *(_why_staff(scene, contact, new) if new else [say("same_staff")])]
    return Draft(
        contact, ChangeKind.POSTPONE, before, after,
        reason(causes or [say("room")], choices), ["may_wait", "may_do_it"],
    )  # fmt: skip
