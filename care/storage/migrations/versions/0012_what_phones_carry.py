"""What a worker did without cover, with the phone's time

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carried_deed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("phone_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("doubt", sa.String(length=40), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_carried_deed_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["planned_contact.id"], name=op.f("fk_carried_deed_contact_id_planned_contact")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_carried_deed_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_carried_deed_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_deed")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_carried_deed_account_id_key")),
    )
    with op.batch_alter_table("carried_deed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_carried_deed_contact_id"), ["contact_id"], unique=False)
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_column("phone_at")
    op.drop_table("carried_deed")
