"""Pairing: an invitation is claimed by a tablet, confirmed by a worker, and becomes a device.

A wrong code cannot tell which invitation was meant, so each wrong code costs every open invitation one of
its five tries; the long secret of the QR code is not affected by that. The same request may be repeated
with the same key: a lost answer loses nothing, and waiting for the worker is asking again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.devices import Device, DeviceAssignment, DeviceEnd, Pairing
from care.errors import Fault, not_found
from care.ids import new_id
from care.outbox import announce
from care.pairing import CODE_DIGITS, TRIES, hash_secret, is_code, is_open
from server.tablets.home import clients_of, own_client, revoke, tablets_of
from server.tablets.keys import check_number

#: How far back a code is recognised, to say "expired" or "used" instead of "wrong".
_REMEMBERED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of an attempt. The caller commits first and raises `fault` afterwards: tries count."""

    pairing: Pairing | None = None
    fault: Fault | None = None


async def claim_by_secret(session: AsyncSession, now: datetime, secret: str, key: dict[str, str]) -> Claim:
    """Claim with the secret of the address."""
    pairing = await session.scalar(
        select(Pairing).where(Pairing.secret_hash == hash_secret(secret)).with_for_update()
    )
    if pairing is None:
        return Claim(fault=_unknown())
    return await _claim(session, now, pairing, key)


async def claim_by_code(session: AsyncSession, now: datetime, code: str, key: dict[str, str]) -> Claim:
    """Claim with six digits. A wrong code costs every open invitation a try."""
    digits = "".join(code.replace("-", " ").split())
    if len(digits) != CODE_DIGITS or not digits.isascii() or not digits.isdigit():
        return Claim(fault=Fault("pairing.bad", "Koden har sex siffror.", place="code"))
    rows = list(
        await session.scalars(
            select(Pairing)
            .where(or_(Pairing.created_at > now - _REMEMBERED, Pairing.used_at.is_(None)))
            .order_by(Pairing.created_at.desc())
            .with_for_update()
        )
    )
    for pairing in rows:
        if is_code(pairing, digits):
            if pairing.tries >= TRIES and pairing.public_key is None:
                return Claim(fault=_spent())
            return await _claim(session, now, pairing, key)
    guessed = [pairing for pairing in rows if is_open(pairing, now) and pairing.public_key is None]
    for pairing in guessed:
        pairing.tries += 1
    if guessed and all(pairing.tries >= TRIES for pairing in guessed):
        return Claim(fault=_spent())
    return Claim(fault=_unknown())


async def find(session: AsyncSession, pairing_id: UUID) -> Pairing:
    """The invitation, locked. Raises `Fault` ``not_found``."""
    pairing = await session.scalar(select(Pairing).where(Pairing.id == pairing_id).with_for_update())
    if pairing is None:
        raise not_found("koppling")
    return pairing


def waiting_number(pairing: Pairing) -> str | None:
    """The check number of the tablet that waits to be let in, None when none does."""
    if pairing.public_key is None or pairing.used_at is not None:
        return None
    return check_number(json.loads(pairing.public_key))


async def confirm(
    session: AsyncSession, now: datetime, pairing: Pairing, *, account_id: UUID | None, number: str | None
) -> Device:
    """Let the waiting tablet in; the home's earlier tablet is revoked in the same step.

    `number` is the check number that the worker saw: a tablet that has changed in between is refused.
    Raises `Fault` ``pairing.nobody``, ``pairing.number``, ``pairing.used`` or ``pairing.expired``.
    """
    if pairing.used_at is not None:
        raise _used()
    if not is_open(pairing, now):
        raise _expired()
    if pairing.public_key is None:
        raise Fault("pairing.nobody", "Ingen surfplatta väntar på att bli godkänd.", status=409)
    if number is not None and number != waiting_number(pairing):
        raise Fault(
            "pairing.number",
            "Talet stämmer inte med surfplattan som väntar. Jämför talet på skärmen igen.",
            status=409,
            place="number",
        )
    home = [pairing.client_id]
    for old in await tablets_of(session, pairing.client_id, now):
        # Two who live together keep sharing the new tablet as they shared the old one.
        home += [one.id for one in await clients_of(session, old.id, now) if one.id not in home]
        await revoke(session, old, now, why=DeviceEnd.REPLACED)
    device_id = new_id()
    device = Device(
        id=device_id,
        label=f"Surfplatta {device_id.hex[-4:].upper()}",
        public_key=json.loads(pairing.public_key),
        paired_at=now,
        last_seen_at=now,
    )
    session.add(device)
    await session.flush()
    for client_id in home:
        session.add(DeviceAssignment(id=new_id(), device_id=device.id, client_id=client_id, start=now))
    pairing.device_id = device.id
    pairing.used_at = pairing.confirmed_at = now
    pairing.confirmed_by_id = account_id
    await session.flush()
    client = await own_client(session, device.id, pairing.client_id, now)
    await announce(
        session, now, "device.changed", group_id=client.group_id, client_id=client.id, device=device.id
    )
    return device


async def refuse(session: AsyncSession, now: datetime, pairing: Pairing) -> None:
    """Say no: the invitation is used up and no device came of it. Raises `Fault` ``pairing.used``."""
    if pairing.used_at is not None:
        raise _used()
    pairing.used_at = now
    await session.flush()


async def _claim(session: AsyncSession, now: datetime, pairing: Pairing, key: dict[str, str]) -> Claim:
    if pairing.public_key == _text(key):
        return _asked_again(pairing, now)
    if pairing.used_at is not None or pairing.public_key is not None:
        return Claim(fault=_used())
    if not is_open(pairing, now):
        return Claim(fault=_expired())
    pairing.public_key = _text(key)
    await session.flush()
    if not pairing.confirm:
        await confirm(session, now, pairing, account_id=None, number=None)
    return Claim(pairing)


def _asked_again(pairing: Pairing, now: datetime) -> Claim:
    """The tablet that has already claimed it asks how it went."""
    if pairing.used_at is not None and pairing.device_id is None:
        return Claim(
            fault=Fault(
                "pairing.refused", "Surfplattan blev inte godkänd. Be personalen om en ny kod.", status=403
            )
        )
    if pairing.used_at is None and not is_open(pairing, now):
        return Claim(fault=_expired())
    return Claim(pairing)


def _text(key: dict[str, str]) -> str:
    return json.dumps(key, sort_keys=True)


def _unknown() -> Fault:
    return Fault(
        "pairing.unknown", "Koden stämmer inte. Kontrollera den, eller be personalen om en ny.", status=404
    )


def _expired() -> Fault:
    return Fault("pairing.expired", "Koden gäller inte längre. Be personalen om en ny.", status=410)


def _used() -> Fault:
    return Fault("pairing.used", "Koden är redan använd. Be personalen om en ny.", status=409)


def _spent() -> Fault:
    return Fault("pairing.tries", "Koden är spärrad efter fem försök. Be personalen om en ny.", status=429)
