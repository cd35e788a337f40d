"""Handing over by name

Revision 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(length=200), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_hand_over_client_id_client")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["planned_contact.id"], name=op.f("fk_hand_over_contact_id_planned_contact")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_hand_over_from_id_staff")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["home_care_group.id"], name=op.f("fk_hand_over_group_id_home_care_group")
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_hand_over_task_id_task")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_hand_over_to_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("once_key", name=op.f("uq_hand_over_once_key")),
    )
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hand_over_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hand_over_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hand_over_task_id"), ["task_id"], unique=False)
        batch_op.create_index("ix_hand_over_from_id_leaves_at", ["from_id", "leaves_at"], unique=False)
        batch_op.create_index("ix_hand_over_to_id_leaves_at", ["to_id", "leaves_at"], unique=False)
        batch_op.create_index("ix_hand_over_state_deadline", ["state", "deadline"], unique=False)


def downgrade() -> None:
    op.drop_table("hand_over")
