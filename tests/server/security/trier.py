"""Somebody with one role and one bond to a side, who tries what they may."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from care.access.emergency import EmergencyOpening
from care.access.rights import Action, Relation, relations
from care.accounts import Account, Role
from care.clients import Client
from care.contacts.contact import Assignment
from care.ids import new_id
from care.municipality import Group, Municipality
from care.staff import ShiftKind, Staff
from tests.builders import make_group, make_known, make_shift, make_staff
from tests.server.conftest import Browser, Site, sign_in
from tests.server.security.side import NOW, Side, make_side


class Bond(StrEnum):
    """What ties somebody to the side that is tried."""

    OWN_GROUP = "own_group"
    OTHER_GROUP = "other_group"
    KNOWN = "known"
    ASSIGNED = "assigned"
    NIGHT = "night"
    EMERGENCY = "emergency"


#: What each bond is in the table. Everywhere and self need none.
ALWAYS = frozenset({Relation.EVERYWHERE, Relation.SELF})
GIVES = {
    Bond.OWN_GROUP: frozenset({Relation.OWN_GROUP}),
    Bond.OTHER_GROUP: frozenset[Relation](),
    Bond.KNOWN: frozenset({Relation.OWN_CLIENT}),
    Bond.ASSIGNED: frozenset({Relation.ASSIGNED}),
    Bond.NIGHT: frozenset({Relation.NIGHT}),
    Bond.EMERGENCY: frozenset({Relation.EMERGENCY}),
}
#: Routes where the right to the row is not enough: its only line is under SoL; the list is a group's.
NEEDS_TOO = {
    "contact": Action.SOL_LINE_READ,
    "api_contact": Action.SOL_LINE_READ,
    "outage_save": Action.TASK_READ,
}


async def tie(session: AsyncSession, bond: Bond, side: Side, account_id: UUID, staff: Staff) -> None:
    """Make what ties `staff` to `side`; an assigned one is the side's own worker."""
    match bond:
        case Bond.KNOWN:
            for one in (side.client, side.mate):
                await make_known(session, await session.get_one(Client, one.id), staff)
        case Bond.NIGHT:
            home = await session.get_one(Group, staff.group_id)
            town = await session.get_one(Municipality, home.municipality_id)
            patrol = await make_group(session, town, "Natt", is_night_patrol=True)
            await make_shift(
                session, staff, "2026-11-30", "21:15", "07:15", kind=ShiftKind.NIGHT, group_id=patrol.id
            )
        case Bond.ASSIGNED:
            await make_shift(session, side.staff, "2026-12-01", "06:00", "15:00")
        case Bond.EMERGENCY:
            session.add_all(
                EmergencyOpening(
                    id=new_id(), account_id=account_id, client_id=one.id, group_id=side.group.id,
                    reason="Larm från hemmet", at=NOW, ends=NOW + timedelta(hours=1),
                )
                for one in (side.client, side.mate)
            )  # fmt: skip
        case Bond.OWN_GROUP | Bond.OTHER_GROUP:
            pass


class Trier:
    """Somebody with one role and one bond, and sides to try it on."""

    def __init__(self, site: Site, role: Role, bond: Bond) -> None:
        self.site, self.role, self.bond = site, role, bond
        self.count = 0
        self.account: Account
        self.staff: Staff
        self.browser: Browser

    async def begin(self) -> Side:
        async with self.site.database.write() as session:
            side = await make_side(session, self.site.town, "Stina")
            elsewhere = await make_group(session, self.site.town.municipality, "Gällö")
            theirs = replace(self.site.town, group=elsewhere)
            own = self.site.town if self.bond is Bond.OWN_GROUP else theirs
            self.staff = side.staff if self.bond is Bond.ASSIGNED else await make_staff(session, own)
        self.account = await self.site.account(
            "anna", self.role, group_id=own.group.id, staff_id=self.staff.id
        )
        self.browser = await self.site.browser()
        assert (await sign_in(self.browser, "anna")).status == 303
        async with self.site.database.write() as session:
            await tie(session, self.bond, side, self.account.id, self.staff)
        return side

    async def fresh(self) -> Side:
        """A side of its own for something that will be done."""
        self.count += 1
        async with self.site.database.write() as session:
            side = await make_side(session, self.site.town, f"Stina{self.count}")
            if self.bond is Bond.ASSIGNED:
                # The new side's rows get the same worker as the first one's.
                await session.execute(
                    update(Assignment)
                    .where(Assignment.staff_id == side.staff.id)
                    .values(staff_id=self.staff.id)
                )
            if self.bond in (Bond.KNOWN, Bond.EMERGENCY):
                await tie(session, self.bond, side, self.account.id, self.staff)
        return side

    def expects(self, name: str, action: Action) -> bool:
        """Whether the table lets the role do what the route is for, through the bond."""
        actions = [action, *([NEEDS_TOO[name]] if name in NEEDS_TOO else [])]
        return all(relations(one, self.role) & (GIVES[self.bond] | ALWAYS) for one in actions)


def nobody(site: Site, name: str) -> dict[str, str]:
    """Parts of an address that name nothing there is."""
    parts = re.findall(r"\{(\w+)", site.app.router[name].canonical)
    return {one: "guest" if one == "role" else str(new_id()) for one in parts}
