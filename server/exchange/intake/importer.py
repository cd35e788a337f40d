"""Who imports, from where, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from care.access.log import AccessLog
from care.access.rights import Action, Relation
from care.errors import Fault
from care.identity.vault import Vault
from care.ids import new_id
from server.exchange.column_map import STANDARD
from server.exchange.intake.changes import Changes
from server.exchange.intake.reach import EVERYWHERE, Reach

#: Source of rows from a file in our own format that says no other.
OWN_FORMAT = "import"


def source_of(given: str | None, map_name: str, *, place: str = "source") -> str:
    """The source of new rows: as told, else the map's name; our own format names none.

    Raises `Fault` ``import.source``.
    """
    if not given:
        return OWN_FORMAT if map_name == STANDARD else map_name[:40]
    if not re.fullmatch(r"[\w .-]{1,40}", given):
        raise Fault("import.source", "Källans namn får ha högst 40 bokstäver och siffror.", place=place)
    return given


@dataclass(frozen=True, slots=True)
class Importer:
    """What every kind needs to know beside the rows.

    Attributes
    ----------
    source
        The system that the file comes from, e.g. ``lifecare``.
    now, today, zone
        When it is, and where.
    open_vault
        Opens the vault of personal numbers; asked only when there are any.
    account_id, role, relation, purpose, where
        For history and access log: who did it, as what, what for, and by which door.
    municipality
        Which it is, when the database does not know yet.
    reach
        Whose data the file may touch.
    """

    source: str
    now: datetime
    today: date
    zone: ZoneInfo
    open_vault: Callable[[], Vault]
    account_id: UUID | None = None
    role: str = "command_line"
    relation: Relation = Relation.EVERYWHERE
    purpose: str = "care"
    where: str = "samtid import"
    municipality: str | None = None
    reach: Reach = EVERYWHERE

    @property
    def own_source_only(self) -> bool:
        """True when the ids of the rows are those of a named system, and only that system's."""
        return self.source != OWN_FORMAT

    def refusals(
        self, denied: Iterable[tuple[UUID | None, UUID | None]], action: Action, thing: str
    ) -> list[AccessLog]:
        """Lines of the access log for those (client, group) that were out of reach."""
        return [
            AccessLog(
                id=new_id(), at=self.now, account_id=self.account_id, role=self.role, relation="none",
                purpose=self.purpose[:200], group_id=group_id, client_id=client_id, action=action.value,
                thing=thing, where=self.where, allowed=False,
            )
            for client_id, group_id in denied
        ]  # fmt: skip

    def log(self, changes: Changes, opened: Mapping[UUID, UUID], action: Action, thing: str) -> None:
        """Add a line of the access log for each client that was opened (client → group)."""
        for client_id, group_id in opened.items():
            changes.insert(
                AccessLog,
                id=new_id(),
                at=self.now,
                account_id=self.account_id,
                role=self.role,
                relation=self.relation.value,
                purpose=self.purpose[:200],
                group_id=group_id,
                client_id=client_id,
                action=action.value,
                thing=thing,
                where=self.where,
            )
