"""Keep which alerts are told together, and until when they gather."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables and columns; nothing gathers before somebody asks for it."""
    op.add_column("subscriptions", sa.Column("group_window", sa.BigInteger()))
    op.add_column("subscriptions", sa.Column("group_up_to", sa.String(16), nullable=False, server_default="Severe"))
    op.add_column("outbox", sa.Column("group_id", sa.String(36)))
    op.add_column("outbox", sa.Column("message", sa.JSON()))
    op.create_index(op.f("ix_outbox_group_id"), "outbox", ["group_id"])
    op.create_table(
        "groups",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("subscription_id", sa.String(36), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_groups_subscription_id")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_groups_closed_groups_due"), "groups", ["closed", "due"])
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("alert_sequence", KEY, nullable=False, autoincrement=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "alert_sequence", "channel", "address", name=op.f("pk_group_members")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["alert_sequence"], ["alerts.sequence"], name=op.f("fk_group_members_alert_sequence"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_group_members_alert_sequence"), "group_members", ["alert_sequence"])
