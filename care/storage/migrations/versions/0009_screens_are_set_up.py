"""How a home has set up its screen, and sentences that staff have spoken

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.String(length=40), nullable=False),
        sa.Column("text_size", sa.String(length=40), nullable=False),
        sa.Column("switch", sa.String(length=40), nullable=False),
        sa.Column("flash", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_kiosk_choice_device_id_device")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_choice")),
        sa.UniqueConstraint("device_id", name=op.f("uq_kiosk_choice_device_id")),
    )
    op.create_table(
        "recorded_phrase",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=200), nullable=False),
        sa.Column("phrase", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_recorded_phrase_recorded_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_phrase")),
        sa.UniqueConstraint("language", "phrase", name=op.f("uq_recorded_phrase_language_phrase")),
    )


def downgrade() -> None:
    op.drop_table("recorded_phrase")
    op.drop_table("kiosk_choice")
