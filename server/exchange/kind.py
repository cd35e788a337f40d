"""The six kinds of file, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from server.exchange.cells import Cells
from server.exchange.kinds import clients, contacts, performed, services, shifts, staff
from server.exchange.kinds.clients import ClientRow
from server.exchange.kinds.column import Column
from server.exchange.kinds.contacts import ContactRow
from server.exchange.kinds.performed import PerformedRow
from server.exchange.kinds.services import ServiceRow
from server.exchange.kinds.shifts import ShiftRow
from server.exchange.kinds.staff import StaffRow

Row = ServiceRow | ClientRow | StaffRow | ShiftRow | ContactRow | PerformedRow


class Kind(StrEnum):
    SERVICES = "services"
    CLIENTS = "clients"
    STAFF = "staff"
    SHIFTS = "shifts"
    CONTACTS = "contacts"
    PERFORMED = "performed"


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of file is read and written.

    Attributes
    ----------
    columns
        Every field that is understood; the standard ones in the order that exports write them.
    read
        A row of the cells of a line, or None when something was refused.
    write
        The cells of a row, by field name.
    key
        What must not stand twice in a file, and which column to blame when it does.
    key_column
        The column to blame.
    """

    columns: tuple[Column, ...]
    read: Callable[[Cells], Row | None]
    write: Callable[[Any, ZoneInfo], dict[str, str]]
    key: Callable[[Any], Hashable]
    key_column: str

    @property
    def names(self) -> frozenset[str]:
        """Every field name."""
        return frozenset(column.name for column in self.columns)

    @property
    def standard(self) -> tuple[Column, ...]:
        """The columns of the documented format."""
        return tuple(column for column in self.columns if column.standard)


def _zoneless(write: Callable[[Any], dict[str, str]]) -> Callable[[Any, ZoneInfo], dict[str, str]]:
    return lambda row, _zone: write(row)


FORMATS: dict[Kind, Format] = {
    Kind.SERVICES: Format(services.COLUMNS, services.read, _zoneless(services.write), services.key, "kod"),
    Kind.CLIENTS: Format(clients.COLUMNS, clients.read, _zoneless(clients.write), clients.key, "extern_id"),
    Kind.STAFF: Format(staff.COLUMNS, staff.read, _zoneless(staff.write), staff.key, "extern_id"),
    Kind.SHIFTS: Format(shifts.COLUMNS, shifts.read, shifts.write, shifts.key, "personal_id"),
    Kind.CONTACTS: Format(contacts.COLUMNS, contacts.read, contacts.write, contacts.key, "extern_id"),
    Kind.PERFORMED: Format(performed.COLUMNS, performed.read, performed.write, performed.key, "extern_id"),
}
