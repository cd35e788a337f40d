"""What the form of "Planera samtal" offers to choose from, and what is planned already."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from care.access.rights import Action
from care.clients import CareScope, Client, KnownStaff
from care.clock import Clock
from care.contacts.rule import ContactRule
from care.recurrence import Pattern, pattern_of
from care.services import DigitalClass, GoalType, Law, Service
from care.sorting import swedish
from care.staff import Staff, Title
from server.pages.plan.call_form import WEEKDAY_WORDS
from server.security.actor import actor
from server.security.gate import nameless, note_list


async def clients_to_plan_for(request: web.Request, session: AsyncSession) -> list[Client]:
    """By first name; who has a protected identity only for those who may know it. Logged."""
    mine = actor(request).groups(Action.CONTACT_PLAN)
    rows = select(Client).where(Client.care_scope == CareScope.HOME_CARE)
    if mine is not None:
        rows = rows.where(Client.group_id.in_(mine))
    clients = list(await session.scalars(rows))
    hidden = await nameless(request, session, clients)
    clients = [one for one in clients if one.id not in hidden]
    note_list(request, Action.CLIENT_LIST, [(one.id, one.group_id) for one in clients])
    return sorted(clients, key=lambda one: (swedish(one.first_name), swedish(one.last_name)))


async def staff_for(session: AsyncSession, client: Client) -> list[tuple[str, str, bool]]:
    """(id, name, known): whom the client knows first, then the others of the group."""
    known = list(
        await session.scalars(
            select(KnownStaff.staff_id).where(KnownStaff.client_id == client.id).order_by(KnownStaff.rank)
        )
    )
    people = {
        one.id: one
        for one in await session.scalars(
            select(Staff).where(
                (Staff.group_id == client.group_id) | Staff.id.in_(known), Staff.active.is_(True)
            )
        )
    }
    first = [people[key] for key in known if key in people]
    rest = sorted((one for key, one in people.items() if key not in known), key=lambda one: swedish(one.name))
    return [(str(one.id), one.name, one in first) for one in (*first, *rest)]


async def nurses(session: AsyncSession) -> list[tuple[str, str]]:
    """(id, name) of those who may order health care, by name."""
    rows = await session.scalars(select(Staff).where(Staff.title == Title.NURSE, Staff.active.is_(True)))
    return sorted(((str(one.id), one.name) for one in rows), key=lambda one: swedish(one[1]))


async def services_to_plan(session: AsyncSession, language: str) -> list[dict[str, Any]]:
    """The catalogue, what suits the screen first."""
    goals = {
        goal.code: goal.name_en if language == "en" else goal.name_sv
        for goal in await session.scalars(select(GoalType))
    }
    order = {DigitalClass.DIGITAL_FIRST: 0, DigitalClass.DIGITAL_POSSIBLE: 1}
    rows = sorted(
        await session.scalars(
            select(Service).where(Service.active.is_(True), Service.digital_class != DigitalClass.EXTERNAL)
        ),
        key=lambda one: (order.get(one.digital_class, 2), swedish(one.name_sv)),
    )
    return [
        {
            "id": str(one.id),
            "code": one.code,
            "name": one.name_in(language),
            "goal": goals.get(one.goal_type, one.goal_type),
            "minutes": one.video_minutes or one.standard_minutes,
            "hands": not one.digital_class.may_be_digital,
            "health": one.law is Law.HSL,
        }
        for one in rows
    ]


async def planned_already(
    session: AsyncSession, client_id: UUID, clock: Clock, words: NullTranslations, language: str
) -> list[dict[str, Any]]:
    """What comes again for the client already."""
    rules = list(
        await session.scalars(
            select(ContactRule)
            .where(
                ContactRule.client_id == client_id,
                ContactRule.ended_at.is_(None),
                (ContactRule.last_day.is_(None)) | (ContactRule.last_day >= clock.today()),
            )
            .options(selectinload(ContactRule.lines))
            .order_by(ContactRule.at)
        )
    )
    rules = [one for one in rules if one.recurrence is not None or one.first_day >= clock.today()]
    services = {
        one.id: one
        for one in await session.scalars(
            select(Service).where(Service.id.in_([line.service_id for rule in rules for line in rule.lines]))
        )
    }
    wanted = [rule.staff_id for rule in rules if rule.staff_id]
    names = {
        one.id: one.first_name for one in await session.scalars(select(Staff).where(Staff.id.in_(wanted)))
    }
    listed = []
    for rule in rules:
        pattern, days = pattern_of(rule.recurrence)
        when = words.gettext(pattern.words)
        if days and pattern in (Pattern.WEEKLY, Pattern.EVERY_OTHER_WEEK):
            when += " " + ", ".join(words.gettext(WEEKDAY_WORDS[day]) for day in days)
        listed.append(
            {
                "id": rule.id,
                "channel": rule.channel.value,
                "at": rule.at.strftime("%H.%M"),
                "what": ", ".join(services[line.service_id].name_in(language) for line in rule.lines),
                "when": when,
                "once": rule.first_day if rule.recurrence is None else None,
                "who": names.get(rule.staff_id) if rule.staff_id else None,
            }
        )
    return listed
