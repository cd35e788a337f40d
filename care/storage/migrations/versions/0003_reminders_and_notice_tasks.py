"""Reminders of a row and the task of a notice

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("task_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_notice_task_id"), ["task_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_notice_task_id_task"), "task", ["task_id"], ["id"])

    with op.batch_alter_table("planned_contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("planned_contact", schema=None) as batch_op:
        batch_op.drop_column("reminded_at")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_notice_task_id_task"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_notice_task_id"))
        batch_op.drop_column("task_id")
