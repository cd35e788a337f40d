"""Groups may have their visits registered in another system

Revision 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("home_care_group") as table:
        table.add_column(sa.Column("visits_in", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("home_care_group") as table:
        table.drop_column("visits_in")
