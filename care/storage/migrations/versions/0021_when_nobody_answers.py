"""When nobody answers: cases, their steps, and what is agreed with a client

Revision 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "no_answer_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("first_contact_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("minutes", sa.JSON(), nullable=False),
        sa.Column("ladder", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_wrong", sa.Boolean(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("is_sent", sa.Boolean(), nullable=False),
        sa.Column("called_off", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=200), nullable=True),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("why_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_no_answer_case_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["planned_contact.id"], name=op.f("fk_no_answer_case_contact_id_planned_contact")
        ),
        sa.ForeignKeyConstraint(
            ["first_contact_id"],
            ["planned_contact.id"],
            name=op.f("fk_no_answer_case_first_contact_id_planned_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["home_care_group.id"], name=op.f("fk_no_answer_case_group_id_home_care_group")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["planned_contact.id"], name=op.f("fk_no_answer_case_visit_id_planned_contact")
        ),
        sa.ForeignKeyConstraint(
            ["why_by_id"], ["account.id"], name=op.f("fk_no_answer_case_why_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_answer_case")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_no_answer_case_contact_id")),
    )
    with op.batch_alter_table("no_answer_case", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_no_answer_case_first_contact_id"), ["first_contact_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_no_answer_case_visit_id"), ["visit_id"], unique=False)
        batch_op.create_index("ix_no_answer_case_ended_at", ["ended_at"], unique=False)
        batch_op.create_index(
            "ix_no_answer_case_client_id_opened_at", ["client_id", "opened_at"], unique=False
        )
    op.create_table(
        "no_answer_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_no_answer_mark_account_id_account")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_no_answer_mark_call_id_call")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["no_answer_case.id"], name=op.f("fk_no_answer_mark_case_id_no_answer_case")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_no_answer_mark_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_answer_mark")),
        sa.UniqueConstraint("call_id", name=op.f("uq_no_answer_mark_call_id")),
    )
    with op.batch_alter_table("no_answer_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_no_answer_mark_case_id"), ["case_id"], unique=False)
    op.create_table(
        "no_answer_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.JSON(), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["account.id"], name=op.f("fk_no_answer_plan_changed_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_no_answer_plan_client_id_client")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_answer_plan")),
        sa.UniqueConstraint("client_id", name=op.f("uq_no_answer_plan_client_id")),
    )


def downgrade() -> None:
    op.drop_table("no_answer_plan")
    op.drop_table("no_answer_mark")
    op.drop_table("no_answer_case")
