"""Indexes by which a page takes as long over years of history as over weeks

Revision 0005, after 0004. SQLite plans without statistics: an index on the group alone made it read all
that the group has ever done.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("planned_contact", schema=None) as batch_op:
        batch_op.create_index("ix_planned_contact_group_id_owed_date", ["group_id", "owed_date"])
        batch_op.create_index(
            "ix_planned_contact_group_id_status_planned_date", ["group_id", "status", "planned_date"]
        )
        batch_op.drop_index("ix_planned_contact_owed_date")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("ix_shift_group_id_date", ["group_id", "date"])
        batch_op.create_index("ix_shift_staff_id_date", ["staff_id", "date"])
        batch_op.drop_index("ix_shift_group_id")
        batch_op.drop_index("ix_shift_staff_id")


def downgrade() -> None:
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index("ix_shift_staff_id", ["staff_id"])
        batch_op.create_index("ix_shift_group_id", ["group_id"])
        batch_op.drop_index("ix_shift_staff_id_date")
        batch_op.drop_index("ix_shift_group_id_date")
    with op.batch_alter_table("planned_contact", schema=None) as batch_op:
        batch_op.create_index("ix_planned_contact_owed_date", ["owed_date"])
        batch_op.drop_index("ix_planned_contact_group_id_status_planned_date")
        batch_op.drop_index("ix_planned_contact_group_id_owed_date")
