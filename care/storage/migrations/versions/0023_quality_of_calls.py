"""How calls went, in their course; how loud and how plain a tablet is

Revision 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("call_quality", schema=None) as batch_op:
        batch_op.add_column(sa.Column("protocol", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("heard_ms", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("ice_ms", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("dtls_ms", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("troubles", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("series", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("kiosk_choice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("loudest", sa.Integer(), nullable=False, server_default="150"))
        batch_op.add_column(sa.Column("plain_voice", sa.Boolean(), nullable=False, server_default=sa.false()))
    # The defaults were for the rows that stood already.
    with op.batch_alter_table("call_quality", schema=None) as batch_op:
        batch_op.alter_column("troubles", server_default=None)
        batch_op.alter_column("series", server_default=None)
    with op.batch_alter_table("kiosk_choice", schema=None) as batch_op:
        batch_op.alter_column("loudest", server_default=None)
        batch_op.alter_column("plain_voice", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("kiosk_choice", schema=None) as batch_op:
        batch_op.drop_column("plain_voice")
        batch_op.drop_column("loudest")
    with op.batch_alter_table("call_quality", schema=None) as batch_op:
        for name in ("series", "troubles", "dtls_ms", "ice_ms", "heard_ms", "protocol"):
            batch_op.drop_column(name)
