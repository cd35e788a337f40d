"""What the next one who comes to a home looks at on its tablet: "Kolla laddaren" (domain 6, scenario 7)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.contacts.channel import Channel
from care.contacts.contact import PlannedContact
from care.devices import DeviceAssignment
from care.tasks import Task, TaskKind
from server.language import N_

#: The first that stands is said: a silent tablet tells nothing else.
CHECKS = {
    TaskKind.TABLET_SILENT: N_("Surfplattan är tyst. Kolla laddaren och nätet: dra ur, vänta lite, sätt i."),
    TaskKind.TABLET_POWER: N_("Kolla laddaren till surfplattan: den sitter inte i."),
    TaskKind.TABLET_SOUND: N_("Tryck på surfplattans skärm så att ljud och kamera fungerar igen."),
    TaskKind.TABLET_ASLEEP: N_("Surfplattan visar inte Samtid. Ta fram sidan igen."),
}


async def tablet_check(session: AsyncSession, contact: PlannedContact) -> str | None:
    """A sentence (a message id) for who comes there; None when there is nothing to look at."""
    if contact.channel is not Channel.PHYSICAL or contact.status.is_end:
        return None
    devices = select(DeviceAssignment.device_id).where(
        DeviceAssignment.client_id == contact.client_id, DeviceAssignment.end.is_(None)
    )
    standing = set(
        await session.scalars(
            select(Task.kind).where(
                Task.device_id.in_(devices), Task.kind.in_(list(CHECKS)), Task.closed_at.is_(None)
            )
        )
    )
    return next((words for kind, words in CHECKS.items() if kind in standing), None)
