"""The homes of simulated tablets: invented clients in a group of their own, with a device each.

All devices have the same key, which lies in the data folder: who may read that may read everything anyway.
Only in a municipality that is a demo.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.clients import Client, DecisionAbility, VideoWish
from care.clock import Clock
from care.devices import Device, DeviceAssignment
from care.errors import Fault
from care.ids import new_id
from care.municipality import Group, Municipality
from care.storage.database import Database
from server.tablets.simulated.key import Key

KEY_FILE = "simulated-tablets.key"
#: Told by it, when the homes are looked for again.
_LABEL = "Simulerad "
_GROUP = "Simulerade hem"


@dataclass(frozen=True, slots=True)
class Home:
    device_id: UUID
    client_id: UUID


def read_or_make_key(folder: Path) -> Key:
    """The key of all simulated tablets; made at the first time, mode 0600."""
    file = folder / KEY_FILE
    if file.is_file():
        found = serialization.load_pem_private_key(file.read_bytes(), None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return Key(found)
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(pem)
    return Key(made)


async def furnish(database: Database, clock: Clock, key: Key, count: int) -> list[Home]:
    """`count` simulated homes: those that there are, and as many new ones as are missing.

    Raises `Fault` ``simulate.not_demo`` in a municipality of real people.
    """
    async with database.write() as session:
        municipality = await session.scalar(select(Municipality))
        if municipality is None or not municipality.is_demo:
            raise Fault(
                "simulate.not_demo",
                "Simulerade surfplattor görs bara i en demokommun, aldrig bland riktiga brukare.",
                place="--count",
            )
        there = (
            await session.execute(
                select(Device.id, DeviceAssignment.client_id, Device.public_key)
                .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
                .where(Device.label.startswith(_LABEL), Device.revoked_at.is_(None))
                .order_by(Device.label)
                .limit(count)
            )
        ).all()
        homes = [Home(device, client) for device, client, public in there if public == key.public]
        group = await _group(session, municipality)
        made = _made(group, clock, key, range(len(homes) + 1, count + 1))
        for table, rows in made.items():
            if rows:
                await session.execute(insert(table), rows)
        devices = made[DeviceAssignment]
    return [*homes, *(Home(row["device_id"], row["client_id"]) for row in devices)]


async def _group(session: AsyncSession, municipality: Municipality) -> Group:
    found = await session.scalar(select(Group).where(Group.name == _GROUP))
    if found is None:
        found = Group(id=new_id(), municipality_id=municipality.id, name=_GROUP)
        session.add(found)
        await session.flush()
    return found


def _made(group: Group, clock: Clock, key: Key, numbers: range) -> dict[type[Any], list[dict[str, Any]]]:
    now = clock.now()
    rows: dict[type[Any], list[dict[str, Any]]] = {Client: [], Device: [], DeviceAssignment: []}
    for number in numbers:
        client, device = new_id(), new_id()
        rows[Client].append(
            {
                "id": client,
                "group_id": group.id,
                "first_name": "Simulerad",
                "last_name": f"{number:05d}",
                "decision_ability": DecisionAbility.OWN,
                "video_wish": VideoWish.YES,
            }
        )
        rows[Device].append(
            {
                "id": device,
                "label": f"{_LABEL}{number:05d}",
                "public_key": key.public,
                "paired_at": now,
                "last_seen_at": now,
                "health": {},
            }
        )
        rows[DeviceAssignment].append(
            {"id": new_id(), "device_id": device, "client_id": client, "start": now}
        )
    return rows
