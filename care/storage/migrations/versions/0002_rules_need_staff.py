"""Rules say how many persons are needed, and a demo knows its first day

Revision 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact_rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_needed", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("contact_rule", schema=None) as batch_op:
        batch_op.alter_column(
            "staff_needed", existing_type=sa.Integer(), existing_nullable=False, server_default=None
        )
    with op.batch_alter_table("municipality", schema=None) as batch_op:
        batch_op.add_column(sa.Column("demo_first_day", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("municipality", schema=None) as batch_op:
        batch_op.drop_column("demo_first_day")
    with op.batch_alter_table("contact_rule", schema=None) as batch_op:
        batch_op.drop_column("staff_needed")
