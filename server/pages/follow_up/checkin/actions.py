"""What somebody promises at a check-in: it comes back every week until it is done."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.errors import Fault, not_found
from care.gatherings import Action, Gathering
from care.ids import new_id
from care.staff import Staff
from server.pages.form import Form


async def open_of_groups(session: AsyncSession, groups: list[UUID]) -> list[Action]:
    """What has been promised in the groups and is not done, the soonest first."""
    return list(
        await session.scalars(
            select(Action)
            .join(Gathering, Gathering.id == Action.gathering_id)
            .where(Gathering.group_id.in_(groups), Action.done_at.is_(None))
            .order_by(Action.due_on, Action.id)
        )
    )


async def all_of(session: AsyncSession, gathering: Gathering) -> list[Action]:
    """What came back from earlier weeks of the same group or small team, then what was promised here.

    What a group has promised comes back in its small teams too, and the other way round it does not.
    """
    earlier = (
        select(Action)
        .join(Gathering, Gathering.id == Action.gathering_id)
        .where(
            Gathering.group_id == gathering.group_id,
            Gathering.id != gathering.id,
            Action.done_at.is_(None),
        )
        .order_by(Action.due_on, Action.id)
    )
    if gathering.small_team_id is not None:
        earlier = earlier.where(
            or_(Gathering.small_team_id.is_(None), Gathering.small_team_id == gathering.small_team_id)
        )
    own = select(Action).where(Action.gathering_id == gathering.id).order_by(Action.id)
    return [*await session.scalars(earlier), *await session.scalars(own)]


async def names(session: AsyncSession, found: list[Action]) -> dict[UUID, str]:
    """The names of those who have promised."""
    wanted = {one.owner_id for one in found if one.owner_id is not None}
    return {one.id: one.name for one in await session.scalars(select(Staff).where(Staff.id.in_(wanted)))}


async def add(session: AsyncSession, gathering: Gathering, text: str, form: Form) -> None:
    """Something new, with who does it and by when. Raises `Fault` ``form.bad_choice``."""
    session.add(
        Action(
            id=new_id(),
            gathering_id=gathering.id,
            text=text,
            owner_id=await _colleague(session, gathering, form.id("owner", needed=False)),
            due_on=form.day("due", needed=False),
        )
    )


async def turn(session: AsyncSession, gathering: Gathering, form: Form, now: datetime) -> None:
    """Done, or not done after all. Raises `Fault` ``not_found``."""
    action = await session.get(Action, form.id("action"))
    own = await session.get(Gathering, action.gathering_id) if action is not None else None
    if action is None or own is None or own.group_id != gathering.group_id:
        raise not_found("åtgärd")
    action.done_at = None if action.done_at else now


async def _colleague(session: AsyncSession, gathering: Gathering, staff_id: UUID | None) -> UUID | None:
    if staff_id is None:
        return None
    staff = await session.get(Staff, staff_id)
    if staff is None or staff.group_id != gathering.group_id:
        raise Fault("form.bad_choice", "Välj något av det som finns i listan.", place="owner")
    return staff.id
