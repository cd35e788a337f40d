"""``--as USERNAME``: a command in the name of an account, with no more rights than it has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.rights import Action
from care.accounts import Account, AccountRole
from care.errors import Fault
from server.security.actor import Actor, RoleIn
from server.security.sessions import is_open


async def acting(session: AsyncSession, username: str, action: Action, now: datetime) -> Actor:
    """The account, if it may do `action`.

    Raises `Fault` ``account.unknown`` (404), also for a closed one, and ``right.missing`` (403).
    """
    account = await session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is None or not is_open(account, now):
        raise Fault("account.unknown", "Det finns inget konto med det namnet.", status=404, place="--as")
    held = await session.execute(
        select(AccountRole.role, AccountRole.group_id)
        .where(AccountRole.account_id == account.id)
        .order_by(AccountRole.id)
    )
    who = Actor(
        account_id=account.id,
        staff_id=account.staff_id,
        device_id=None,
        roles=tuple(RoleIn(role, group_id) for role, group_id in held),
        display_name=account.display_name,
    )
    if not who.may(action):
        raise Fault("right.missing", "Din roll får inte göra det här.", status=403, place="--as")
    return who
