"""Column types and the common head of every table."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Enum, ForeignKey, MetaData, String, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from care.ids import new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values on the way in, gives aware UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: give it a zone")
        value = value.astimezone(UTC)
        # SQLite has no zones: stored as UTC text, so that comparison and sorting stay right.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(kind: type[StrEnum]) -> Enum:
    """A column of one of the words of `kind`, stored as the word itself."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        validate_strings=True,
        length=40,
        values_callable=lambda e: [str(member.value) for member in e],
    )


class Base(DeclarativeBase):
    """Every table descends from here."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        UUID: Uuid(),
        str: String(200),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[Any]: JSON(),
    }


Id = Annotated[UUID, mapped_column(primary_key=True, default=new_id)]


class FromElsewhere:
    """Rows that may come from another system: ``(source, extern_id)`` is unique beside the id.

    Each table with this mixin declares ``UniqueConstraint("source", "extern_id")``.
    """

    source: Mapped[str] = mapped_column(String(40), default="samtid")
    extern_id: Mapped[str | None] = mapped_column(String(120), default=None)


def link(target: str, *, index: bool = True, **more: Any) -> Any:
    """A foreign key column to `target`, e.g. ``link("client.id")``. Indexed unless told otherwise."""
    on_delete = more.pop("ondelete", None)
    return mapped_column(Uuid(), ForeignKey(target, ondelete=on_delete), index=index, **more)
