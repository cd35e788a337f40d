"""Services into the catalogue. Matched by code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.contact import ContactLine, PlannedContact
from care.contacts.life import Status
from care.errors import Fault
from care.ids import new_id
from care.services import GOAL_TYPES, DigitalClass, GoalType, Law, Priority, Service
from server.exchange.intake.changes import Changes
from server.exchange.intake.importer import Importer
from server.exchange.intake.town import town_of
from server.exchange.kinds.services import GOAL_TYPES as GOAL_NAMES
from server.exchange.kinds.services import ServiceRow
from server.exchange.validation import Checked


async def plan(
    session: AsyncSession, rows: Sequence[Checked[ServiceRow]], importer: Importer, changes: Changes
) -> None:
    """Compare the catalogue with `rows`."""
    town = await town_of(session, importer, changes)
    known = {one.code.casefold(): one for one in await session.scalars(select(Service))}
    goals = set(await session.scalars(select(GoalType.code)))
    for code in GOAL_TYPES:
        if code not in goals:
            name = next(name for name, goal in (*GOAL_NAMES.items(), (code, code)) if goal == code)
            changes.insert(
                GoalType, code=code, name_sv=name.capitalize(), name_en=code.replace("_", " ").capitalize(),
                sort=GOAL_TYPES.index(code),
            )  # fmt: skip
    goals |= set(GOAL_TYPES)
    for one in rows:
        if one.row.goal_type is not None and one.row.goal_type not in goals:
            changes.refuse(one.line, "måltyp", _unknown_goal(goals))
            continue
        service = known.get(one.row.code.casefold())
        if service is None:
            if one.row.minutes is None and one.row.law is not Law.HSL:
                changes.refuse(
                    one.line, "minuter", Fault("import.missing_value", "Cellen får inte vara tom.")
                )
                continue
            changes.insert(
                Service,
                id=new_id(),
                municipality_id=town.municipality_id,
                source=importer.source,
                extern_id=one.row.code,
                **_new(one.row),
            )
            changes.imported += 1
            continue
        changed = {name: value for name, value in _said(one).items() if getattr(service, name) != value}
        if not changed:
            changes.unchanged += 1
            continue
        changes.update(Service, service.id, changed)
        changes.updated += 1
        if changed.get("digital_class") in (DigitalClass.HANDS_REQUIRED, DigitalClass.EXTERNAL):
            await _warn_of_calls(session, service, one.line, changes)


def _unknown_goal(goals: set[str]) -> Fault:
    return Fault(
        "import.goal_type",
        "Måltypen är okänd. Välj en av: %(choices)s, eller koden för en egen måltyp.",
        values={"choices": ", ".join([*GOAL_NAMES, *sorted(goals - set(GOAL_TYPES))])},
    )


def _new(row: ServiceRow) -> dict[str, Any]:
    """A new service: what the file leaves out is the careful choice."""
    return {
        "code": row.code,
        "name_sv": row.name,
        "law": row.law or Law.SOL,
        # HSL: the time stands in each order.
        "standard_minutes": row.minutes or 0,
        "goal_type": row.goal_type or "wellbeing_check",
        "digital_class": row.digital_class,
        "priority": row.priority or Priority.P2,
        # Health care with hands is done by delegation, or by a nurse (L5).
        "delegation_required": row.law is Law.HSL and not row.digital_class.may_be_digital,
        "kiosk_word": "Samtal" if row.digital_class.may_be_digital else "Besök",
    }


def _said(one: Checked[ServiceRow]) -> dict[str, Any]:
    """What the file says of a service that is there already."""
    row = one.row
    said: dict[str, Any] = {
        "name_sv": row.name,
        "law": row.law,
        "standard_minutes": row.minutes,
        "goal_type": row.goal_type,
        "priority": row.priority,
    }
    said = {name: value for name, value in said.items() if value is not None}
    if "digital_klass" in one.given:
        said["digital_class"] = row.digital_class
    return said


async def _warn_of_calls(session: AsyncSession, service: Service, line: int, changes: Changes) -> None:
    """A service that from now on needs hands may stand on rows that are planned as calls."""
    count = await session.scalar(
        select(func.count(PlannedContact.id.distinct()))
        .join(ContactLine, ContactLine.contact_id == PlannedContact.id)
        .where(
            ContactLine.service_id == service.id,
            PlannedContact.status.in_([Status.PLANNED, Status.DUE]),
            PlannedContact.channel.in_([Channel.VIDEO, Channel.PHONE, Channel.PROMPT]),
        )
    )
    if count:
        changes.warn(
            line,
            "digital_klass",
            "import.calls_with_hands",
            "%(count)s planerade samtal har insatsen, som nu kräver hjälp på plats. Flytta dem till besök.",
            count=count,
        )
