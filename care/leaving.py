"""When somebody's last day is over: nothing of theirs stays open past midnight, whatever had begun before."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, PendingSignIn, SignIn
from care.outbox import announce
from care.programs import AccessToken, end_tokens


async def gone_by(session: AsyncSession, today: date) -> list[UUID]:
    """Accounts whose last day is before `today` and that still hold a session or a program's token."""
    signed_in = exists().where(SignIn.account_id == Account.id, SignIn.revoked_at.is_(None))
    speaks = exists().where(AccessToken.account_id == Account.id, AccessToken.revoked_at.is_(None))
    found = await session.scalars(
        select(Account.id).where(Account.last_day < today, or_(signed_in, speaks)).order_by(Account.id)
    )
    return list(found)


async def leave(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """End what the account holds. Open sockets and streams hear it and close."""
    await session.execute(
        update(SignIn)
        .where(SignIn.account_id == account_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    await session.execute(delete(PendingSignIn).where(PendingSignIn.account_id == account_id))
    await end_tokens(session, account_id, now)
    await announce(session, now, "account.changed", account=account_id)
