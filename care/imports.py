"""What has been imported, with which column map, and where the source and we differ."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base, Id, link


class ColumnMap(Base):
    """Headings of another system, mapped to ours; edited and saved by the municipality."""

    __tablename__ = "column_map"
    __table_args__ = (UniqueConstraint("name", "kind"),)

    id: Mapped[Id]
    name: Mapped[str]
    kind: Mapped[str]
    columns: Mapped[dict[str, Any]]


class ImportRun(Base):
    __tablename__ = "import_run"

    id: Mapped[Id]
    kind: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = link("account.id", index=False)
    imported: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)


class ImportDifference(Base):
    """ "Lifecare säger … här gäller …": a touched row that the file wanted otherwise."""

    __tablename__ = "import_difference"

    id: Mapped[Id]
    run_id: Mapped[UUID] = link("import_run.id")
    contact_id: Mapped[UUID] = link("planned_contact.id")
    field: Mapped[str]
    theirs: Mapped[str]
    ours: Mapped[str]
