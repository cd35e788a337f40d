"""Tablets of the demo: most are paired and pretend to be on, six have just been exchanged and wait.

A pretended tablet is a row with a key that nobody holds. The demo keeps it heard of (`keep_alive`), so that
plans may count on it; a call to it is not answered, as when nobody is at home.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client
from care.clock import Clock
from care.demo.draw import made_id
from care.demo.tablet_life import Standing, health_of, life_rows
from care.demo.town import Town
from care.devices import Device, DeviceAssignment, Pairing
from care.pairing import invite
from care.storage.database import Database

#: How many tablets wait to be paired, at least.
WAITING = 5
HEALTH = {
    "camera": "granted", "microphone": "granted", "sound": "ok", "wake_lock": "ok", "voice": True,
    "battery": {"level": 1.0, "charging": True}, "version": "demo", "simulated": True, "painted": "ok",
    "visible": True, "shows": "day", "volume": 1.0, "skew_s": 0, "storage": "kept",
}  # fmt: skip


def device_id(town: Town, no: int, old: bool = False) -> UUID:
    return town.made("device", no, old)


def exchanged_at(town: Town) -> datetime:
    """When the old tablets of the waiting homes were taken away: the afternoon before the first day."""
    return town.since + timedelta(days=399, hours=4)


def device_rows(town: Town, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Devices and their homes. The waiting homes had a tablet until the day before."""
    devices, assignments, standing = [], [], list[Standing]()
    for number, no in enumerate(town.homes.tablets, start=1):
        old = no in town.homes.exchanged
        ended = exchanged_at(town) if old else None
        device = device_id(town, no, old)
        paired = town.since + timedelta(days=260 + no % 60)
        devices.append(
            {
                "id": device,
                "label": f"Platta {number:02d}",
                "public_key": _key(town.seed, no),
                "paired_at": paired,
                "revoked_at": ended,
                "last_seen_at": ended or now,
                "health": {**HEALTH, **health_of(len(standing))},
                "silent_since": None,
            }
        )
        assignments.append(
            {
                "id": made_id(paired, town.seed, "device home", no),
                "device_id": device,
                "client_id": town.people[no].id,
                "start": paired,
                "end": ended,
            }
        )
        if not old:
            standing.append(Standing(no, device, f"Platta {number:02d}"))
    return {"device": devices, "device_assignment": assignments, **life_rows(town, standing, now)}


def _key(seed: int, no: int) -> dict[str, Any]:
    """A public key of the right kind. What it was made from is thrown away."""
    secret = int.from_bytes(hashlib.sha256(f"{seed}:device key:{no}".encode()).digest(), "big") >> 8
    numbers = ec.derive_private_key(secret + 1, ec.SECP256R1()).public_key().public_numbers()
    x, y = (urlsafe_b64encode(n.to_bytes(32, "big")).rstrip(b"=").decode() for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class Invitation(NamedTuple):
    """A one-time pairing: the secret goes into the address' fragment, the code is typed in."""

    client: Client
    secret: str
    code: str


async def renew_pairings(database: Database, clock: Clock, at_least: int = WAITING) -> list[Invitation]:
    """A fresh secret and code for each tablet that waits to be paired; the old ones stop working.

    When fewer than `at_least` wait, because they have been paired, pretended tablets are taken out of use
    until there are enough.
    """
    now = clock.now()
    async with database.write() as session:
        waiting = await waiting_tablets(session)
        if len(waiting) < at_least:
            await _release(session, now, at_least - len(waiting))
            waiting = await waiting_tablets(session)
        ids = [client.id for client in waiting]
        await session.execute(
            delete(Pairing).where(
                Pairing.client_id.in_(ids), Pairing.used_at.is_(None), Pairing.confirm.is_(False)
            )
        )
        invitations = []
        for client in waiting:
            one = await invite(session, client.id, now, confirm=False, valid=None)
            invitations.append(Invitation(client, one.secret, one.code))
    return invitations


async def waiting_tablets(session: AsyncSession) -> list[Client]:
    """Clients with an agreed tablet that is not paired: their latest one has been taken away."""
    homes = select(DeviceAssignment.client_id)
    standing = (
        select(DeviceAssignment.client_id)
        .join(Device, Device.id == DeviceAssignment.device_id)
        .where(DeviceAssignment.end.is_(None), Device.revoked_at.is_(None), Device.paired_at.is_not(None))
    )
    found: Sequence[Client] = (
        await session.scalars(
            select(Client).where(Client.id.in_(homes), Client.id.not_in(standing)).order_by(Client.extern_id)
        )
    ).all()
    return list(found)


async def _release(session: AsyncSession, now: datetime, count: int) -> None:
    pretended = (
        await session.execute(
            select(Device.id, Device.health, DeviceAssignment.id)
            .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
            .where(DeviceAssignment.end.is_(None), Device.revoked_at.is_(None))
            .order_by(Device.label)
        )
    ).all()
    chosen = [(device, home) for device, health, home in pretended if health.get("simulated")][:count]
    for device, home in chosen:
        await session.execute(update(Device).where(Device.id == device).values(revoked_at=now))
        await session.execute(update(DeviceAssignment).where(DeviceAssignment.id == home).values(end=now))


async def keep_alive(database: Database, now: datetime) -> int:
    """Let the pretended tablets be heard of; how many there are. The demo calls it every few seconds."""
    async with database.read() as session:
        rows = (
            await session.execute(select(Device.id, Device.health).where(Device.revoked_at.is_(None)))
        ).all()
    mine = [device for device, health in rows if health.get("simulated")]
    async with database.write() as session:
        await session.execute(
            update(Device).where(Device.id.in_(mine)).values(last_seen_at=now, silent_since=None)
        )
    return len(mine)
