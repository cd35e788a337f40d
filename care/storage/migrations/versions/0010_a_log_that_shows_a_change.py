"""Chain the access log, let nobody change it, and keep emergency openings and the monthly samples

Revision 0010, after 0009. The entries that stand are chained in the order they were written.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FIELDS = (
    "id", "at", "account_id", "device_id", "role", "relation", "group_id", "client_id", "action", "thing",
    "purpose", "allowed", "where", "address",
)  # fmt: skip
_IDS = {"id", "account_id", "device_id", "group_id", "client_id"}
_TYPES: dict[str, Any] = {"at": sa.DateTime(timezone=True), "allowed": sa.Boolean(), "seq": sa.BigInteger()}
_LOG = sa.table(
    "access_log",
    *(
        sa.column(name, sa.Uuid() if name in _IDS else _TYPES.get(name, sa.String()))
        for name in (*_FIELDS, "seq", "previous", "hash")
    ),
)
_SQLITE = (
    (
        "CREATE TRIGGER access_log_not_changed BEFORE UPDATE ON access_log "
        "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"
    ),
    (
        "CREATE TRIGGER access_log_not_deleted BEFORE DELETE ON access_log WHEN NOT EXISTS "
        "(SELECT 1 FROM access_archive WHERE OLD.seq BETWEEN first_seq AND last_seq) "
        "BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END"
    ),
    (
        "CREATE TRIGGER access_archive_not_changed BEFORE UPDATE ON access_archive "
        "BEGIN SELECT RAISE(ABORT, 'the archive of the access log is append-only'); END"
    ),
    (
        "CREATE TRIGGER access_archive_not_deleted BEFORE DELETE ON access_archive "
        "BEGIN SELECT RAISE(ABORT, 'the archive of the access log is append-only'); END"
    ),
)
_POSTGRES = (
    """CREATE FUNCTION access_log_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'access_log' THEN
    IF EXISTS (SELECT 1 FROM access_archive WHERE OLD.seq BETWEEN first_seq AND last_seq) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'the access log is append-only';
END $$""",
    (
        "CREATE TRIGGER access_log_kept BEFORE UPDATE OR DELETE ON access_log "
        "FOR EACH ROW EXECUTE FUNCTION access_log_is_kept()"
    ),
    (
        "CREATE TRIGGER access_log_whole BEFORE TRUNCATE ON access_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_kept()"
    ),
    (
        "CREATE TRIGGER access_archive_kept BEFORE UPDATE OR DELETE ON access_archive "
        "FOR EACH ROW EXECUTE FUNCTION access_log_is_kept()"
    ),
    (
        "CREATE TRIGGER access_archive_whole BEFORE TRUNCATE ON access_archive "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_kept()"
    ),
)


def upgrade() -> None:
    op.create_table(
        "access_archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_access_archive_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_archive")),
    )
    op.create_table(
        "emergency_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_emergency_opening_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_emergency_opening_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["home_care_group.id"],
            name=op.f("fk_emergency_opening_group_id_home_care_group"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_opening")),
    )
    with op.batch_alter_table("emergency_opening", schema=None) as batch_op:
        batch_op.create_index("ix_emergency_opening_account_id_ends", ["account_id", "ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_emergency_opening_client_id"), ["client_id"], unique=False)
    op.create_table(
        "log_sample",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finding", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["checked_by_id"], ["account.id"], name=op.f("fk_log_sample_checked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["home_care_group.id"], name=op.f("fk_log_sample_group_id_home_care_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_sample")),
        sa.UniqueConstraint("group_id", "month", "number", name=op.f("uq_log_sample_group_id_month_number")),
    )
    with op.batch_alter_table("log_sample", schema=None) as batch_op:
        batch_op.create_index("ix_log_sample_group_id_month", ["group_id", "month"], unique=False)
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
    _chain()
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.alter_column("seq", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("previous", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_access_log_seq"), ["seq"])
        batch_op.create_index("ix_access_log_group_id_at", ["group_id", "at"], unique=False)
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)


def _chain() -> None:
    """Give every entry its place, as `care.access.chain` does for new ones."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(*(_LOG.c[name] for name in _FIELDS)).order_by(_LOG.c.at, _LOG.c.id)
    ).mappings()
    previous, found = "0" * 64, []
    for seq, row in enumerate(rows, 1):
        said = [seq, previous, *(_plain(row[name]) for name in _FIELDS)]
        raw = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        own = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
        found.append({"the_id": row["id"], "seq": seq, "previous": previous, "hash": own})
        previous = own
    if found:
        connection.execute(
            sa.update(_LOG)
            .where(_LOG.c.id == sa.bindparam("the_id"))
            .values(seq=sa.bindparam("seq"), previous=sa.bindparam("previous"), hash=sa.bindparam("hash")),
            found,
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")
    else:
        for statement in _POSTGRES[1:]:
            name, table = statement.split()[2], statement.split(" ON ")[1].split()[0]
            op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute("DROP FUNCTION access_log_is_kept()")
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.drop_index("ix_access_log_group_id_at")
        batch_op.drop_constraint(batch_op.f("uq_access_log_seq"), type_="unique")
        batch_op.drop_column("hash")
        batch_op.drop_column("previous")
        batch_op.drop_column("seq")
    with op.batch_alter_table("log_sample", schema=None) as batch_op:
        batch_op.drop_index("ix_log_sample_group_id_month")
    op.drop_table("log_sample")
    with op.batch_alter_table("emergency_opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_emergency_opening_client_id"))
        batch_op.drop_index("ix_emergency_opening_account_id_ends")
    op.drop_table("emergency_opening")
    op.drop_table("access_archive")
