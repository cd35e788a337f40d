"""Who gave a consent, who decided who decides; whether a tablet suits, how it was put up, how it ended

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_consent_withdrawn_by_id_account"), "account", ["withdrawn_by_id"], ["id"]
        )

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decision_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("decision_on", sa.Date(), nullable=True))

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("end_why", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("ended_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_device_ended_by_id_account"), "account", ["ended_by_id"], ["id"]
        )

    op.create_table(
        "suitability",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("suits", sa.String(length=40), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("assessed_by_id", sa.Uuid(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessed_by_id"], ["account.id"], name=op.f("fk_suitability_assessed_by_id_account")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_suitability_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suitability")),
    )
    with op.batch_alter_table("suitability", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suitability_client_id"), ["client_id"], unique=False)

    op.create_table(
        "install_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_install_mark_device_id_device")),
        sa.ForeignKeyConstraint(
            ["done_by_id"], ["account.id"], name=op.f("fk_install_mark_done_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install_mark")),
        sa.UniqueConstraint("device_id", "step", name=op.f("uq_install_mark_device_id_step")),
    )


def downgrade() -> None:
    op.drop_table("install_mark")
    with op.batch_alter_table("suitability", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suitability_client_id"))
    op.drop_table("suitability")

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_device_ended_by_id_account"), type_="foreignkey")
        batch_op.drop_column("erased_at")
        batch_op.drop_column("ended_by_id")
        batch_op.drop_column("end_why")

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_column("decision_on")
        batch_op.drop_column("decision_by")

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_consent_withdrawn_by_id_account"), type_="foreignkey")
        batch_op.drop_column("withdrawn_by_id")
        batch_op.drop_column("given_by")
