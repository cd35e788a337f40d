"""A press on Klart is its own result, not a goal that was reached

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE receipt SET result = 'pressed' WHERE by_client = true")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_column("by_client")


def downgrade() -> None:
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by_client", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE receipt SET result = 'reached', by_client = true WHERE result = 'pressed'")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.alter_column("by_client", server_default=None)
