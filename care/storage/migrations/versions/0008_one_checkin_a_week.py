"""One weekly check-in for each group and week

Revision 0008, after 0007. Only check-ins have a week, so other gatherings stay free.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_gathering_group_id_week"), ["group_id", "week"])


def downgrade() -> None:
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_gathering_group_id_week"), type_="unique")
