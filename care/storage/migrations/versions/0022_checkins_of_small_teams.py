"""Check-ins of small teams, with a clock that all see

Revision 0022, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_gathering_group_id_week"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_gathering_small_team_id_week"), ["small_team_id", "week"]
        )
    op.create_index(
        "uq_gathering_group_id_week",
        "gathering",
        ["group_id", "week"],
        unique=True,
        sqlite_where=sa.text("small_team_id IS NULL"),
        postgresql_where=sa.text("small_team_id IS NULL"),
    )


def downgrade() -> None:
    # One a week and group is all there was: those of small teams lose their week.
    op.execute("UPDATE gathering SET week = NULL WHERE small_team_id IS NOT NULL")
    op.drop_index("uq_gathering_group_id_week", table_name="gathering")
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_gathering_small_team_id_week"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_gathering_group_id_week"), ["group_id", "week"])
        batch_op.drop_column("started_at")
