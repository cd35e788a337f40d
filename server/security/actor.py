"""The actor of a request: who, in which roles. Decided in one place, once a request."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from care.access.rights import Action, Relation, relations
from care.accounts import Role
from care.errors import Fault
from server.keys import ACTOR


@dataclass(frozen=True, slots=True)
class RoleIn:
    """A role in one group; in every group when `group_id` is None."""

    role: Role
    group_id: UUID | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody signed in, or a tablet."""

    account_id: UUID | None
    staff_id: UUID | None
    device_id: UUID | None
    roles: tuple[RoleIn, ...]
    display_name: str
    language: str = "sv"
    #: The session (sign-in) that this request belongs to.
    sign_in_id: UUID | None = None
    #: For the head of the page: the names of the groups, and the picture if there is one.
    group_names: tuple[str, ...] = ()
    portrait: str | None = None
    #: A program's token: no more than these, whatever the role may.
    only: frozenset[Action] | None = None
    #: An hourly substitute: of a group's clients only their own.
    is_substitute: bool = False

    def relations(self, action: Action, role: Role) -> frozenset[Relation]:
        """The relations through which one of the roles may do `action` for this person."""
        return relations(action, role, substitute=self.is_substitute)

    def may(self, action: Action) -> bool:
        """True when one of the roles may do the action in some relation."""
        if self.only is not None and action not in self.only:
            return False
        return any(self.relations(action, held.role) for held in self.roles)

    def has(self, role: Role) -> bool:
        return any(held.role is role for held in self.roles)

    def groups(self, action: Action) -> frozenset[UUID] | None:
        """The groups in which the action is allowed as a group matter; None means every group."""
        found: set[UUID] = set()
        if not self.may(action):
            return frozenset()
        for held in self.roles:
            if allowed := self.relations(action, held.role):
                if held.group_id is None or Relation.EVERYWHERE in allowed:
                    return None
                found.add(held.group_id)
        return frozenset(found)


def signed_in(request: web.Request) -> Actor | None:
    """The actor, or None."""
    found: Actor | None = request.get(ACTOR)
    return found


def actor(request: web.Request) -> Actor:
    """The actor. Raises `Fault` ``sign_in.needed`` (401) when nobody is signed in."""
    found = signed_in(request)
    if found is None:
        raise Fault("sign_in.needed", "Du behöver logga in först.", status=401)
    return found
