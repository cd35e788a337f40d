"""``samtid tablets``: the tablets in homes, and switching one off."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Column, Table
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.log import AccessLog, by_command
from care.access.rights import Action
from care.clients import Client
from care.devices import Device
from care.errors import Fault
from care.ids import read_id
from care.municipality import Group
from care.words import N_
from server.cli.ground import Ground, grounded
from server.cli.simulated_tablets import command as simulate
from server.tablets.home import clients_of, revoke


@click.group(short_help="List tablets, switch one off, or simulate many.")
def command() -> None:
    """The tablets in homes."""


command.add_command(simulate)


@command.command("list", short_help="Every tablet and how it is.")
@grounded
async def show(ground: Ground) -> None:
    """Every tablet: label, group, home, last seen, whether it is in use."""
    async with ground.database() as database, database.write() as session:
        now = ground.clock.now()
        groups = {group.id: group.name for group in await session.scalars(select(Group))}
        rows = []
        for device in await session.scalars(select(Device).order_by(Device.label, Device.id)):
            homes = await clients_of(session, device.id, now)
            rows.append(_row(device, homes, groups))
            session.add_all(_note(ground, device, client, "read") for client in homes)
    table = Table(
        # The id is what `revoke` asks for: whole, however narrow the terminal is.
        Column("Id", no_wrap=True, min_width=36),
        *(ground.say(head) for head in (N_("Surfplatta"), N_("Grupp"), N_("Läge"))),
        Column(ground.say("Sågs senast"), overflow="fold"),
        box=None,
        pad_edge=False,
    )
    for row in rows:
        table.add_row(
            row["device_id"],
            row["label"],
            row["group"] or "",
            ground.say(_STATES[row["state"]]),
            row["last_seen"] or "–",
        )
    ground.give({"tablets": rows}, table)


@command.command("revoke", short_help="Switch a tablet off for good.")
@click.argument("device_id")
@grounded
async def switch_off(ground: Ground, device_id: str) -> None:
    """Switch a tablet off: it forgets its key and its day as soon as it is reached."""
    async with ground.database() as database, database.write() as session:
        device = await _find(session, device_id)
        now = ground.clock.now()
        homes = await clients_of(session, device.id, now)
        was_off = device.revoked_at is not None
        await revoke(session, device, now)
        session.add_all(_note(ground, device, client, "revoked") for client in homes)
    shown = (
        ground.say("%(label)s var redan bortkopplad.", label=device.label)
        if was_off
        else ground.say("%(label)s är bortkopplad.", label=device.label)
    )
    ground.give({"device_id": device.id, "revoked": True, "changed": not was_off}, shown)


_STATES = {"unpaired": "inte startad", "in_use": "i bruk", "revoked": "bortkopplad"}


async def _find(session: AsyncSession, text: str) -> Device:
    known = read_id(text)
    device = await session.get(Device, known) if known else None
    if device is None:
        raise Fault(
            "tablet.unknown", "Det finns ingen surfplatta med det id:t.", status=404, place="DEVICE_ID"
        )
    return device


def _row(device: Device, homes: list[Client], groups: dict[Any, str]) -> dict[str, Any]:
    state = (
        "revoked" if device.revoked_at is not None else "unpaired" if device.paired_at is None else "in_use"
    )
    return {
        "device_id": str(device.id),
        "label": device.label,
        "state": state,
        "group": groups.get(homes[0].group_id) if homes else None,
        "client_ids": [str(client.id) for client in homes],
        "last_seen": device.last_seen_at.isoformat() if device.last_seen_at else None,
    }


def _note(ground: Ground, device: Device, client: Client, what: str) -> AccessLog:
    action = Action.DEVICE_READ if what == "read" else Action.DEVICE_CHANGE
    return by_command(
        ground.clock.now(),
        action,
        f"device:{device.id}",
        where=f"samtid tablets {'list' if what == 'read' else 'revoke'}",
        purpose="administration",
        group_id=client.group_id,
        client_id=client.id,
        device_id=device.id,
    )
