"""Guests by invitation, whom a client lets join, and calls that have gone on in a room

Revision 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "approved_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("relation", sa.String(length=200), nullable=False),
        sa.Column("given_by", sa.String(length=200), nullable=True),
        _moment("given_at", nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        _moment("removed_at"),
        sa.Column("removed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_approved_person_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_approved_person_recorded_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["removed_by_id"], ["account.id"], name=op.f("fk_approved_person_removed_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approved_person")),
    )
    with op.batch_alter_table("approved_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approved_person_client_id"), ["client_id"], unique=False)
    op.create_table(
        "guest_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("relation", sa.String(length=200), nullable=True),
        sa.Column("approved_id", sa.Uuid(), nullable=True),
        _moment("opens", nullable=False),
        _moment("closes", nullable=False),
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        _moment("made_at", nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("device_hash", sa.String(length=200), nullable=True),
        _moment("bound_at"),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        _moment("admitted_at"),
        sa.Column("admitted_by_id", sa.Uuid(), nullable=True),
        _moment("joined_at"),
        _moment("left_at"),
        _moment("refused_at"),
        _moment("revoked_at"),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["planned_contact.id"],
            name=op.f("fk_guest_invitation_contact_id_planned_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_id"],
            ["approved_person.id"],
            name=op.f("fk_guest_invitation_approved_id_approved_person"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["account.id"], name=op.f("fk_guest_invitation_made_by_id_account")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_guest_invitation_call_id_call")),
        sa.ForeignKeyConstraint(
            ["admitted_by_id"], ["account.id"], name=op.f("fk_guest_invitation_admitted_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["account.id"], name=op.f("fk_guest_invitation_ended_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_invitation")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_guest_invitation_secret_hash")),
    )
    with op.batch_alter_table("guest_invitation", schema=None) as batch_op:
        for column in ("contact_id", "approved_id", "call_id"):
            batch_op.create_index(batch_op.f(f"ix_guest_invitation_{column}"), [column], unique=False)
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("room_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_column("room_at")
    op.drop_table("guest_invitation")
    op.drop_table("approved_person")
