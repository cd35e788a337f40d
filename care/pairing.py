"""Invitations to pair a tablet: how a secret and a short code are made, kept and recognised (design 3).

The secret stands in the fragment of an address (and in a QR code); the code is six digits to type by
hand. Only hashes are kept. A code is short, so it lives ten minutes, dies after five wrong tries and is
never enough without a worker's confirmation; its hash is tied to its own row.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.devices import Pairing
from care.ids import new_id

VALID = timedelta(minutes=10)
TRIES = 5
CODE_DIGITS = 6
#: Bytes of randomness in a secret.
SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Invitation:
    """A pairing with what is shown once and never stored."""

    pairing: Pairing
    secret: str
    code: str


def hash_secret(secret: str) -> str:
    """What is stored of a secret. The secret has 192 random bits, so a plain hash is enough."""
    return hashlib.sha256(b"samtid-pairing\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()


def hash_code(code: str, pairing_id: UUID) -> str:
    """What is stored of a code, tied to its invitation."""
    return hashlib.sha256(b"samtid-code\0" + pairing_id.bytes + code.encode()).hexdigest()


def is_code(pairing: Pairing, code: str) -> bool:
    """True when `code` is the code of `pairing`."""
    return hmac.compare_digest(pairing.code_hash, hash_code(code, pairing.id))


def is_open(pairing: Pairing, now: datetime) -> bool:
    """Not used and not too old."""
    return pairing.used_at is None and (pairing.expires_at is None or now < pairing.expires_at)


async def invite(
    session: AsyncSession,
    client_id: UUID,
    now: datetime,
    *,
    created_by: UUID | None = None,
    confirm: bool = True,
    valid: timedelta | None = VALID,
) -> Invitation:
    """A fresh invitation for the home of `client_id`; earlier unused ones for it end here.

    `valid` None means that it stands until it is used, and ``confirm=False`` that no worker is asked: both
    are for a demo on this machine alone.
    """
    for old in await session.scalars(
        select(Pairing).where(Pairing.client_id == client_id, Pairing.used_at.is_(None))
    ):
        if old.expires_at is None or old.expires_at > now:
            old.expires_at = now
    secret = secrets.token_urlsafe(SECRET_BYTES)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    pairing_id = new_id()
    pairing = Pairing(
        id=pairing_id,
        client_id=client_id,
        secret_hash=hash_secret(secret),
        code_hash=hash_code(code, pairing_id),
        created_at=now,
        created_by_id=created_by,
        expires_at=None if valid is None else now + valid,
        confirm=confirm,
    )
    session.add(pairing)
    await session.flush()
    return Invitation(pairing, secret, code)
