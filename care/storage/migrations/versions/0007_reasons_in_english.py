"""The reason of a change in English beside the Swedish

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact_history", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason_en", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contact_history", schema=None) as batch_op:
        batch_op.drop_column("reason_en")
