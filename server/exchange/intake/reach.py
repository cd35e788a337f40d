"""Whose data a file may touch: one decision for every row, by whichever door the file came."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from care.access.rights import Action
from care.errors import Fault
from server.exchange.kind import Kind
from server.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an import goes.

    Attributes
    ----------
    groups
        The groups whose clients, contacts and staff it may change; None means every group, and new ones.
    catalogue
        Whether it may change the services, which are the whole municipality's.
    """

    groups: frozenset[UUID] | None
    catalogue: bool

    @property
    def delegates(self) -> bool:
        """Whether it may give and end delegations, as an administrator's: nobody gives themselves one."""
        return self.catalogue

    def covers(self, *groups: UUID | None) -> bool:
        """True when all of `groups` are within reach; a group that does not exist yet (None) rarely is."""
        return self.groups is None or self.groups.issuperset(groups)

    def takes(self, kind: Kind) -> bool:
        """Whether files of `kind` may be read in at all."""
        return self.catalogue if kind is Kind.SERVICES else self.groups is None or bool(self.groups)

    def check(self, kind: Kind) -> None:
        """Raises `Fault` ``import.not_yours`` (403) for a kind that is none of the importer's."""
        if not self.takes(kind):
            raise Fault(
                "import.not_yours",
                "Insatserna gäller hela kommunen. Be en administratör att läsa in den filen."
                if kind is Kind.SERVICES
                else "Du har ingen grupp att läsa in uppgifter för.",
                status=403,
                place="kind",
            )


#: Of whoever may run commands on the server: they stand outside the roles.
EVERYWHERE = Reach(None, catalogue=True)


def reach_of(who: Actor) -> Reach:
    """How far the table of rights lets `who` reach with a file."""
    return Reach(who.groups(Action.IMPORT_RUN), who.may(Action.IMPORT_RUN) and who.may(Action.SERVICE_MANAGE))


def elsewhere() -> Fault:
    """The answer to a row about somebody of a group that the importer has nothing to do with."""
    return Fault(
        "import.other_group",
        "Raden gäller en grupp som inte är din. "
        "Be gruppens samordnare eller en administratör att läsa in den.",
    )
