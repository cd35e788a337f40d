"""Visits that another system registers, such as Phoniro: nobody checks in here, and silence says nothing.

A group may have its visits registered elsewhere (`Group.visits_in`); calls are always made here. Whether such
a visit has taken place is known when the other system's list has been read in. Until noon of the next day it
waits for that; then a person must look, and it is *unknown*, never missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.errors import Fault
from care.localtime import at, to_wall
from care.municipality import Group

#: Local time of the day after, by which a visit is to have been read in.
READ_IN_BY = time(12)


async def systems(session: AsyncSession) -> dict[UUID, str]:
    """The groups whose visits are registered elsewhere, with the name of that system."""
    found = await session.execute(select(Group.id, Group.visits_in).where(Group.visits_in.is_not(None)))
    return {group_id: name for group_id, name in found if name}


def system_of(channel: Channel, group_id: UUID, elsewhere: Mapping[UUID, str]) -> str | None:
    """The system that registers such a row of the group; None for what is registered here."""
    return elsewhere.get(group_id) if channel is Channel.PHYSICAL else None


async def registered_in(session: AsyncSession, contact: PlannedContact) -> str | None:
    """`system_of` for one contact."""
    if contact.channel is not Channel.PHYSICAL:
        return None
    return (await session.get_one(Group, contact.group_id)).visits_in


async def check_registered_here(session: AsyncSession, contact: PlannedContact) -> None:
    """Raise `Fault` ``contact.elsewhere`` (409) for a visit that another system registers."""
    system = await registered_in(session, contact)
    if system is not None:
        raise Fault(
            "contact.elsewhere",
            "Gruppens besök registreras i %(system)s. Checka in och ut där.",
            status=409,
            place="status",
            values={"system": system},
        )


def read_in_by(start: datetime, zone: ZoneInfo) -> datetime:
    """Until when the word of the other system is waited for: noon of the day after `start`."""
    return at(to_wall(start, zone).date() + timedelta(days=1), READ_IN_BY, zone)
