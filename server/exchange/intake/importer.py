"""Who imports, from where, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from care.identity.vault import Vault

#: Source of rows from a file in our own format that says no other.
OWN_FORMAT = "import"


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
    account_id, role, where
        For history and access log: who did it, and by which door.
    municipality
        Which it is, when the database does not know yet.
    """

    source: str
    now: datetime
    today: date
    zone: ZoneInfo
    open_vault: Callable[[], Vault]
    account_id: UUID | None = None
    role: str = "command_line"
    where: str = "samtid import"
    municipality: str | None = None

    @property
    def own_source_only(self) -> bool:
        """True when the ids of the rows are those of a named system, and only that system's."""
        return self.source != OWN_FORMAT
