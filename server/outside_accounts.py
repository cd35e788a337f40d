"""Accounts of those who sign in elsewhere: who a person is here, and what their claims let them do."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.accounts import Account, AccountRole, OutsideIdentity, Role
from care.errors import Fault
from care.ids import new_id
from care.municipality import Group
from care.outbox import announce
from care.staff import Staff
from server.accounts import IN_A_GROUP, check_username, make_account
from server.configuration import OpenId


async def account_of(
    session: AsyncSession, now: datetime, settings: OpenId, claims: dict[str, Any]
) -> Account:
    """The account of the person, known by issuer and subject, or now by HSA-id or user name.

    Somebody in the staff list gets an account at the first sign-in. Raises `Fault` ``oidc.unknown``.
    """
    known = await session.scalar(
        select(OutsideIdentity.account_id).where(
            OutsideIdentity.issuer == settings.issuer, OutsideIdentity.subject == claims["sub"]
        )
    )
    if known is not None:
        return await session.get_one(Account, known)
    account = await _by_hsa_id(session, now, settings, claims) or await _by_username(
        session, settings, claims
    )
    if account is None:
        raise _unknown(settings)
    session.add(
        OutsideIdentity(
            id=new_id(),
            account_id=account.id,
            issuer=settings.issuer,
            subject=claims["sub"],
            created_at=now,
        )
    )
    await session.flush()
    return account


async def _by_hsa_id(
    session: AsyncSession, now: datetime, settings: OpenId, claims: dict[str, Any]
) -> Account | None:
    said = values(claims, settings.hsa_claim)
    if len(said) != 1:
        return None
    hsa_id = said[0].strip().lower()
    people = list(
        await session.scalars(
            select(Staff).where(func.lower(Staff.hsa_id) == hsa_id, Staff.active.is_(True)).limit(2)
        )
    )
    if len(people) != 1:
        return None
    account: Account | None = await session.scalar(
        select(Account).where(Account.staff_id == people[0].id).limit(1)
    )
    if account is not None:
        return account
    return await make_account(session, now, check_username(hsa_id), people[0].name, None, people[0].id)


async def _by_username(session: AsyncSession, settings: OpenId, claims: dict[str, Any]) -> Account | None:
    said = values(claims, settings.username_claim)
    if len(said) != 1:
        return None
    account: Account | None = await session.scalar(
        select(Account).where(Account.username == said[0].strip().lower())
    )
    if account is None:
        return None
    # A user name may be given to somebody new there; whoever came first keeps the account here.
    taken = await session.scalar(
        select(OutsideIdentity.id)
        .where(OutsideIdentity.account_id == account.id, OutsideIdentity.issuer == settings.issuer)
        .limit(1)
    )
    return account if taken is None else None


async def take_over_roles(
    session: AsyncSession, now: datetime, settings: OpenId, account: Account, claims: dict[str, Any]
) -> bool:
    """Where claims decide the roles, the account has exactly those now. True when it has any role."""
    held = list(await session.scalars(select(AccountRole).where(AccountRole.account_id == account.id)))
    if not settings.role_claim:
        return bool(held)
    wanted = await _wanted(session, settings, account, claims)
    gone = [one.id for one in held if (one.role, one.group_id) not in wanted]
    fresh = wanted - {(one.role, one.group_id) for one in held}
    if gone:
        await session.execute(delete(AccountRole).where(AccountRole.id.in_(gone)))
    session.add_all(
        AccountRole(id=new_id(), account_id=account.id, role=role, group_id=group_id)
        for role, group_id in sorted(fresh, key=str)
    )
    await session.flush()
    if gone or fresh:
        await announce(session, now, "account.changed", account=account.id)
    return bool(wanted)


async def _wanted(
    session: AsyncSession, settings: OpenId, account: Account, claims: dict[str, Any]
) -> set[tuple[Role, UUID | None]]:
    said = values(claims, settings.role_claim)
    roles = {Role(settings.roles[value]) for value in said if value in settings.roles}
    groups: set[UUID] = set()
    if settings.group_claim:
        said = values(claims, settings.group_claim)
        names = [settings.groups[value] for value in said if value in settings.groups]
        groups = set(await session.scalars(select(Group.id).where(Group.name.in_(names))))
    elif account.staff_id is not None:
        groups = {(await session.get_one(Staff, account.staff_id)).group_id}
    # A role that is held in a group and has none is no role: never every group by accident.
    return {(role, None) for role in roles if role not in IN_A_GROUP} | {
        (role, group) for role in roles if role in IN_A_GROUP for group in groups
    }


def values(claims: dict[str, Any], name: str) -> list[str]:
    """The texts of a claim, one or several; a dotted name leads inwards, as in ``realm_access.roles``."""
    if not name:
        return []
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        return [found]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _unknown(settings: OpenId) -> Fault:
    return Fault(
        "oidc.unknown",
        "Du är inloggad hos %(name)s, men finns inte i Samtid. Be den som sköter konton i din kommun att "
        "lägga upp dig.",
        status=403,
        values={"name": settings.name},
    )
