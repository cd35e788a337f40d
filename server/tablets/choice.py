"""How a tablet is set up for those who live there, and which language its screen speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.devices import Device, DeviceAssignment
from care.ids import new_id
from care.kiosk import KioskChoice, Reach, Switch, TextSize
from care.outbox import announce
from server.language import DEFAULT, SCREEN_LANGUAGES
from server.tablets.home import clients_of


def screen_language(clients: Sequence[Client]) -> str:
    """The language of a screen: that of the one it was set up for first, else Swedish."""
    spoken = clients[0].language if clients else DEFAULT
    return spoken if spoken in SCREEN_LANGUAGES else DEFAULT


async def choice_of(session: AsyncSession, device_id: UUID) -> KioskChoice:
    """What was chosen for a tablet; where nothing was, the ordinary, which is not stored."""
    return await _stored(session, device_id) or KioskChoice(
        id=new_id(),
        device_id=device_id,
        reach=Reach.BOTH,
        text_size=TextSize.NORMAL,
        switch=Switch.KEYBOARD,
        flash=False,
        loudest=150,
        plain_voice=False,
    )


async def wants_plain_voice(session: AsyncSession, client_id: UUID) -> bool:
    """True when voices are left as they are on the tablet of a client, for a hearing aid."""
    found = await session.scalar(
        select(KioskChoice.id)
        .join(DeviceAssignment, DeviceAssignment.device_id == KioskChoice.device_id)
        .where(
            DeviceAssignment.client_id == client_id, DeviceAssignment.end.is_(None), KioskChoice.plain_voice
        )
        .limit(1)
    )
    return found is not None


async def _stored(session: AsyncSession, device_id: UUID) -> KioskChoice | None:
    found: KioskChoice | None = await session.scalar(
        select(KioskChoice).where(KioskChoice.device_id == device_id)
    )
    return found


async def choose(
    session: AsyncSession,
    device: Device,
    *,
    reach: Reach,
    text_size: TextSize,
    switch: Switch,
    flash: bool,
    loudest: int,
    plain_voice: bool,
    at: datetime,
) -> None:
    """Set the tablet up, and tell it at once."""
    choice = await choice_of(session, device.id)
    session.add(choice)
    choice.reach, choice.text_size, choice.switch, choice.flash = reach, text_size, switch, flash
    choice.loudest, choice.plain_voice = loudest, plain_voice
    await session.flush()
    here = await clients_of(session, device.id, at)
    group_id, client_id = (here[0].group_id, here[0].id) if here else (None, None)
    await announce(session, at, "device.changed", group_id=group_id, client_id=client_id, device=device.id)


def shown(choice: KioskChoice, clients: Sequence[Client]) -> dict[str, Any]:
    """The ``settings`` of a tablet's day."""
    return {
        "reach": choice.reach.value,
        "text_size": int(choice.text_size.value),
        "switch": choice.switch.value,
        "flash": choice.flash,
        "loudest": choice.loudest,
        "plain_voice": choice.plain_voice,
        "hearing_aid": any(client.has_hearing_aid for client in clients),
    }
