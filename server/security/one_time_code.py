"""Codes of an app (TOTP, RFC 6238): six digits, half minutes, each good once.

They are compared with the machine's own clock: phones know nothing of a clock that was moved for an exercise.
"""

from __future__ import annotations

import hmac
import io
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.factors import CodeApp
from care.identity.vault import Vault

#: A phone's clock may be half a minute off either way (RFC 6238, 5.2: at most one step).
DRIFT = (0, -1, 1)


def make_secret() -> str:
    """A fresh shared secret: 160 bits, base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def address(secret: str, username: str, issuer: str) -> str:
    """What the QR code says: an ``otpauth:`` address that every code app understands."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def picture(text: str) -> str:
    """The QR code of `text` as a ``data:`` address of an SVG."""
    return str(segno.make(text, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff"))


def terminal_picture(text: str) -> str:
    """The QR code of `text` for a terminal."""
    out = io.StringIO()
    segno.make(text, error="l").terminal(out, compact=True)
    return out.getvalue()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The half minute whose code this is, near `at`; None when it is none."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    middle = totp.timecode(at)
    return next(
        (middle + drift for drift in DRIFT if hmac.compare_digest(totp.generate_otp(middle + drift), digits)),
        None,
    )


async def use(  # noqa: PLR0917
    session: AsyncSession, vault: Vault, account_id: UUID, code: str, at: datetime, now: datetime
) -> bool:
    """True when `code` is the account's, near the instant `at`, and later than the last one used."""
    app = await session.scalar(select(CodeApp).where(CodeApp.account_id == account_id))
    if app is None:
        return False
    step = step_of(vault.unseal(app.sealed, about=str(account_id)), code, at)
    if step is None:
        return False
    used = await session.scalar(
        update(CodeApp)
        .where(CodeApp.id == app.id, CodeApp.last_step < step)
        .values(last_step=step, last_used_at=now)
        .returning(CodeApp.id)
    )
    return used is not None
