"""Keep how often things begin and end, and from when on that is too often for a subscription."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the table and the columns; nothing flaps unless somebody asks for it."""
    op.add_column("subscriptions", sa.Column("flap_count", sa.Integer()))
    op.add_column("subscriptions", sa.Column("flap_window", sa.BigInteger()))
    op.add_column("episodes", sa.Column("key", sa.String(36)))
    op.create_table(
        "flaps",
        sa.Column("subscription_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("episode", sa.String(36), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("newest", sa.BigInteger()),
        sa.Column("since", sa.BigInteger()),
        sa.Column("began", sa.String(36)),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", "key", name=op.f("pk_flaps")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_flaps_subscription_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_flaps_due"), "flaps", ["due"])
