"""The second factors of an account: which there are, when one is owed, recovery codes, and starting anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, AccountRole, Role
from care.factors import CodeApp, Passkey, RecoveryCode
from care.ids import new_id
from server.configuration import Configuration
from server.security.passwords import make_password
from server.security.pending import shut_out

#: Recovery codes that are given at once.
CODES = 10


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody has beside the password."""

    passkeys: tuple[Passkey, ...]
    code_app: CodeApp | None
    #: Recovery codes that are left.
    codes: int

    def __bool__(self) -> bool:
        return bool(self.passkeys) or self.code_app is not None


async def factors_of(session: AsyncSession, account_id: UUID) -> Factors:
    """The second factors of an account, passkeys oldest first."""
    passkeys = await session.scalars(
        select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)
    )
    app = await session.scalar(select(CodeApp).where(CodeApp.account_id == account_id))
    left = await session.scalar(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    )
    return Factors(tuple(passkeys), app, left or 0)


def is_owed(configuration: Configuration) -> bool:
    """True when nobody may come in with a password alone (design 6).

    On this very machine, as in the demo, those who have a second factor are asked for it, the others not.
    """
    return configuration.is_reachable and not configuration.allow_password_login


async def has_safe_administrator(session: AsyncSession) -> bool:
    """True when an administrator whose account is open has a second factor."""
    found = await session.scalar(
        select(AccountRole.id)
        .join(Account, Account.id == AccountRole.account_id)
        .where(
            AccountRole.role == Role.ADMINISTRATOR,
            Account.disabled_at.is_(None),
            or_(
                exists().where(Passkey.account_id == Account.id),
                exists().where(CodeApp.account_id == Account.id),
            ),
        )
        .limit(1)
    )
    return found is not None


async def make_codes(session: AsyncSession, account_id: UUID, now: datetime) -> list[str]:
    """Ten fresh recovery codes, which are kept nowhere in words; the old ones are good no more."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [make_password(3) for _ in range(CODES)]
    session.add_all(
        RecoveryCode(id=new_id(), account_id=account_id, code_hash=_digest(account_id, code), created_at=now)
        for code in codes
    )
    await session.flush()
    return codes


async def use_code(session: AsyncSession, account_id: UUID, code: str, now: datetime) -> bool:
    """True when `code` is one of the account's that has not been used."""
    used = await session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == _digest(account_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return used is not None


def _digest(account_id: UUID, code: str) -> str:
    # As it is read from paper: capitals, spaces and dashes do not matter.
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(account_id.bytes + plain.encode("utf-8", "surrogatepass")).hexdigest()


async def reset(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """A phone is lost: every second factor is taken away and every session ends; the person enrols anew."""
    for kind in (Passkey, CodeApp, RecoveryCode):
        await session.execute(delete(kind).where(kind.account_id == account_id))
    await shut_out(session, account_id, now)
